/** `mainspring logs`: the captured output of the parts, whether they run or not. */
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { UNIT_IDS } from '#app/contracts/health.ts';
import type { UnitId } from '#app/contracts/health.ts';
import type { Command } from './arguments.ts';
import { refuse } from './arguments.ts';
import { lineTest, sinceOf } from './log-filter.ts';
import type { LogFilter } from './log-filter.ts';

const TAIL_BYTES = 1_024 * 1_024;
const POLL_MS = 250;

function readFrom(file: string, from: number, to: number): string {
  const handle = openSync(file, 'r');
  try {
    const buffer = Buffer.alloc(to - from);
    const read = readSync(handle, buffer, 0, buffer.length, from);
    return buffer.toString('utf8', 0, read);
  } finally {
    closeSync(handle);
  }
}

/** The last lines of a file that pass, from at most its last megabyte. */
function tailOf(file: string, count: number, passes: (line: string) => boolean): string[] {
  if (!existsSync(file) || count === 0) return [];
  const { size } = statSync(file);
  const lines = readFrom(file, Math.max(0, size - TAIL_BYTES), size).split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.filter(passes).slice(-count);
}

/** What to show. */
export type LogRequest = { readonly folder: string; readonly unit: UnitId | null; readonly lines: number; readonly isFollowing: boolean; readonly isJson: boolean; readonly filter: LogFilter };

/** The filter of a command line. @throws AppError INPUT_INVALID for a --since that is no time */
export function logFilterOf({ logFilter }: Command): LogFilter {
  const since = logFilter.since === null ? null : sinceOf(logFilter.since, Date.now());
  if (logFilter.since !== null && since === null) refuse(`--since is "${logFilter.since}": write 15m, 2h, 3d or a time such as 2026-03-02T15:30:00Z.`);
  return { ...logFilter, since };
}

function isFiltered(filter: LogFilter): boolean {
  return Object.values(filter).some((value) => value !== null);
}

/** Prints the tails; with `isFollowing` goes on until it is interrupted. */
export async function runLogs(request: LogRequest): Promise<number> {
  const units = request.unit === null ? UNIT_IDS : [request.unit];
  const show = (unit: UnitId, line: string): void => {
    if (request.isJson) process.stdout.write(`${JSON.stringify({ unit, line })}\n`);
    else process.stdout.write(units.length === 1 ? `${line}\n` : `${unit.padEnd(16)} ${line}\n`);
  };
  const positions = new Map<UnitId, number>();
  const tests = new Map<UnitId, (line: string) => boolean>();
  let isEmpty = true;
  for (const unit of units) {
    const file = path.join(request.folder, `${unit}.log`);
    positions.set(unit, existsSync(file) ? statSync(file).size : 0);
    const passes = lineTest(request.filter);
    tests.set(unit, passes);
    for (const line of tailOf(file, request.lines, passes)) {
      isEmpty = false;
      show(unit, line);
    }
  }
  if (isEmpty && !request.isFollowing && !request.isJson) process.stderr.write(isFiltered(request.filter) ? 'No line of the last output fits.\n' : `There is no output yet in ${request.folder}.\n`);
  if (!request.isFollowing) return 0;
  const until = new AbortController();
  process.once('SIGINT', () => until.abort());
  process.once('SIGTERM', () => until.abort());
  while (!until.signal.aborted) {
    for (const unit of units) positions.set(unit, showNew(path.join(request.folder, `${unit}.log`), positions.get(unit) ?? 0, (line) => { if (tests.get(unit)?.(line) !== false) show(unit, line); }));
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return 0;
}

/** Shows the whole lines after a position and returns the new one. A file that shrank was rotated: begin at its start. */
function showNew(file: string, position: number, show: (line: string) => void): number {
  if (!existsSync(file)) return 0;
  const { size } = statSync(file);
  const from = size < position ? 0 : position;
  if (size === from) return from;
  const text = readFrom(file, from, Math.min(size, from + TAIL_BYTES));
  const end = text.lastIndexOf('\n');
  if (end < 0) return from;
  for (const line of text.slice(0, end).split('\n')) show(line);
  return from + Buffer.byteLength(text.slice(0, end + 1));
}
