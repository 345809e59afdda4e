/** The lane of imports: file after file, window after window, each with its place in one transaction; then the quality rules over what came in. */
import { readFile, stat } from 'node:fs/promises';
import type { ImportView, ImportWish } from '#app/contracts/bulk.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { backoffMs, isTransient } from '#chassis/clock.ts';
import { crashPoint } from '#chassis/crash-point.ts';
import type { Db } from '#chassis/db.ts';
import { withBulkTx, type BulkOptions, type BulkTx } from '#chassis/db-bulk.ts';
import type { Logger } from '#chassis/log.ts';
import { DEFECTS, type CsvWindow } from '../research/csv.ts';
import { newestComplete } from './backfill.ts';
import { ensureMonths, writeBars, type BarSeries, type Written } from './bulk.ts';
import { actionsOfFactors, actionsOfMap, storeActions, type ToldAction } from './import-actions.ts';
import { dialectSchema, tickerOfFile, type Dialect } from './import-dialect.ts';
import { lineWindows, WINDOW_BYTES, type ImportSource, type LineWindow } from './import-files.ts';
import { rowReader, understand } from './import-read.ts';
import { openRefused, refusedFile, type RefusedRow, type RefusedRows } from './import-refused.ts';
import { startLoop, type WorkLoop } from './work-loop.ts';

/** What the lane works with. `folder`: for what is kept aside; `judge`: the quality rules over what came in; `isBusy`: live bars wait for the book; `point`: a named place where a test may end it. */
export type ImportParts = {
  readonly db: Db; readonly bulk: BulkOptions; readonly folder: string; readonly log: Logger; readonly signal: AbortSignal; readonly isBusy: () => boolean; readonly hasRoom: () => boolean;
  readonly judge: (importId: string) => Promise<ImportView['quality']>; readonly onFatal: (error: unknown) => void; readonly windowBytes?: number; readonly point?: (name: string) => void | Promise<void>;
};
/** The running lane. `wake`: something was wanted or steered. */
export type ImportLane = { wake(): void; stop(): Promise<void> };

const LOOK_EVERY_MS = 2_000;
const BUSY_LOOK_MS = 20;
/** Live bars go first, but a feed that never rests does not keep an import from its next window for longer. */
const BUSY_PATIENCE_MS = 200;
const BAD_KEPT = 20;
/** When more than half of so many first rows cannot be used, the file is not what it seems. */
const JUDGED_ROWS = 1_000;
const MAX_ACTIONS_BYTES = 4_000_000;
const KEPT_DAYS = 180;
const CONFLICT_TRIES = 5;
const RETRY = { baseMs: 500, capMs: 30_000 };

type Job = { import_id: string; wish: ImportWish; refused_bytes: number };
type FileRow = { n: number; path: string; entry: string | null; dialect: unknown; told_bytes: number; told_ms: number; bytes_done: number; lines_done: number; rows: number; refused: number };
/** The import was paused or canceled, or the lane stops: what was written stays. */
class Halted extends Error {}

const nameOf = (file: FileRow): string => (file.entry === null ? file.path : `${file.path} > ${file.entry}`);

class Lane {
  private readonly parts: ImportParts & { readonly point: (name: string) => void | Promise<void> };
  private readonly loop: WorkLoop;
  private failures = 0;

  constructor(parts: ImportParts, loop: WorkLoop) {
    this.parts = { ...parts, point: parts.point ?? crashPoint };
    this.loop = loop;
  }

  async run(): Promise<void> {
    const { db } = this.parts;
    await db.query(`DELETE FROM data_ingestion.imports WHERE ended_at < clock_timestamp() - make_interval(days => $1)`, [KEPT_DAYS]);
    while (!this.loop.isEnding()) {
      const [job] = await db.query<Job>(
        `UPDATE data_ingestion.imports SET state = 'running', started_at = coalesce(started_at, clock_timestamp()), updated_at = clock_timestamp()
         WHERE import_id = (SELECT import_id FROM data_ingestion.imports WHERE state IN ('waiting', 'running') ORDER BY created_at LIMIT 1) AND state IN ('waiting', 'running') RETURNING import_id, wish, refused_bytes`);
      if (!job) await this.loop.pause(LOOK_EVERY_MS);
      else await this.work(job);
    }
  }

