/** "RSI below 30", "over 1 million shares", "price above the 200 day average", "volume twice its average", crossings. */
import { TURNED } from '../tree.ts';
import type { Found } from './found.ts';
import { aNumber, aSign, longest, phrase, type Read, type Rule, skip, table, withinBars, written } from './phrases.ts';
import { aQuantity, type Quantity } from './quantities.ts';
import type { Word } from './words.ts';

type Sign = '<' | '<=' | '>' | '>=';
/** The other side: a number, or another quantity. */
type Side = { readonly formula: string; readonly isPercent: boolean; readonly form: Word['form'] | 'quantity'; readonly quantity: Quantity | null };

const to = phrase('to|and|through');
const between = phrase('between|from|in the range of|ranging from|in range|ranges from');
const trading = phrase('trading|trades|trade|priced|costing|costs|stands|standing|sits|closed|closing|closes|crossing|comes in|at|of|equal to|holding|staying|valued|worth|ranging');
const shares = phrase('shares|shares traded|shares a day|shares per day|volume|shares of volume|in volume|share volume|daily volume|trading volume|shares traded a day|of volume|of shares');
const money = phrase('traded|in turnover|of turnover|turnover|dollar volume|traded a day|traded per day|in dollar volume|of dollar volume');
const orMore: Rule<Sign> = table<Sign>([['or more|or above|or higher|or greater|or over|and up|and above|or better|plus', '>='], ['or less|or below|or lower|or under|and below|and under|or cheaper', '<=']]);
const each = phrase('a share|per share|each|a piece|apiece|a day|per day|daily');

const number: Rule<Side> = (words, at) => {
  const found = aNumber(words, at);
  if (found === null || found.value.form === 'times') return null;
  const next = each(words, found.next)?.next ?? found.next;
  return { value: { formula: written(found.value), isPercent: found.value.form === 'percent', form: found.value.form, quantity: null }, next };
};

const side: Rule<Side> = longest<Side>([number, (words, at) => {
  const found = aQuantity(words, at);
  return found && { value: { formula: found.value.formula, isPercent: false, form: 'quantity', quantity: found.value }, next: found.next };
}]);

/** What is compared: another formula stands for it where the other side is a percentage. */
const formulaFor = (quantity: Quantity, other: Side): string => (other.isPercent ? (quantity.percent ?? quantity.formula) : quantity.formula);

const filter = (formula: string, next: number): Read<Found> => ({ value: { kind: 'filter', formula }, next });

/** Whether two sides can stand against each other: a price is never compared with a percentage, money is not shares. */
function fits(quantity: Quantity, other: Side): boolean {
  if (other.quantity !== null) return quantity.kind === other.quantity.kind;
  if (other.isPercent) return quantity.kind === 'other' || quantity.percent !== undefined;
  return other.form !== 'dollars' || quantity.kind === 'price' || quantity.kind === 'money';
}

/** Two numbers: "between 5 and 20", "$10 to $20". */
const range: Rule<readonly [Side, Side]> = (words, at) => {
  const start = between(words, at)?.next ?? at;
  const low = number(words, skip(words, start));
  const joint = low && to(words, low.next);
  const high = joint && number(words, skip(words, joint.next));
  if (low === null || high === null || (start === at && words[low.next]?.text === 'and')) return null;
  return { value: [low.value, high.value], next: high.next };
};

/** Goes on behind "is trading at"; "at least" is a sign. */
function behindVerb(words: readonly Word[], at: number): number {
  const from = skip(words, at);
  const verb = aSign(words, from) === null ? trading(words, from) : null;
  return skip(words, verb?.next ?? from);
}

const isAnd = (word: Word | undefined): boolean => ['and', 'but', ',', 'plus'].includes(word?.text ?? '');

/** What goes on behind a comparison: another side, with the sign that was said or a new one. */
type More = { readonly sign: Sign; readonly side: Side; readonly isChain: boolean };

