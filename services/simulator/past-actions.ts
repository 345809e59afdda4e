/** What happened to listed companies before the tape: splits, dividends, renames, take-overs, removals; and what they did to raw prices. */
import { uuidOf } from '#app/backtest/venue-ids.ts';
import { hashText } from '#app/domain/random.ts';
import { civilFromDays, daysFromCivil, formatDate, parseDate, type EpochMs } from '#app/domain/time.ts';
import { fromNewYork, sessionsBetween } from '#app/market/calendar.ts';
import type { ListingChange, PastAction } from './market.ts';
import type { SyntheticName } from './synthetic-names.ts';

/** The first day of which daily bars are served. */
export const FIRST_DAILY_DAY = '2021-06-01';

/** Splits of these companies on the days on which they were: new shares for old ones. */
const SPLITS: readonly (readonly [symbol: string, exDate: string, newRate: number, oldRate: number])[] = [
  ['NVDA', '2021-07-20', 4, 1], ['GE', '2021-08-02', 1, 8], ['AMZN', '2022-06-06', 20, 1], ['GOOGL', '2022-07-18', 20, 1], ['TSLA', '2022-08-25', 3, 1], ['WMT', '2024-02-26', 3, 1], ['NVDA', '2024-06-10', 10, 1], ['AVGO', '2024-07-15', 10, 1],
];
const idOf = (...parts: readonly string[]): string => uuidOf(hashText(parts.join(' ')), 'past action', hashText(`${parts.join('.')}.`));

/** Renames, take-overs and removals, by day. */
const LISTING_CHANGES: readonly ListingChange[] = [
  { id: idOf('rename', 'FB'), kind: 'name_change', processDate: '2022-06-09', oldSymbol: 'FB', newSymbol: 'META' },
  { id: idOf('merger', 'TWTR'), kind: 'cash_merger', processDate: '2022-10-28', symbol: 'TWTR', rate: '54.2' },
  { id: idOf('removal', 'SIVBQ'), kind: 'worthless_removal', processDate: '2024-11-08', symbol: 'SIVBQ' },
];

/** The listing changes before a day. */
export function listingChangesBefore(day: string): readonly ListingChange[] {
  return LISTING_CHANGES.filter((change) => change.processDate < day);
}

const addDays = (day: string, count: number): string => formatDate(civilFromDays(daysFromCivil(parseDate(day)) + count));
const sessionOnOrAfter = (day: string): string | null => sessionsBetween(day, addDays(day, 7))[0]?.date ?? null;

/** Ex-dates of a quarterly payer from a day until another: the month and the day of the month hang on the symbol. */
function dividendDays(symbol: string, from: string, until: string): readonly string[] {
  const hash = hashText(`${symbol} pays`);
  const found: string[] = [];
  const { year: firstYear } = parseDate(from);
  for (let year = firstYear; year <= parseDate(until).year; year += 1) {
    for (let month = 1 + (hash % 3); month <= 12; month += 3) {
      const day = sessionOnOrAfter(formatDate({ year, month, day: 3 + (Math.floor(hash / 3) % 24) }));
      if (day !== null && day >= from && day < until) found.push(day);
    }
  }
  return found;
}

type Plan = { readonly exDate: string; readonly split: readonly [number, number] | null };

/**
 * Splits and dividends of a name with ex-dates in [FIRST_DAILY_DAY, until), oldest first. `closeBefore` gives the price, as it would be without anything before it, at the end of the session before
 * a day. A dividend of d takes d off the price overnight: the raw price before it is (p + d) / p times what follows.
 */
export function pastActionsOf(name: SyntheticName, until: string, closeBefore: (exDate: string) => number): readonly PastAction[] {
  const plans: Plan[] = SPLITS.filter(([symbol, exDate]) => symbol === name.symbol && exDate < until).map(([, exDate, newRate, oldRate]) => ({ exDate, split: [newRate, oldRate] }));
  const taken = new Set(plans.map((plan) => plan.exDate));
  if (name.dividendYield > 0) for (const exDate of dividendDays(name.symbol, FIRST_DAILY_DAY, until)) if (!taken.has(exDate)) plans.push({ exDate, split: null });
  plans.sort((a, b) => (a.exDate < b.exDate ? 1 : -1));
  const found: PastAction[] = [];
  let later = 1;
  for (const { exDate, split } of plans) {
    const base = { symbol: name.symbol, declaredOn: addDays(exDate, -21), exDate, recordDate: exDate, payableDate: addDays(exDate, split === null ? 14 : 0), isDone: true };
    const exAt = fromNewYork(exDate, 0);
    if (split !== null) {
      const [newRate, oldRate] = split;
      found.push({ exAt, rawFactor: newRate / oldRate, action: { ...base, id: idOf('split', name.symbol, exDate), kind: 'split', newRate: String(newRate), oldRate: String(oldRate), cash: null } });
    } else {
      const price = Math.round(closeBefore(exDate) * later * 100) / 100;
      const cash = Math.max(0.01, Math.round((price * name.dividendYield * 100) / 4) / 100);
      found.push({ exAt, rawFactor: (price + cash) / price, action: { ...base, id: idOf('dividend', name.symbol, exDate), kind: 'cash_dividend', newRate: null, oldRate: null, cash: String(cash) } });
    }
    later *= found.at(-1)?.rawFactor ?? 1;
  }
  return found.reverse();
}

/** What a raw price of the instant is multiplied by because of everything that came after it. */
export function rawFactorAt(past: readonly PastAction[], at: EpochMs): number {
  let factor = 1;
  for (let n = past.length - 1; n >= 0; n -= 1) {
    const action = past[n];
    if (action === undefined || action.exAt <= at) break;
    factor *= action.rawFactor;
  }
  return factor;
}