  private async work(job: Job): Promise<void> {
    const refused = openRefused(refusedFile(this.parts.folder, job.import_id), job.refused_bytes);
    try {
      const files = await this.parts.db.query<FileRow>(
        `SELECT n, path, entry, dialect, told_bytes, told_ms, bytes_done, lines_done, rows, refused FROM data_ingestion.import_files WHERE import_id = $1 AND state IN ('waiting', 'running') ORDER BY n`, [job.import_id]);
      for (const file of files) await this.file(job, file, refused);
      await this.finish(job);
    } catch (error) {
      if (error instanceof Halted || this.loop.isEnding()) return;
      await this.trouble(job, error);
    } finally {
      await refused.close();
    }
  }

  /** An import is nobody's bread: what it meets that is no matter of a file ends or delays it, and never the service that brings live bars. Without the book that one ends anyway. */
  private async trouble(job: Job, error: unknown): Promise<void> {
    if (error instanceof AppError && error.code === 'DATABASE_UNREACHABLE') throw error;
    const problem = describeError(error);
    if (isTransient(error)) {
      this.parts.log.warn({ importId: job.import_id, error: problem }, 'An import is tried again');
      await this.parts.db.query(`UPDATE data_ingestion.imports SET problem = $2, updated_at = clock_timestamp() WHERE import_id = $1 AND state = 'running'`, [job.import_id, problem.slice(0, 500)]);
      await this.loop.pause(backoffMs(this.failures, RETRY));
      this.failures += 1;
      return;
    }
    this.parts.log.error({ importId: job.import_id, error: problem }, 'An import has failed');
    await this.parts.db.query(`UPDATE data_ingestion.imports SET state = 'failed', problem = $2, updated_at = clock_timestamp(), ended_at = clock_timestamp() WHERE import_id = $1 AND state = 'running'`,
      [job.import_id, `It cannot go on (${problem.slice(0, 400)}). What is stored stays; resume it when that is mended`]);
  }

  /** One file. What a file may hold ends the file, never the import; what the computer or the book does ends the lane. */
  private async file(job: Job, file: FileRow, refused: RefusedRows): Promise<void> {
    try {
      const source = await this.source(file);
      const { kind, dialect, problem } = file.dialect === null ? await understand(source, job.wish) : { kind: 'bars' as const, dialect: dialectSchema.parse(file.dialect), problem: null };
      if (problem !== null) throw new AppError('INPUT_INVALID', problem);
      await this.mark(job, file, { kind, dialect, state: kind === 'other' ? 'skipped' : 'running' });
      if (kind === 'factors' || kind === 'map') await this.actions(job, file, kind);
      else if (dialect !== null) await this.bars(job, file, { source, dialect, refused });
    } catch (error) {
      if (!(error instanceof AppError) || error.family !== 'invalid') throw error;
      await this.mark(job, file, { state: 'failed', problem: error.message });
    }
  }

  /** The file as it was when the import began. @throws AppError INPUT_INVALID when it is another one now */
  private async source(file: FileRow): Promise<ImportSource> {
    const now = await stat(file.path).catch((error: unknown) => {
      throw new AppError('INPUT_INVALID', `${file.path}: it cannot be read any more (${describeError(error)})`, { cause: error });
    });
    if (Math.trunc(now.mtimeMs) !== file.told_ms || (file.entry === null && now.size !== file.told_bytes)) throw new AppError('INPUT_INVALID', `${file.path}: it was changed while it was imported. Import it again: what is known stays as it is`);
    return { path: file.path, entry: file.entry, bytes: file.told_bytes, changedMs: file.told_ms };
  }

  private async mark(job: Job, file: FileRow, change: { kind?: string; dialect?: Dialect | null; state: string; problem?: string }): Promise<void> {
    await this.parts.db.query(
      `UPDATE data_ingestion.import_files SET kind = coalesce($3, kind), dialect = coalesce($4::jsonb, dialect), state = $5, problem = $6 WHERE import_id = $1 AND n = $2`,
      [job.import_id, file.n, change.kind ?? null, change.dialect ? JSON.stringify(change.dialect) : null, change.state, change.problem?.slice(0, 1_000) ?? null]);
  }

