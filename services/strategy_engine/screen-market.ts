/** The market that screens look at: every symbol of a universe with its columns in shared memory, loaded again only where the book has changed. */
import { barColumns, sliceColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { SPARK_BARS, type ScreenDefinition } from '#app/contracts/screener.ts';
import { AppError } from '#app/domain/errors.ts';
import type { Timeframe } from '#app/domain/time.ts';
import { timedBars } from '#app/backtest/run/sessions.ts';
import { adjustColumns, factorOn, type Factor } from '#app/market/adjustment.ts';
import type { SymbolFacts } from '#app/screener/program.ts';
import { withBulkTx } from '#chassis/db-bulk.ts';
import { monthStart } from '../research/archived-bars.ts';
import { factorsOfSymbols } from '../research/cache-state.ts';
import type { CachedBars } from '../research/cache.ts';
import { lastBefore } from '../research/screen-part.ts';
import type { ScreenSubject } from '../research/screen-work.ts';
import type { BarSource } from './backtest-bars.ts';

/**
 * A market as it is held. `name` differs when any of it does; `factors` by place: what the columns were freed of; `failed`: symbols whose bars cannot be looked at, and why;
 * `complaints`: what was not as it should be while it was loaded.
 */
export type ScreenMarket = {
  readonly name: string; readonly subjects: readonly ScreenSubject[]; readonly factors: ReadonlyMap<number, readonly Factor[]>;
  readonly failed: readonly { readonly n: number; readonly reason: string }[]; readonly complaints: readonly string[];
};

/** What to load. `needed`: bars that the formulas look back; `past`: the end of a past day (epoch ms, exclusive), null for now. */
export type MarketWanted = Pick<ScreenDefinition, 'timeframe' | 'universe'> & { readonly needed: number; readonly past: number | null };

const MAX_SYMBOLS = 20_000;
/** Bytes that columns may take; of a larger market so many of the newest bars of each symbol are held as fit. */
const MAX_BYTES = 480 * 1024 * 1024;
const BAR_BYTES = 48;
/** Bars that are worked on between two turns of the event loop: this thread shows bars to strategies, too, and they must not wait (some 15 ms). */
const TURN_BARS = 20_000;
const FIELDS = ['time', 'open', 'high', 'low', 'close', 'volume'] as const;

type Row = Omit<SymbolFacts, 'symbol'> & { symbol: string; state: string; bars: number };

const UNIVERSE = `
  SELECT i.symbol, coalesce(s.name, i.symbol) AS name, coalesce(s.exchange, '') AS exchange, s.sector, s.industry, coalesce(s.is_tradable, false) AS "isTradable",
    coalesce(s.is_shortable, false) AS "isShortable", coalesce(s.is_fractionable, false) AS "isFractionable", coalesce(s.is_watched, false) AS "isWatched", i.bars_total AS bars,
    concat_ws(':', i.bars_total, (extract(epoch FROM i.last_open_time) * 1000)::bigint, i.revisions, f.state, a.state) AS state
  FROM data_ingestion.ingestion_status i
    LEFT JOIN data_ingestion.symbols s ON s.symbol = i.symbol
    LEFT JOIN LATERAL (SELECT extract(epoch FROM max(computed_at))::text || '/' || count(*) AS state FROM data_ingestion.adjustment_factors WHERE symbol = i.symbol) f ON true
    CROSS JOIN (SELECT coalesce(max(greatest(archived_at, restored_at))::text, '') || '/' || count(*) AS state FROM data_ingestion.archived_months) a
  WHERE i.timeframe = $1 AND ($2::text[] IS NULL OR i.symbol = ANY($2::text[])) AND (NOT $3 OR s.is_watched)
  ORDER BY i.symbol COLLATE "C" LIMIT $4`;

/**
 * Columns of a symbol. `depth`: how far they go back, in bars of the book (Infinity: to the first); `end`: bars that open before it are held (epoch ms; null: all of the newest).
 * `problem`: why there are none.
 */
type Held = { readonly state: string; readonly bars: BarColumns; readonly factors: readonly Factor[]; readonly depth: number; readonly end: number | null; readonly problem: string | null };

const breath = (): Promise<void> => new Promise((done) => setImmediate(done));

/** So many bars of each series fit. Bars by series. */
export function mostBars(series: readonly number[], bytes = MAX_BYTES): number {
  let left = Math.floor(bytes / BAR_BYTES);
  const sorted = series.toSorted((a, b) => a - b);
  for (const [n, bars] of sorted.entries()) {
    const share = Math.floor(left / (sorted.length - n));
    if (bars > share) return share;
    left -= bars;
  }
  return Infinity;
}

/** Rows in batches of so many bars, a longer series by itself. */
function turns(rows: readonly Row[]): Row[][] {
  const found: Row[][] = [];
  let bars = Infinity;
  for (const row of rows) {
    bars += row.bars;
    if (bars > TURN_BARS) {
      found.push([row]);
      bars = row.bars;
    } else found.at(-1)?.push(row);
  }
  return found;
}

/** Pieces behind each other, on one piece of shared memory. */
function shared(pieces: readonly BarColumns[]): BarColumns {
  const length = pieces.reduce((sum, piece) => sum + piece.time.length, 0);
  const memory = new SharedArrayBuffer(length * BAR_BYTES);
  const column = (n: number): Float64Array => new Float64Array(memory, n * length * 8, length);
  const all: BarColumns = { time: column(0), open: column(1), high: column(2), low: column(3), close: column(4), volume: column(5) };
  let at = 0;
  for (const piece of pieces) {
    for (const field of FIELDS) all[field].set(piece[field], at);
    at += piece.time.length;
  }
  return all;
}

/** The stretch to hold: up to the end of the past day, or the newest. Before a month that lies in a file that cannot be read there is nothing to compare with: only what is behind it counts. */
function stretchOf({ bars, missing }: CachedBars, most: number, past: number | null): { readonly bars: BarColumns; readonly depth: number; readonly end: number | null } {
  const gap = missing.reduce((latest, month) => Math.max(latest, monthStart(month, 1)), -Infinity);
  const first = lastBefore(bars, gap) + 1;
  if (bars.time.length - first <= most) return { bars: sliceColumns(bars, first, bars.time.length), depth: Infinity, end: null };
  const end = Math.max(first, lastBefore(bars, past) + 1);
  const from = Math.max(first, end - most);
  return { bars: sliceColumns(bars, from, end), depth: from === first ? Infinity : end - from, end: past };
}

/** Keeps the columns of the market that was screened last, one timeframe at a time. `forget`: is told before memory is freed, so that nobody else holds it. One load at a time. */
export class ScreenMarkets {
  private readonly source: BarSource;
  private readonly forget: () => void;
  private readonly held = new Map<string, Held>();
  private timeframe: Timeframe | null = null;
  private last: { readonly key: string; readonly market: ScreenMarket } | null = null;
  private count = 0;

  constructor(source: BarSource, forget: () => void) {
    [this.source, this.forget] = [source, forget];
  }

  /** Frees all memory; the next screen loads again. */
  clear(): void {
    this.held.clear();
    this.last = null;
    this.forget();
  }

  /** The universe of a definition as it stands in the book. @throws AppError INPUT_TOO_LARGE for more symbols than fit with the bars that the formulas look back */
  async load(wanted: MarketWanted): Promise<ScreenMarket> {
    const { timeframe, universe } = wanted;
    const rows = await this.source.db.query<Row>(UNIVERSE, [timeframe, universe.kind === 'symbols' ? universe.symbols : null, universe.kind === 'watched', MAX_SYMBOLS + 1]);
    if (rows.length > MAX_SYMBOLS) throw new AppError('INPUT_TOO_LARGE', `More than ${MAX_SYMBOLS} symbols are more than one screen can hold. Screen a part of them`);
    // One more than the formulas look back: the bar in the making is held, and not looked at.
    const needed = Math.max(wanted.needed, SPARK_BARS) + 1;
    const most = mostBars(rows.map((row) => row.bars));
    if (most < needed) throw new AppError('INPUT_TOO_LARGE', `These formulas look back ${needed} bars, and of ${rows.length} symbols ${most} bars each can be held at once. Screen fewer symbols, or wider bars`);
    if (this.timeframe !== timeframe) this.clear();
    this.timeframe = timeframe;
    const stale = rows.filter((row) => !this.isHeld(row, { needed, past: wanted.past }));
    const key = `${timeframe}|${wanted.past !== null && rows.some((row) => row.bars > most) ? wanted.past : ''}|${JSON.stringify(rows)}`;
    if (stale.length === 0 && this.last?.key === key) return this.last.market;
    const complaints: string[] = [];
    for (const batch of turns(this.makeRoom(rows, stale, most))) complaints.push(...(await this.read(batch, { timeframe, most, past: wanted.past })));
    const market = this.marketOf(rows, complaints);
    // Told once, not by every screen over the same market.
    this.last = { key, market: { ...market, complaints: [] } };
    return market;
  }

  private isHeld(row: Row, { needed, past }: { readonly needed: number; readonly past: number | null }): boolean {
    const held = this.held.get(row.symbol);
    if (held?.state !== row.state) return false;
    const { depth, end, bars } = held;
    if (end !== null && (past === null || end < past)) return false;
    return depth === Infinity || (end === past ? depth >= needed : lastBefore(bars, past) + 1 >= needed);
  }

  /**
   * Before anything is loaded, the threads let go of what is going to be replaced. What is held beside this market goes when both do not fit; when this market alone does not, because
   * some of it was held at greater length, all of it is loaded anew. @returns what is to be loaded
   */
  private makeRoom(rows: readonly Row[], stale: readonly Row[], most: number): readonly Row[] {
    if (stale.length === 0) return stale;
    this.last = null;
    this.forget();
    const toLoad = new Set(stale.map((row) => row.symbol));
    const heldBytes = (symbol: string): number => (this.held.get(symbol)?.bars.time.length ?? 0) * BAR_BYTES;
    const needed = rows.reduce((sum, row) => sum + (toLoad.has(row.symbol) ? Math.min(row.bars, most) * BAR_BYTES : heldBytes(row.symbol)), 0);
    const own = new Set(rows.map((row) => row.symbol));
    const others = [...this.held.keys()].filter((symbol) => !own.has(symbol));
    if (needed + others.reduce((sum, symbol) => sum + heldBytes(symbol), 0) > MAX_BYTES) for (const symbol of others) this.held.delete(symbol);
    for (const symbol of needed > MAX_BYTES ? own : toLoad) this.held.delete(symbol);
    return needed > MAX_BYTES ? rows : stale;
  }

  private marketOf(rows: readonly Row[], complaints: readonly string[]): ScreenMarket {
    const subjects = rows.map(({ state: _state, bars: _bars, ...facts }, n): ScreenSubject => ({ n, facts, bars: this.held.get(facts.symbol)?.bars ?? barColumns(0) }));
    const factors = rows.flatMap(({ symbol }, n) => ((this.held.get(symbol)?.factors.length ?? 0) > 0 ? [[n, this.held.get(symbol)?.factors ?? []] as const] : []));
    const failed = rows.flatMap(({ symbol }, n) => {
      const problem = this.held.get(symbol)?.problem ?? null;
      return problem === null ? [] : [{ n, reason: problem }];
    });
    this.count += 1;
    return { name: `market ${this.count}`, subjects, factors: new Map(factors), failed, complaints };
  }

  /** Loads some series. @returns complaints */
  private async read(rows: readonly Row[], wanted: { readonly timeframe: Timeframe; readonly most: number; readonly past: number | null }): Promise<string[]> {
    const { db, bulk } = this.source;
    const { timeframe, most, past } = wanted;
    const book = { db, bulk: <T>(fn: Parameters<typeof withBulkTx<T>>[1]) => withBulkTx(bulk, fn) };
    const factors = await factorsOfSymbols(db, rows.map(({ symbol }) => symbol));
    const found = await this.source.cache().loadMany(book, rows.map(({ symbol }) => ({ symbol, timeframe })));
    const complaints: string[] = [];
    for (const [at, { symbol, state }] of rows.entries()) {
      const series = found[at];
      if (series === undefined) continue;
      if (series.complaint !== null) complaints.push(series.complaint);
      const stretch = stretchOf(series, most, past);
      const own = factors.get(symbol) ?? [];
      const { pieces, problem } = await regularPieces(stretch.bars, timeframe, own);
      this.held.set(symbol, { ...stretch, state, bars: shared(pieces), factors: own, problem });
    }
    return complaints;
  }
}

/** Bars of regular trading, freed of splits, in pieces between which others have their turn. One symbol whose bars cannot be placed in the calendar is its own problem, not that of the screen. */
async function regularPieces(bars: BarColumns, timeframe: Timeframe, factors: readonly Factor[]): Promise<{ readonly pieces: BarColumns[]; readonly problem: string | null }> {
  const pieces: BarColumns[] = [];
  let problem: string | null = null;
  for (let from = 0; from < bars.time.length; from += TURN_BARS) {
    if (from > 0) await breath();
    const piece = sliceColumns(bars, from, Math.min(bars.time.length, from + TURN_BARS));
    try {
      pieces.push(timedBars(factors.length === 0 ? piece : adjustColumns(piece, factors, 'split'), timeframe).bars);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'INPUT_INVALID') throw error;
      problem = error.message;
    }
  }
  return { pieces, problem: pieces.length === 0 ? problem : null };
}

/** Up to a past day (days since 1970): by which factor later splits have changed the prices of today's view, by place; those without are left out. */
export function laterSplits({ factors }: Pick<ScreenMarket, 'factors'>, day: number): ReadonlyMap<number, number> {
  return new Map([...factors].map(([n, own]) => [n, factorOn(own, day).split] as const).filter(([, split]) => split !== 1));
}
