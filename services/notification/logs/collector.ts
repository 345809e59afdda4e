/** The collector: follows the log files of all parts and brings their lines into the book, each exactly once. */
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, describeError } from '#app/domain/errors.ts';
import { monotonicMs, sleep } from '#chassis/clock.ts';
import type { Db } from '#chassis/db.ts';
import type { Health } from '#chassis/health.ts';
import type { Logger } from '#chassis/log.ts';
import { hashOf, HEAD_BYTES, headLength, listLogFiles, openLogFile, readAt, type LogFile } from './log-files.ts';
import { placeLines } from './place.ts';
import { LINE_BYTES_MAX, splitLines } from './split.ts';
import { beginPosition, forgetPositions, loadPositions, writeLines, type Position } from './store.ts';

const EVERY_MS = 1_000;
const PIECE_BYTES = 1_048_576;
/** Pieces of one file in one round; then the others have their turn. */
const PIECES_A_ROUND = 8;
/** A part that writes faster than we read must not keep a flow for ever. */
const ROUNDS_MAX = 2_000;
const CONFLICTS_MAX = 20;
const BEHIND_BYTES = 32 * 1_048_576;
const RETRY_MAX_MS = 30_000;
/** A file that is missing for so long is gone; between two names of a rotation it is missing for a moment. */
const GONE_AFTER_MS = 60_000;
const JUST_NOW_MS = 5_000;
const DAY_MS = 86_400_000;

/** What the collector works with. `folder`: the log folder of the data folder. */
export type CollectorParts = { readonly folder: string; readonly db: Db; readonly log: Logger; readonly health: Health; readonly retentionDays: number; readonly now: () => number };

/** What was brought in. */
export type Collected = { readonly lines: number; readonly bytes: number; readonly tooOld: number };

/** How the collecting stands. `behindBytes`: written but not brought in at the last look. */
export type CollectorState = Collected & { readonly behindBytes: number; readonly lostBytes: number; readonly unreadable: readonly string[] };

/** A collector; nothing runs before `run` or `collectAll`. */
export type Collector = {
  /** Brings in everything that is there now. @throws AppError DATABASE_UNREACHABLE, and the signal's reason when it aborts */
  collectAll(signal?: AbortSignal): Promise<Collected>;
  /** Collects until the signal ends it; troubles are told and tried again. */
  run(signal: AbortSignal): Promise<void>;
  state(): CollectorState;
};

type Seen = { readonly size: number; readonly mtimeMs: number; readonly inode: bigint; readonly fileId: number };
type Known = { position: Position; size: number; missingSince: number | null };

/** Opens a collector. */
export function createCollector(parts: CollectorParts): Collector {
  return new FileCollector(parts);
}

