/** run_backtest: has the engine run a strategy over stored bars, then measures what came of it with the same figures as the account's. */
import { FIGURES } from '#app/analytics/catalogue.ts';
import { backtestRequestSchema, backtestResultSchema, backtestRunOutputSchema, type BacktestResult } from '#app/contracts/backtest.ts';
import { AppError } from '#app/domain/errors.ts';
import type { Db, Queryable } from '#chassis/db.ts';
import { flow, type FlowDefinition } from '#chassis/flows.ts';
import type { Metric } from './performance.ts';

/** The figures of a stored backtest, in the order of the catalogue: those of its tear sheet, which was made of every bar and trade. Without bars there are none. */
export function backtestFigures({ figures }: BacktestResult): Metric[] {
  return FIGURES.map(({ name, unit }) => ({ name, value: figures[name] ?? null, unit }));
}

async function readResult(db: Queryable, backtestId: string): Promise<BacktestResult> {
  const [row] = await db.query<{ result: unknown }>('SELECT result FROM strategy_engine.backtests WHERE backtest_id = $1', [backtestId]);
  if (!row?.result) throw new AppError('INPUT_INVALID', 'This backtest has no stored result; run it again', { context: { backtestId } });
  return backtestResultSchema.parse(row.result);
}

/** Keyed by the backtest: measured twice, it has the same rows. Figures of backtests that the engine has let go, go too. */
async function measure(db: Db, backtestId: string): Promise<{ readonly metrics: readonly Metric[]; readonly isTruncated: boolean }> {
  const result = await readResult(db, backtestId);
  const metrics = backtestFigures(result);
  await db.query(
    `INSERT INTO analytics.backtest_metrics (backtest_id, name, value, unit) SELECT $1, m.name, m.value, m.unit FROM unnest($2::text[], $3::float8[], $4::text[]) AS m(name, value, unit)
     ON CONFLICT (backtest_id, name) DO UPDATE SET value = excluded.value, unit = excluded.unit, calculated_at = clock_timestamp()`,
    [backtestId, metrics.map((m) => m.name), metrics.map((m) => m.value), metrics.map((m) => m.unit)],
  );
  await db.query('DELETE FROM analytics.backtest_metrics m WHERE NOT EXISTS (SELECT FROM strategy_engine.backtests b WHERE b.backtest_id = m.backtest_id)');
  return { metrics, isTruncated: result.isTruncated };
}

/** The flow. */
export function runBacktestFlow(db: Db): FlowDefinition {
  return flow({
    name: 'run_backtest', description: 'Runs a strategy over stored bars and measures the result with the figures that the account is measured with.',
    input: backtestRequestSchema, schedule: null, retries: 2, retryDelayMs: 2_000, timeoutMs: 3_600_000, concurrency: 1, onMissed: 'skip', children: ['backtest_strategy'],
    async run(ctx, input) {
      const { output } = await ctx.child('backtest_strategy', input);
      const ran = backtestRunOutputSchema.parse(output);
      ctx.progress(1, 2);
      const { metrics, isTruncated } = await ctx.step('measure', () => measure(db, ran.backtestId));
      ctx.progress(2, 2);
      if (isTruncated) ctx.log('warn', 'More trades than are stored: the list has the first of them, the figures are of all');
      const shown = Object.fromEntries(metrics.map((metric) => [metric.name, metric.value]));
      ctx.log('info', 'The backtest was measured', { backtestId: ran.backtestId, ...shown });
      return { ...ran, metrics: shown };
    },
  });
}
