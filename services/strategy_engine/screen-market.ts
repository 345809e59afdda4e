/** The market that screens look at: every symbol of a universe with its columns in shared memory, loaded again only where the book has changed. */
import { barColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import type { ScreenDefinition } from '#app/contracts/screener.ts';
import { AppError } from '#app/domain/errors.ts';
import type { Timeframe } from '#app/domain/time.ts';
import { timedBars } from '#app/backtest/run/sessions.ts';
import type { SymbolFacts } from '#app/screener/program.ts';
import { withBulkTx } from '#chassis/db-bulk.ts';
import type { Queryable } from '#chassis/db.ts';
import type { ScreenSubject } from '../research/screen-work.ts';
import type { BarSource } from './backtest-bars.ts';

/** A market as it is held. `name` differs when any of it does. */
export type ScreenMarket = { readonly name: string; readonly subjects: readonly ScreenSubject[]; readonly complaints: readonly string[] };

const MAX_SYMBOLS = 20_000;
/** Bytes that columns may take; a larger market is held with fewer bars a symbol. */
const MAX_BYTES = 480 * 1024 * 1024;
const BAR_BYTES = 48;
/** As long as this many bars a symbol fit, formulas have what they need: the longest average and its fading. */
const FEWEST_BARS = 300;
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

type Held = { readonly state: string; readonly bars: BarColumns; readonly isWhole: boolean };

/** The newest bars, in memory of their own: a view would keep the whole history alive. */
function newestOf(bars: BarColumns, most: number): BarColumns {
  const length = Math.min(most, bars.time.length);
  const kept = barColumns(length, true);
  for (const field of FIELDS) kept[field].set(bars[field].subarray(bars.time.length - length));
  return kept;
}

/** Keeps the columns of the market that was screened last, one timeframe at a time. */
export class ScreenMarkets {
  private readonly source: BarSource;
  private readonly held = new Map<string, Held>();
  private timeframe: Timeframe | null = null;
  private most = Infinity;
  private last: { readonly key: string; readonly market: ScreenMarket } | null = null;
  private count = 0;

  constructor(source: BarSource) {
    this.source = source;
  }

  /** The universe of a definition as it stands in the book. @throws AppError INPUT_TOO_LARGE for more symbols than fit with enough bars each */
  async load(definition: Pick<ScreenDefinition, 'timeframe' | 'universe'>): Promise<ScreenMarket> {
    const { timeframe, universe } = definition;
    const rows = await this.source.db.query<Row>(UNIVERSE, [timeframe, universe.kind === 'symbols' ? universe.symbols : null, universe.kind === 'watched', MAX_SYMBOLS + 1]);
    const most = Math.floor(MAX_BYTES / (BAR_BYTES * Math.max(1, rows.length)));
    if (rows.length > MAX_SYMBOLS || most < FEWEST_BARS) throw new AppError('INPUT_TOO_LARGE', `${rows.length} symbols are more than one screen can hold. Screen a part of them`);
    if (this.timeframe !== timeframe || most < this.most) {
      this.held.clear();
      this.timeframe = timeframe;
      this.most = most;
    }
    const key = `${timeframe}|${rows.map((row) => `${row.symbol} ${row.state} ${row.sector ?? ''} ${row.industry ?? ''} ${Number(row.isWatched)}${Number(row.isShortable)}${Number(row.isTradable)}`).join('|')}`;
    if (this.last?.key === key) return this.last.market;
    const complaints: string[] = [];
    const stale = rows.filter((row) => this.held.get(row.symbol)?.state !== row.state);
    for (const { symbol, bars, complaint, state } of await this.read(stale, timeframe)) {
      this.held.set(symbol, { state, bars: newestOf(bars, most), isWhole: bars.time.length <= most });
      if (complaint !== null) complaints.push(complaint);
    }
    const subjects = rows.map(({ state: _state, bars: _bars, ...facts }, n): ScreenSubject => ({ n, facts, bars: this.held.get(facts.symbol)?.bars ?? barColumns(0) }));
    this.count += 1;
    const market = { name: `market ${this.count}`, subjects, complaints };
    this.last = { key, market };
    return market;
  }

  private async read(rows: readonly Row[], timeframe: Timeframe): Promise<{ symbol: string; bars: BarColumns; complaint: string | null; state: string }[]> {
    const { db, bulk } = this.source;
    const book = { db, bulk: <T>(fn: Parameters<typeof withBulkTx<T>>[1]) => withBulkTx(bulk, fn) };
    const found = await this.source.cache().loadMany(book, rows.map(({ symbol }) => ({ symbol, timeframe, adjustment: 'split' as const })));
    return rows.map(({ symbol, state }, at) => {
      const series = found[at] ?? { bars: barColumns(0), complaint: null };
      return { symbol, state, bars: timedBars(series.bars, timeframe).bars, complaint: series.complaint };
    });
  }
}

/** Up to a past day: by which factor later splits have changed the prices of today's view, by symbol; those without are left out. */
export async function laterSplits(book: Queryable, symbols: readonly string[], day: string): Promise<ReadonlyMap<string, number>> {
  const rows = await book.query<{ symbol: string; factor: number }>(
    `SELECT DISTINCT ON (symbol) symbol, split_factor AS factor FROM data_ingestion.adjustment_factors WHERE symbol = ANY($1::text[]) AND day >= $2::date ORDER BY symbol, day`, [symbols, day],
  );
  return new Map(rows.filter((row) => row.factor !== 1).map((row) => [row.symbol, row.factor]));
}
