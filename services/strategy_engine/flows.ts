/** The flows of strategy_engine. */
import * as z from 'zod';
import type { Db } from '#chassis/db.ts';
import { flow, type FlowDefinition } from '#chassis/flows.ts';
import { catchUp, lookForLag, untilHeard, type CaughtUp } from './catch-up.ts';
import type { Engine } from './engine.ts';

/**
 * run_strategy: the safety net under the event path. Strategies run on each new bar as it comes; this flow shows them what
 * is stored and was never told, through the same code and with the same signal ids. Normally there is nothing.
 */
export function strategyFlows(parts: { db: Db; engine: Engine }): FlowDefinition[] {
  return [
    flow({
      name: 'run_strategy',
      description: 'Shows each strategy the stored bars it has not seen (normally none: they run on every new bar), and reports what it found.',
      input: z.object({ strategyId: z.string().min(1).max(64).optional().describe('Only this strategy; all of them when left out') }),
      schedule: { kind: 'cron', cron: '5 * * * *', only: 'trading_days' },
      retries: 3, retryDelayMs: 5_000, timeoutMs: 300_000, concurrency: 1, onMissed: 'run_once',
      async run(ctx, input) {
        const look = await ctx.step('look for bars not seen', () => lookForLag(parts.db, parts.engine, input.strategyId ?? null));
        const isBehind = look.strategies.some((strategy) => strategy.lags.length > 0);
        if (isBehind) {
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
          ctx.progress(results.length, look.strategies.length);
        }
        const bars = results.reduce((sum, result) => sum + result.bars, 0);
        ctx.log(bars > 0 ? 'warn' : 'info', bars > 0 ? 'Strategies have caught up on stored bars' : 'Every strategy has seen every stored bar', { strategies: results.length, bars });
        return { strategies: results };
      },
    }),
  ];
}
