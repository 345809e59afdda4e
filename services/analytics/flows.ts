/** The flows of analytics. */
import * as z from 'zod';
import type { RuntimeConfig } from '#app/contracts/config.ts';
import type { Clock } from '#app/domain/time.ts';
import { at, type Db } from '#chassis/db.ts';
import { flow, type FlowContext, type FlowDefinition } from '#chassis/flows.ts';
import { runBacktestFlow } from './backtest-figures.ts';
import { lastTradedDay, runParity, type ParityRun } from './parity.ts';
import { measurePerformance, type Performance } from './performance.ts';
import { reportFlow } from './report-flow.ts';
import type { StrategyDays } from './strategy-days.ts';
import { analyseTrades, writeAnalysis } from './trade-analysis.ts';

/** What the flows work with. */
export type AnalyticsFlowParts = { readonly db: Db; readonly days: StrategyDays; readonly config: Pick<RuntimeConfig, 'dataDir' | 'mode' | 'version'>; readonly clock: Clock };

const MAX_SHOWN = 50;

/** Up to which day: reports ask for theirs, people for any. */
const UP_TO = z.object({
  day: z.iso.date().optional().describe('Last exchange day to look at, such as 2026-01-05; without it everything until now'),
}).strict();

/** Keyed by the run, so that a step that runs again writes the same rows. */
async function writeMetrics(db: Db, runId: string, { from, to, metrics }: Performance): Promise<number> {
  await db.query(
    `INSERT INTO analytics.performance_metrics (run_id, name, value, unit, period_start, period_end)
     SELECT $1, m.name, m.value, m.unit, $5, $6 FROM unnest($2::text[], $3::float8[], $4::text[]) AS m(name, value, unit)
     ON CONFLICT (run_id, name) DO UPDATE SET value = excluded.value, unit = excluded.unit, period_start = excluded.period_start, period_end = excluded.period_end, calculated_at = clock_timestamp()`,
    [runId, metrics.map((m) => m.name), metrics.map((m) => m.value), metrics.map((m) => m.unit), at(from), at(to)],
  );
  return metrics.length;
}

/** Figures of the account, and the open profit of each strategy at the day's end. */
function performanceFlow({ db, days }: AnalyticsFlowParts): FlowDefinition {
  return flow({
    name: 'calculate_performance',
    description: 'Calculates return, risk and trade statistics over the whole equity curve, and values what each strategy holds.',
    input: UP_TO, schedule: { kind: 'session', anchor: 'close', offsetMinutes: 10 },
    retries: 3, retryDelayMs: 5_000, timeoutMs: 300_000, concurrency: 1, onMissed: 'run_once',
    async run(ctx, { day }) {
      const performance = await ctx.step('measure', () => measurePerformance(db, day ?? null));
      if (performance === null) {
        ctx.log('info', 'Nothing has been traded yet: no point of the equity curve');
        return { measured: false };
      }
      ctx.progress(1, 3);
      await ctx.step('write metrics', () => writeMetrics(db, ctx.runId, performance));
      ctx.progress(2, 3);
      let strategies = 0;
      // What is held now is worth nothing to an older day.
      if (day === undefined) strategies = await ctx.step('value strategies', () => db.tx((tx) => days.revalue(tx, performance.day)));
      else await ctx.skip('value strategies', 'An older day keeps the values that it had');
      ctx.progress(3, 3);
      const shown = Object.fromEntries(performance.metrics.map((metric) => [metric.name, metric.value]));
      ctx.log('info', 'Performance calculated', shown);
      return { measured: true, day: performance.day, strategies, metrics: shown };
    },
  });
}

/** The day run again, after the fact: a parity that fails does not take the figures of the day along. */
async function compareDay(ctx: FlowContext, db: Db, day: string | null): Promise<ParityRun | null> {
  const name = day ?? (await ctx.step('find the day', () => lastTradedDay(db)));
  if (name === null) return null;
  const run = await ctx.step('run the day again', ({ signal }) => runParity(db, name, { signal }));
  if (run === null) ctx.log('info', `The exchange was closed on ${name}: there is no day to run again`);
  else ctx.log(run.differences === 0 ? 'info' : 'warn', `The day was run again: ${run.compared} of ${run.strategies} strategies traded, ${run.differences} differences`, { ...run });
  return run;
}

function analysisFlow({ db }: AnalyticsFlowParts): FlowDefinition {
  return flow({
    name: 'analyze_trades',
    description: 'Takes closed round trips apart by strategy, symbol and hour: win rate, profit factor, expectancy, holding time, fees and slippage. Then runs the day of each deployed strategy again over the recorded bars and tells what differs.',
    input: UP_TO, schedule: { kind: 'session', anchor: 'close', offsetMinutes: 20 },
    retries: 3, retryDelayMs: 5_000, timeoutMs: 1_200_000, concurrency: 1, onMissed: 'run_once',
    async run(ctx, { day }) {
      const groups = await ctx.step('group round trips', () => analyseTrades(db, day ?? null));
      ctx.progress(1, 3);
      const account = groups.find((group) => group.scope === 'account') ?? null;
      if (account === null) ctx.log('info', 'Nothing has been traded yet: no fill in the ledger');
      else {
        await ctx.step('write groups', () => writeAnalysis(db, ctx.runId, groups));
        ctx.log('info', 'Round trips were taken apart', { roundTrips: account.roundTrips, fills: account.fills, profitDollars: account.profit, slippageDollars: account.slippage });
      }
      ctx.progress(2, 3);
      const parity = await compareDay(ctx, db, day ?? null);
      ctx.progress(3, 3);
      if (account === null) return { analysed: false, groups: 0, parity };
      return { analysed: true, groups: groups.length, account, strategies: groups.filter((group) => group.scope === 'strategy').slice(0, MAX_SHOWN), parity };
    },
  });
}

/** The flows that this service owns. */
export function analyticsFlows(parts: AnalyticsFlowParts): FlowDefinition[] {
  return [performanceFlow(parts), reportFlow(parts), runBacktestFlow(parts.db), analysisFlow(parts)];
}
