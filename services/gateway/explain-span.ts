/** From when to when a bar of a chart reaches. Pure. */
import type { ChartTimeframe } from '#app/contracts/market-data.ts';
import { daysFromCivil, HOUR_MS, MINUTE_MS, parseDate, type EpochMs } from '#app/domain/time.ts';
import { exchangeDay } from '#app/market/calendar.ts';
import { fromNewYorkDay } from '#app/market/nyse-zone.ts';

const WIDTHS: Readonly<Record<Exclude<ChartTimeframe, '1Day' | '1Week' | '1Month'>, number>> = { '1Min': MINUTE_MS, '5Min': 5 * MINUTE_MS, '15Min': 15 * MINUTE_MS, '30Min': 30 * MINUTE_MS, '1Hour': HOUR_MS };

/** Midnight in New York so many civil days after that of an instant, epoch ms. */
function midnightAfter(at: EpochMs, days: number): number {
  return fromNewYorkDay(daysFromCivil(parseDate(exchangeDay(at))) + days, 0);
}

/** End of the bar that opens at `openTime`, epoch ms: minutes and hours by the clock; a day, week or month up to a midnight in New York. @throws AppError INPUT_INVALID outside 1967..2200 */
export function barEnd(openTime: number, timeframe: ChartTimeframe): number {
  const at = openTime as EpochMs;
  switch (timeframe) {
    case '1Day': return midnightAfter(at, 1);
    case '1Week': return midnightAfter(at, 7);
    case '1Month': {
      const { year, month } = parseDate(exchangeDay(at));
      const next = month === 12 ? { year: year + 1, month: 1, day: 1 } : { year, month: month + 1, day: 1 };
      return midnightAfter(at, daysFromCivil(next) - daysFromCivil(parseDate(exchangeDay(at))));
    }
    default: return openTime + WIDTHS[timeframe];
  }
}

