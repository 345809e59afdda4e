/** Things that have a size: prices, volumes, averages, indicators, in the words people have for them. */
import { INDICATOR_NAMES, mainOutput } from '../names.ts';
import { aNumber, aPeriod, longest, phrase, type Read, type Rule, skip, table } from './phrases.ts';
import type { Word } from './words.ts';

/** A thing with a size. `percent`: the formula to take instead where the other side is a percentage; `isShares`: counted in shares. */
export type Quantity = { readonly formula: string; readonly percent?: string; readonly kind: 'price' | 'shares' | 'money' | 'other' };

const price = (formula: string): Quantity => ({ formula, kind: 'price' });
const other = (formula: string): Quantity => ({ formula, kind: 'other' });

const FIXED: Rule<Quantity> = table<Quantity>([
  ['price|stock price|share price|share prices|prices|closing price|close|last price|trading price', price('close')], ['open|opening price', price('open')],
  ['high|day high|daily high', price('high')], ['low|day low|daily low', price('low')],
  ['volume|trading volume|shares traded|daily volume|traded volume|share volume|volumes', { formula: 'volume', kind: 'shares' }],
  ['average volume|avg volume|average daily volume|mean volume|usual volume|normal volume|adv|20 day average volume|its average volume', { formula: 'volsma(20)', kind: 'shares' }],
  ['dollar volume|turnover|traded value|value traded|money traded|dollar turnover|liquidity', { formula: 'dollar_volume', kind: 'money' }],
  ['average dollar volume|avg dollar volume|average turnover', { formula: 'avg(dollar_volume, 20)', kind: 'money' }],
  ['relative volume|rvol|rel volume|volume ratio|relative vol', other('rvol(20)')],
  ['rsi|relative strength index|relative strength', other('rsi(14)')], ['macd|macd line', other('macd(12, 26, 9).macd')], ['macd signal|signal of macd|macd signal line|signal', other('macd(12, 26, 9).signal')],
  ['macd histogram|histogram of macd|histogram', other('macd(12, 26, 9).histogram')], ['atr|average true range', { formula: 'atr(14)', percent: 'atr_percent(14)', kind: 'price' }],
  ['atr percent|atr %', other('atr_percent(14)')], ['adx|trend strength', other('adx(14)')], ['mfi|money flow index|money flow', other('mfi(14)')], ['cci|commodity channel index', other('cci(20)')],
  ['stochastic|stochastics|stochastic k|slow stochastic|stoch', other('stoch(14, 3, 3).k')], ['williams r|williams %r|willr', other('willr(14)')], ['obv|on balance volume', other('obv')],
  ['volatility|annual volatility|annualised volatility|annualized volatility|historical volatility', other('volatility(20)')], ['gap|opening gap|overnight gap', other('gap')],
  ['upper bollinger band|upper band|bollinger upper band|top bollinger band', price('bbands(20, 2).upper')], ['lower bollinger band|lower band|bollinger lower band|bottom bollinger band', price('bbands(20, 2).lower')], ['middle bollinger band|middle band', price('bbands(20, 2).middle')],
  ['vwap', price('vwap')], ['supertrend', price('supertrend(10, 3).line')], ['52 week high|yearly high|52 weeks high|one year high|1 year high|year high|annual high', price('high52')], ['52 week low|yearly low|52 weeks low|one year low|1 year low|year low|annual low', price('low52')],
  ['distance from 52 week high|distance to 52 week high', other('from_high52')], ['distance from 52 week low|distance to 52 week low', other('from_low52')],
  ['previous close|prior close|yesterdays close|close yesterday|close before', price('close[1]')], ['yesterdays high|previous high|prior high', price('high[1]')], ['yesterdays low|previous low|prior low', price('low[1]')], ['yesterdays volume|previous volume|volume yesterday', { formula: 'volume[1]', kind: 'shares' }],
  ['change|daily change|percent change|price change|performance|return|daily return|move', other('change(1)')],
]);

