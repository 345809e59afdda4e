/** The flows of analytics. */
import * as z from 'zod';
import { epochMs } from '#app/domain/time.ts';
import { exchangeDay } from '#app/market/calendar.ts';
import { at, type Db } from '#chassis/db.ts';
import { flow, type FlowDefinition } from '#chassis/flows.ts';
import { measurePerformance, type Performance } from './performance.ts';
import type { StrategyDays } from './strategy-days.ts';

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

/** calculate_performance: figures of the account, and the open profit of each strategy at the day's end. */
export function analyticsFlows(db: Db, days: StrategyDays): FlowDefinition[] {
  return [
    flow({
      name: 'calculate_performance',
      description: 'Calculates return, risk and trade statistics over the whole equity curve, and values what each strategy holds.',
      input: z.object({}),
      schedule: { kind: 'cron', cron: '10 16 * * *', only: 'trading_days' },
      retries: 3, retryDelayMs: 5_000, timeoutMs: 300_000, concurrency: 1, onMissed: 'run_once',
      async run(ctx) {
        const performance = await ctx.step('measure', () => measurePerformance(db));
        if (performance === null) {
          ctx.log('info', 'Nothing has been traded yet: no point of the equity curve');
          return { measured: false };
        }
        ctx.progress(1, 3);
        await ctx.step('write metrics', () => writeMetrics(db, ctx.runId, performance));
        ctx.progress(2, 3);
        const day = exchangeDay(epochMs(performance.to - 1));
        const strategies = await ctx.step('value strategies', () => db.tx((tx) => days.revalue(tx, day)));
        ctx.progress(3, 3);
        const shown = Object.fromEntries(performance.metrics.map((metric) => [metric.name, metric.value]));
        ctx.log('info', 'Performance calculated', shown);
        return { measured: true, day, strategies, metrics: shown };
      },
    }),
  ];
}
