/** The lane that fills the past: page by page beside the live stream, never in its way, going on where it stopped. */
import type { BarWire } from '#app/domain/bar.ts';
import { AppError, describeError, invariant } from '#app/domain/errors.ts';
import { timeframeMs, DAY_MS, MINUTE_MS, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import { backoffMs, isTransient } from '#chassis/clock.ts';
import { crashPoint } from '#chassis/crash-point.ts';
import { at, type Db } from '#chassis/db.ts';
import { withBulkTx, type BulkOptions, type BulkTx } from '#chassis/db-bulk.ts';
import type { Logger } from '#chassis/log.ts';
import type { MarketHistory } from '../alpaca/ports.ts';
import { ensureMonths, writeBars, type BarSeries } from './bulk.ts';
import { startLoop, type WorkLoop } from './work-loop.ts';

/** What the lane works with. `isBusy`: the live stream, or whoever repairs it, wants the broker or the book now. `onDone`: a back-fill is complete; `point`: a named place where a test may end it. */
export type BackfillParts = {
  readonly db: Db; readonly bulk: BulkOptions; readonly history: Pick<MarketHistory, 'bars'>; readonly log: Logger; readonly signal: AbortSignal; readonly monotonicMs: () => number;
  readonly isBusy: () => boolean; readonly hasRoom: () => boolean; readonly onFatal: (error: unknown) => void; readonly onDone?: () => void; readonly pagesPerMinute?: number; readonly point?: (name: string) => void | Promise<void>;
};

/** The running lane. `wake`: something was wanted or steered. */
export type BackfillLane = { wake(): void; stop(): Promise<void> };

/** Of the 200 requests a minute that the broker grants, so many are for the past; the rest is for repairs and the flows. */
const PAGES_PER_MINUTE = 100;
const MINUTE_OF_MONOTONIC_MS = 60_000;
const LOOK_EVERY_MS = 2_000;
const BUSY_LOOK_MS = 50;
/** A feed that never rests does not keep the past from its next page for longer. */
const BUSY_PATIENCE_MS = 2_000;
/** Bars in one answer of the broker at most, and how many answers a group of symbols may take. */
const PAGE_BARS = 10_000;
const PAGES_OF_GROUP = 20;
const MAX_GROUP = 100;
/** Minutes of a day on which liquid symbols have bars: extended hours and regular ones. */
const MINUTES_A_DAY = 16 * 60;
const RETRY = { baseMs: 500, capMs: 30_000 };
/** An answer that cannot be used is asked for again so often; then a person is told. */
const MAX_BAD_ANSWERS = 3;
const KEPT_DAYS = 180;

type Job = { backfill_id: string; timeframe: Timeframe; from_time: number; to_time: number };
type Series = { symbol: string; next_time: number };
/** The back-fill was paused, canceled or the lane stops: what was written stays, nothing else happens. */
class Halted extends Error {}

/** Checks that pages follow each other as the broker promises: symbol by symbol, times going forward, nothing that was not asked for. A repeated page, or one of another question, is told. */
export function pageChecker(symbols: readonly string[], from: number, to: number): (page: readonly BarWire[]) => void {
  const asked = new Set(symbols);
  const over = new Set<string>();
  let current: string | null = null;
  let newest = -Infinity;
  return (page) => {
    for (const bar of page) {
      if (!asked.has(bar.symbol)) throw new AppError('BROKER_REPLY_INVALID', `The broker answered with bars of ${bar.symbol}, which was not asked for`);
      if (bar.symbol !== current) {
        if (over.has(bar.symbol)) throw new AppError('BROKER_REPLY_INVALID', `The broker gave bars of ${bar.symbol} a second time: it repeats a page`);
        if (current !== null) over.add(current);
        [current, newest] = [bar.symbol, -Infinity];
      }
      if (bar.openTime <= newest) throw new AppError('BROKER_REPLY_INVALID', `The broker's bars of ${bar.symbol} go back in time: it repeats a page, or half of one`);
      if (bar.openTime < from || bar.openTime > to) throw new AppError('BROKER_REPLY_INVALID', `The broker answered with a bar of ${bar.symbol} outside of the time that was asked for`);
      newest = bar.openTime;
    }
  };
}

/** A sliding window over the last minute: 0 when the next page may be asked for, else how long to wait. */
function createPace(perMinute: number, monotonicMs: () => number): { waitMs(): number; take(): void } {
  const taken: number[] = [];
  return {
    waitMs() {
      while (taken[0] !== undefined && monotonicMs() - taken[0] >= MINUTE_OF_MONOTONIC_MS) taken.shift();
      return taken.length < perMinute ? 0 : Math.max(1, (taken[0] ?? 0) + MINUTE_OF_MONOTONIC_MS - monotonicMs());
    },
    take: () => void taken.push(monotonicMs()),
  };
}

/** About how many bars a symbol has in a stretch. */
function expectedBars(timeframe: Timeframe, spanMs: number): number {
  const tradingDays = (spanMs / DAY_MS) * (5 / 7) + 1;
  return timeframe === '1Day' ? tradingDays : tradingDays * Math.ceil((MINUTES_A_DAY * MINUTE_MS) / timeframeMs(timeframe));
}

class Lane {
  private readonly parts: BackfillParts & { readonly point: (name: string) => void | Promise<void> };
  private readonly pace: ReturnType<typeof createPace>;
  private readonly loop: WorkLoop;
  private told: string | null = null;

  constructor(parts: BackfillParts, loop: WorkLoop) {
    this.parts = { ...parts, point: parts.point ?? crashPoint };
    this.loop = loop;
    this.pace = createPace(parts.pagesPerMinute ?? PAGES_PER_MINUTE, parts.monotonicMs);
  }

  async run(): Promise<void> {
    await this.parts.db.query(`DELETE FROM data_ingestion.backfills WHERE ended_at < clock_timestamp() - make_interval(days => $1)`, [KEPT_DAYS]);
    while (!this.loop.isEnding()) {
      const job = await this.next();
      if (job === null) await this.loop.pause(LOOK_EVERY_MS);
      else await this.work(job);
    }
  }

  /** The one that has got least so far: a short wish does not wait for a long one to end. */
  private async next(): Promise<Job | null> {
    const [job] = await this.parts.db.query<Job>(
      `UPDATE data_ingestion.backfills SET state = 'running', started_at = coalesce(started_at, clock_timestamp()), updated_at = clock_timestamp()
       WHERE backfill_id = (SELECT backfill_id FROM data_ingestion.backfills WHERE state IN ('waiting', 'running') ORDER BY pages, created_at LIMIT 1) AND state IN ('waiting', 'running')
       RETURNING backfill_id, timeframe, from_time, to_time`);
    return job ?? null;
  }

  /** One group of symbols, with as many tries as it takes. */
  private async work(job: Job): Promise<void> {
    let isSingle = false;
    for (let [failures, bad] = [0, 0]; !this.loop.isEnding(); ) {
      const group = await this.group(job, isSingle);
      if (group.length === 0) return this.finish(job);
      try {
        await this.read(job, group);
        await this.tell(job, null);
        return;
      } catch (error) {
        if (error instanceof Halted || this.loop.isEnding()) return;
        if (error instanceof AppError && error.code === 'BROKER_REJECTED') {
          if (group.length === 1) return this.refuse(job, group, error.message);
          isSingle = true;
          continue;
        }
        if (error instanceof AppError && error.code === 'BROKER_REPLY_INVALID') {
          bad += 1;
          if (bad >= MAX_BAD_ANSWERS) return this.fail(job, error.message);
        } else if (!isWaitable(error)) {
          // The past is nobody's bread: it never ends the service that brings live bars. Without the book that one ends anyway.
          if (error instanceof AppError && error.code === 'DATABASE_UNREACHABLE') throw error;
          return this.fail(job, `It cannot go on (${describeError(error)}). What is stored stays; resume it when that is mended`);
        }
        this.parts.log.warn({ backfillId: job.backfill_id, error: describeError(error) }, 'A page of the past could not be read');
        await this.tell(job, describeError(error));
        await this.loop.pause(backoffMs(failures, RETRY));
        failures += 1;
      }
    }
  }

  /** A series that is stored in part goes on alone; else as many as make a handful of pages. */
  private async group(job: Job, isSingle: boolean): Promise<Series[]> {
    const perSymbol = expectedBars(job.timeframe, job.to_time - job.from_time);
    const size = isSingle ? 1 : Math.min(MAX_GROUP, Math.max(1, Math.floor((PAGE_BARS * PAGES_OF_GROUP) / perSymbol)));
    const rows = await this.parts.db.query<Series>(
      `SELECT symbol, next_time FROM data_ingestion.backfill_series WHERE backfill_id = $1 AND state = 'waiting' ORDER BY next_time > $2::timestamptz DESC, symbol COLLATE "C" LIMIT $3`, [job.backfill_id, at(job.from_time), size]);
    return rows[0] !== undefined && rows[0].next_time > job.from_time ? rows.slice(0, 1) : rows;
  }

  /** Waits for its turn: the pace, room on the disk, and everyone who is more urgent. */
  private async turn(job: Job): Promise<void> {
    const { monotonicMs } = this.parts;
    const since = monotonicMs();
    for (;;) {
      if (this.loop.isEnding()) throw new Halted();
      const waitMs = this.pace.waitMs();
      const why = !this.parts.hasRoom() ? 'the disk is full' : this.parts.isBusy() && monotonicMs() - since < BUSY_PATIENCE_MS ? 'the live bars go first' : waitMs > 0 ? 'the broker grants only so many requests a minute' : null;
      if (why === null) break;
      if (why !== 'the live bars go first') await this.tell(job, why);
      await this.loop.pause(why.startsWith('the live') ? BUSY_LOOK_MS : Math.max(BUSY_LOOK_MS, Math.min(waitMs, LOOK_EVERY_MS)));
    }
    this.pace.take();
  }

  private async read(job: Job, group: readonly Series[]): Promise<void> {
    const [first] = group;
    invariant(first, 'A group of a back-fill has a symbol');
    const symbols = group.map(({ symbol }) => symbol);
    const check = pageChecker(symbols, first.next_time, job.to_time);
    const pages = this.parts.history.bars({ symbols, timeframe: job.timeframe, start: first.next_time as EpochMs, end: job.to_time as EpochMs })[Symbol.asyncIterator]();
    try {
      for (;;) {
        await this.turn(job);
        const page = await pages.next();
        if (page.done === true) break;
        check(page.value);
        await this.store(job, page.value);
        await this.parts.point('backfill:page stored');
      }
    } finally {
      await pages.return?.();
    }
    await this.close(job, symbols);
  }

  /** A page and the new places of its series, in one transaction. The last symbol may go on in the next page; those before it are through. */
  private async store(job: Job, page: readonly BarWire[]): Promise<void> {
    const series = new Map<string, BarWire[]>();
    for (const bar of page) {
      const known = series.get(bar.symbol);
      if (known) known.push(bar);
      else series.set(bar.symbol, [bar]);
    }
    const all: BarSeries[] = [...series].map(([symbol, bars]) => ({ symbol, timeframe: job.timeframe, bars }));
    const times = page.map(({ openTime }) => openTime);
    await ensureMonths(this.parts.db, Math.min(...times), Math.max(...times));
    await withBulkTx(this.parts.bulk, async (tx) => {
      const counts = await writeBars(tx, all, { source: 'backfill', policy: 'keep', tsSeen: Date.now(), detail: { backfillId: job.backfill_id } });
      const places = [...series].map(([symbol, bars], n) => ({ symbol, bars: bars.length, next: (bars.at(-1)?.openTime ?? 0) + 1, isDone: n < series.size - 1 }));
      await this.move(tx, job, places);
      const moved = await tx.query(
        `UPDATE data_ingestion.backfills SET stored = stored + $2, known = known + $3, refused = refused + $4, pages = pages + 1, waits_for = NULL, updated_at = clock_timestamp() WHERE backfill_id = $1 AND state = 'running' RETURNING 1`,
        [job.backfill_id, counts.stored, counts.known, counts.refused]);
      if (moved.length === 0) throw new Halted();
      await this.parts.point('backfill:before commit');
    });
    this.told = null;
  }

  private async move(tx: BulkTx, job: Job, places: readonly { symbol: string; bars: number; next: number; isDone: boolean }[]): Promise<void> {
    await tx.query(
      `UPDATE data_ingestion.backfill_series s SET next_time = to_timestamp(p.next_ms / 1000.0), stored = s.stored + p.bars, state = CASE WHEN p.is_done THEN 'done' ELSE s.state END
       FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::boolean[]) AS p(symbol, next_ms, bars, is_done) WHERE s.backfill_id = $1 AND s.symbol = p.symbol`,
      [job.backfill_id, places.map((p) => p.symbol), places.map((p) => p.next), places.map((p) => p.bars), places.map((p) => p.isDone)]);
  }

  /** The broker has answered all: what came has an end, what did not come has none. An empty answer is no error: the broker keeps minutes for a short past only. */
  private async close(job: Job, symbols: readonly string[]): Promise<void> {
    await this.parts.db.query(
      `UPDATE data_ingestion.backfill_series s SET state = CASE WHEN s.stored > 0 THEN 'done' WHEN EXISTS (SELECT FROM data_ingestion.symbols k WHERE k.symbol = s.symbol AND k.asset_id IS NOT NULL) THEN 'empty' ELSE 'unknown' END,
         problem = CASE WHEN s.stored = 0 AND NOT EXISTS (SELECT FROM data_ingestion.symbols k WHERE k.symbol = s.symbol AND k.asset_id IS NOT NULL) THEN 'The broker does not list it and has no bars of it' END
       WHERE s.backfill_id = $1 AND s.symbol = ANY($2::text[]) AND s.state = 'waiting'`, [job.backfill_id, symbols]);
  }

  private async refuse(job: Job, group: readonly Series[], problem: string): Promise<void> {
    await this.parts.db.query(`UPDATE data_ingestion.backfill_series SET state = 'refused', problem = $3 WHERE backfill_id = $1 AND symbol = ANY($2::text[])`, [job.backfill_id, group.map(({ symbol }) => symbol), problem.slice(0, 300)]);
  }

  /** Nothing waits any more. When every single question was refused, that is a failure. */
  private async finish(job: Job): Promise<void> {
    const [row] = await this.parts.db.query<{ problem: string | null; others: number }>(
      `SELECT min(problem) FILTER (WHERE state = 'refused') AS problem, count(*) FILTER (WHERE state <> 'refused') AS others FROM data_ingestion.backfill_series WHERE backfill_id = $1`, [job.backfill_id]);
    if (row?.problem && row.others === 0) return this.fail(job, row.problem);
    await this.parts.db.query(`UPDATE data_ingestion.backfills SET state = 'done', waits_for = NULL, updated_at = clock_timestamp(), ended_at = clock_timestamp() WHERE backfill_id = $1 AND state = 'running'`, [job.backfill_id]);
    this.parts.log.info({ backfillId: job.backfill_id }, 'A back-fill is complete');
    this.parts.onDone?.();
  }

  private async fail(job: Job, problem: string): Promise<void> {
    await this.parts.db.query(`UPDATE data_ingestion.backfills SET state = 'failed', problem = $2, waits_for = NULL, updated_at = clock_timestamp(), ended_at = clock_timestamp() WHERE backfill_id = $1 AND state = 'running'`, [job.backfill_id, problem.slice(0, 500)]);
    this.parts.log.error({ backfillId: job.backfill_id, problem }, 'A back-fill has failed');
  }

  /** Says why nothing moves, once per reason. */
  private async tell(job: Job, reason: string | null): Promise<void> {
    if (this.told === reason) return;
    this.told = reason;
    await this.parts.db.query('UPDATE data_ingestion.backfills SET waits_for = $2, updated_at = clock_timestamp() WHERE backfill_id = $1', [job.backfill_id, reason?.slice(0, 300) ?? null]);
  }
}

/** What another try may mend: a broker that is away or refuses the keys until a person gives others, a transaction that somebody else was ahead of. */
function isWaitable(error: unknown): boolean {
  return error instanceof AppError && error.code !== 'DATABASE_UNREACHABLE' && (isTransient(error) || error.code === 'BROKER_KEYS_REJECTED');
}

/** Starts the lane. It takes up what waits or was running when the process before ended. */
export function startBackfills(parts: BackfillParts): BackfillLane {
  return startLoop(parts, (loop) => new Lane(parts, loop).run());
}
