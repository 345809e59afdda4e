/** Bars on their way out: pages of CSV that the import reads back to the same rows. */
import type { CommandInput, CommandOutput } from '#app/contracts/commands.ts';
import { AppError } from '#app/domain/errors.ts';
import { civilFromDays, formatDate, toRfc3339, type EpochMs } from '#app/domain/time.ts';
import { fromNewYork, newYorkDayNumber } from '#app/market/nyse-zone.ts';
import { barsBetween, type BookAccess, type ColumnCache } from '../research/cache.ts';

/** Bars of one page: about a megabyte of text. */
const PAGE_BARS = 20_000;
const MINUTES_OF_DAY = 24 * 60;

/** Where exports read: the columns of the book and its archive. */
export type ExportParts = { readonly cache: Pick<ColumnCache, 'load'>; readonly access: BookAccess };

/**
 * One page of a series, oldest first: `symbol,time,open,high,low,close,volume`. Days are told as days of the exchange, other bars as instants in UTC.
 * @throws AppError ARCHIVE_DAMAGED when months of it lie in files that cannot be read: an export with a hole is none
 */
export async function exportPage({ cache, access }: ExportParts, ask: CommandInput<'exportBars'>): Promise<CommandOutput<'exportBars'>> {
  const { symbol, timeframe, adjustment, from, to, after } = ask;
  const { bars: all, missing, complaint } = await cache.load(access, { symbol, timeframe, adjustment });
  if (missing.length > 0) throw new AppError('ARCHIVE_DAMAGED', `Bars of ${symbol} in ${missing.slice(0, 5).join(', ')} lie in archives that cannot be read (${complaint ?? 'damaged'}). Leave these months out, or mend the archive`);
  const first = Math.max(from === null ? -Infinity : fromNewYork(from, 0), after === null ? -Infinity : after + 1);
  const end = to === null ? Infinity : fromNewYork(to, MINUTES_OF_DAY);
  const bars = barsBetween(all, first, end);
  const count = Math.min(bars.time.length, PAGE_BARS);
  const lines: string[] = [];
  for (let n = 0; n < count; n += 1) {
    const at = bars.time[n] as EpochMs;
    const time = timeframe === '1Day' ? formatDate(civilFromDays(newYorkDayNumber(at))) : toRfc3339(at).replace('.000Z', 'Z');
    lines.push(`${symbol},${time},${bars.open[n]},${bars.high[n]},${bars.low[n]},${bars.close[n]},${bars.volume[n]}\n`);
  }
  return { text: lines.join(''), bars: count, next: bars.time.length > count ? (bars.time[count - 1] as number) : null };
}
