/** Coverage: how many bars of regular trading each stored series has on each day of the exchange. Counted again only where something changed. */
import { civilFromDays, daysFromCivil, formatDate, parseDate, timeframeMs, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import { exchangeDay } from '#app/market/calendar.ts';
import { fromNewYorkDay, newYorkDayNumber } from '#app/market/nyse-zone.ts';
import { expectedBars, placesOf } from '#app/market/quality/days.ts';
import { at, type Db, type Queryable } from '#chassis/db.ts';

const YEAR_PLACES = 366;
/** Series of one run; the next goes on. */
const MAX_SERIES = 4_000;

type Changed = {
  symbol: string; timeframe: Timeframe; bars_total: number; revisions: number; last_open_time: number; first_open_time: number | null; held: number;
  counted_bars: number | null; counted_revisions: number | null; counted_last: number | null; counted_held: number | null;
};

/** Series whose bars, revisions or quarantine moved since they were counted. */
const SELECT_CHANGED = `
  SELECT i.symbol, i.timeframe, i.bars_total, i.revisions::int AS revisions, i.last_open_time, i.first_open_time, coalesce(q.held, 0)::int AS held, c.bars_total AS counted_bars, c.revisions::int AS counted_revisions, c.last_open_time AS counted_last, c.held AS counted_held
  FROM data_ingestion.ingestion_status i
    LEFT JOIN data_ingestion.coverage_series c USING (symbol, timeframe)
    LEFT JOIN (SELECT symbol, timeframe, count(*) AS held FROM data_ingestion.quarantined_bars WHERE state = 'held' GROUP BY 1, 2) q USING (symbol, timeframe)
  WHERE (i.bars_total, i.revisions, i.last_open_time, coalesce(q.held, 0)) IS DISTINCT FROM (c.bars_total, c.revisions, c.last_open_time, c.held::bigint)
  ORDER BY i.symbol COLLATE "C", i.timeframe LIMIT $1`;

/** Bars of the days of one span. Day bars by their day; narrower ones within the places of their session. */
const COUNT_DAYS = `SELECT ((open_time AT TIME ZONE 'America/New_York')::date - date '1970-01-01') AS day, count(*)::int AS bars FROM data_ingestion.market_data
  WHERE symbol = $1 AND timeframe = $2 AND open_time >= $3::timestamptz AND open_time < $4::timestamptz GROUP BY 1`;
const COUNT_PLACES = `
  SELECT d.day, (SELECT count(*) FROM data_ingestion.market_data m WHERE m.symbol = $1 AND m.timeframe = $2 AND m.open_time >= d.first AND m.open_time < d.stop)::int AS bars
  FROM unnest($3::int[], $4::timestamptz[], $5::timestamptz[]) AS d(day, first, stop)`;

type Counts = Map<number, number>;

/** Counts the bars of the days [from, to], days since 1970. */
async function countDays(db: Queryable, series: { symbol: string; timeframe: Timeframe }, from: number, to: number): Promise<Counts> {
  if (series.timeframe === '1Day') {
    const rows = await db.query<{ day: number; bars: number }>(COUNT_DAYS, [series.symbol, series.timeframe, at(fromNewYorkDay(from, 0)), at(fromNewYorkDay(to + 1, 0))]);
    return new Map(rows.map((row) => [row.day, row.bars]));
  }
  const days = expectedBars(series.timeframe, from, to).map(({ day, session }) => ({ day, ...placesOf(session, timeframeMs(series.timeframe)) }));
  const counts: Counts = new Map();
  for (let start = 0; start < days.length; start += YEAR_PLACES) {
    const part = days.slice(start, start + YEAR_PLACES);
    const rows = await db.query<{ day: number; bars: number }>(COUNT_PLACES, [series.symbol, series.timeframe, part.map((one) => one.day), part.map((one) => at(one.first)), part.map((one) => at(one.end))]);
    for (const row of rows) counts.set(row.day, row.bars);
  }
  return counts;
}

/** Months of a width whose bars lie in files, as `YYYY-MM`. */
export async function archivedMonths(db: Queryable, timeframe: Timeframe): Promise<Set<string>> {
  const rows = await db.query<{ month: string }>(`SELECT to_char(month, 'YYYY-MM') AS month FROM data_ingestion.archived_months WHERE state = 'archived' AND timeframe IN ('*', $1)`, [timeframe]);
  return new Set(rows.map((row) => row.month));
}

type YearRow = { year: number; stored: number[]; quarantined: number[] };

/** The days that must be counted again: only the newest when bars were added at the end alone. */
async function firstChangedDay(db: Queryable, series: Changed): Promise<number | null> {
  const isAppended = series.counted_last !== null && series.counted_revisions === series.revisions && series.counted_held === series.held && series.last_open_time >= series.counted_last;
  if (!isAppended || series.counted_last === null) return null;
  const [row] = await db.query<{ n: number }>('SELECT count(*)::int AS n FROM data_ingestion.market_data WHERE symbol = $1 AND timeframe = $2 AND open_time > $3::timestamptz', [series.symbol, series.timeframe, at(series.counted_last)]);
  return row?.n === series.bars_total - (series.counted_bars ?? 0) ? newYorkDayNumber(series.counted_last as EpochMs) : null;
}

async function heldByDay(db: Queryable, series: Changed): Promise<Counts> {
  const rows = await db.query<{ open_time: number }>(`SELECT open_time FROM data_ingestion.quarantined_bars WHERE symbol = $1 AND timeframe = $2 AND state = 'held'`, [series.symbol, series.timeframe]);
  const counts: Counts = new Map();
  for (const { open_time: openTime } of rows) {
    const day = newYorkDayNumber(openTime as EpochMs);
    counts.set(day, (counts.get(day) ?? 0) + 1);
  }
  return counts;
}

/** The first day of a series: what is known of it, else its oldest bar in the book. */
async function firstDayOf(db: Queryable, series: Changed): Promise<number> {
  if (series.first_open_time !== null) return newYorkDayNumber(series.first_open_time as EpochMs);
  const [row] = await db.query<{ open_time: number }>('SELECT open_time FROM data_ingestion.market_data WHERE symbol = $1 AND timeframe = $2 ORDER BY open_time LIMIT 1', [series.symbol, series.timeframe]);
  return newYorkDayNumber((row?.open_time ?? series.last_open_time) as EpochMs);
}

const yearOf = (day: number): number => civilFromDays(day).year;
const placeOf = (day: number): number => day - daysFromCivil({ year: yearOf(day), month: 1, day: 1 });

/** Counts one series and writes it down. */
async function countSeries(db: Db, series: Changed, archived: ReadonlySet<string>): Promise<void> {
  const first = await firstDayOf(db, series);
  const last = newYorkDayNumber(series.last_open_time as EpochMs);
  const from = Math.max(first, (await firstChangedDay(db, series)) ?? first);
  const known = new Map((await db.query<YearRow>('SELECT year, stored, quarantined FROM data_ingestion.coverage_years WHERE symbol = $1 AND timeframe = $2', [series.symbol, series.timeframe])).map((row) => [row.year, row]));
  const counts = await countDays(db, series, from, last);
  // A month that was put away while its bars were counted is in the ledger now; one that came back meanwhile was there before.
  const inFiles = new Set([...archived, ...(await archivedMonths(db, series.timeframe))]);
  const held = await heldByDay(db, series);
  const years = new Map<number, YearRow>();
  const sum = { expected: 0, stored: 0, quarantined: 0, missing: 0 };
  const places = timeframeMs(series.timeframe);
  for (const { day, session, bars } of expectedBars(series.timeframe, first, last)) {
    const year = yearOf(day);
    const row = years.get(year) ?? { year, stored: new Array<number>(YEAR_PLACES).fill(0), quarantined: new Array<number>(YEAR_PLACES).fill(0) };
    years.set(year, row);
    const place = placeOf(day);
    const before = known.get(year)?.stored[place] ?? 0;
    const counted = counts.get(day) ?? 0;
    // What lies in a file was counted before it was put there; a late bar beside the file takes nothing away.
    row.stored[place] = day < from ? before : inFiles.has(session.date.slice(0, 7)) ? Math.max(before, counted) : counted;
    row.quarantined[place] = held.get(day) ?? 0;
    // The newest day counts as far as it has come.
    const should = day === last && series.timeframe !== '1Day' ? Math.min(bars, Math.max(1, (series.last_open_time + places - placesOf(session, places).first) / places)) : bars;
    sum.expected += should;
    sum.stored += Math.min(should, row.stored[place] ?? 0);
    sum.quarantined += row.quarantined[place] ?? 0;
    if (row.stored[place] === 0) sum.missing += 1;
  }
  await db.tx(async (tx) => {
    for (const row of years.values()) {
      if (JSON.stringify(known.get(row.year)) === JSON.stringify(row)) continue;
      await tx.query(
        `INSERT INTO data_ingestion.coverage_years (symbol, timeframe, year, stored, quarantined) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (symbol, timeframe, year) DO UPDATE SET stored = excluded.stored, quarantined = excluded.quarantined`,
        [series.symbol, series.timeframe, row.year, row.stored, row.quarantined],
      );
    }
    await tx.query(
      `INSERT INTO data_ingestion.coverage_series AS c (symbol, timeframe, first_day, last_day, bars_total, revisions, last_open_time, held, expected, stored, quarantined, missing_days)
       VALUES ($1, $2, $3::date, $4::date, $5, $6, $7::timestamptz, $8, $9, $10, $11, $12)
       ON CONFLICT (symbol, timeframe) DO UPDATE SET first_day = excluded.first_day, last_day = excluded.last_day, bars_total = excluded.bars_total, revisions = excluded.revisions, last_open_time = excluded.last_open_time,
         held = excluded.held, expected = excluded.expected, stored = excluded.stored, quarantined = excluded.quarantined, missing_days = excluded.missing_days, counted_at = clock_timestamp()`,
      [series.symbol, series.timeframe, formatDate(civilFromDays(first)), exchangeDay(series.last_open_time as EpochMs), series.bars_total, series.revisions, at(series.last_open_time), series.held, Math.round(sum.expected), sum.stored, sum.quarantined, sum.missing],
    );
  });
}

/** What a count came to. `left`: series that changed and wait for the next run. */
export type CoverageResult = { readonly counted: number; readonly left: number };

/** Counts every series that changed. */
export async function updateCoverage(db: Db, options: { readonly signal: AbortSignal; readonly onProgress?: (done: number, total: number) => void }): Promise<CoverageResult> {
  const changed = await db.query<Changed>(SELECT_CHANGED, [MAX_SERIES + 1]);
  const archived = new Map<Timeframe, Set<string>>();
  let counted = 0;
  for (const series of changed.slice(0, MAX_SERIES)) {
    options.signal.throwIfAborted();
    const months = archived.get(series.timeframe) ?? (await archivedMonths(db, series.timeframe));
    archived.set(series.timeframe, months);
    await countSeries(db, series, months);
    counted += 1;
    options.onProgress?.(counted, changed.length);
  }
  return { counted, left: changed.length - counted };
}

/** Coverage of one day over all series that should have bars on it, by width: of a day that is not over as far as it has come. `now`: the market's time. */
export async function coverageOfDay(db: Queryable, day: string, now: EpochMs): Promise<{ timeframe: Timeframe; series: number; expected: number; stored: number; fraction: number }[]> {
  const number = daysFromCivil(parseDate(day));
  const rows = await db.query<{ timeframe: Timeframe; series: number; stored: number }>(
    `SELECT c.timeframe, count(*)::int AS series, coalesce(sum(y.stored[$2]), 0)::int AS stored FROM data_ingestion.coverage_series c LEFT JOIN data_ingestion.coverage_years y ON y.symbol = c.symbol AND y.timeframe = c.timeframe AND y.year = $3
     WHERE $1::date BETWEEN c.first_day AND c.last_day GROUP BY c.timeframe ORDER BY c.timeframe`, [day, placeOf(number) + 1, yearOf(number)],
  );
  return rows.map((row) => {
    const [one] = expectedBars(row.timeframe, number, number);
    const width = timeframeMs(row.timeframe);
    const sofar = one === undefined || row.timeframe === '1Day' ? Infinity : Math.max(0, Math.floor((now - placesOf(one.session, width).first) / width));
    const expected = row.series * Math.min(one?.bars ?? 0, sofar);
    return { ...row, expected, fraction: expected === 0 ? 0 : Math.min(1, row.stored / expected) };
  });
}
