/** Statistics: a whole tear sheet of a million bars against the bare loop that trades them, and what honesty costs. */
import { bootstrapIntervals } from '#app/analytics/bootstrap.ts';
import { maxDrawdown } from '#app/analytics/max-drawdown.ts';
import { overfitting } from '#app/analytics/pbo.ts';
import { tearSheet } from '#app/analytics/tear-sheet.ts';
import type { TearSheetInput } from '#app/analytics/tear-sheet-types.ts';
import { CASH_ACCOUNT, NO_COMMISSION, STRICT_FILLS } from '#app/backtest/run/defaults.ts';
import { runBacktest } from '#app/backtest/run/run.ts';
import type { BarColumns } from '#app/domain/bar-columns.ts';
import { invariant } from '#app/domain/errors.ts';
import { randomOf } from '#app/domain/random.ts';
import { newYorkOffsetMs } from '#app/market/nyse-zone.ts';
import { smaCross } from '#app/strategy/built-in/sma-cross.ts';
import { bareSmaCross } from './lib/bare.ts';
import { figureOf, type Figure } from './lib/measure.ts';
import { pair } from './lib/pair.ts';
import { synthetic } from './lib/synth.ts';

const BARS = 1_000_000;
const CASH = 10_000_000;
const TRIALS = 100;
const DAYS = 2_520;

function inputOf(bars: BarColumns): TearSheetInput {
  const result = runBacktest({
    strategy: smaCross.bind({ fast: 10, slow: 30 }), markets: [{ symbol: 'AAA', bars, detail: null, actions: [], isShortable: false, isFractionable: false }], timeframe: '1Min', sizing: { method: 'fixed_notional', notional: '100000' },
    account: { ...CASH_ACCOUNT, cash: CASH }, fills: STRICT_FILLS, slippage: { kind: 'none' }, commission: { ...NO_COMMISSION, percent: 0.001 }, fees: null, desk: { kind: 'plain' }, isBrokerStrict: false,
  });
  return { ...result, from: bars.time[0] ?? 0, startEquity: CASH, benchmark: bars.close, offsetMs: newYorkOffsetMs, symbols: ['AAA'] };
}

/** The ratios; what is timed is checked first. */
export function benchStatistics(): Promise<Figure[]> {
  const bars = synthetic({ length: BARS });
  const input = inputOf(bars);
  const sheet = tearSheet(input);
  invariant(sheet.steps === BARS && sheet.figures.max_drawdown === maxDrawdown([CASH, ...input.equity]), 'The tear sheet of the benchmark is not that of its run');
  invariant(sheet.figures.total_return === (input.equity[BARS - 1] ?? 0) / CASH - 1 && (sheet.figures.round_trips ?? 0) > 10_000, 'The run of the benchmark is not the one that was meant');
  const bare = (): unknown => bareSmaCross(bars, { fast: 10, slow: 30, qty: 100, cash: CASH, percent: 0.1 });
  const whole = pair(() => tearSheet(input), bare);
  const random = randomOf(1, 'bench');
  const days = Float64Array.from({ length: DAYS }, () => 0.0003 + 0.01 * random.normal());
  const intervals = pair(() => bootstrapIntervals(days, { seed: 1 }), bare);
  const trials = Array.from({ length: TRIALS }, () => Float64Array.from({ length: DAYS }, () => 0.01 * random.normal()));
  const crossed = pair(() => overfitting(trials), bare, { rounds: 5 });
  return Promise.resolve([
    figureOf({ name: `tear sheet of ${BARS / 1e6} M bars, ${sheet.figures.round_trips ?? 0} trips / bare loop`, unit: 'x', values: [whole.best] }),
    figureOf({ name: 'intervals, 1,000 histories of 10 years / bare loop', unit: 'x', values: [intervals.best] }),
    figureOf({ name: 'overfitting, 12,870 splits of 100 trials / bare loop', unit: 'x', values: [crossed.best] }),
    figureOf({ name: 'the bare loop', unit: 'ms', values: [whole.b] }),
  ]);
}