  private async actions(job: Job, file: FileRow, kind: 'factors' | 'map'): Promise<void> {
    if (file.told_bytes > MAX_ACTIONS_BYTES || file.entry !== null) throw new AppError('INPUT_INVALID', `${nameOf(file)}: factors and maps are read from small files of their own. Unpack it`);
    const symbol = job.wish.symbol ?? tickerOfFile(file.path);
    if (symbol === null) throw new AppError('INPUT_INVALID', `${file.path}: its name tells no ticker. Name it after one, such as aapl.csv`);
    const text = await readFile(file.path, 'utf8');
    const { actions, skipped }: { actions: ToldAction[]; skipped: string[] } = kind === 'map' ? { actions: actionsOfMap(text), skipped: [] } : actionsOfFactors(text, symbol);
    await this.parts.db.tx(async (tx) => {
      const stored = await storeActions(tx, actions);
      await tx.query(
        `UPDATE data_ingestion.import_files SET state = 'done', actions = $3, symbols = $4, problem = $5 WHERE import_id = $1 AND n = $2`,
        [job.import_id, file.n, stored, [symbol], skipped.length === 0 ? null : `${skipped.length} dividends could not be told in dollars, for the close before them is not in the file: ${skipped.slice(0, 5).join(', ')}`]);
    });
  }

  private async turn(job: Job): Promise<void> {
    const since = performance.now();
    while (!this.parts.hasRoom() || (this.parts.isBusy() && performance.now() - since < BUSY_PATIENCE_MS)) {
      if (this.loop.isEnding()) throw new Halted();
      await this.loop.pause(BUSY_LOOK_MS);
    }
    if (this.loop.isEnding()) throw new Halted();
    const [row] = await this.parts.db.query<{ state: string }>('SELECT state FROM data_ingestion.imports WHERE import_id = $1', [job.import_id]);
    if (row?.state !== 'running') throw new Halted();
  }

  private async bars(job: Job, file: FileRow, { source, dialect, refused }: { source: ImportSource; dialect: Dialect; refused: RefusedRows }): Promise<void> {
    let pending: RefusedRow[] = [];
    const read = rowReader(dialect, file.bytes_done, {
      firstLine: file.bytes_done === 0 ? dialect.headerLines + 1 : file.lines_done + 1,
      onDefect: ({ line, reason, text }) => pending.push({ file: nameOf(file), line, reason: DEFECTS[reason], text }),
    });
    let [rows, bad] = [file.rows, file.refused];
    for await (const window of lineWindows(source, file.bytes_done, this.parts.windowBytes ?? WINDOW_BYTES)) {
      await this.turn(job);
      const content = read(window.bytes);
      rows += content.rows;
      bad += pending.length;
      if (rows >= JUDGED_ROWS || window.packed >= source.bytes) {
        if (bad > rows / 2) throw new AppError('INPUT_INVALID', `${bad} of the first ${rows} rows cannot be used, the first one in line ${pending[0]?.line ?? 1}: it ${pending[0]?.reason ?? 'cannot be read'}. Say how the file is to be read (preview shows how it is understood)`);
      }
      await refused.add(pending);
      await this.write(job, file, { window, content, dialect, pending, refused });
      pending = [];
      await this.parts.point('import:window stored');
    }
    await this.mark(job, file, { state: 'done' });
  }

  /** Bars, places and counts of a window in one transaction. */
  private async write(job: Job, file: FileRow, { window, content, dialect, pending, refused }: { window: LineWindow; content: CsvWindow; dialect: Dialect; pending: readonly RefusedRow[]; refused: RefusedRows }): Promise<void> {
    const { timeframe } = dialect;
    const series: BarSeries[] = timeframe === null ? [] : content.series.flatMap(({ symbol, bars }) => (bars.time.length === 0 ? [] : [{ symbol: symbol ?? dialect.symbol ?? '', timeframe, bars }]));
    const ends = series.flatMap(({ bars }) => ('time' in bars ? [bars.time[0] as number, bars.time.at(-1) as number] : []));
    await ensureMonths(this.parts.db, Math.min(...ends), Math.max(...ends));
    for (let attempt = 1; ; attempt += 1) {
      try {
        await withBulkTx(this.parts.bulk, async (tx) => {
          await knowSymbols(tx, series.map(({ symbol }) => symbol));
          const written = await writeBars(tx, series, { source: 'import', policy: job.wish.policy, tsSeen: Date.now(), detail: { importId: job.import_id }, newestOf: (width) => newestComplete(Date.now() as EpochMs, width) });
          await this.place(tx, job, { file, window, content, written, pending, refused, symbols: series.map(({ symbol }) => symbol) });
          await this.parts.point('import:before commit');
        });
        return;
      } catch (error) {
        // Somebody wrote the same bars: the same window again meets them as known.
        if (!(error instanceof AppError) || error.code !== 'VERSION_CONFLICT' || attempt >= CONFLICT_TRIES) throw error;
      }
    }
  }

