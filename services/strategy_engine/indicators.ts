/** Stored indicator values: new bars continue the stored states; a new indicator warms up on older bars first. */
import { type EpochMs, type Timeframe } from '#app/domain/time.ts';
import type { NumericBar } from '#app/indicators/indicator.ts';
import { namedIndicator, namesOf, parseName, STANDARD_INDICATORS, type NamedIndicator } from '#app/indicators/named.ts';
import { at, type Db, type Queryable } from '#chassis/db.ts';
import { isSeenByStrategies, trades } from './apply-bars.ts';
import type { Deployment } from './deployments.ts';
import { warmUpStart } from './stored-bars.ts';

/** Bars of one transaction: short enough that signals do not wait for it. */
const PAGE = 500;
/** Bars of one run over all series; what is left follows at the next. */
const MAX_BARS = 250_000;
const DAY_MS = 86_400_000;
/** A day with extended hours has 960 minutes, of which 390 are regular: so many stored bars hold one that counts, at the worst. */
const STORED_PER_REGULAR = 3;

/** A series and what is kept of it. Plain JSON. */
export type IndicatorSeries = { readonly symbol: string; readonly timeframe: Timeframe; readonly upTo: number; readonly names: readonly string[] };
/** What was done for a series. `left`: it has more bars than one run takes. */
export type IndicatorResult = { readonly bars: number; readonly rows: number; readonly left: boolean };

/** Which series; `names`: indicators that somebody asks for beside the standard ones and those of the strategies, as the catalogue names them. */
export type IndicatorWish = { readonly strategyId: string | null; readonly symbols: readonly string[] | null; readonly names?: readonly string[] };

/** What a strategy declared over its own bars. One of a wider timeframe belongs to the series of that timeframe. */
function declared({ strategy, timeframe }: Deployment): readonly string[] {
  return Object.values(strategy.indicators).filter((asked) => asked.timeframe === null || asked.timeframe === timeframe).flatMap(namesOf);
}

/**
 * The watched series with stored bars, and the indicators wanted of each: the standard ones, those of the strategies that trade it, and those asked for.
 * @throws AppError INPUT_INVALID for a name that says nothing
 */
export async function indicatorSeries(book: Queryable, deployments: readonly Deployment[], wish: IndicatorWish): Promise<IndicatorSeries[]> {
  const asked = wish.names ?? [];
  asked.forEach(parseName);
  const wanted = deployments.filter((deployment) => deployment.isEnabled && (wish.strategyId === null || deployment.strategyId === wish.strategyId));
  const timeframes = [...new Set(wanted.map((deployment) => deployment.timeframe))];
  const rows = await book.query<{ symbol: string; timeframe: Timeframe; last_open_time: number }>(
    `SELECT i.symbol, i.timeframe, i.last_open_time FROM data_ingestion.ingestion_status i JOIN data_ingestion.symbols s USING (symbol)
     WHERE s.is_watched AND i.timeframe = ANY($1::text[]) AND ($2::text[] IS NULL OR i.symbol = ANY($2::text[])) ORDER BY i.symbol COLLATE "C", i.timeframe`, [timeframes, wish.symbols],
  );
  return rows.map((row) => {
    const traders = wanted.filter((deployment) => deployment.timeframe === row.timeframe && trades(deployment, row.symbol, () => true));
    return { symbol: row.symbol, timeframe: row.timeframe, upTo: row.last_open_time, names: [...new Set([...STANDARD_INDICATORS, ...traders.flatMap(declared), ...asked])] };
  });
}

type Track = { readonly indicator: NamedIndicator; state: unknown; lastOpenTime: number };
type Rows = { name: string[]; openTime: number[]; value: number[] };

async function loadTracks(book: Queryable, series: IndicatorSeries, cutoff: number): Promise<Track[]> {
  const rows = await book.query<{ name: string; last_open_time: number; state: unknown }>(
    'SELECT name, last_open_time, state FROM strategy_engine.indicator_state WHERE symbol = $1 AND timeframe = $2 AND name = ANY($3::text[])', [series.symbol, series.timeframe, series.names],
  );
  const stored = new Map(rows.map((row) => [row.name, row]));
  const tracks: Track[] = [];
  for (const name of series.names) {
    const indicator = namedIndicator(name);
    const known = stored.get(name);
    if (known) tracks.push({ indicator, state: indicator.readState(known.state), lastOpenTime: known.last_open_time });
    else tracks.push({ indicator, state: indicator.start(), lastOpenTime: await warmUpStart(book, series, cutoff, indicator.warmUpBars * STORED_PER_REGULAR) });
  }
  return tracks;
}