class FileCollector implements Collector {
  readonly #parts: CollectorParts;
  /** Files by their id; null until they are read from the book. */
  #known: Map<number, Known> | null = null;
  readonly #seen = new Map<string, Seen>();
  readonly #unreadable = new Map<string, string>();
  #total = { lines: 0, bytes: 0, tooOld: 0 };
  #behindBytes = 0;
  #lostBytes = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: CollectorParts) {
    this.#parts = parts;
  }

  state(): CollectorState {
    return { ...this.#total, behindBytes: this.#behindBytes, lostBytes: this.#lostBytes, unreadable: [...this.#unreadable.keys()] };
  }

  async collectAll(signal?: AbortSignal): Promise<Collected> {
    const before = this.#total;
    let conflicts = 0;
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      signal?.throwIfAborted();
      try {
        if (!(await this.#inTurn())) break;
      } catch (error) {
        // The last transaction of a collector that was killed may commit while we begin: what it moved is read anew.
        if (!(error instanceof AppError && error.code === 'VERSION_CONFLICT') || (conflicts += 1) > CONFLICTS_MAX) throw error;
      }
    }
    return { lines: this.#total.lines - before.lines, bytes: this.#total.bytes - before.bytes, tooOld: this.#total.tooOld - before.tooOld };
  }

  async run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      try {
        const isMore = await this.#inTurn();
        if (failures > 0) this.#parts.log.info({ failures }, 'Collecting of logs goes on');
        failures = 0;
        this.#tell();
        if (!isMore) await sleep(EVERY_MS, signal);
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        if (failures === 1) this.#parts.log.warn({ error: describeError(error) }, 'Logs cannot be collected; it is tried again');
        this.#parts.health.degraded('logs', failures > 2 ? `Logs are not collected: ${describeError(error)}` : null);
        await sleep(Math.min(RETRY_MAX_MS, EVERY_MS * 2 ** Math.min(failures, 10)), signal);
      }
    }
  }

  #tell(): void {
    const megabytes = Math.round(this.#behindBytes / 1e6);
    this.#parts.health.degraded('logs', this.#behindBytes > BEHIND_BYTES ? `The log page is ${megabytes} MB behind what the parts write` : null);
    this.#parts.health.set('logs', { ok: this.#behindBytes <= BEHIND_BYTES && this.#unreadable.size === 0, message: `${this.#total.lines} lines collected, ${this.#behindBytes} bytes behind, ${this.#lostBytes} bytes lost${this.#unreadable.size > 0 ? `, cannot read ${[...this.#unreadable.keys()].join(', ')}` : ''}` });
  }

  /** One round at a time, whoever asks. */
  #inTurn(): Promise<boolean> {
    const round = this.#turn.then(() => this.#round());
    // The asker hears of a failure; what is known may then not be what the book holds.
    this.#turn = round.catch(() => {
      this.#known = null;
    });
    return round;
  }

  async #round(): Promise<boolean> {
    const files = await listLogFiles(this.#parts.folder);
    this.#known ??= new Map((await loadPositions(this.#parts.db)).map((position) => [position.fileId, { position, size: position.position, missingSince: null }]));
    const present = new Set<number>();
    let isMore = false;
    for (const file of files) {
      const seen = this.#seen.get(file.path);
      if (seen?.size === file.size && seen.mtimeMs === file.mtimeMs && seen.inode === file.inode && this.#known.has(seen.fileId)) present.add(seen.fileId);
      else if (await this.#readGuarded(file, present)) isMore = true;
    }
    await this.#forget(files, present);
    this.#behindBytes = [...this.#known.values()].reduce((sum, known) => sum + Math.max(0, known.size - known.position.position - (known.position.isMidLine ? 0 : LINE_BYTES_MAX)), 0);
    return isMore;
  }

  /** Reads a file; one that may not be read is told once and passed over. */
  async #readGuarded(file: LogFile, present: Set<number>): Promise<boolean> {
    let handle: FileHandle | null;
    try {
      handle = await openLogFile(file.path);
      this.#unreadable.delete(file.name);
    } catch (error) {
      if (!this.#unreadable.has(file.name)) this.#parts.log.warn({ file: file.name, error: describeError(error) }, 'A log file cannot be read');
      this.#unreadable.set(file.name, describeError(error));
      return false;
    }
    if (!handle) return false;
    try {
      return await this.#read(file, handle, present);
    } finally {
      await handle.close();
    }
  }

  async #read(file: LogFile, handle: FileHandle, present: Set<number>): Promise<boolean> {
    const { size, mtimeMs } = await handle.stat();
    const known = await this.#identify(file.unit, await readAt(handle, 0, Math.min(HEAD_BYTES, size)), size);
    if (!known) return false;
    present.add(known.position.fileId);
    known.size = size;
    known.missingSince = null;
    for (let n = 0; n < PIECES_A_ROUND; n += 1) {
      const before = known.position;
      if (before.position >= size) break;
      const bytes = await readAt(handle, before.position, Math.min(PIECE_BYTES, size - before.position));
      const isLast = before.position + bytes.length >= size;
      const split = splitLines({ bytes, position: before.position, isMidLine: before.isMidLine, isWhole: isLast && file.generation > 0 });
      if (split.consumed === 0) break;
      const now = this.#parts.now();
      // A line without a time was written when the file was, if that is just now; else not long after the line before it.
      const writtenAt = isLast && now - mtimeMs < JUST_NOW_MS ? Math.min(now, Math.trunc(mtimeMs)) : (before.lastAt ?? Math.trunc(mtimeMs));
      const placed = placeLines(split.lines, { lastAt: before.lastAt, writtenAt, now, oldest: now - this.#parts.retentionDays * DAY_MS });
      const after: Position = { ...before, position: before.position + split.consumed, isMidLine: split.isMidLine, lastAt: placed.lastAt };
      await writeLines(this.#parts.db, before, after, placed.lines);
      known.position = after;
      this.#total = { lines: this.#total.lines + placed.lines.length, bytes: this.#total.bytes + split.consumed, tooOld: this.#total.tooOld + placed.tooOld };
    }
    const isDone = known.position.position >= size || size - known.position.position <= LINE_BYTES_MAX;
    if (isDone) this.#seen.set(file.path, { size: file.size, mtimeMs: file.mtimeMs, inode: file.inode, fileId: known.position.fileId });
    return !isDone;
  }

  /** The file with this beginning; a new one when there is none, null while its first line is not whole. */
  async #identify(unit: string, head: Buffer, size: number): Promise<Known | null> {
    const all = this.#known;
    if (!all) throw new AppError('INVARIANT_BROKEN', 'The positions are not loaded');
    const alike = [...all.values()].filter(({ position }) => position.unit === unit && position.headBytes <= head.length && hashOf(head, position.headBytes) === position.headHash);
    const match = alike.sort((a, b) => b.position.headBytes - a.position.headBytes)[0];
    const length = headLength(head);
    if (match && match.position.position <= size) {
      // The more of its beginning is known, the surer it is; kept with the next lines.
      if (length !== null && length > match.position.headBytes) match.position = { ...match.position, headBytes: length, headHash: hashOf(head, length) };
      return match;
    }
    if (match) {
      // Shorter than what was read of it: cut off, and begun anew with the same line.
      await forgetPositions(this.#parts.db, [match.position.fileId]);
      all.delete(match.position.fileId);
    }
    if (length === null) return null;
    const position = await beginPosition(this.#parts.db, { unit, headBytes: length, headHash: hashOf(head, length) });
    const known: Known = { position, size, missingSince: null };
    all.set(position.fileId, known);
    return known;
  }

  /** Lets go of files that are gone for good; what they still held is counted as lost. */
  async #forget(files: readonly LogFile[], present: ReadonlySet<number>): Promise<void> {
    const paths = new Set(files.map((file) => file.path));
    for (const path of this.#seen.keys()) if (!paths.has(path)) this.#seen.delete(path);
    const gone: number[] = [];
    const now = monotonicMs();
    for (const [fileId, known] of this.#known ?? []) {
      if (present.has(fileId)) known.missingSince = null;
      else if (known.missingSince === null) known.missingSince = now;
      else if (now - known.missingSince > GONE_AFTER_MS && this.#unreadable.size === 0) gone.push(fileId);
    }
    if (gone.length === 0) return;
    await forgetPositions(this.#parts.db, gone);
    for (const fileId of gone) {
      const known = this.#known?.get(fileId);
      this.#known?.delete(fileId);
      const lost = known ? known.size - known.position.position : 0;
      if (known && lost > 0) {
        this.#lostBytes += lost;
        this.#parts.log.warn({ part: known.position.unit, bytes: lost }, 'A log file was removed before all of it was collected');
      }
    }
  }
}

/** The log folder of a data folder. */
export function logFolderOf(dataDir: string): string {
  return join(dataDir, 'logs');
}
