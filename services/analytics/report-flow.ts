/** generate_reports: measures and takes apart side by side, then writes the day's report as one file and its row. */
import { createHash } from 'node:crypto';
import { mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { RuntimeConfig } from '#app/contracts/config.ts';
import { REPORTS_FOLDER } from '#app/contracts/reports.ts';
import { AppError } from '#app/domain/errors.ts';
import { epochMs, type Clock, type EpochMs } from '#app/domain/time.ts';
import { endOfDay, exchangeDay } from '#app/market/calendar.ts';
import { fromNewYork } from '#app/market/nyse-zone.ts';
import { at, type Db } from '#chassis/db.ts';
import { flow, type FlowDefinition } from '#chassis/flows.ts';
import { readReportFacts, type ReportFacts } from './report-facts.ts';
import { reportPage } from './report/page.ts';

/** What the flow works with. */
export type ReportParts = { readonly db: Db; readonly config: Pick<RuntimeConfig, 'dataDir' | 'mode' | 'version'>; readonly clock: Clock };

const INPUT = z.object({ day: z.iso.date().optional().describe('Exchange day of the report, such as 2026-01-05; without it the newest day of the equity curve, and for a schedule that was missed its own day') }).strict();

/** The newest day of the curve; before there is one, the exchange's day now. */
async function reportDay(db: Db, now: EpochMs): Promise<string> {
  const [row] = await db.query<{ newest: number | null }>('SELECT max(ts_market) AS newest FROM analytics.equity_curve');
  return typeof row?.newest === 'number' ? exchangeDay(epochMs(row.newest - 1)) : exchangeDay(now);
}

/** The day of a run that is late: a market of the wall clock has gone on since. The demo's has a clock of its own. */
function dayOfTick(mode: RuntimeConfig['mode'], scheduledFor: number | null, newest: string): string {
  const itsDay = scheduledFor === null || mode === 'demo' ? newest : exchangeDay(epochMs(scheduledFor));
  return itsDay < newest ? itsDay : newest;
}

function isDiskFull(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}

/** Writes a file whole or not at all: beside it, flushed, then under its name. The name beside is always the same, so that a crash leaves one at most. */
async function writeWhole(folder: string, file: string, content: Buffer): Promise<void> {
  const beside = join(folder, `${file}.part`);
  try {
    await mkdir(folder, { recursive: true });
    const handle = await open(beside, 'w', 0o644);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(beside, join(folder, file));
  } catch (error) {
    if (isDiskFull(error)) throw new AppError('DATA_FOLDER_FULL', 'The disk is full: the report could not be written. Free some space and run the flow again.', { cause: error });
    throw error;
  }
}

/** What stands in the row beside the file: enough for a list. */
function summaryOf({ day, mode, curve, metrics, totals, generatedAt }: ReportFacts): Record<string, unknown> {
  const last = curve?.days.at(-1);
  const figure = (name: string): number | null => metrics.find((metric) => metric.name === name)?.value ?? null;
  const isOfDay = last?.day === day;
  // Floats of exact dollars: what lies beyond the cent's hundredth is noise.
  const dollars = (value: number): number => Number(value.toFixed(4));
  return {
    day, mode, generatedAt, equityDollars: last ? dollars(last.close) : null, dayPnlDollars: last && isOfDay ? dollars(last.close - last.open) : null, dayPnlFraction: last && isOfDay && last.open > 0 ? last.close / last.open - 1 : null,
    totalReturn: figure('total_return'), maxDrawdown: figure('max_drawdown'), fills: totals.fills, roundTrips: totals.trips,
  };
}

type Written = { readonly reportId: string; readonly file: string; readonly sha256: string; readonly bytes: number; readonly summary: Record<string, unknown> };

/** The file first, the row after it: a row always points to a file that is whole. Run again, both are replaced by the same report. */
async function write({ db, config }: ReportParts, facts: ReportFacts): Promise<Written> {
  const content = Buffer.from(reportPage(facts), 'utf8');
  const file = `${facts.day}.html`;
  await writeWhole(join(config.dataDir, REPORTS_FOLDER), file, content);
  const written: Written = { reportId: `daily-${facts.day}`, file, sha256: createHash('sha256').update(content).digest('hex'), bytes: content.length, summary: summaryOf(facts) };
  await db.query(
    `INSERT INTO analytics.reports AS r (report_id, kind, period_start, period_end, content, file, sha256, bytes) VALUES ($1, 'daily', $2, $3, $4, $5, $6, $7)
     ON CONFLICT (report_id) DO UPDATE SET content = excluded.content, file = excluded.file, sha256 = excluded.sha256, bytes = excluded.bytes, created_at = clock_timestamp()`,
    [written.reportId, at(fromNewYork(facts.day, 0)), at(endOfDay(facts.day)), JSON.stringify(written.summary), file, written.sha256, written.bytes],
  );
  return written;
}

/** The flow. */
export function reportFlow(parts: ReportParts): FlowDefinition {
  const { db, config, clock } = parts;
  return flow({
    name: 'generate_reports', description: 'Writes the performance report of a day as one file that needs no network: curve, days, strategies, round trips, and every figure with its formula.',
    input: INPUT, schedule: { kind: 'cron', cron: '0 18 * * *', only: 'trading_days' },
    retries: 3, retryDelayMs: 5_000, timeoutMs: 900_000, concurrency: 1, onMissed: 'run_once', children: ['calculate_performance', 'analyze_trades'],
    async run(ctx, input) {
      const { day, generatedAt, isNewest } = await ctx.step('choose the day', async () => {
        const now = clock.now();
        const newest = await reportDay(db, now);
        const day = input.day ?? dayOfTick(config.mode, ctx.scheduledFor, newest);
        return { day, generatedAt: now, isNewest: day === newest };
      });
      const upTo = isNewest ? {} : { day };
      const [performance, analysis] = await Promise.all([ctx.child('calculate_performance', upTo), ctx.child('analyze_trades', upTo)]);
      ctx.progress(2, 3);
      const { summary, ...written } = await ctx.step('write the report', async () => write(parts, await readReportFacts(db, { day, mode: config.mode, version: config.version, generatedAt, performanceRun: performance.runId, analysisRun: analysis.runId })));
      ctx.progress(3, 3);
      ctx.log('info', 'The report was written', { ...written });
      return { ...written, ...summary };
    },
  });
}
