/** Factor files: by how much the prices before a split or dividend are to be multiplied, so that they compare with those of today. */
import { barColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { AppError } from '#app/domain/errors.ts';
import { daysFromCivil, parseDate, type EpochMs } from '#app/domain/time.ts';
import { newYorkDayNumber } from '#app/market/nyse-zone.ts';

/** Up to and including `day` (days since 1970) prices are multiplied by `price` for dividends and by `split` for splits. */
export type Factor = { readonly day: number; readonly price: number; readonly split: number };

const ROW = /^(\d{4})(\d{2})(\d{2}),([\d.eE+-]+),([\d.eE+-]+)(?:,[\d.eE+-]*)?$/;
/** Prices stay on the grid of a millionth of a dollar, on which sums of prices are exact. */
const TICKS = 1e6;

/** Reads a file of `YYYYMMDD,price factor,split factor[,close]`, oldest first. @throws AppError INPUT_INVALID, naming the line */
export function parseFactors(text: string): Factor[] {
  const factors: Factor[] = [];
  for (const [n, line] of text.split(/\r?\n/).entries()) {
    if (line === '') continue;
    const [, year, month, day, price, split] = ROW.exec(line) ?? [];
    const factor = { day: year === undefined ? NaN : daysFromCivil(parseDate(`${year}-${month}-${day}`)), price: Number(price), split: Number(split) };
    if (!(factor.price > 0 && factor.split > 0 && factor.day > (factors.at(-1)?.day ?? -Infinity))) {
      throw new AppError('INPUT_INVALID', `Line ${n + 1} of the factor file cannot be used: "${line.slice(0, 60)}". Each line is YYYYMMDD,price factor,split factor, oldest first`);
    }
    factors.push(factor);
  }
  if (factors.length === 0) throw new AppError('INPUT_INVALID', 'The factor file has no lines');
  return factors;
}

/**
 * Prices freed of splits (`split`) or of splits and dividends (`all`), rounded to a millionth of a dollar; volumes in shares of today. Bars after the last factor stay as they are.
 * AAPL on 2014-06-06 closed at 645.57; with the factors 1/7 and 1/4 of its splits since, 23.056071.
 */
export function adjustBars(bars: BarColumns, factors: readonly Factor[], kind: 'split' | 'all'): BarColumns {
  const adjusted = barColumns(bars.time.length, bars.time.buffer instanceof SharedArrayBuffer);
  adjusted.time.set(bars.time);
  let at = 0;
  for (let n = 0; n < bars.time.length; n += 1) {
    const day = newYorkDayNumber(bars.time[n] as EpochMs);
    while (at < factors.length && (factors[at]?.day ?? Infinity) < day) at += 1;
    const { price, split } = factors[at] ?? { price: 1, split: 1 };
    const factor = kind === 'all' ? price * split : split;
    for (const field of ['open', 'high', 'low', 'close'] as const) adjusted[field][n] = Math.round((bars[field][n] as number) * factor * TICKS) / TICKS;
    adjusted.volume[n] = Math.round((bars.volume[n] as number) / split);
  }
  return adjusted;
}
