/** "sorted by volume", "highest dollar volume first", "biggest losers this week", "most volatile". */
import type { Found, Rank } from './found.ts';
import { aNumber, aTime, longest, phrase, type Read, type Rule, skip, table } from './phrases.ts';
import { aQuantity } from './quantities.ts';

type Direction = Rank['direction'];
const sorted = phrase('sorted by|sort by|ranked by|rank by|ordered by|order by|sorted on|sort on|sorting by|sort them by|rank them by');
const direction: Rule<Direction> = table<Direction>([
  ['descending|desc|highest first|largest first|biggest first|high to low|from high to low|from the highest|most first|in descending order|from highest to lowest', 'desc'],
  ['ascending|asc|lowest first|smallest first|low to high|from low to high|from the lowest|least first|in ascending order|from lowest to highest', 'asc'],
]);
const superlative: Rule<Direction> = table<Direction>([['highest|largest|biggest|greatest|most|with the highest|with the largest|with the most|with highest|with most|top', 'desc'], ['lowest|smallest|least|with the lowest|with the smallest|with the least|with lowest|cheapest', 'asc']]);
const WORDS: Rule<string> = table([['volatility|volatile', 'volatility(20)'], ['name|alphabetically|alphabetical order', 'symbol'], ['liquidity|liquid', 'dollar_volume'], ['oversold', 'rsi(14)']]);
const performance = phrase('performance|change|return|percent change|gain|returns|percentage change|price change|gains|momentum');

const rank = (formula: string, way: Direction, next: number): Read<Found> => ({ value: { kind: 'rank', rank: { formula, direction: way } }, next });

/** What it is ordered by: a size, or the change over some time. */
const key: Rule<string> = (words, at) => {
  const from = skip(words, at);
  const change = performance(words, from);
  if (change !== null) {
    const time = aTime(words, change.next);
    return { value: time?.value.isIntraday === true ? 'close / open - 1' : `change(${time?.value.bars ?? 1})`, next: time?.next ?? change.next };
  }
  const word = WORDS(words, from);
  const quantity = aQuantity(words, from);
  if (word !== null && word.value !== 'symbol' && word.next >= (quantity?.next ?? 0)) return word;
  return quantity && { value: quantity.value.formula, next: quantity.next };
};

/** "sorted by dollar volume", "ranked by 20 day change, lowest first", "sort by highest rsi". */
const asked: Rule<Found> = (words, at) => {
  const start = sorted(words, at);
  if (start === null) return null;
  const first = superlative(words, skip(words, start.next));
  const by = key(words, first?.next ?? start.next);
  if (by === null) return null;
  const comma = words[by.next]?.text === ',' ? by.next + 1 : by.next;
  const last = direction(words, skip(words, comma));
  return rank(by.value, last?.value ?? first?.value ?? 'desc', last?.next ?? by.next);
};

/** "highest volume first", "most volatile first", "lowest RSI first"; without "first" where it can mean nothing else. */
const best: Rule<Found> = (words, at) => {
  const way = superlative(words, at);
  const by = way && key(words, way.next);
  if (way === null || by === null) return null;
  const next = words[by.next]?.text === 'first' ? by.next + 1 : by.next;
  return rank(by.value, way.value, next);
};

const mover: Rule<'gain' | 'loss' | 'active' | 'best' | 'worst'> = table<'gain' | 'loss' | 'active' | 'best' | 'worst'>([
  ['biggest gainers|top gainers|best gainers|largest gainers|gainers|biggest winners|top winners|biggest gains', 'gain'], ['biggest losers|top losers|largest losers|worst losers|losers|biggest decliners|biggest drops', 'loss'],
  ['most active|most actives|most traded|most actively traded', 'active'], ['best performing|best performers|top performers|strongest|top performing|outperformers', 'best'], ['worst performing|worst performers|weakest|bottom performers', 'worst'],
]);

/** "biggest losers this week", "top gainers", "most active", "best performing this month". */
const movers: Rule<Found> = (words, at) => {
  const early = aTime(words, at);
  const found = mover(words, early?.next ?? at);
  if (found === null) return null;
  if (found.value === 'active') return rank('volume', 'desc', found.next);
  const noun = phrase('stocks|shares|names|companies')(words, found.next)?.next ?? found.next;
  const time = early ?? aTime(words, noun);
  const change = time?.value.isIntraday === true ? 'close / open - 1' : `change(${time?.value.bars ?? 1})`;
  const isUp = found.value === 'gain' || found.value === 'best';
  const order = rank(change, isUp ? 'desc' : 'asc', Math.max(time?.next ?? 0, found.next));
  const filter = found.value === 'gain' ? `${change} > 0` : found.value === 'loss' ? `${change} < 0` : null;
  return filter === null || order.value.kind !== 'rank' ? order : { value: { ...order.value, formula: filter }, next: order.next };
};

const top = phrase('top|first|best');
/** "top 20": how many rows are shown is no filter; that is told. */
const limit: Rule<Found> = (words, at) => {
  const start = top(words, at);
  const count = start && aNumber(words, start.next);
  const word = count && phrase('by|with the highest|with highest')(words, count.next);
  const by = word && key(words, word.next);
  if (!count || !by) return null;
  return { value: { kind: 'rank', rank: { formula: by.value, direction: 'desc' }, note: `How many rows are shown is set beside the table, not by "top ${count.value.text}"` }, next: by.next };
};

/** All of these. */
export const aRanking: Rule<Found> = longest([asked, best, movers, limit]);
