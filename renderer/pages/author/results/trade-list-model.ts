/** Round trips as rows: numbered by their exits, with their risk multiple and how far they were under water and above. Pure. */
import type { BacktestResult, BacktestRoundTrip } from '#app/contracts/backtest.ts';

/** One row. `multiple`: profit by the dollars at risk, null without a stop; `growth`: profit by what was put in, a fraction; `holding`: ms. */
export type TripRow = BacktestRoundTrip & { readonly n: number; readonly multiple: number | null; readonly growth: number; readonly holding: number };
/** Columns that can be sorted by. */
export type TripSort = 'n' | 'symbol' | 'openedAt' | 'holding' | 'qty' | 'entryPrice' | 'exitPrice' | 'profit' | 'growth' | 'multiple' | 'mae' | 'mfe';

/** The rows of a result. */
export function tripRows({ roundTrips }: Pick<BacktestResult, 'roundTrips'>): readonly TripRow[] {
  return roundTrips.map((trip, at) => {
    const value = trip.entryPrice * trip.qty;
    return { ...trip, n: at + 1, multiple: trip.risk === null || trip.risk === 0 ? null : trip.profit / trip.risk, growth: value === 0 ? 0 : trip.profit / value, holding: trip.closedAt - trip.openedAt };
  });
}

/** Sorted anew; rows without a value stand last either way. */
export function sortTrips(rows: readonly TripRow[], by: TripSort, isDown: boolean): readonly TripRow[] {
  const turn = isDown ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [left, right] = [a[by], b[by]];
    if (left === null || right === null) return Number(left === null) - Number(right === null) || a.n - b.n;
    return (left < right ? -1 : left > right ? 1 : 0) * turn || a.n - b.n;
  });
}

/** Which trips are looked at. */
export type TripFilter = 'all' | 'wins' | 'losses' | 'long' | 'short';
/** Those that pass. */
export function filterTrips(rows: readonly TripRow[], filter: TripFilter, symbol: string | null): readonly TripRow[] {
  return rows.filter((row) => (symbol === null || row.symbol === symbol) && (filter === 'all' || (filter === 'wins' ? row.profit > 0 : filter === 'losses' ? row.profit < 0 : row.side === filter)));
}

/** Of so many rows the bars of MAE and MFE are measured with; one in twenty may lie beyond. */
const WITHIN = 0.95;

/** The excursion that bars of MAE and MFE are measured with, dollars: wide enough for 19 of 20 rows, so that one wild trip does not make slivers of all others. */
export function usualExcursion(rows: readonly TripRow[]): number {
  const widths = rows.map(({ mae, mfe }) => Math.max(-mae, mfe)).sort((a, b) => a - b);
  return widths[Math.ceil(WITHIN * widths.length) - 1] ?? 0;
}
