/** Bars out of a book of ten years: charts of every width, many series at once, a month into a file and out of it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHART_TIMEFRAMES } from '#app/contracts/market-data.ts';
import { invariant } from '#app/domain/errors.ts';
import { withBulkTx } from '#chassis/db-bulk.ts';
import { openDb, type Db } from '#chassis/db.ts';
import { archiveUnit, restoreUnit } from '../services/data_ingestion/archive.ts';
import { readBars, type BarsAsk } from '../services/data_ingestion/bars-door.ts';
import { hotBars } from '../services/data_ingestion/hot-bars.ts';
import { openColumnCache, type BookAccess } from '../services/research/cache.ts';
import { startBook, type Book } from '../tests/support/servers.ts';
import { figureOf, type Figure } from './lib/measure.ts';

const SYMBOLS = 500;
const MINUTE_SYMBOLS = 20;
const ROUNDS = 15;
const DAILY_MS = 30;
const PAGE_MS = 50;
/** A page that is read on the thread of the live bars lets them through after so long at the latest. */
const STANDS_MS = 60;
/** Many series from their files: the step before a screen over 500 symbols, whose own limit is 80 ms. */
const MANY_MS = 400;

/** 500 symbols of days since 2015 in 132 months' tables, and for some a year of the narrower bars that the back-fill stores. */
async function fill(book: Book): Promise<void> {
  await book.sql(`SELECT data_ingestion.ensure_month(m::date) FROM generate_series(timestamp '2015-01-01', timestamp '2025-12-01', interval '1 month') m`);
  const insert = (symbols: number, timeframe: string, series: string): Promise<unknown> => book.sql(
    `INSERT INTO data_ingestion.market_data SELECT 'S' || s, $2, t, 100 + s % 50 + n % 97 * 0.01, 152, 99, 100 + s % 50 + n % 89 * 0.01, 1000 + n, 'rest', t FROM generate_series(1, $1::int) s, ${series}`, [symbols, timeframe]);
  await insert(SYMBOLS, '1Day', `(SELECT row_number() OVER () AS n, (d::date + time '00:00') AT TIME ZONE 'America/New_York' AS t FROM generate_series(date '2015-01-01', date '2024-12-31', interval '1 day') d WHERE extract(isodow FROM d) < 6) AS days`);
  await insert(MINUTE_SYMBOLS, '1Min', `(SELECT row_number() OVER () AS n, (d::date + time '09:30') AT TIME ZONE 'America/New_York' + m * interval '1 minute' AS t FROM generate_series(date '2024-01-01', date '2024-12-31', interval '1 day') d, generate_series(0, 389) m WHERE extract(isodow FROM d) < 6) AS minutes`);
  for (const [timeframe, width] of [['5Min', '5 minutes'], ['1Hour', '1 hour']] as const) {
    await book.sql(`INSERT INTO data_ingestion.market_data SELECT symbol, $1, date_bin($2::interval, open_time, timestamptz '2001-01-01'), min(low) + 1, max(high), min(low), min(low) + 2, sum(volume), 'rest', now() FROM data_ingestion.market_data WHERE timeframe = '1Min' AND symbol <> 'S1' GROUP BY 1, 3`, [timeframe, width]);
  }
  await book.sql(`INSERT INTO data_ingestion.ingestion_status (symbol, timeframe, last_open_time, last_close, bars_total, last_seen_at, first_open_time) SELECT symbol, timeframe, max(open_time), 1, count(*), now(), min(open_time) FROM data_ingestion.market_data GROUP BY 1, 2`);
  await book.sql('VACUUM ANALYZE');
}

async function timed(work: (round: number) => Promise<unknown>, rounds = ROUNDS): Promise<number[]> {
  const values: number[] = [];
  for (let round = 0; round < rounds + 2; round += 1) {
    const began = performance.now();
    await work(round);
    // The first rounds plan the statements and warm the code up.
    if (round >= 2) values.push(performance.now() - began);
  }
  return values;
}

