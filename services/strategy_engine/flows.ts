/** The flows of strategy_engine. */
import * as z from 'zod';
import { symbolSchema } from '#app/domain/ids.ts';
import type { Queryable } from '#chassis/db.ts';
import { flow, type FlowDefinition } from '#chassis/flows.ts';
import { backtestFlow, type BacktestParts } from './backtest-flow.ts';
import { catchUp, lookForLag, untilHeard, type CaughtUp } from './catch-up.ts';
import type { Engine } from './engine.ts';
import { indicatorSeries, updateIndicators } from './indicators.ts';
import { pipelineFlow } from './pipeline.ts';

/** Most signal ids that a run names. */
const MAX_SIGNALS = 500;
/** Bars over all series that one run of calculate_indicators takes. */
const MAX_BARS = 250_000;

const strategyId = z.string().min(1).max(64).optional().describe('Only this strategy; all of them when left out');

/** What the flows work with. */
export type StrategyFlowParts = BacktestParts & { readonly engine: Engine };

/** The flows, in the order of mission M2. */
export function strategyFlows(parts: StrategyFlowParts): FlowDefinition[] {
  return [pipelineFlow(), indicatorsFlow(parts), signalsFlow(parts), backtestFlow(parts)];
}

/** Ids of the signals of the last minutes, oldest first, however they were raised. */
async function recentSignals(book: Queryable, wanted: { readonly strategyId: string | null; readonly minutes: number }): Promise<string[]> {
  const rows = await book.query<{ signal_id: string }>(
    `SELECT signal_id FROM (SELECT signal_id, raised_at FROM strategy_engine.strategy_signals WHERE cancels IS NULL AND raised_at > clock_timestamp() - make_interval(mins => $1) AND ($2::text IS NULL OR strategy_id = $2)
       ORDER BY raised_at DESC, signal_id DESC LIMIT $3) AS newest ORDER BY raised_at, signal_id`, [wanted.minutes, wanted.strategyId, MAX_SIGNALS],
  );
  return rows.map((row) => row.signal_id);
}

/**
 * generate_signals: the safety net under the event path. Strategies run on each new bar as it comes; this flow shows them what
 * is stored and was never told, through the same code and with the same signal ids. Normally there is nothing.
 */
function signalsFlow(parts: StrategyFlowParts): FlowDefinition {
  return flow({
    name: 'generate_signals',
    description: 'Shows each strategy the stored bars it has not seen (normally none: they run on every new bar), and names the signals that are new.',
    input: z.strictObject({ strategyId, sinceMinutes: z.number().int().min(1).max(10_080).default(60).describe('Signals of the last so many minutes count as new') }),
    schedule: null, retries: 3, retryDelayMs: 5_000, timeoutMs: 300_000, concurrency: 1, onMissed: 'skip',
    async run(ctx, input) {
      const wanted = input.strategyId ?? null;
      const look = await ctx.step('look for bars not seen', () => lookForLag(parts.db, parts.engine, wanted));
      if (look.strategies.some((strategy) => strategy.lags.length > 0)) {
        await ctx.step('hear out the wire', async (step) => {
          await untilHeard(parts.db, look.heardSeq, step.signal);
          return look.heardSeq;
        });
      }
      const results: (CaughtUp & { symbols: number })[] = [];
      for (const strategy of look.strategies) {
        const none = { strategyId: strategy.strategyId, bars: 0, signals: 0 };
        const caughtUp = strategy.lags.length === 0 ? none : await ctx.step(`catch up ${strategy.strategyId}`, (step) => catchUp(parts, strategy, step.signal));
        results.push({ ...caughtUp, symbols: strategy.symbols });
        ctx.progress(results.length, look.strategies.length + 1);
      }
      const signals = await ctx.step('list new signals', () => recentSignals(parts.db, { strategyId: wanted, minutes: input.sinceMinutes }));
      const bars = results.reduce((sum, result) => sum + result.bars, 0);
      ctx.progress(look.strategies.length + 1, look.strategies.length + 1);
      ctx.log(bars > 0 ? 'warn' : 'info', bars > 0 ? 'Strategies have caught up on stored bars' : 'Every strategy has seen every stored bar', { strategies: results.length, bars, signals: signals.length });
      return { strategies: results, barsCaughtUp: bars, signals };
    },
  });
}

/** calculate_indicators: the values that people and pages look at, kept beside the bars. */
function indicatorsFlow(parts: StrategyFlowParts): FlowDefinition {
  return flow({
    name: 'calculate_indicators',
    description: 'Continues the stored indicators of every watched symbol (the standard set and those of its strategies) over the bars that are new.',
    input: z.strictObject({
      strategyId, symbols: z.array(symbolSchema).min(1).max(1_000).optional().describe('Only these symbols; all watched ones when left out'),
      names: z.array(z.string().min(1).max(60)).max(50).optional().describe('Indicators beside the standard ones and those of the strategies: SMA_20, MACD_12_26_9.signal, EMA_50@hlc3'),
      keepDays: z.number().int().min(1).max(400).default(5).describe('Days of values that are kept, and with which a new indicator begins'),
    }),
    schedule: null, retries: 3, retryDelayMs: 2_000, timeoutMs: 600_000, concurrency: 1, onMissed: 'skip',
    async run(ctx, input) {
      const series = await ctx.step('list series', () => indicatorSeries(parts.db, parts.engine.deployments(), { strategyId: input.strategyId ?? null, symbols: input.symbols ?? null, names: input.names ?? [] }));
      const total = await ctx.step('continue indicators', async (step) => {
        const sum = { bars: 0, rows: 0, seriesLeft: 0 };
        for (const [n, one] of series.entries()) {
          const done = await updateIndicators(parts.db, one, { keepDays: input.keepDays, maxBars: Math.max(0, MAX_BARS - sum.bars), signal: step.signal });
          sum.bars += done.bars;
          sum.rows += done.rows;
          sum.seriesLeft += done.left ? 1 : 0;
          ctx.progress(n + 1, series.length);
        }
        return sum;
      });
      const names = [...new Set(series.flatMap((one) => one.names))].sort();
      ctx.log('info', total.seriesLeft > 0 ? 'Indicators were continued; more bars follow at the next run' : 'Indicators are up to date', { series: series.length, ...total });
      return { series: series.length, barsRead: total.bars, rowsWritten: total.rows, seriesLeft: total.seriesLeft, indicators: names };
    },
  });
}
