/** What a strategy may be expected to have made by now, drawn from the days of its back-test, and whether it has. */
import { randomOf } from '#app/domain/random.ts';
import { blockLengthOfReturns } from './block-length.ts';
import { fillBlocks, FEWEST_RETURNS } from './bootstrap.ts';
import { ascending, quantile } from './quantile.ts';

/** Fewer exchange days than these tell nothing: almost everything lies within. */
export const LEAST_DAYS_TO_JUDGE = 5;
/** Longest time that is drawn: a year and a half of exchange days. Whoever runs longer is judged over the last so many. */
export const MOST_EXPECTED_DAYS = 380;
const DRAWS = 1_000;
const [LOW, MIDDLE, HIGH] = [0.05, 0.5, 0.95];

/** Where the P&L lies: below the 5 %, above the 95 %, or between. `too_early` under five days. */
export type Standing = 'within' | 'below' | 'above' | 'too_early';
/** The bounds of one day, dollars since the start: 5, 50 and 95 percent of the draws lie below. */
export type Band = { readonly low: number; readonly middle: number; readonly high: number };

/**
 * How the dollars of a back-test's day become those of the deployment. `dollars`: so many of them for each of the back-test's (entries of fixed dollars: 2000 now, 1000 then = 2);
 * `equity`: the day's return on an account of so many dollars (entries by parts of the equity).
 */
export type Scale = { readonly by: 'dollars'; readonly factor: number } | { readonly by: 'equity'; readonly equity: number };

/** Dollars that each day of a back-test would have made at a scale; `equity`: of its days, dollars > 0. dayDollars([100, 110, 99], dollars x 2) = 20, -22; by an equity of 1000: 100, -100. */
export function dayDollars(equity: readonly number[], scale: Scale): Float64Array {
  const changes = new Float64Array(Math.max(0, equity.length - 1));
  for (let n = 1; n < equity.length; n += 1) {
    const [before, after] = [equity[n - 1] ?? 0, equity[n] ?? 0];
    changes[n - 1] = scale.by === 'dollars' ? (after - before) * scale.factor : before > 0 ? ((after - before) / before) * scale.equity : 0;
  }
  return changes;
}

/**
 * The band of 5 to 95 percent of so many days: histories of days drawn in blocks (bootstrap.ts: Politis and Romano, 1994), added up in dollars, not compounded: a deployment is judged over
 * weeks, and its base is the one it began with. Days that all made $10 give 10, 20, 30 on either side. Null with fewer than 20 days to draw from, and where none of them made or lost a cent:
 * a back-test that never held anything says nothing about one that does.
 */
export function expectedBand(changes: Float64Array, days: number, seed: number): readonly Band[] | null {
  if (changes.length < FEWEST_RETURNS || changes.every((change) => change === 0)) return null;
  const length = Math.min(MOST_EXPECTED_DAYS, Math.max(0, Math.floor(days)));
  const random = randomOf(seed, 'expectation');
  const block = blockLengthOfReturns(changes);
  const drawn = new Float64Array(length);
  const sums = Array.from({ length }, () => new Float64Array(DRAWS));
  for (let draw = 0; draw < DRAWS; draw += 1) {
    fillBlocks(random, changes, block, drawn);
    let sum = 0;
    for (let day = 0; day < length; day += 1) {
      sum += drawn[day] ?? 0;
      const column = sums[day];
      if (column !== undefined) column[draw] = sum;
    }
  }
  return sums.map((column) => {
    const sorted = ascending(column);
    return { low: quantile(sorted, LOW) ?? 0, middle: quantile(sorted, MIDDLE) ?? 0, high: quantile(sorted, HIGH) ?? 0 };
  });
}

/** Where a P&L after so many days lies. */
export function standingOf(band: readonly Band[], days: number, actual: number): Standing {
  const last = band[days - 1];
  if (days < LEAST_DAYS_TO_JUDGE || last === undefined) return 'too_early';
  return actual < last.low ? 'below' : actual > last.high ? 'above' : 'within';
}

function dollars(amount: number): string {
  return `${amount < 0 ? '-' : ''}$${Math.abs(amount).toFixed(2).replace(/\B(?=(\d{3})+\.)/g, ',')}`;
}

/** The standing in a sentence or two. `ran`: exchange days since the version began, where that is more than are judged. */
export function expectationWords(band: readonly Band[], days: number, actual: number, ran = days): string {
  const last = band[days - 1];
  const begin = ran > days ? `In the last ${days} of its ${ran} exchange days it has made ${dollars(actual)}` : `After ${days} exchange day${days === 1 ? '' : 's'} it has made ${dollars(actual)}`;
  if (last === undefined) return 'It has not run through an exchange day yet.';
  const range = `nine of ten draws from its back-test's days lie between ${dollars(last.low)} and ${dollars(last.high)}`;
  switch (standingOf(band, days, actual)) {
    case 'too_early': return `${begin}; ${range}. Under ${LEAST_DAYS_TO_JUDGE} days that says nothing yet.`;
    case 'within': return `${begin}; ${range}: as the back-test lets expect.`;
    case 'below': return `${begin}, less than nineteen of twenty draws; ${range}. It does worse than its back-test: look at its parity, its costs and its market before it goes on.`;
    case 'above': return `${begin}, more than nineteen of twenty draws; ${range}. It does better than its back-test: that is luck, or a market that the back-test has not seen.`;
  }
}
