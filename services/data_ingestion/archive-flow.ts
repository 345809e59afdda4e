/** archive_old_data: months that nobody trades on any more, into files and back; tables for the months to come. */
import * as z from 'zod';
import { TIMEFRAMES, timeframeSchema, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import type { Db } from '#chassis/db.ts';
import type { BulkOptions } from '#chassis/db-bulk.ts';
import { flow, type FlowContext, type FlowDefinition } from '#chassis/flows.ts';
import { archiveUnit, filesOfMonth, restoreUnit, type ArchivedMonth, type RestoredMonth } from './archive.ts';
import type { ArchiveUnit } from './archive-files.ts';
import { DEFAULT_RETENTION, forgetFindings, unitName, unitsInFiles, unitsToArchive, type Retention } from './archive-ledger.ts';
import { keepMonthsAhead } from './partitions.ts';

/** Files of one run; the next night goes on. */
const MAX_FILES = 60;
const MAX_MONTHS = 24;

const month = z.string().regex(/^(19|20)\d{2}-(0[1-9]|1[0-2])$/, 'must be a month such as 2023-01');
const kept = z.number().int().min(2).max(1_200);
const input = z.strictObject({
  action: z.enum(['archive', 'restore']).default('archive').describe('Put old months away, or bring months back from their files'),
  months: z.array(month).min(1).max(MAX_MONTHS).optional().describe('Only these months (YYYY-MM); left out: all that are old enough, or all that were put away'),
  timeframes: z.array(timeframeSchema).min(1).optional().describe('Only bars of these widths; left out: all that are not kept for ever'),
  keepMonths: kept.optional().describe('Months that stay in the database before the newest one, for every width that is ever put away; left out: as the fields below say'),
  keep1Min: kept.default(DEFAULT_RETENTION['1Min'] ?? 24).describe('Months of minute bars that stay in the database'),
  keep5Min: kept.default(DEFAULT_RETENTION['5Min'] ?? 36).describe('Months of 5-minute bars that stay'),
  keep15Min: kept.default(DEFAULT_RETENTION['15Min'] ?? 36).describe('Months of 15-minute bars that stay'),
  keep1Hour: kept.default(DEFAULT_RETENTION['1Hour'] ?? 60).describe('Months of hourly bars that stay'),
  keep1Day: kept.optional().describe('Months of daily bars that stay; left out: for ever'),
  keepFindings: kept.default(24).describe('Months for which findings about the data are kept'),
  keepRestoredDays: z.number().int().min(0).max(3_650).default(30).describe('Days for which a month that was brought back stays'),
});
type Input = z.infer<typeof input>;

/** What the flow works with. `now`: the wall clock. */
export type ArchiveFlowParts = { readonly db: Db; readonly bulk: BulkOptions; readonly archiveFolder: string; readonly now: () => EpochMs };

function retentionOf(wish: Input): Retention {
  const own: Retention = { '1Min': wish.keep1Min, '5Min': wish.keep5Min, '15Min': wish.keep15Min, '1Hour': wish.keep1Hour, '1Day': wish.keep1Day ?? null };
  if (wish.keepMonths === undefined) return own;
  const all = wish.keepMonths;
  return Object.fromEntries(TIMEFRAMES.map((timeframe) => [timeframe, own[timeframe] === null ? null : all])) as Record<Timeframe, number | null>;
}

/** The flow. */
export function archiveFlow(given: ArchiveFlowParts): FlowDefinition {
  const parts = { db: given.db, bulk: given.bulk, folder: given.archiveFolder };
  return flow({
    name: 'archive_old_data',
    description: 'Writes months of bars that are older than their width is kept (minutes two years, days for ever) to compressed, verified Parquet files and takes them out of the database, where back-tests and charts go on reading them; brings them back when asked.',
    input,
    schedule: { kind: 'cron', cron: '0 2 * * *' },
    retries: 3, retryDelayMs: 10_000, timeoutMs: 3_600_000, concurrency: 1, onMissed: 'run_once', overlap: 'skip',
    async run(ctx, wish) {
      if (wish.action === 'restore') return restore(ctx, wish);
      const made = await ctx.step('make tables for the months to come', () => keepMonthsAhead(parts.db, given.now()));
      const due = await ctx.step('look for old months', () => unitsToArchive(parts.db, { now: given.now(), retention: retentionOf(wish), keepRestoredDays: wish.keepRestoredDays, months: wish.months ?? null, timeframes: wish.timeframes ?? null }));
      const archived: ArchivedMonth[] = [];
      for (const one of due.slice(0, MAX_FILES)) {
        archived.push(await ctx.step(`archive ${unitName(one)}`, () => archiveUnit(parts, one)));
        ctx.progress(archived.length, due.length + 1);
      }
      const forgotten = await ctx.step('remove old findings', (step) => forgetFindings(parts.db, wish.keepFindings, step.signal));
      ctx.progress(due.length + 1, due.length + 1);
      const rows = archived.reduce((sum, one) => sum + one.rows, 0);
      ctx.log('info', archived.length > 0 ? 'Old months were put away' : 'No month is old enough to be put away', { files: archived.length, rows, findingsRemoved: forgotten, monthsMade: made.length });
      return { archived, rows, findingsRemoved: forgotten, monthsMade: made, left: Math.max(0, due.length - MAX_FILES) };
    },
  });

  async function filesToRestore(wish: Input): Promise<ArchiveUnit[]> {
    const isWanted = ({ timeframe }: ArchiveUnit): boolean => wish.timeframes === undefined || timeframe === '*' || wish.timeframes.includes(timeframe);
    if (wish.months === undefined) return (await unitsInFiles(parts.db)).filter(isWanted);
    const found: ArchiveUnit[] = [];
    for (const one of [...wish.months].sort()) {
      const files = (await filesOfMonth(parts, one)).filter(isWanted);
      // Of a month without files, the step that would bring it back says so.
      found.push(...(files.length > 0 ? files : (wish.timeframes ?? (['*'] as const)).map((timeframe) => ({ month: one, timeframe }))));
    }
    return found;
  }

  async function restore(ctx: FlowContext, wish: Input): Promise<{ restored: RestoredMonth[]; rows: number; left: number }> {
    const files = await ctx.step('look for archives', () => filesToRestore(wish));
    const restored: RestoredMonth[] = [];
    for (const one of files.slice(0, MAX_FILES)) {
      restored.push(await ctx.step(`restore ${unitName(one)}`, () => restoreUnit(parts, one)));
      ctx.progress(restored.length, files.length);
    }
    const rows = restored.reduce((sum, one) => sum + one.added, 0);
    ctx.log('info', restored.length > 0 ? 'Months were brought back' : 'There is nothing to bring back', { files: restored.length, rows });
    return { restored, rows, left: Math.max(0, files.length - MAX_FILES) };
  }
}
