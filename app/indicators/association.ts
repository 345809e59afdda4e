/** How two series of one symbol go together, and how a price goes with its own past. They read the whole window at each bar, O(period), so that nothing cancels. Prices are in ticks. */
import * as z from 'zod';
import { isFull, ring, ringPush, ringSchema } from './cells.ts';
import { defineIndicator, type IndicatorUse, period, use, type UseOptions } from './indicator.ts';
import { ticksOf } from './period.ts';

const pairSchema = z.object({ x: ringSchema, y: ringSchema });
type Both = z.infer<typeof pairSchema>;
type Comoments = { xx: number; xy: number; yy: number };

/** Sum of squares and products around the means of two full windows, measured from the oldest pair: of whole numbers nothing is lost, and 0 is 0. */
function comoments({ x, y }: Both): Comoments {
  const n = x.period;
  const [fromX, fromY] = [x.window[x.next] as number, y.window[y.next] as number];
  let [sumX, sumY] = [0, 0];
  for (let step = 0, at = x.next; step < n; step += 1) {
    sumX += (x.window[at] as number) - fromX;
    sumY += (y.window[at] as number) - fromY;
    at = at + 1 === n ? 0 : at + 1;
  }
  const result = { xx: 0, xy: 0, yy: 0 };
  for (let step = 0, at = x.next; step < n; step += 1) {
    const dx = (x.window[at] as number) - fromX - sumX / n;
    const dy = (y.window[at] as number) - fromY - sumY / n;
    result.xx += dx * dx;
    result.xy += dx * dy;
    result.yy += dy * dy;
    at = at + 1 === n ? 0 : at + 1;
  }
  return result;
}

/** What rounding may leave of relative changes that are all the same, squared. */
const NOTHING = 1e-24;

function pairPush(state: Both, x: number, y: number): boolean {
  ringPush(state.x, x);
  ringPush(state.y, y);
  return isFull(state.x);
}

const windowLookback = ([n = 1]: readonly number[]): number => n - 1;

/** Pearson's correlation of close and volume over the period, -1..1; 0 when one did not move. (TA-Lib's CORREL takes two free series; of one symbol these two say most.) Closes 1, 2, 3 with 10, 20, 40 shares: 0.9820. */
export const CORREL = defineIndicator<'value', Both>({
  id: 'CORREL', title: 'Correlation of price and volume', group: 'statistics', unit: 'ratio', formula: 'Σ dx dy / √(Σ dx² Σ dy²), x = close, y = volume', source: 'K. Pearson (1895); TA-Lib CORREL',
  parameters: [period('period', 'Period', 30, [2, 1_000])], inputs: ['close', 'volume'], outputs: ['value'], lookback: windowLookback, state: pairSchema,
  start: ([n = 0]) => ({ x: ring(n), y: ring(n) }),
  next(state, bar, out) {
    out[0] = NaN;
    if (!pairPush(state, ticksOf(bar.close), bar.volume)) return;
    const { xx, xy, yy } = comoments(state);
    out[0] = xx === 0 || yy === 0 ? 0 : xy / Math.sqrt(xx * yy);
  },
});
/** Correlation of close and volume over `length` bars. */
export const correl = (length = 30): IndicatorUse<'value'> => use(CORREL, [length]);

const betaSchema = z.object({ ...pairSchema.shape, previous: z.object({ high: z.number(), low: z.number() }).nullable() });

/** Slope of the relative changes of the lows on those of the highs over the period (the two series of TA-Lib's BETA in its own interface); 0 when the highs did not move. Highs 100, 110, 99 and lows 50, 60, 51 over 2: 1.75. */
export const BETA = defineIndicator<'value', z.infer<typeof betaSchema>>({
  id: 'BETA', title: 'Beta of the lows on the highs', group: 'statistics', unit: 'ratio', formula: 'Σ dx dy / Σ dx², x = change of the high, y = change of the low', source: 'TA-Lib BETA',
  parameters: [period('period', 'Period', 5, [2, 1_000])], inputs: ['high', 'low'], outputs: ['value'], lookback: ([n = 0]) => n, state: betaSchema,
  start: ([n = 0]) => ({ x: ring(n), y: ring(n), previous: null }),
  next(state, bar, out) {
    const { previous } = state;
    state.previous = { high: bar.high, low: bar.low };
    out[0] = NaN;
    if (previous === null || !pairPush(state, (bar.high - previous.high) / previous.high, (bar.low - previous.low) / previous.low)) return;
    const { xx, xy } = comoments(state);
    out[0] = xx <= NOTHING ? 0 : xy / xx;
  },
});
/** Beta of the lows on the highs over `length` changes. */
export const beta = (length = 5): IndicatorUse<'value'> => use(BETA, [length]);

