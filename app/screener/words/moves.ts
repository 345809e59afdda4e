/** "up more than 5% today", "down 3 days in a row", "gapped up 4%", "within 3% of the 52 week high". */
import { TURNED } from '../tree.ts';
import type { Found } from './found.ts';
import { aNumber, aPeriod, aSign, aTime, longest, phrase, type Read, type Rule, skip, table, type When, withinBars, written } from './phrases.ts';
import type { Word } from './words.ts';

type Sign = '<' | '<=' | '>' | '>=';
const direction: Rule<1 | -1> = table<1 | -1>([
  ['up|closed up|closed higher|finished higher|rose|risen|gained|gaining|rising|advanced|climbed|rallied|jumped|surged|soared|increased|rallying|climbing|higher by|gainers|winners|up by|gains', 1],
  ['down|closed down|closed lower|finished lower|fell|fallen|lost|losing|falling|declined|dropped|dropping|plunged|crashed|decreased|sank|tumbled|slipped|lower by|losers|down by|decliners|sold off', -1],
]);
const by = phrase('by|about|around|a');
const orMore: Rule<Sign> = table<Sign>([['or more|or better|plus|and more', '>='], ['or less|and less', '<=']]);
const upTo = phrase('to|and');
const DEFAULT_TIME: Read<When> = { value: { bars: 1, isIntraday: false, isExact: true, said: '' }, next: 0 };

const filter = (formula: string, next: number, note?: string): Read<Found> => ({ value: { kind: 'filter', formula, ...(note === undefined ? {} : { note }) }, next });
const changeOf = ({ bars, isIntraday, isYesterday }: When): string => (isIntraday ? 'close / open - 1' : `change(${bars})${isYesterday === true ? '[1]' : ''}`);
const noteOf = ({ isExact, said, bars }: When): string | undefined => (isExact ? undefined : `"${said}" is taken as ${bars} bars of a day`);

/** How much: a sign and one percentage, or two of them. */
type Amount = { readonly sign: Sign; readonly low: number; readonly high: number | null };

const percentage = (words: readonly Word[], at: number): Read<number> | null => {
  const found = aNumber(words, at);
  return found !== null && found.value.form === 'percent' ? { value: found.value.value, next: found.next } : null;
};

const amount: Rule<Amount> = (words, at) => {
  const from = skip(words, by(words, at)?.next ?? at);
  const range = aNumber(words, words[from]?.text === 'between' ? skip(words, from + 1) : from);
  const joint = range && upTo(words, range.next);
  const high = joint && percentage(words, joint.next);
  if (range !== null && high !== null && range.value.form !== 'dollars' && range.value.form !== 'times') return { value: { sign: '>=', low: range.value.value, high: high.value }, next: high.next };
  const sign = aSign(words, from);
  const one = percentage(words, skip(words, sign?.next ?? from));
  if (one === null) return null;
  const after = sign === null ? orMore(words, one.next) : null;
  return { value: { sign: sign?.value ?? after?.value ?? '>=', low: one.value, high: null }, next: after?.next ?? one.next };
};

const percent = (value: number): string => written({ value, form: 'percent' });

/** A size in one direction as a formula: "down less than 3%" lies between -3% and 0. */
function sized(formula: string, side: 1 | -1, { sign, low, high }: Amount): string {
  const size = Math.abs(low);
  if (high !== null) return side > 0 ? `${formula} between ${percent(size)} and ${percent(high)}` : `${formula} between ${percent(-high)} and ${percent(-size)}`;
  if (sign === '>' || sign === '>=') return `${formula} ${side > 0 ? sign : TURNED[sign]} ${percent(side * size)}`;
  return side > 0 ? `0 < ${formula} ${sign} ${percent(size)}` : `${percent(-size)} ${sign} ${formula} < 0`;
}

