/** Folders of recorded-looking bars for the replays. */
import { chmodSync } from 'node:fs';
import { recordBars } from '../../tests/support/recorded-bars.ts';

const DAYS = ['2024-03-04', '2024-03-05', '2024-03-06', '2024-03-07', '2024-03-08'] as const;
const A = 65;
const LETTERS = 26;

function symbolOf(index: number): string {
  return `Q${String.fromCharCode(A + (Math.floor(index / LETTERS) % LETTERS))}${String.fromCharCode(A + (index % LETTERS))}`;
}

/** Writes a seeded market: so many symbols, minutes a day, and days (at most 5). The caller removes the folder. */
export function marketFolder(symbols: number, minutes: number, days = 1): string {
  const folder = recordBars({ symbols: Array.from({ length: symbols }, (_, index) => symbolOf(index)), days: DAYS.slice(0, days), minutes, seed: 7 });
  chmodSync(folder, 0o755);
  return folder;
}
