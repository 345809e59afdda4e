/** Folders of recorded-looking minute bars for replays in tests: seeded, so every run of a test replays the same market. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** mulberry32: a small seeded generator, numbers in [0, 1). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export type RecordingOptions = { readonly symbols: readonly string[]; readonly days: readonly string[]; /** Minutes of each regular session, at most 390. */ readonly minutes: number; readonly seed: number };

/** Prices that swing enough for crossovers: a slow wave, a fast wave and noise, on cent ticks. */
function lines(options: RecordingOptions, index: number): string[] {
  const random = seeded(options.seed * 1_000 + index);
  const rows = ['time,open,high,low,close,volume'];
  const base = 40 + 30 * index;
  let last = base;
  let tick = 0;
  for (const day of options.days) {
    for (let minute = 0; minute < options.minutes; minute += 1, tick += 1) {
      const wave = Math.sin((tick + 13 * index) / 21) * 0.012 + Math.sin((tick + 7 * index) / 67) * 0.02;
      const open = last;
      const close = Math.max(1, Math.round(base * (1 + wave + (random() - 0.5) * 0.004) * 100) / 100);
      const high = Math.round((Math.max(open, close) + random() * 0.05) * 100) / 100;
      const low = Math.max(0.5, Math.round((Math.min(open, close) - random() * 0.05) * 100) / 100);
      const at = 9 * 60 + 30 + minute;
      rows.push(`${day} ${String(Math.floor(at / 60)).padStart(2, '0')}:${String(at % 60).padStart(2, '0')}:00,${open.toFixed(2)},${high.toFixed(2)},${low.toFixed(2)},${close.toFixed(2)},${100 + Math.floor(random() * 10_000)}`);
      last = close;
    }
  }
  return rows;
}

/** Writes one `<symbol>.trade.csv.gz` for each symbol into a fresh folder and returns it. */
export function recordBars(options: RecordingOptions): string {
  const folder = mkdtempSync(join(tmpdir(), 'ms-bars-'));
  options.symbols.forEach((symbol, index) => {
    writeFileSync(join(folder, `${symbol.toLowerCase()}.trade.csv.gz`), gzipSync(`${lines(options, index).join('\n')}\n`));
  });
  return folder;
}