/** "up", "up 5% today", "gained more than 10% over the last 20 days", "up today on the week". */
const moved: Rule<Found> = (words, at) => {
  const side = direction(words, at);
  if (side === null) return null;
  const early = aTime(words, side.next);
  const size = amount(words, early?.next ?? side.next);
  const late = early ?? aTime(words, size?.next ?? side.next);
  const time = late ?? DEFAULT_TIME;
  const next = Math.max(size?.next ?? side.next, late?.next ?? 0);
  const change = changeOf(time.value);
  if (size !== null) return filter(sized(change, side.value, size.value), next, noteOf(time.value));
  const bare = filter(`${change} ${side.value > 0 ? '>' : '<'} 0`, next, noteOf(time.value));
  return late !== null || bare.value.kind !== 'filter' ? bare : { value: { ...bare.value, isWeak: true }, next };
};

const nouns: Rule<1 | -1> = table<1 | -1>([['gain|rise|jump|rally|increase|advance', 1], ['drop|decline|loss|fall|decrease|crash|slide', -1]]);

/** "a drop of 10% in a week", "gain of more than 5%". */
const sizedNoun: Rule<Found> = (words, at) => {
  const side = nouns(words, at);
  const size = side && amount(words, skip(words, side.next));
  if (!side || !size) return null;
  const time = aTime(words, size.next);
  return filter(sized(changeOf(time?.value ?? DEFAULT_TIME.value), side.value, size.value), time?.next ?? size.next, time ? noteOf(time.value) : undefined);
};

const inARow = phrase('in a row|straight|consecutive|running|consecutively|on the trot');
const dayWord = phrase('day|days|sessions|bars|session|bar|closes|candles|trading days');
const colour: Rule<1 | -1> = table<1 | -1>([['up|green|positive|winning|higher|gaining|rising', 1], ['down|red|negative|losing|lower|falling', -1]]);

/** "up 3 days in a row", "3 consecutive red days", "three straight down days", "rising for 5 days". */
const streak: Rule<Found> = (words, at) => {
  const first = direction(words, at);
  const start = skip(words, first?.next ?? at);
  const forWord = words[start]?.text === 'for' ? start + 1 : start;
  const count = aNumber(words, forWord);
  if (count === null || count.value.form !== 'plain' || !Number.isInteger(count.value.value) || count.value.value < 1 || count.value.value > 250) return null;
  let [next, side, isStreak] = [count.next, first?.value ?? null, false];
  for (let n = 0; n < 4; n += 1) {
    const row = inARow(words, next);
    const paint = side === null ? colour(words, next) : null;
    const day = dayWord(words, next);
    isStreak ||= row !== null || (forWord > start && day !== null);
    side ??= paint?.value ?? null;
    next = row?.next ?? paint?.next ?? day?.next ?? next;
  }
  return side === null || !isStreak ? null : filter(`${side > 0 ? 'rising' : 'falling'}(close, ${count.value.value})`, next);
};

const gapWord = phrase('gap|gaps|gapped|gapping|gaps at the open|gap at the open|opening gap|opening gaps');
const gapSide: Rule<1 | -1> = table<1 | -1>([['up|higher|upward|up at the open|up today', 1], ['down|lower|downward|down at the open|down today', -1]]);
const large = phrase('large|big|huge|strong|sizable|major|significant');
const GAP_USUAL = 2;
const GAP_LARGE = 5;

/** "gap up", "large gaps down", "gapped up more than 4%", "gap of 3%". */
const gapped: Rule<Found> = (words, at) => {
  const size = large(words, at);
  const gap = gapWord(words, size?.next ?? at);
  if (gap === null) return null;
  const side = gapSide(words, gap.next);
  const much = amount(words, skip(words, side?.next ?? gap.next));
  const next = much?.next ?? side?.next ?? gap.next;
  // "gap above 3%" asks its direction too; a gap of 3% is one of either.
  const isEither = ['of', 'by'].includes(words[gap.next]?.text ?? '');
  if (side === null) return much === null || !isEither ? null : filter(`abs(gap) ${much.value.sign} ${percent(much.value.low)}`, next);
  if (much !== null) return filter(sized('gap', side.value, much.value), next);
  const least = size === null ? GAP_USUAL : GAP_LARGE;
  return filter(`gap ${side.value > 0 ? '>=' : '<='} ${percent(side.value * least)}`, next, `"${size === null ? 'gap' : `${size.value} gap`}" is taken as ${least} percent or more`);
};

