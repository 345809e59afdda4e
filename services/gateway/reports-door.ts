/** `/reports/:reportId`: the stored report as a page that can do nothing but be read. Its list is a route of the contract. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { reportFileSchema, reportIdSchema, REPORT_POLICY, REPORTS_FOLDER, type ReportView } from '#app/contracts/reports.ts';
import { AppError } from '#app/domain/errors.ts';
import type { Queryable } from '#chassis/db.ts';

/** Where reports are taken from. */
export type ReportShelf = {
  /** The page of a report, as it was written. @throws AppError REPORT_NOT_FOUND; REPORT_CHANGED (conflict) when the file is not the one that was written */
  read(reportId: string): Promise<Buffer>;
};

function isMissing(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
}

/** The shelf over the book's rows and the files in the data folder. */
export function openReportShelf(db: Queryable, dataDir: string): ReportShelf {
  return {
    async read(reportId) {
      const [row] = await db.query<{ file: string | null; sha256: string | null }>('SELECT file, sha256 FROM analytics.reports WHERE report_id = $1', [reportId]);
      const file = reportFileSchema.safeParse(row?.file);
      const gone = new AppError('REPORT_NOT_FOUND', 'There is no such report; run the flow generate_reports for its day', { context: { reportId } });
      if (!file.success) throw gone;
      const content = await readFile(join(dataDir, REPORTS_FOLDER, file.data)).catch((error: unknown) => {
        throw isMissing(error) ? gone : error;
      });
      if (createHash('sha256').update(content).digest('hex') === row?.sha256) return content;
      throw new AppError('REPORT_CHANGED', 'The file of this report is not the one that was written. Run the flow generate_reports for its day again.', { context: { reportId } });
    },
  };
}

/** The reports that have a file, newest day first. */
export function readReports(db: Queryable, limit: number): Promise<ReportView[]> {
  return db.query<ReportView>(
    `SELECT report_id AS "reportId", kind, content->>'day' AS day, content->>'mode' AS mode, created_at AS "createdAt", bytes, sha256, (content->>'equityDollars')::float8 AS "equityDollars",
       (content->>'dayPnlDollars')::float8 AS "dayPnlDollars", (content->>'dayPnlFraction')::float8 AS "dayPnlFraction", (content->>'fills')::integer AS fills, (content->>'roundTrips')::integer AS "roundTrips"
     FROM analytics.reports WHERE file IS NOT NULL ORDER BY period_end DESC, report_id LIMIT $1`, [limit],
  );
}

/** Serves reports to whoever has signed in: a browser that follows a link can send no more than its cookie. */
export function mountReports(app: FastifyInstance, shelf: ReportShelf): void {
  app.get('/reports/:reportId', { config: { access: 'cookie' } }, async (request, reply) => {
    const reportId = reportIdSchema.safeParse(Reflect.get(Object(request.params), 'reportId'));
    if (!reportId.success) throw new AppError('REPORT_NOT_FOUND', 'There is no such report');
    const content = await shelf.read(reportId.data);
    return reply.headers({ 'content-type': 'text/html; charset=utf-8', 'content-security-policy': REPORT_POLICY }).send(content);
  });
}