const SELECT_PAGE = `
  SELECT (extract(epoch FROM open_time) * 1000)::bigint AS time, open::float8 AS open, high::float8 AS high, low::float8 AS low, close::float8 AS close, volume::float8 AS volume
  FROM data_ingestion.market_data WHERE symbol = $1 AND timeframe = $2 AND open_time > $3::timestamptz AND open_time <= $4::timestamptz ORDER BY open_time LIMIT $5`;

function advanceTracks(tracks: readonly Track[], bars: readonly NumericBar[], cutoff: number): Rows {
  const rows: Rows = { name: [], openTime: [], value: [] };
  for (const bar of bars) {
    for (const track of tracks) {
      if (bar.time <= track.lastOpenTime) continue;
      const value = track.indicator.next(track.state, bar);
      track.lastOpenTime = bar.time;
      if (bar.time <= cutoff || !Number.isFinite(value)) continue;
      rows.name.push(track.indicator.name);
      rows.openTime.push(bar.time);
      rows.value.push(value);
    }
  }
  return rows;
}

async function writePage(db: Db, series: IndicatorSeries, tracks: readonly Track[], rows: Rows): Promise<void> {
  await db.tx(async (tx) => {
    if (rows.name.length > 0) {
      await tx.query(
        `INSERT INTO strategy_engine.indicators (symbol, timeframe, name, open_time, value)
         SELECT $1, $2, v.name, to_timestamp(v.open_ms / 1000.0), v.value FROM unnest($3::text[], $4::bigint[], $5::float8[]) AS v(name, open_ms, value)
         ON CONFLICT (symbol, timeframe, name, open_time) DO UPDATE SET value = excluded.value`,
        [series.symbol, series.timeframe, rows.name, rows.openTime, rows.value],
      );
    }
    await tx.query(
      `INSERT INTO strategy_engine.indicator_state (symbol, timeframe, name, last_open_time, state)
       SELECT $1, $2, s.name, to_timestamp(s.last_ms / 1000.0), s.state::jsonb FROM unnest($3::text[], $4::bigint[], $5::text[]) AS s(name, last_ms, state)
       ON CONFLICT (symbol, timeframe, name) DO UPDATE SET last_open_time = excluded.last_open_time, state = excluded.state`,
      [series.symbol, series.timeframe, tracks.map((track) => track.indicator.name), tracks.map((track) => track.lastOpenTime), tracks.map((track) => JSON.stringify(track.state))],
    );
    // Worked out again from the bars when the computer dies before the disk has it.
  }, 'soon');
}

/**
 * Brings one series up to date, a page of bars in a transaction, over bars of regular trading. Values older than `keepDays` before the newest bar are not
 * kept. Repeating it changes nothing; it goes on where the last transaction ended. A bar that comes late, behind the state, is not counted in afterwards.
 */
export async function updateIndicators(db: Db, series: IndicatorSeries, options: { readonly keepDays: number; readonly maxBars?: number; readonly signal: AbortSignal }): Promise<IndicatorResult> {
  const cutoff = series.upTo - options.keepDays * DAY_MS;
  const limit = options.maxBars ?? MAX_BARS;
  const tracks = await loadTracks(db, series, cutoff);
  let [bars, rows] = [0, 0];
  let after = Math.min(...tracks.map((track) => track.lastOpenTime));
  while (after < series.upTo && bars < limit) {
    options.signal.throwIfAborted();
    const page = await db.query<NumericBar>(SELECT_PAGE, [series.symbol, series.timeframe, at(Math.max(0, after)), at(series.upTo), PAGE]);
    const last = page.at(-1);
    if (!last) break;
    const news = advanceTracks(tracks, page.filter((bar) => isSeenByStrategies({ openTime: bar.time as EpochMs, timeframe: series.timeframe })), cutoff);
    // What is not of regular trading moves nothing, but need not be read again.
    for (const track of tracks) track.lastOpenTime = Math.max(track.lastOpenTime, last.time);
    await writePage(db, series, tracks, news);
    bars += page.length;
    rows += news.name.length;
    after = last.time;
  }
  await db.query('DELETE FROM strategy_engine.indicators WHERE symbol = $1 AND timeframe = $2 AND name = ANY($3::text[]) AND open_time <= $4::timestamptz', [series.symbol, series.timeframe, series.names, at(Math.max(0, cutoff))]);
  return { bars, rows, left: after < series.upTo && bars >= limit };
}