async function chartFigures(db: Db): Promise<Figure[]> {
  const memory = new Map<string, unknown>();
  const none = { get: () => Promise.resolve(null), set: () => Promise.resolve() };
  const some = { get: (key: string) => Promise.resolve(memory.get(key) ?? null), set: (key: string, value: unknown) => Promise.resolve(void memory.set(key, value)) };
  const silent = { hits: { inc: () => undefined }, misses: { inc: () => undefined } };
  const read = (ask: Partial<BarsAsk>, cache: typeof none = none) => readBars({ db, hot: hotBars(cache, silent), archiveFolder: '/nowhere' }, { symbol: 'S1', timeframe: '1Day', adjustment: 'split', hours: 'regular', limit: 1_000, ...ask });
  const name = (round: number): string => `S${2 + (round * 7) % (MINUTE_SYMBOLS - 1)}`;
  const decade = await read({ limit: 10_000 });
  invariant(decade.columns.time.length > 2_500, 'The book holds ten years of days', { bars: decade.columns.time.length });
  const figures = [figureOf({ name: 'ten years of days of one symbol, from the book', unit: 'ms', values: await timed((round) => read({ symbol: `S${1 + (round * 37) % SYMBOLS}`, limit: 10_000 })), limit: DAILY_MS })];
  for (const timeframe of CHART_TIMEFRAMES) figures.push(figureOf({ name: `  a page of 1,000 bars of ${timeframe}`, unit: 'ms', values: await timed((round) => read({ timeframe, symbol: name(round) })), limit: PAGE_MS }));
  figures.push(figureOf({ name: '  a page of hours that must be made of 56,000 minutes', unit: 'ms', values: await timed(() => read({ timeframe: '1Hour' })) }));
  figures.push(figureOf({ name: '  the longest that it keeps live bars waiting', unit: 'ms', values: await standing(() => read({ timeframe: '1Hour' })), limit: STANDS_MS }));
  figures.push(figureOf({ name: '  the page of minutes from the cache', unit: 'ms', values: await timed(() => read({ timeframe: '1Min' }, some as typeof none)), limit: PAGE_MS }));
  return figures;
}

/** How long the thread stands at most while a page is put together from 56,000 minutes. */
async function standing(page: () => Promise<unknown>): Promise<number[]> {
  const longest: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    let [last, most] = [performance.now(), 0];
    const look = (): void => {
      most = Math.max(most, performance.now() - last);
      last = performance.now();
    };
    const timer = setInterval(look, 1);
    await page();
    look();
    clearInterval(timer);
    longest.push(most);
  }
  return longest;
}

async function columnFigures(access: BookAccess, folder: string): Promise<Figure[]> {
  const cache = openColumnCache(folder);
  const wanted = Array.from({ length: SYMBOLS }, (_, n) => ({ symbol: `S${n + 1}`, timeframe: '1Day' as const, adjustment: 'split' as const }));
  const began = performance.now();
  const first = await cache.loadMany(access, wanted);
  const cold = performance.now() - began;
  const bars = first.reduce((sum, one) => sum + one.bars.time.length, 0);
  return [
    figureOf({ name: `${SYMBOLS} series of days into column files (${(bars / 1e6).toFixed(1)} M bars)`, unit: 'k bars/s', values: [bars / cold] }),
    figureOf({ name: '  the same from their files', unit: 'ms', values: await timed(() => cache.loadMany(access, wanted), 7), limit: MANY_MS }),
  ];
}

async function archiveFigures(db: Db, book: Book, folder: string): Promise<Figure[]> {
  const parts = { db, folder, bulk: { access: book.access('data_ingestion'), database: 'trading_system', applicationName: 'bench' } };
  const unit = { month: '2024-03', timeframe: '1Min' } as const;
  const began = performance.now();
  const { rows } = await archiveUnit(parts, unit);
  const written = performance.now();
  const cache = openColumnCache(join(folder, 'columns'), folder);
  const access: BookAccess = { db, bulk: (fn) => withBulkTx(parts.bulk, fn) };
  const one = performance.now();
  invariant((await cache.load(access, { symbol: 'S3', timeframe: '1Min' })).missing.length === 0, 'The archive can be read');
  const read = performance.now();
  await restoreUnit(parts, unit);
  const restored = performance.now();
  return [
    figureOf({ name: `a month of minutes into a verified file (${(rows / 1e3).toFixed(0)} k rows)`, unit: 'k rows/s', values: [rows / (written - began)] }),
    figureOf({ name: '  a year of one symbol with that month from its file', unit: 'ms', values: [read - one] }),
    figureOf({ name: '  bringing it back', unit: 'k rows/s', values: [rows / (restored - read)] }),
  ];
}

/** Measures. */
export async function benchBars(): Promise<Figure[]> {
  const book = await startBook();
  const folder = mkdtempSync(join(tmpdir(), 'ms-bench-bars-'));
  const access = book.access('data_ingestion');
  const db = openDb({ access, database: 'trading_system', schema: 'data_ingestion', applicationName: 'bench', max: 4, isPlannedOnce: true, onLost: () => undefined });
  try {
    await fill(book);
    const bulk: BookAccess = { db, bulk: (fn) => withBulkTx({ access, database: 'trading_system', applicationName: 'bench' }, fn) };
    return [...(await chartFigures(db)), ...(await columnFigures(bulk, join(folder, 'many'))), ...(await archiveFigures(db, book, folder))];
  } finally {
    await db.close();
    await book.stop();
    rmSync(folder, { recursive: true });
  }
}
