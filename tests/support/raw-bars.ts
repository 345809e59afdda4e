/** Bars out of recorded files as they stand there, with everything that is wrong in them: for the rules that look for it. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { barColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { fromNewYork } from '#app/market/calendar.ts';

/** Rows of a file by symbol; a file without symbols is one of ''. Times are New York's, empty fields become NaN. */
export function rawBars(file: string): Map<string, BarColumns> {
  const lines = gunzipSync(readFileSync(file)).toString('utf8').split(/\r?\n/);
  const names = (lines[0] ?? '').split(',');
  const hasSymbol = names[0] === 'symbol';
  const rows = new Map<string, string[][]>();
  for (const line of lines.slice(1)) {
    if (line === '') continue;
    const cells = line.split(',');
    const symbol = hasSymbol ? (cells.shift() ?? '') : '';
    const known = rows.get(symbol);
    if (known) known.push(cells);
    else rows.set(symbol, [cells]);
  }
  return new Map([...rows].map(([symbol, cells]) => [symbol, columnsOf(cells)]));
}

function number(cell: string | undefined): number {
  return cell === undefined || cell === '' ? NaN : Number(cell);
}

function columnsOf(rows: readonly string[][]): BarColumns {
  const bars = barColumns(rows.length);
  const midnights = new Map<string, number>();
  rows.forEach((cells, n) => {
    const [date = '', clock = '00:00:00'] = (cells[0] ?? '').split(' ');
    let midnight = midnights.get(date);
    if (midnight === undefined) midnights.set(date, (midnight = fromNewYork(date, 0)));
    const [hour = 0, minute = 0, second = 0] = clock.split(':').map(Number);
    // A day on which clocks change has its hours counted from noon, as sessions have.
    bars.time[n] = clock === '00:00:00' ? midnight : fromNewYork(date, hour * 60 + minute) + second * 1_000;
    bars.open[n] = number(cells[1]);
    bars.high[n] = number(cells[2]);
    bars.low[n] = number(cells[3]);
    bars.close[n] = number(cells[4]);
    bars.volume[n] = number(cells[5]);
  });
  return bars;
}