/** "... and the 200 day average", "... but below 80", "... above the 200 day average". */
function more(words: readonly Word[], at: number, sign: Sign, before: Side): Read<More> | null {
  const isJoined = isAnd(words[at]);
  const from = skip(words, isJoined ? (isAnd(words[at + 1]) ? at + 2 : at + 1) : at);
  const own = aSign(words, from);
  const next = side(words, skip(words, own?.next ?? from));
  if (next === null || (own === null && (!isJoined || next.value.quantity === null || before.quantity === null))) return null;
  // "and volume above ..." begins anew; "and over 1 million shares" speaks of shares.
  const after = skip(words, next.next);
  const isSubject = own === null && [aSign, crosses, trading, between].some((rule) => rule(words, after) !== null);
  if (isSubject || (next.value.quantity === null && next.value.form === 'plain' && meaning(next.value, words, next.next) !== null)) return null;
  return { value: { sign: own?.value ?? sign, side: next.value, isChain: !isJoined }, next: next.next };
}

/** A comparison with all that goes on behind it: "above 70 but below 80", "above the 50 and the 200 day average", "sma 20 above sma 50 above sma 200". */
function against(left: Quantity, sign: Sign, [first, next]: readonly [Side, number], words: readonly Word[]): Read<Found> {
  const said = [`${formulaFor(left, first)} ${sign} ${first.formula}`];
  let [before, way, end] = [first, sign, next];
  for (let found = more(words, end, way, before); found !== null; found = more(words, end, way, before)) {
    const { sign: own, side: other, isChain } = found.value;
    const subject = isChain ? before.quantity : left;
    if (subject === null || !fits(subject, other)) break;
    said.push(`${formulaFor(subject, other)} ${own} ${other.formula}`);
    [before, way, end] = [other, own, found.next];
  }
  return filter(said.join(' and '), end);
}

/** "RSI between 30 and 50", "RSI is below 30", "price of $20 or less", "rsi 30 or lower", "average volume over 1 million". */
const quantityFirst: Rule<Found> = (words, at) => {
  const quantity = aQuantity(words, at);
  if (quantity === null) return null;
  const from = behindVerb(words, quantity.next);
  const both = range(words, from);
  if (both !== null && both.value.every((one) => fits(quantity.value, one))) {
    const percent = both.value[1].isPercent && !both.value[0].isPercent && /^[\d.]+$/.test(both.value[0].formula) ? '%' : '';
    return filter(`${formulaFor(quantity.value, both.value[1])} between ${both.value[0].formula}${percent} and ${both.value[1].formula}`, both.next);
  }
  const sign = aSign(words, from);
  const other = side(words, skip(words, sign?.next ?? from));
  if (other === null || !fits(quantity.value, other.value)) return null;
  const after = sign === null ? orMore(words, other.next) : null;
  const said = sign?.value ?? after?.value ?? null;
  return said === null ? null : against(quantity.value, said, [other.value, after?.next ?? other.next], words);
};

/** "under $20", "more than 1 million shares", "above the 50 day average", "$10 to $20": what is meant shows in the unit. */
const signFirst: Rule<Found> = (words, at) => {
  const start = behindVerb(words, at);
  const both = range(words, start);
  const meant = both && meaning(both.value[1], words, both.next);
  if (both && meant) return filter(`${meant.value} between ${both.value[0].formula} and ${both.value[1].formula}`, meant.next);
  const sign = aSign(words, start);
  const other = sign && side(words, skip(words, sign.next));
  if (sign === null || other === null) return null;
  if (other.value.quantity !== null) return other.value.quantity.kind === 'price' ? against({ formula: 'close', kind: 'price' }, sign.value, [other.value, other.next], words) : null;
  const quantity = meaning(other.value, words, other.next);
  if (quantity?.value === 'close') return against({ formula: 'close', kind: 'price' }, sign.value, [other.value, quantity.next], words);
  return quantity && filter(`${quantity.value} ${sign.value} ${other.value.formula}`, quantity.next);
};