const exponential = phrase('ema|exponential moving average|exponential average|exponential ma');
const simple = phrase('sma|moving average|simple moving average|average|mean|ma|dma|simple average|moving avg|avg|average price|averages|moving averages');
const smallSimple = phrase('sma|ma|dma');
const rsi = phrase('rsi|relative strength index');
const ofVolume = phrase('average volume|avg volume|average daily volume|volume average|mean volume');
const moved = phrase('change|return|performance|move|gain|price change|roc');
const highPhrase = phrase('high|highs');
const lowPhrase = phrase('low|lows');
const deviation = phrase('volatility|vol');

/** "200 day average", "50dma", "14 period RSI", "20 day high". The name comes behind its period. */
const periodFirst: Rule<Quantity> = (words, at) => {
  const period = aPeriod(words, at) ?? bareNumber(words, at);
  if (period === null) return null;
  const n = period.value.bars;
  const from = skip(words, period.next);
  const isBare = !('isExact' in period.value);
  const made: readonly (readonly [Rule<string>, Quantity])[] = [
    [exponential, price(`ema(${n})`)], [isBare ? smallSimple : simple, price(`sma(${n})`)], [rsi, other(`rsi(${n})`)], [ofVolume, { formula: `volsma(${n})`, kind: 'shares' }],
    ...(isBare ? [] : [[moved, other(`change(${n})`)], [highPhrase, price(`highest(high, ${n})`)], [lowPhrase, price(`lowest(low, ${n})`)], [deviation, other(`volatility(${Math.max(n, 2)})`)]] satisfies (readonly [Rule<string>, Quantity])[]),
  ];
  return longest(made.map(([rule, quantity]) => (list: readonly Word[], place: number) => {
    const found = rule(list, place);
    return found && { value: quantity, next: found.next };
  }))(words, from);
};

/** A whole number that may be the period of what follows: "50 ema". */
function bareNumber(words: readonly Word[], at: number): Read<{ readonly bars: number }> | null {
  const found = aNumber(words, at);
  return found !== null && found.value.form === 'plain' && Number.isInteger(found.value.value) && found.value.value >= 2 && found.value.value <= 1_000 ? { value: { bars: found.value.value }, next: found.next } : null;
}

/** "30 or lower" behind a name is a bound, no period. */
const isBound = (words: readonly Word[], at: number): boolean => ['or', 'and'].includes(words[at]?.text ?? '') && /^(lower|below|less|under|higher|above|more|over|greater|up|better)$/.test(words[at + 1]?.text ?? '');

/** "sma 50", "ema of 20 days", "rsi 14". */
const nameFirst: Rule<Quantity> = (words, at) => {
  for (const [rule, id] of [[exponential, 'ema'], [phrase('sma|simple moving average|moving average|ma'), 'sma'], [rsi, 'rsi']] as const) {
    const name = rule(words, at);
    if (name === null) continue;
    const from = skip(words, name.next);
    const number = aPeriod(words, from) ?? bareNumber(words, from);
    if (number !== null && !isBound(words, number.next)) return { value: id === 'rsi' ? other(`rsi(${number.value.bars})`) : price(`${id}(${number.value.bars})`), next: number.next };
  }
  return null;
};

/** Names that are everyday words, and mean no indicator unless they are written as a formula. */
const EVERYDAY: ReadonlySet<string> = new Set(['max', 'min', 'ad', 'beta', 'mass', 'trix', 'bop', 'ao', 'var', 'mom', 'dx', 'median', 'envelope', 'skew', 'pivot', 'correl', 'vortex', 'fisher', 'sar', 'tsi', 'dpo', 'alma', 'change']);

/** Any indicator of the catalogue by its name, with its usual numbers or the one that follows. */
const byId: Rule<Quantity> = (words, at) => {
  const name = words[at]?.text ?? '';
  const indicator = INDICATOR_NAMES.get(name);
  const output = indicator === undefined ? null : mainOutput(indicator);
  if (indicator === undefined || output === null || EVERYDAY.has(name)) return null;
  const next = indicator.parameters.length === 1 ? bareNumber(words, at + 1) : null;
  const number = next !== null && isBound(words, next.next) ? null : next;
  return { value: { formula: `${name}${number === null ? '' : `(${number.value.bars})`}`, kind: indicator.unit === 'price' ? 'price' : 'other' }, next: number?.next ?? at + 1 };
};

/** Reads a thing with a size; of several readings the longest. */
export const aQuantity: Rule<Quantity> = longest([periodFirst, nameFirst, FIXED, byId]);
