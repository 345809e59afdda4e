/** The flows of data_ingestion: fetching, validating, putting away. */
import * as z from 'zod';
import type { Mode } from '#app/contracts/config.ts';
import { AppError } from '#app/domain/errors.ts';
import type { EpochMs } from '#app/domain/time.ts';
import type { Db } from '#chassis/db.ts';
import type { BulkOptions } from '#chassis/db-bulk.ts';
import { flow, type FlowContext, type FlowDefinition } from '#chassis/flows.ts';
import type { MarketHistory } from '../alpaca/ports.ts';
import { archiveFlow } from './archive-flow.ts';
import { refreshCalendar } from './broker-calendar.ts';
import type { Intake } from './intake.ts';
import { validateFlow } from './quality-flow.ts';

/** A step of the fetch beside the bars: what the universe needs to know from the broker. Its result is plain JSON. */
export type FetchStep = { readonly name: string; readonly run: (signal: AbortSignal) => Promise<object> };

/** What the flows work with. `now`: the wall clock; `isReplay`: the market's time is that of recorded bars. */
export type IngestionFlowParts = {
  readonly db: Db;
  readonly bulk: BulkOptions;
  readonly intake: Pick<Intake, 'repair'>;
  readonly history: Pick<MarketHistory, 'calendar'> & Partial<Pick<MarketHistory, 'bars'>>;
  readonly refreshSymbols: () => Promise<number>;
  readonly steps?: readonly FetchStep[];
  readonly mode: Mode;
  readonly isReplay: boolean;
  readonly archiveFolder: string;
  readonly now: () => EpochMs;
};

/** The flows, in the order of mission M2. */
export function ingestionFlows(parts: IngestionFlowParts): FlowDefinition[] {
  return [fetchFlow(parts), validateFlow(parts), archiveFlow(parts)];
}

/** Repairing may wait for the broker as long as the lane lives; a step that was given up must end. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(new AppError('UNIT_TIMEOUT', 'The bars were not fetched in time; it is tried again at the next hour', { cause: signal.reason }));
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** fetch_market_data: the hourly safety net under the stream. */
function fetchFlow(parts: IngestionFlowParts): FlowDefinition {
  return flow({
    name: 'fetch_market_data',
    description: 'Reads the tradable symbols, the broker\'s calendar, every missing minute bar of the watched symbols and corporate actions from the broker, wishes the missing days of the whole universe, then has the new bars validated.',
    input: z.strictObject({ isValidated: z.boolean().default(true).describe('Validate the bars afterwards; the trading pipeline does that in a step of its own') }),
    schedule: { kind: 'cron', cron: '0 * * * *', only: 'trading_days' },
    retries: 3, retryDelayMs: 5_000, timeoutMs: 600_000, concurrency: 1, onMissed: 'run_once', overlap: 'skip', children: ['validate_data_quality'],
    async run(ctx, input) {
      const steps = parts.steps ?? [];
      const total = (input.isValidated ? 4 : 3) + steps.length;
      const symbols = await ctx.step('refresh symbols', () => parts.refreshSymbols());
      ctx.progress(1, total);
      const calendar = await calendarStep(parts, ctx);
      ctx.progress(2, total);
      const repaired = await ctx.step('repair gaps', (step) => unlessAborted(parts.intake.repair('fetch_market_data'), step.signal));
      ctx.progress(3, total);
      ctx.log('info', 'Market data fetched', { watched: symbols, ...repaired });
      for (const [n, step] of steps.entries()) {
        const result = await ctx.step(step.name, ({ signal }) => step.run(signal));
        ctx.log('info', `Done: ${step.name}`, { ...result });
        ctx.progress(4 + n, total);
      }
      const quality = input.isValidated ? (await ctx.child('validate_data_quality')).output : null;
      if (!input.isValidated) await ctx.skip('validate_data_quality', 'Whoever asked for the bars validates them itself');
      else ctx.progress(total, total);
      return { watched: symbols, ...repaired, calendarDifferences: calendar, quality };
    },
  });
}

/** Asks for the calendar where there is an exchange to ask about. Returns the number of days that differ from ours, null when it was not asked. */
async function calendarStep(parts: IngestionFlowParts, ctx: FlowContext): Promise<number | null> {
  if (parts.mode === 'demo' || parts.isReplay) {
    await ctx.skip('refresh calendar', 'The simulator keeps the calendar that is built in');
    return null;
  }
  const { problem, differences, days } = await ctx.step('refresh calendar', () => refreshCalendar(parts, parts.now()));
  if (problem !== null) ctx.log('warn', 'The broker\'s calendar could not be used; ours stays in use', { problem });
  for (const difference of differences) ctx.log('warn', 'The broker\'s calendar differs from ours; the broker\'s counts from now on', { ...difference });
  if (problem === null) ctx.log('info', 'The broker\'s calendar was read', { days, differences: differences.length });
  return problem === null ? differences.length : null;
}