/** What a bare number counts: shares or money where it is said behind it, dollars a share for a price. */
function meaning(number: Side, words: readonly Word[], next: number): Read<string> | null {
  if (number.isPercent || number.quantity !== null) return null;
  const quantity = aQuantity(words, skip(words, next));
  const cash = number.form === 'dollars' ? money(words, next) : null;
  if (cash !== null) return { value: 'dollar_volume', next: cash.next };
  if (number.form !== 'dollars') {
    const many = shares(words, next);
    if (many !== null) return { value: 'volume', next: many.next };
    return quantity?.value.kind === 'shares' ? { value: quantity.value.formula, next: quantity.next } : null;
  }
  return { value: 'close', next };
}

const often: Rule<number> = table([['double|twice', 2], ['triple|three times', 3], ['half', 0.5], ['quadruple', 4]]);
const usual = phrase('average|average volume|usual|usual volume|normal|normal volume|its average|average daily volume|mean|mean volume|typical volume|avg|avg volume|average trading volume|as usual');
const volumeWord = phrase('volume|trading volume|daily volume');

/** "twice", "3x", "at least 3 times", with the sign that is meant. */
const times: Rule<readonly [sign: Sign, count: number]> = (words, at) => {
  const sign = aSign(words, at);
  const from = skip(words, sign?.next ?? at);
  const word = often(words, from);
  if (word !== null) return { value: [sign?.value ?? (word.value < 1 ? '<=' : '>='), word.value], next: word.next };
  const number = aNumber(words, from);
  return number !== null && number.value.form === 'times' ? { value: [sign?.value ?? '>=', number.value.value], next: number.next } : null;
};

/** "volume twice its average", "3x average volume", "volume above average", "double the usual volume". */
const relativeVolume: Rule<Found> = (words, at) => {
  const subject = volumeWord(words, at);
  const from = skip(words, subject?.next ?? at);
  const many = times(words, from);
  const plain = many === null && subject !== null ? aSign(words, from) : null;
  const start = many?.next ?? plain?.next ?? null;
  const base = start === null ? null : usual(words, skip(words, start));
  if (base === null || start === null) return null;
  // Without "volume" somewhere it could be twice anything.
  if (subject === null && !base.value.includes('volume')) return null;
  const [sign, count] = many?.value ?? [plain?.value ?? '>', 1];
  return filter(`rvol(20) ${sign} ${count}`, base.next);
};

const crosses: Rule<'above' | 'below'> = table<'above' | 'below'>([
  ['crosses above|crossed above|crossing above|cross above|crosses over|crossed over|breaks above|broke above|breaking above|crossing over|moved above|moves above|rose above|climbed above|just above|reclaimed|reclaims|broke through|crossed up through', 'above'],
  ['crosses below|crossed below|crossing below|cross below|crosses under|crossed under|breaks below|broke below|breaking below|fell below|falls below|dropped below|drops below|moved below|lost the|slipped below', 'below'],
]);
const crossing = (name: string, bars: Read<number>): Read<Found> => filter(bars.value === 1 ? name : `${name.slice(0, -1)}, ${bars.value})`, bars.next);

/** "50 day average crossed above the 200 day average in the last 5 days", "crossed above $50". */
const crossed: Rule<Found> = (words, at) => {
  const subject = aQuantity(words, at);
  const sign = crosses(words, skip(words, subject?.next ?? at));
  const other = sign && side(words, skip(words, sign.next));
  if (sign === null || other === null || other.value.isPercent) return null;
  if (subject === null && other.value.quantity !== null && other.value.quantity.kind !== 'price') return null;
  if (subject === null && other.value.quantity === null && other.value.form !== 'dollars') return null;
  return crossing(`crosses_${sign.value}(${subject?.value.formula ?? 'close'}, ${other.value.formula})`, withinBars(words, other.next));
};

