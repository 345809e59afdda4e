/** How the rules read words: phrases with alternatives, words that say nothing, numbers, periods. */
import { writeNumber } from '../tree.ts';
import type { Word } from './words.ts';

/** Something that was read, and where the reading goes on. */
export type Read<T> = { readonly value: T; readonly next: number };
/** A rule: what it reads at a place, null when something else stands there. */
export type Rule<T> = (words: readonly Word[], at: number) => Read<T> | null;

/** Words inside of a phrase that change nothing. */
const LINKS: ReadonlySet<string> = new Set(['the', 'their', 'its', 'a', 'an', 'is', 'are', 'was', 'were', 'of', 'being', 'that', 'which', 'has', 'have', 'had', 'been', 'currently', 'now', 'than', 'value', 'line']);

/** Goes on behind words that change nothing. */
export function skip(words: readonly Word[], at: number): number {
  let next = at;
  while (LINKS.has(words[next]?.text ?? '')) next += 1;
  return next;
}

/** How far a phrase of words reaches; null when other words stand there. Words that change nothing may stand between. */
function reach(words: readonly Word[], at: number, phrase: readonly string[]): number | null {
  let next = at;
  for (const [n, wanted] of phrase.entries()) {
    if (n > 0 && words[next]?.text !== wanted) next = skip(words, next);
    if (words[next]?.text !== wanted) return null;
    next += 1;
  }
  return next;
}

/** One of some phrases, the longest that fits: `phrase('near|close to')`. */
export function phrase(alternatives: string): Rule<string> {
  const phrases = alternatives.split('|').map((text) => text.split(' ')).sort((a, b) => b.length - a.length);
  return (words, at) => {
    for (const one of phrases) {
      const next = reach(words, at, one);
      if (next !== null) return { value: one.join(' '), next };
    }
    return null;
  };
}

/** The longest of what some rules read; of equals the first. */
export function longest<T>(rules: readonly Rule<T>[]): Rule<T> {
  return (words, at) => rules.reduce<Read<T> | null>((best, rule) => {
    const found = rule(words, at);
    return found !== null && (best === null || found.next > best.next) ? found : best;
  }, null);
}

/** A table of phrases, each with what it says. */
export function table<T>(rows: readonly (readonly [alternatives: string, value: T])[]): Rule<T> {
  return longest(rows.map(([alternatives, value]) => {
    const rule = phrase(alternatives);
    return (words: readonly Word[], at: number): Read<T> | null => {
      const found = rule(words, at);
      return found && { value, next: found.next };
    };
  }));
}

/** A number. */
export const aNumber: Rule<Word & { readonly value: number }> = (words, at) => {
  const word = words[at];
  return word !== undefined && word.value !== null ? { value: { ...word, value: word.value }, next: at + 1 } : null;
};

/** A number as a formula has it. `percent` where it was said so. */
export function written({ value, form }: { readonly value: number; readonly form: Word['form'] }): string {
  const size = `${writeNumber(Math.abs(value))}${form === 'percent' ? '%' : ''}`;
  return value < 0 ? `-${size}` : size;
}

/** Bars of day bars in a period's name. */
const SPANS: Readonly<Record<string, number>> = { bar: 1, bars: 1, day: 1, days: 1, d: 1, session: 1, sessions: 1, period: 1, periods: 1, candle: 1, candles: 1, trading: 1, week: 5, weeks: 5, w: 5, month: 21, months: 21, quarter: 63, quarters: 63, year: 252, years: 252 };
const BAR_NAMES: ReadonlySet<string> = new Set(['bar', 'bars', 'candle', 'candles', 'period', 'periods', 'd', 'day', 'days', 'session', 'sessions', 'trading']);
const LONGEST_PERIOD = 5_000;

/** A period in bars, and whether it was said in bars or days: "20 days", "week", "two months". */
export const aPeriod: Rule<{ readonly bars: number; readonly isExact: boolean }> = (words, at) => {
  const count = aNumber(words, at);
  const from = count?.next ?? at;
  const name = words[from]?.text ?? '';
  const span = SPANS[name];
  const bars = (count?.value.value ?? 1) * (span ?? 0);
  if (span === undefined || name === 'd' && count === null || !Number.isInteger(bars) || bars < 1 || bars > LONGEST_PERIOD) return null;
  const isTwoWords = name === 'trading' && /^(day|days|session|sessions)$/.test(words[from + 1]?.text ?? '');
  if (name === 'trading' && !isTwoWords) return null;
  return { value: { bars, isExact: BAR_NAMES.has(name) }, next: from + (isTwoWords ? 2 : 1) };
};

const lastly = phrase('over the past|over the last|in the past|in the last|within the last|within the past|during the last|during the past|for the last|for the past|in|within|over|during|for|this|past|last|since last|on|per|from last|from a|a');
const intraday = phrase('since the open|from the open|intraday|since open|from open|off the open');
const today = phrase('today|on the day|for the day|this session|the day|so far today|todays');
const WORD_PERIODS: Readonly<Record<string, number>> = { weekly: 5, monthly: 21, quarterly: 63, yearly: 252, annually: 252 };

/** When something was: in how many bars, whether since the open, whether the period was said in other words than bars or days. */
export type When = { readonly bars: number; readonly isIntraday: boolean; readonly isExact: boolean; readonly isYesterday?: true; readonly said: string };

const said = (words: readonly Word[], from: number, to: number): string => words.slice(from, to).map((word) => word.text).join(' ');

/** "today", "this week", "in the last 20 days", "since the open". */
export const aTime: Rule<When> = (words, at) => {
  const open = intraday(words, at);
  if (open !== null) return { value: { bars: 1, isIntraday: true, isExact: true, said: said(words, at, open.next) }, next: open.next };
  const day = today(words, at);
  if (day !== null) return { value: { bars: 1, isIntraday: false, isExact: true, said: said(words, at, day.next) }, next: day.next };
  if (words[at]?.text === 'yesterday') return { value: { bars: 1, isIntraday: false, isExact: true, isYesterday: true, said: 'yesterday' }, next: at + 1 };
  const named = WORD_PERIODS[words[at]?.text ?? ''];
  if (named !== undefined) return { value: { bars: named, isIntraday: false, isExact: false, said: words[at]?.text ?? '' }, next: at + 1 };
  const start = lastly(words, at)?.next ?? null;
  const period = start === null ? null : aPeriod(words, skip(words, start));
  return period === null ? null : { value: { ...period.value, isIntraday: false, said: said(words, at, period.next) }, next: period.next };
};

/** What a sign between two sides is called. */
export const aSign: Rule<'<' | '<=' | '>' | '>='> = table([
  ['below|under|less than|lower than|smaller than|beneath|fewer than|cheaper than|underneath|not above|<', '<'], ['above|over|more than|greater than|higher than|larger than|bigger than|exceeding|exceeds|in excess of|not below|not under|>', '>'],
  ['at most|no more than|not more than|up to|maximum|max|not over|<=', '<='], ['at least|no less than|not less than|minimum|min|>=', '>='],
]);

const within = phrase('within the last|in the last|within the past|in the past|over the last|over the past|within|in|during the last|last|these last|past');

/** How many bars back something may have happened; 1 when nothing is said. */
export function withinBars(words: readonly Word[], at: number): Read<number> {
  const start = within(words, at);
  const period = start === null ? null : aPeriod(words, skip(words, start.next));
  if (period !== null) return { value: period.value.bars, next: period.next };
  const time = aTime(words, at);
  return time === null || time.value.isIntraday || time.value.isYesterday === true ? { value: 1, next: at } : { value: time.value.bars, next: time.next };
}
