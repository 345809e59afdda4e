/** What people often ask for and nothing here can answer: it is said so, instead of something else being found. */
import type { Found } from './found.ts';
import { aNumber, aSign, phrase, type Read, type Rule, skip } from './phrases.ts';

const LACKS: readonly (readonly [alternatives: string, what: string])[] = [
  ['market cap|market capitalization|market capitalisation|market value|large cap|large caps|mid cap|mid caps|small cap|small caps|micro cap|micro caps|mega cap|mega caps|blue chip|blue chips|large companies|small companies', 'market value'],
  ['p e|pe|pe ratio|p e ratio|price to earnings|price earnings|price earnings ratio|earnings|eps|earnings growth|earnings per share|revenue|sales|profit|profits|profitable|margin|margins|debt|book value|price to book|peg|cash flow|fundamentals|undervalued|overvalued|growth stocks|value stocks', 'company accounts'],
  ['dividend|dividends|dividend yield|yield|paying dividends|high dividend', 'dividends'], ['all time high|all time highs|record high|record highs|all time low|all time lows', 'prices before the stored history'],
  ['short interest|short squeeze|days to cover|float|low float|insider buying|institutional ownership|analyst rating|analyst ratings|upgrades|downgrades|news|catalyst|ipo|ipos|options volume|implied volatility|open interest', 'news, owners and options'],
  ['premarket|pre market|after hours|afterhours|ytd|year to date|month to date', 'that time of the day or year'],
  ['weekly chart|monthly chart|hourly chart|intraday chart', 'bars of another width than those of the screen'],
];

const rules = LACKS.map(([alternatives, what]) => [phrase(alternatives), what] as const);

/** "P/E below 15", "market cap over 10 billion": the whole of it, with its number. */
export const aLack: Rule<Found> = (words, at) => {
  for (const [rule, what] of rules) {
    const found = rule(words, at);
    if (found === null) continue;
    const from = skip(words, found.next);
    const sign = aSign(words, from);
    const number = aNumber(words, skip(words, sign?.next ?? from));
    const read: Read<Found> = { value: { kind: 'lacking', note: `There is no data here on ${what}` }, next: number?.next ?? sign?.next ?? found.next };
    return read;
  }
  return null;
};
