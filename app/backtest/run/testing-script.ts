/** Tests of the engine in words: bars by hand, a strategy that does at each close what the test says, and what came of it. */
import * as z from 'zod';
import { barColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { MINUTE_MS, timeframeMs, type Timeframe } from '#app/domain/time.ts';
import { sessionOn, sessionsBetween } from '#app/market/calendar.ts';
import { invariant } from '#app/domain/errors.ts';
import type { Context, SymbolView } from '#app/strategy/context.ts';
import { strategy } from '#app/strategy/spec.ts';
import { NO_COMMISSION } from './defaults.ts';
import { runBacktest } from './run.ts';
import { goldenConfig, plainMarket } from './testing-cross.ts';
import type { Market, RunConfig, RunOptions, RunResult } from './types.ts';

/** A bar by hand: open, high, low, close, volume (1,000 when left out). */
export type HandBar = readonly [open: number, high: number, low: number, close: number, volume?: number];

/** Open of the session in which the hand-made bars begin: 2026-06-01, 09:30 in New York. */
export function firstOpen(): number {
  const session = sessionOn('2026-06-01');
  invariant(session, 'A Monday without a session', {});
  return session.open;
}

/** Consecutive bars from the session's open on; days: of consecutive sessions. */
export function handBars(rows: readonly HandBar[], timeframe: Timeframe = '1Min'): BarColumns {
  const bars = barColumns(rows.length);
  const days = sessionsBetween('2026-06-01', '2027-12-31');
  rows.forEach(([open, high, low, close, volume = 1_000], i) => {
    bars.time[i] = timeframe === '1Day' ? (days[i]?.open ?? 0) - 570 * MINUTE_MS : firstOpen() + i * timeframeMs(timeframe);
    [bars.open[i], bars.high[i], bars.low[i], bars.close[i], bars.volume[i]] = [open, high, low, close, volume];
  });
  return bars;
}

/** What the strategy does at the close of bar n (counted from 0). */
export type Script = Readonly<Record<number, (on: SymbolView, context: Context) => void>>;

/** A strategy for one symbol that follows the script. */
export function scripted(script: Script, more: { readonly usesShorts?: boolean } = {}): RunConfig['strategy'] {
  return strategy({
    kind: 'scripted', title: 'Scripted', description: 'Does what the test says.', scope: 'symbol', usesOrders: true, ...more, parameters: {}, indicators: () => ({}), history: () => 0,
    state: z.object({ bar: z.number() }), initialState: () => ({ bar: 0 }),
    onBar(context) {
      const { on, state } = context;
      script[state.bar]?.(on, context as unknown as Context);
      state.bar += 1;
    },
  }).bind({});
}

/** Runs a script over bars of one symbol, without costs, $100,000 unless told. */
export function play(rows: readonly HandBar[], script: Script, more: Partial<RunConfig> & { readonly market?: Partial<Market>; readonly options?: RunOptions } = {}): RunResult {
  const { market, options, ...config } = more;
  const timeframe = config.timeframe ?? '1Min';
  return runBacktest(goldenConfig([plainMarket('AAA', handBars(rows, timeframe), market)], timeframe, {
    strategy: scripted(script, { usesShorts: config.account?.canShort ?? false }), commission: NO_COMMISSION, account: { cash: 100_000, multiplier: 1, canShort: false, borrowPercent: 0, marginInterestPercent: 0 }, isBrokerStrict: false, ...config,
  }), { hasLines: true, ...options });
}

/** Fills in words: `step side qty@price`. */
export function fillsOf({ fills }: RunResult): string[] {
  return Array.from({ length: fills.length }, (_none, n) => `${fills.step[n]} ${(fills.side[n] ?? 0) > 0 ? 'buy' : 'sell'} ${fills.qty[n]}@${fills.price[n]}`);
}