  private async place(tx: BulkTx, job: Job, { file, window, content, written, pending, refused, symbols }: { file: FileRow; window: LineWindow; content: CsvWindow; written: Written; pending: readonly RefusedRow[]; refused: RefusedRows; symbols: readonly string[] }): Promise<void> {
    await tx.query(
      `UPDATE data_ingestion.import_files SET bytes_done = $3, packed_done = least(told_bytes, $4), lines_done = $5, rows = rows + $6, stored = stored + $7, known = known + $8, differing = differing + $9, replaced = replaced + $10, refused = refused + $11,
         symbols = (SELECT coalesce(array_agg(DISTINCT symbol ORDER BY symbol), '{}') FROM unnest(symbols || $12::text[]) AS symbol), bad = CASE WHEN jsonb_array_length(bad) >= ${BAD_KEPT} THEN bad ELSE bad || $13::jsonb END
       WHERE import_id = $1 AND n = $2`,
      [job.import_id, file.n, window.end, window.packed, content.lastLine, content.rows, written.stored, written.known, written.differing, written.replaced, pending.length + written.refused, symbols,
        JSON.stringify(pending.slice(0, BAD_KEPT).map(({ line, reason, text }) => ({ line, reason, text: text.slice(0, 200) })))]);
    const moved = await tx.query(`UPDATE data_ingestion.imports SET refused_bytes = $2, updated_at = clock_timestamp() WHERE import_id = $1 AND state = 'running' RETURNING 1`, [job.import_id, refused.bytes]);
    if (moved.length === 0) throw new Halted();
    this.failures = 0;
  }

  /** All files have ended: the rules look at what came in, then the import has. */
  private async finish(job: Job): Promise<void> {
    const { db, log } = this.parts;
    let unjudged: string | null = null;
    const quality = await this.parts.judge(job.import_id).catch((error: unknown) => {
      if (this.loop.isEnding() || isTransient(error)) throw error;
      unjudged = `The quality rules could not look at what came in (${describeError(error).slice(0, 300)})`;
      log.error({ importId: job.import_id, error: describeError(error) }, 'What was imported could not be looked at');
      return null;
    });
    const [counts] = await db.query<{ failed: number; total: number; problem: string | null }>(
      `SELECT count(*) FILTER (WHERE state = 'failed') AS failed, count(*) AS total, min(problem) FILTER (WHERE state = 'failed') AS problem FROM data_ingestion.import_files WHERE import_id = $1`, [job.import_id]);
    const failed = counts?.failed ?? 0;
    const total = counts?.total ?? 0;
    const problem = failed === 0 ? unjudged : failed === 1 && total === 1 ? counts?.problem : `${failed} of ${total} files could not be imported; the list of files says why`;
    await db.query(`UPDATE data_ingestion.imports SET state = $2, problem = $3, quality = $4::jsonb, updated_at = clock_timestamp(), ended_at = clock_timestamp() WHERE import_id = $1 AND state = 'running'`,
      [job.import_id, failed === total && total > 0 ? 'failed' : 'done', problem ?? null, JSON.stringify(quality)]);
    log.info({ importId: job.import_id, files: total, failed }, 'An import has ended');
  }
}

/** Symbols that nobody has told of yet: bars of them are looked at and tested on; they cannot be traded. */
async function knowSymbols(tx: BulkTx, symbols: readonly string[]): Promise<void> {
  await tx.query(
    `INSERT INTO data_ingestion.symbols (symbol, name, exchange, is_tradable, is_fractionable, is_shortable, is_watched, status)
     SELECT DISTINCT symbol, symbol, 'import', false, false, false, false, 'inactive' FROM unnest($1::text[]) AS symbol ORDER BY symbol ON CONFLICT DO NOTHING`, [symbols]);
}

/** Starts the lane. It takes up what waits or was running when the process before ended. */
export function startImports(parts: ImportParts): ImportLane {
  return startLoop(parts, (loop) => new Lane(parts, loop).run());
}
