/** A replay from a fresh data folder to its end, with whatever is done to it in between, and the list of orders that came of it. */
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { ReplayEnd } from '#main/invariants/replay-end.ts';
import { checkDataFolder } from '#main/invariants/report.ts';
import { freshDataDir, removeDataDir, startStack } from './stack.ts';
import type { StackOptions, TestStack } from './stack.ts';

const REAL_BARS = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../shared/data/equity/minute');

/** The real minute bars that lie beside the repository, when they do. */
export const realBarsFolder = existsSync(REAL_BARS) ? REAL_BARS : null;

/** A fresh folder with the bars of one day (YYYY-MM-DD) of some of the recorded symbols. */
export function cutDay(source: string, symbols: readonly string[], day: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'ms-day-'));
  for (const symbol of symbols) {
    const name = `${symbol}.trade.csv.gz`;
    const lines = gunzipSync(readFileSync(path.join(source, name))).toString().split('\n');
    const kept = lines.filter((line, index) => index === 0 || line.startsWith(day));
    if (kept.length < 2) throw new Error(`${name} has no bar of ${day}`);
    writeFileSync(path.join(folder, name), gzipSync(`${kept.join('\n')}\n`));
  }
  return folder;
}

/** What a replay came to: the stack's own words, and what the checker found after the stop, from the folder alone. */
export type ReplayResult = { readonly end: ReplayEnd; readonly orders: readonly string[]; readonly broken: readonly string[] };

/** What is done while a replay trades. `again` starts the same command on the same folder, for one who has killed the supervisor; the stack that runs at last is returned. */
export type Disturbance = (stack: TestStack, again: () => TestStack) => Promise<TestStack>;

/** How to replay. `folder`: recorded bars. */
export type ReplayOptions = Pick<StackOptions, 'speed' | 'entry'> & { readonly folder: string; readonly disturb?: Disturbance };

/** Trades a folder of bars from a fresh data folder. @throws when it does not end by itself, or when the checker cannot open the book. */
export async function tradeReplay({ folder, disturb, ...how }: ReplayOptions): Promise<ReplayResult> {
  const dataDir = await freshDataDir();
  const begin = (): TestStack => startStack({ dataDir, replay: folder, ...how });
  let stack = begin();
  if (disturb) {
    await stack.announced();
    stack = await disturb(stack, begin);
  }
  const end = await stack.finished();
  const report = await checkDataFolder(dataDir, true);
  const broken = report.results.flatMap((result) => result.violations.map(({ id, subject, detail }) => `${id} ${subject}: ${detail}`));
  removeDataDir(dataDir);
  return { end, orders: report.orders, broken: [...new Set([...end.broken, ...broken])] };
}
