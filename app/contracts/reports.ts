/** Reports: files that analytics writes and the gateway shows. */
import * as z from 'zod';

/** The folder of reports within the data folder. */
export const REPORTS_FOLDER = 'reports';
/** Ids look like `daily-2026-01-05`. */
export const reportIdSchema = z.string().regex(/^[a-z]{1,20}-\d{4}-\d{2}-\d{2}$/, 'must be an id such as daily-2026-01-05');
/** Names of report files: nothing but a day, so that no name leads out of the folder. */
export const reportFileSchema = z.string().regex(/^\d{4}-\d{2}-\d{2}\.html$/);

/** A report as lists show it. Dollars and fractions as numbers, null where there was nothing to measure; times in epoch ms. */
export const reportViewSchema = z.object({
  reportId: z.string(), kind: z.string(), day: z.string(), mode: z.string(), createdAt: z.number(), bytes: z.number().int(), sha256: z.string(),
  equityDollars: z.number().nullable(), dayPnlDollars: z.number().nullable(), dayPnlFraction: z.number().nullable(), fills: z.number().int(), roundTrips: z.number().int(),
});
/** A report as lists show it. */
export type ReportView = z.infer<typeof reportViewSchema>;

/** The policy of a report: it may look, and do nothing: no script, no network, no form, no frame around it but our own page's. */
export const REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox";
