/** The flows of data_ingestion. */
import * as z from 'zod';
import { flow, type FlowDefinition } from '#chassis/flows.ts';
import type { Intake } from './intake.ts';

/** fetch_market_data: the hourly safety net under the stream. */
export function ingestionFlows(parts: { intake: Intake; refreshSymbols: () => Promise<number> }): FlowDefinition[] {
  return [
    flow({
      name: 'fetch_market_data',
      description: 'Reads the tradable symbols and every missing minute bar of the watched ones from the broker.',
      input: z.object({}),
      schedule: { kind: 'cron', cron: '0 * * * *', only: 'trading_days' },
      retries: 3, retryDelayMs: 5_000, timeoutMs: 600_000, concurrency: 1, onMissed: 'run_once',
      async run(ctx) {
        const symbols = await ctx.step('refresh symbols', () => parts.refreshSymbols());
        ctx.progress(1, 2);
        const repaired = await ctx.step('repair gaps', () => parts.intake.repair('fetch_market_data'));
        ctx.progress(2, 2);
        ctx.log('info', 'Market data fetched', { watched: symbols, ...repaired });
        return { watched: symbols, ...repaired };
      },
    }),
  ];
}
