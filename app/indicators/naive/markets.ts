/** Made-up bars on whole cents for the harness: a random walk, a flat market, tiny moves at a high price. For tests alone. */
import { type BarColumns, barColumns, BAR_FIELDS } from '#app/domain/bar-columns.ts';
import type { PlainBars, Worked } from './row.ts';

const DAY_MS = 86_400_000;
const OPENING_MS = 1_577_975_400_000;

/** A sequence of fractions in [0, 1) out of a seed (a linear congruential generator; its high bits). */
function fractions(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) / 16_777_216;
  };
}

/** How a market walks: first price and largest move, cents; how many of a hundred bars stand still; milliseconds between bars. */
export type Walk = { readonly cents: number; readonly move: number; readonly still: number; readonly stepMs?: number };

/** A walk of `length` bars. Where the price stands still, all four prices are one. Prices stay above a dollar. */
export function walk(seed: number, length: number, { cents, move, still, stepMs = DAY_MS }: Walk): PlainBars {
  const next = fractions(seed);
  const whole = (size: number): number => Math.floor(next() * (size + 1));
  const bars = { time: [] as number[], open: [] as number[], high: [] as number[], low: [] as number[], close: [] as number[], volume: [] as number[] };
  let price = cents;
  for (let i = 0; i < length; i += 1) {
    const stands = next() * 100 < still;
    const open = stands ? price : Math.max(100, price + whole(move) - Math.floor(move / 2));
    const close = stands ? price : Math.max(100, open + whole(2 * move) - move);
    const high = Math.max(open, close) + (stands ? 0 : whole(move));
    const low = Math.max(1, Math.min(open, close) - (stands ? 0 : whole(move)));
    bars.time.push(OPENING_MS + i * stepMs);
    for (const [field, value] of [['open', open], ['high', high], ['low', low], ['close', close]] as const) bars[field].push(value / 100);
    bars.volume.push(stands ? 0 : 100 + whole(1_000_000));
    price = close;
  }
  return bars;
}

/** The bars of a worked number: fields left out are the closes, volume 1, a bar a day. */
export function workedBars({ bars }: Worked): PlainBars {
  const { close } = bars;
  return { time: close.map((_, i) => OPENING_MS + i * DAY_MS), open: bars.open ?? close, high: bars.high ?? close, low: bars.low ?? close, close, volume: bars.volume ?? close.map(() => 1) };
}

/** Lists as columns. */
export function asColumns(plain: PlainBars): BarColumns {
  const bars = barColumns(plain.close.length);
  bars.time.set(plain.time);
  for (const field of BAR_FIELDS) bars[field].set(plain[field]);
  return bars;
}
