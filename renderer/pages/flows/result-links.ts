/** Where a run's result can be seen in full. Pure. */
import { reportIdSchema } from '#app/contracts/reports.ts';
import { backtestIdSchema } from '#app/contracts/studio.ts';

/** A link out of a result. */
export type ResultLink = { readonly href: string; readonly label: string };

/** Links that an output names: pages of our own gateway only, made from ids that have the form of one, so that no result can lead elsewhere. */
export function outputLinks(output: unknown): ResultLink[] {
  if (typeof output !== 'object' || output === null || !('reportId' in output)) return [];
  const id = reportIdSchema.safeParse(output.reportId);
  return id.success ? [{ href: `/reports/${encodeURIComponent(id.data)}`, label: 'Open the report' }] : [];
}

/** The back-test that an output names, to be opened in the author page; null = none. */
export function backtestOf(output: unknown): string | null {
  if (typeof output !== 'object' || output === null || !('backtestId' in output)) return null;
  const id = backtestIdSchema.safeParse(output.backtestId);
  return id.success ? id.data : null;
}
