/** Captured output of the units: a ring for the panel, rotated files, and a file about each crash. */
import { appendFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import type { LogLine, UnitId } from '#app/contracts/health.ts';
import { describeError } from '#app/domain/errors.ts';
import { isHeld } from '../store/atomic-file.ts';

/** Lines kept in memory per unit. */
export const RING_LINES = 500;
const FILE_BYTES = 10 * 1_024 * 1_024;
const RETRY_BYTES = 1_024 * 1_024;
const FILE_COUNT = 5;
const CRASH_FIRST_LINES = 10;
const CRASH_LAST_LINES = 200;
/** What travels with the health of a unit and stays in its history is less than what a crash file keeps. */
const TOLD_LAST_LINES = 50;
const CRASH_FILES = 50;
const MAX_LINE_LENGTH = 16_384;
const MAX_WAITING_BYTES = 4 * 1_024 * 1_024;
const FLUSH_MS = 100;

type Stream = LogLine['stream'];

/** The log of one unit. */
export type UnitLog = {
  /** Drains a pipe for as long as it is open. */
  capture(stream: Stream, readable: Readable | null): void;
  line(stream: Stream, text: string): void;
  /** A new process begins: its first lines are kept apart for a crash file. */
  begin(): void;
  /** The last `count` lines, or those after a sequence number. */
  tail(count: number, afterSeq?: number): LogLine[];
  /** The first 10 and the last 50 lines of the present process. */
  ends(): { firstLines: string[]; lastLines: string[] };
  /** Writes the crash file and returns its path. */
  writeCrash(reason: string): string;
  /** Calls back for each new line; returns the function that ends it. */
  follow(listener: (line: LogLine) => void): () => void;
};

/** The logs of all units. */
export type Logs = {
  of(unit: UnitId): UnitLog;
  /** Writes everything that waits, now: for the last moment. */
  flushSync(): void;
  readonly folder: string;
};

/** Makes room for a new file; false while a viewer holds the present one, as on Windows: it grows on, and is tried again a megabyte later. */
function rotate(file: string): boolean {
  try {
    for (let index = FILE_COUNT - 1; index >= 1; index -= 1) {
      const from = index === 1 ? file : `${file}.${index - 1}`;
      if (existsSync(from)) renameSync(from, `${file}.${index}`);
    }
    return true;
  } catch (error) {
    if (isHeld(error)) return false;
    throw error;
  }
}

/** Appends to one file in batches and rotates it while no handle is open, so that it works on Windows too. */
function rotatingFile(file: string): { write(text: string): void; flushSync(): void } {
  let waiting: string[] = [];
  let waitingBytes = 0;
  let dropped = 0;
  let failure = 'the disk is too slow';
  let isBusy = false;
  let timer: NodeJS.Timeout | null = null;
  let size = existsSync(file) ? statSync(file).size : 0;

  const take = (): string => {
    if (dropped > 0) waiting.push(`(${dropped} lines were not written: ${failure})\n`);
    const text = waiting.join('');
    waiting = [];
    waitingBytes = 0;
    dropped = 0;
    return text;
  };
  const arm = (): void => {
    timer ??= setTimeout(() => void flush(), FLUSH_MS).unref();
  };
  const flush = async (): Promise<void> => {
    timer = null;
    if (isBusy) return arm();
    if (waiting.length === 0) return;
    isBusy = true;
    const lines = waiting;
    const text = take();
    try {
      if (size > FILE_BYTES) size = rotate(file) ? 0 : size - RETRY_BYTES;
      await appendFile(file, text);
      size += Buffer.byteLength(text);
    } catch (error) {
      // A full disk must not take the supervisor down; the loss is counted and told when there is room again.
      failure = describeError(error);
      dropped += lines.length;
    } finally {
      isBusy = false;
    }
    if (waiting.length > 0) arm();
  };
  return {
    write: (text) => {
      if (waitingBytes > MAX_WAITING_BYTES) {
        dropped += 1;
        return;
      }
      waiting.push(text);
      waitingBytes += text.length;
      arm();
    },
    flushSync: () => {
      if (waiting.length === 0) return;
      const text = take();
      try {
        appendFileSync(file, text);
      } catch (error) {
        process.stderr.write(`The log ${file} could not be written: ${String(error)}\n`);
      }
    },
  };
}

function crashFolderOf(folder: string): string {
  const crashes = path.join(folder, 'crashes');
  mkdirSync(crashes, { recursive: true });
  const old = readdirSync(crashes).sort().slice(0, -(CRASH_FILES - 1));
  for (const name of old) rmSync(path.join(crashes, name), { force: true });
  return crashes;
}

/** Calls back with each line of a pipe. Over-long lines are cut, so that a mad unit cannot fill the memory. */
function readLines(readable: Readable, take: (line: string) => void): void {
  let rest = '';
  readable.setEncoding('utf8');
  readable.on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) take(part.slice(0, MAX_LINE_LENGTH).replace(/\r$/, ''));
    if (rest.length > MAX_LINE_LENGTH) {
      take(rest.slice(0, MAX_LINE_LENGTH));
      rest = '';
    }
  });
  readable.once('close', () => {
    if (rest !== '') take(rest);
    rest = '';
  });
  readable.on('error', (error) => take(`(output lost: ${error.message})`));
}

/** Opens the log folder. `now` is EpochMs. */
export function openLogs(folder: string, now: () => number): Logs {
  mkdirSync(folder, { recursive: true });
  let seq = 0;
  const logs = new Map<UnitId, UnitLog>();
  const files: { flushSync(): void }[] = [];

  const create = (unit: UnitId): UnitLog => {
    const file = rotatingFile(path.join(folder, `${unit}.log`));
    files.push(file);
    const ring: LogLine[] = [];
    const followers = new Set<(line: LogLine) => void>();
    let first: string[] = [];
    let beganSeq = seq;
    const line = (stream: Stream, text: string): void => {
      seq += 1;
      const entry: LogLine = { seq, at: now(), unit, stream, text };
      ring.push(entry);
      if (ring.length > RING_LINES) ring.shift();
      if (first.length < CRASH_FIRST_LINES) first.push(text);
      file.write(`${text}\n`);
      for (const follower of followers) follower(entry);
    };
    const lastLines = (count: number): string[] => ring.filter((entry) => entry.seq > beganSeq).slice(-count).map((entry) => entry.text);
    return {
      line,
      capture: (stream, readable) => {
        if (readable) readLines(readable, (text) => line(stream, text));
      },
      begin: () => {
        first = [];
        beganSeq = seq;
      },
      tail: (count, afterSeq) => (afterSeq === undefined ? ring : ring.filter((entry) => entry.seq > afterSeq)).slice(-count),
      ends: () => ({ firstLines: [...first], lastLines: lastLines(TOLD_LAST_LINES) }),
      writeCrash: (reason) => {
        const at = new Date(now()).toISOString();
        const target = path.join(crashFolderOf(folder), `${at.replaceAll(':', '-')}-${unit}.log`);
        writeFileSync(target, [`${unit}: ${reason}`, `at ${at}`, '--- first lines', ...first, '--- last lines', ...lastLines(CRASH_LAST_LINES), ''].join('\n'));
        return target;
      },
      follow: (listener) => {
        followers.add(listener);
        return () => followers.delete(listener);
      },
    };
  };

  return {
    folder,
    of: (unit) => {
      const log = logs.get(unit) ?? create(unit);
      logs.set(unit, log);
      return log;
    },
    flushSync: () => {
      for (const file of files) file.flushSync();
    },
  };
}
