/** Seeded synthetic bars as columns: minutes of regular sessions, a geometric walk (mulberry32 and Box-Muller). The same seed gives the same bars for ever. */
import { barColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { randomOf } from '#app/domain/random.ts';
import { MINUTE_MS } from '#app/domain/time.ts';
import { sessionsBetween } from '#app/market/calendar.ts';

/**
 * What to make. `isOnTicks`: prices in cents, as an exchange has them; else full doubles. `present`: share of the minutes that have a bar (below 1 the bars of
 * different seeds are not aligned). `from`: first civil day.
 */
export type SynthOptions = { readonly length: number; readonly seed?: number; readonly isOnTicks?: boolean; readonly present?: number; readonly from?: string };

const DAYS_OF_SPAN = '2045-12-31';
const START_PRICE = 100;
const MINUTE_VOLATILITY = 8e-4;
const PULL = 2e-5;
const CENTS = 100;

/** Makes the bars. Prices stay within reach of 100 (a weak pull back), volumes of 100 to 10,000 shares. */
export function synthetic({ length, seed = 1, isOnTicks = true, present = 1, from = '2000-01-03' }: SynthOptions): BarColumns {
  const bars = barColumns(length);
  const random = randomOf(seed, 'bars');
  const round = isOnTicks ? (value: number): number => Math.round(value * CENTS) / CENTS : (value: number): number => value;
  let last = START_PRICE;
  let at = 0;
  for (const { open, close } of sessionsBetween(from, DAYS_OF_SPAN)) {
    for (let time: number = open; time < close && at < length; time += MINUTE_MS) {
      if (present < 1 && random.next() >= present) continue;
      const [drift, reach, dip] = [random.normal(), Math.abs(random.normal()), Math.abs(random.normal())];
      const first = round(last * (1 + random.normal() * MINUTE_VOLATILITY * 0.2));
      const end = round(first * (1 + drift * MINUTE_VOLATILITY) + (START_PRICE - first) * PULL);
      bars.time[at] = time;
      bars.open[at] = first;
      bars.close[at] = end;
      bars.high[at] = round(Math.max(first, end) * (1 + reach * MINUTE_VOLATILITY * 0.4));
      bars.low[at] = round(Math.min(first, end) * (1 - dip * MINUTE_VOLATILITY * 0.4));
      bars.volume[at] = Math.floor(100 + random.next() * 9_900);
      last = end;
      at += 1;
    }
    if (at >= length) break;
  }
  if (at < length) throw new Error(`The calendar has room for ${at} of ${length} synthetic bars`);
  return bars;
}