const NAMED_CROSSES: Rule<string> = table([
  ['golden cross|golden crosses|golden crossover', 'crosses_above(sma(50), sma(200))'], ['death cross|death crosses|death crossover', 'crosses_below(sma(50), sma(200))'],
  ['bullish macd cross|bullish macd crossover|macd bullish cross|macd bullish crossover|macd buy signal|macd crossed up|macd turned bullish|macd cross above signal|macd crosses above signal|macd crossed above signal|macd crossover|macd crossing above signal', 'crosses_above(macd(12, 26, 9).macd, macd(12, 26, 9).signal)'],
  ['bearish macd cross|bearish macd crossover|macd bearish cross|macd bearish crossover|macd sell signal|macd crossed down|macd turned bearish|macd crosses below signal|macd crossed below signal|macd crossing below signal', 'crosses_below(macd(12, 26, 9).macd, macd(12, 26, 9).signal)'],
]);
const namedCross: Rule<Found> = (words, at) => {
  const found = NAMED_CROSSES(words, at);
  return found && crossing(found.value, withinBars(words, found.next));
};

const away: Rule<1 | -1> = table<1 | -1>([['above|over|higher than|greater than', 1], ['below|under|lower than|beneath|less than', -1]]);

/** "10% above the 200 day average", "price more than 5% below its 50 day average", "within 2% of the 20 day average". */
const distance: Rule<Found> = (words, at) => {
  const subject = aQuantity(words, at);
  const start = behindVerb(words, subject?.value.kind === 'price' ? subject.next : at);
  const left = subject?.value.kind === 'price' ? subject.value.formula : 'close';
  const inside = words[start]?.text === 'within';
  const sign = inside ? null : aSign(words, start);
  const size = number(words, skip(words, inside ? start + 1 : (sign?.next ?? start)));
  if (size === null || !size.value.isPercent) return null;
  const side = inside ? null : away(words, skip(words, size.next));
  const base = aQuantity(words, skip(words, side?.next ?? size.next));
  if ((!inside && side === null) || base === null || base.value.kind !== 'price') return null;
  const ratio = `${left} / ${base.value.formula} - 1`;
  if (inside) return filter(`abs(${ratio}) <= ${size.value.formula}`, base.next);
  const way = sign?.value ?? '>=';
  return filter(side?.value === 1 ? `${ratio} ${way} ${size.value.formula}` : `${ratio} ${TURNED[way]} -${size.value.formula}`, base.next);
};

const swinging: Rule<'>' | '<'> = table<'>' | '<'>([['more volatile than', '>'], ['less volatile than', '<']]);
const volatility: Rule<Found> = (words, at) => {
  const sign = swinging(words, at);
  const size = sign && number(words, sign.next);
  return sign && size?.value.isPercent === true ? filter(`volatility(20) ${sign.value} ${size.value.formula}`, size.next) : null;
};

const trend: Rule<'rising' | 'falling'> = table<'rising' | 'falling'>([['rising|increasing|climbing|going up|growing', 'rising'], ['falling|decreasing|declining|going down|dropping', 'falling']]);
/** "RSI rising": of what has a size, not of the price, of which people mean other things. */
const trending: Rule<Found> = (words, at) => {
  const quantity = aQuantity(words, at);
  const way = quantity && trend(words, skip(words, quantity.next));
  if (!quantity || !way || quantity.value.formula === 'close') return null;
  const formula = `${way.value}(${quantity.value.formula}, 3)`;
  return { value: { kind: 'filter', formula, note: `"${way.value}" is taken as at each of 3 bars` }, next: way.next };
};

/** "30 < rsi" is how some write it. */
const turned: Rule<Found> = (words, at) => {
  const left = number(words, at);
  const sign = left && aSign(words, left.next);
  const quantity = sign && /^[<>]/.test(words[left.next]?.text ?? '') ? aQuantity(words, sign.next) : null;
  return left && sign && quantity && fits(quantity.value, left.value) ? filter(`${formulaFor(quantity.value, left.value)} ${TURNED[sign.value]} ${left.value.formula}`, quantity.next) : null;
};

/** All of these. */
export const aComparison: Rule<Found> = longest([namedCross, crossed, relativeVolume, distance, quantityFirst, signFirst, turned, volatility, trending]);