const ownPastSchema = z.object({ ...pairSchema.shape, previous: z.number().nullable() });
type OwnPast = z.infer<typeof ownPastSchema>;
const ownPastStart = ([n = 0]: readonly number[]): OwnPast => ({ x: ring(n), y: ring(n), previous: null });

/** The longest half-life that is told, bars: beyond it a price does not come back within any use. */
const NEVER = 10_000;
/** A slope from which on a price comes back at once: in less than a tenth of a bar. */
const AT_ONCE = -0.999;

/**
 * Bars in which half of a distance from the mean is made good: -ln 2 / ln(1 + b), where b is the slope of the change on the price before over the
 * period; 10,000 when the price does not come back (b >= 0), 0 when it comes back at once (b <= -0.999). Prices 1, 0.5, 0.25 over 2: b = -0.5, 1 bar.
 */
export const HALFLIFE = defineIndicator<'value', OwnPast>({
  id: 'HALFLIFE', title: 'Half-life of reversion', group: 'statistics', unit: 'index', formula: '-ln 2 / ln(1 + b), b = slope of the change on the previous price', source: 'E. P. Chan, Algorithmic Trading (2013), p. 46 (with ln(1 + b) for discrete bars)',
  parameters: [period('period', 'Period', 60, [2, 1_000])], inputs: ['close'], outputs: ['value'], lookback: ([n = 0]) => n, state: ownPastSchema, start: ownPastStart,
  next(state, bar, out) {
    const { previous } = state;
    const ticks = ticksOf(bar.close);
    state.previous = ticks;
    out[0] = NaN;
    if (previous === null || !pairPush(state, previous, ticks - previous)) return;
    const { xx, xy } = comoments(state);
    const slope = xx === 0 ? 0 : xy / xx;
    if (slope >= 0) out[0] = NEVER;
    else out[0] = slope <= AT_ONCE ? 0 : Math.min(NEVER, -Math.LN2 / Math.log1p(slope));
  },
});
/** Half-life over `length` changes. */
export const halfLife = (length = 60, options: UseOptions = {}): IndicatorUse<'value'> => use(HALFLIFE, [length], options);

const autoSchema = z.object({ ...ownPastSchema.shape, change: z.number().nullable() });

/** Correlation of each change of the price with the one before over the period, -1..1; 0 when it did not move. Prices 0, 1, 3, 4, 6, 7 over 4: -1. */
export const AUTOCORR = defineIndicator<'value', z.infer<typeof autoSchema>>({
  id: 'AUTOCORR', title: 'Autocorrelation of the changes', group: 'statistics', unit: 'ratio', formula: 'correlation of the change with the previous change', source: 'G. E. P. Box, G. M. Jenkins, Time Series Analysis (1970), section 2.1',
  parameters: [period('period', 'Period', 20, [2, 1_000])], inputs: ['close'], outputs: ['value'], lookback: ([n = 0]) => n + 1, state: autoSchema,
  start: (values) => ({ ...ownPastStart(values), change: null }),
  next(state, bar, out) {
    const { previous, change: before } = state;
    const ticks = ticksOf(bar.close);
    state.previous = ticks;
    out[0] = NaN;
    if (previous === null) return;
    const change = ticks - previous;
    state.change = change;
    if (before === null || !pairPush(state, before, change)) return;
    const { xx, xy, yy } = comoments(state);
    out[0] = xx === 0 || yy === 0 ? 0 : xy / Math.sqrt(xx * yy);
  },
});
/** Autocorrelation of the last `length` changes. */
export const autocorrelation = (length = 20, options: UseOptions = {}): IndicatorUse<'value'> => use(AUTOCORR, [length], options);
