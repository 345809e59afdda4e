/** archive_old_data: months that nobody trades on any more, into files and back. */
import * as z from 'zod';
import type { Db } from '#chassis/db.ts';
import type { BulkOptions } from '#chassis/db-bulk.ts';
import { flow, type FlowContext, type FlowDefinition } from '#chassis/flows.ts';
import { archiveMonth, forgetFindings, monthsToArchive, monthsToRestore, restoreMonth, type ArchivedMonth, type RestoredMonth } from './archive.ts';

/** Months of one run; the next night goes on. */
const MAX_MONTHS = 24;

const month = z.string().regex(/^(19|20)\d{2}-(0[1-9]|1[0-2])$/, 'must be a month such as 2023-01');
const input = z.strictObject({
  action: z.enum(['archive', 'restore']).default('archive').describe('Put old months away, or bring months back from their files'),
  months: z.array(month).min(1).max(MAX_MONTHS).optional().describe('Only these months (YYYY-MM); left out: all that are old enough, or all that were put away'),
  keepMonths: z.number().int().min(2).max(600).default(24).describe('Months of bars that stay in the database before the newest one'),
  keepRestoredDays: z.number().int().min(0).max(3_650).default(30).describe('Days for which a month that was brought back stays'),
});

/** What the flow works with. */
export type ArchiveFlowParts = { readonly db: Db; readonly bulk: BulkOptions; readonly archiveFolder: string };

/** The flow. */
export function archiveFlow(given: ArchiveFlowParts): FlowDefinition {
  const parts = { db: given.db, bulk: given.bulk, folder: given.archiveFolder };
  return flow({
    name: 'archive_old_data',
    description: 'Writes months of bars that are older than two years to compressed, verified files and takes them out of the database; brings them back when asked.',
    input,
    schedule: { kind: 'cron', cron: '0 2 * * *' },
    retries: 3, retryDelayMs: 10_000, timeoutMs: 3_600_000, concurrency: 1, onMissed: 'run_once', overlap: 'skip',
    async run(ctx, wish) {
      const named = wish.months ?? null;
      if (wish.action === 'restore') return restore(ctx, await ctx.step('look for archives', () => monthsToRestore(parts.db, named)));
      const due = await ctx.step('look for old months', () => monthsToArchive(parts.db, { keepMonths: wish.keepMonths, keepRestoredDays: wish.keepRestoredDays, months: named }));
      const archived: ArchivedMonth[] = [];
      for (const one of due.slice(0, MAX_MONTHS)) {
        archived.push(await ctx.step(`archive ${one}`, () => archiveMonth(parts, one)));
        ctx.progress(archived.length, due.length + 1);
      }
      const forgotten = await ctx.step('remove old findings', (step) => forgetFindings(parts.db, wish.keepMonths, step.signal));
      ctx.progress(due.length + 1, due.length + 1);
      const rows = archived.reduce((sum, one) => sum + one.rows, 0);
      ctx.log('info', archived.length > 0 ? 'Old months were put away' : 'No month is old enough to be put away', { months: archived.length, rows, findingsRemoved: forgotten });
      return { archived, rows, findingsRemoved: forgotten, left: Math.max(0, due.length - MAX_MONTHS) };
    },
  });

  async function restore(ctx: FlowContext, months: readonly string[]): Promise<{ restored: RestoredMonth[]; rows: number; left: number }> {
    const restored: RestoredMonth[] = [];
    for (const one of months.slice(0, MAX_MONTHS)) {
      restored.push(await ctx.step(`restore ${one}`, () => restoreMonth(parts, one)));
      ctx.progress(restored.length, months.length);
    }
    const rows = restored.reduce((sum, one) => sum + one.added, 0);
    ctx.log('info', restored.length > 0 ? 'Months were brought back' : 'There is nothing to bring back', { months: restored.length, rows });
    return { restored, rows, left: Math.max(0, months.length - MAX_MONTHS) };
  }
}
