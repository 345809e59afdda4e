/** Factor files: by how much the prices before a split or dividend are to be multiplied, so that they compare with those of today. */
import { AppError } from '#app/domain/errors.ts';
import { daysFromCivil, parseDate } from '#app/domain/time.ts';
import type { Factor } from '#app/market/adjustment.ts';

const ROW = /^(\d{4})(\d{2})(\d{2}),([\d.eE+-]+),([\d.eE+-]+)(?:,[\d.eE+-]*)?$/;

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