const yearHigh = phrase('52 week high|52 week highs|52 weeks high|yearly high|yearly highs|one year high|1 year high|12 month high|annual high|year high|52 wk high|52w high|52 w high|52 w highs');
const yearLow = phrase('52 week low|52 week lows|52 weeks low|yearly low|yearly lows|one year low|1 year low|12 month low|annual low|year low|52 wk low|52w low|52 w low|52 w lows');
const extreme: Rule<'high' | 'low'> = longest<'high' | 'low'>([
  (words, at) => { const found = yearHigh(words, at); return found && { value: 'high', next: found.next }; },
  (words, at) => { const found = yearLow(words, at); return found && { value: 'low', next: found.next }; },
]);
const near = phrase('near|close to|nearing|approaching|around|not far from|near to');
const newOne = phrase('new|at new|making new|hitting new|setting|making|hit|hitting|made|at|breaking out to new|reached|reaching|breaking|set a new|made a new|hit a new|hitting a');
const within = phrase('within');
const offWord: Rule<'below' | 'above'> = table<'below' | 'above'>([['below|under|off|from|down from|away from|beneath', 'below'], ['above|over|up from', 'above']]);
const highOrLow: Rule<'high' | 'low'> = table<'high' | 'low'>([['high|highs', 'high'], ['low|lows', 'low']]);
const NEAR_USUAL = 5;

/** A condition now, or on one of the last bars. */
const sinceWhen = (condition: string, bars: Read<number>): Read<Found> => filter(bars.value === 1 ? condition : `any(${condition}, ${bars.value})`, bars.next);

/** "near their 52 week high", "within 3% of the 52-week low", "new 52 week highs", "20% below the 52 week high". */
const fromExtreme: Rule<Found> = (words, at) => {
  const close = near(words, at);
  const one = close && extreme(words, skip(words, close.next));
  if (one) return filter(one.value === 'high' ? `from_high52 >= -${NEAR_USUAL}%` : `from_low52 <= ${NEAR_USUAL}%`, one.next, `"${close?.value ?? ''}" is taken as within ${NEAR_USUAL} percent`);
  const fresh = newOne(words, at);
  const best = fresh && extreme(words, skip(words, fresh.next));
  if (best) return sinceWhen(best.value === 'high' ? 'high >= high52' : 'low <= low52', withinBars(words, best.next));
  const inside = within(words, at);
  const distance = inside && percentage(words, skip(words, inside.next));
  const of = distance && extreme(words, skip(words, distance.next));
  if (distance && of) return filter(of.value === 'high' ? `from_high52 >= ${percent(-distance.value)}` : `from_low52 <= ${percent(distance.value)}`, of.next);
  return awayFrom(words, at);
};

const awayFrom: Rule<Found> = (words, at) => {
  const down = direction(words, at);
  const sign = aSign(words, skip(words, down?.next ?? at));
  const size = percentage(words, skip(words, sign?.next ?? down?.next ?? at));
  const off = size && offWord(words, skip(words, size.next));
  const from = off && extreme(words, skip(words, off.next));
  if (!size || !from) return null;
  const far = sign?.value ?? '>=';
  return filter(from.value === 'high' ? `from_high52 ${TURNED[far]} ${percent(-size.value)}` : `from_low52 ${far} ${percent(size.value)}`, from.next);
};

/** "new 20 day high", "at a 50-day low". */
const freshExtreme: Rule<Found> = (words, at) => {
  const year = extreme(words, at);
  if (year !== null) return sinceWhen(year.value === 'high' ? 'high >= high52' : 'low <= low52', withinBars(words, year.next));
  const fresh = newOne(words, at);
  const period = aPeriod(words, skip(words, fresh?.next ?? at));
  const side = period && highOrLow(words, period.next);
  if (!period || !side || period.value.bars < 2) return null;
  if (extreme(words, skip(words, fresh?.next ?? at)) !== null) return null;
  const { bars } = period.value;
  return sinceWhen(side.value === 'high' ? `high >= highest(high, ${bars})` : `low <= lowest(low, ${bars})`, withinBars(words, side.next));
};

/** All of these. */
export const aMove: Rule<Found> = longest([fromExtreme, streak, moved, sizedNoun, gapped, freshExtreme]);
