/** Bars as charts ask for them, over a real book with its archive and a cache: every width, paging back, views freed of splits, and what is quick. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { storageViewSchema } from '#app/contracts/storage.ts';
import { barsViewSchema, CHART_TIMEFRAMES, type BarsView } from '#app/contracts/market-data.ts';
import { DAY_MS, MINUTE_MS } from '#app/domain/time.ts';
import { chartOpen } from '#app/market/chart-bars.ts';
import { fromNewYork, sessionsBetween } from '#app/market/calendar.ts';
import type { Cache } from '#chassis/bus.ts';
import { withBulkTx, type BulkOptions } from '#chassis/db-bulk.ts';
import { openDb, type Db } from '#chassis/db.ts';
import { startBook, until, type Book } from '../../tests/support/servers.ts';
import { openColumnCache, type BookAccess, type CachedBars } from '../research/cache.ts';
import { archiveUnit, restoreUnit } from './archive.ts';
import { readStorage } from './archive-view.ts';
import { readBars, type BarsAsk } from './bars-door.ts';
import { hotBars } from './hot-bars.ts';
import { keepMonthsAhead } from './partitions.ts';
import { reviseBars, storeBars, type SeenBar } from './store.ts';

let book: Book;
let db: Db;
let bulk: BulkOptions;
const folder = mkdtempSync(join(tmpdir(), 'ms-bars-'));
const archiveFolder = join(folder, 'archive');
const memory = new Map<string, string>();
const counts = { hits: 0, misses: 0 };
const cache: Cache = { get: async (key) => { const text = memory.get(key); return text === undefined ? null : (JSON.parse(text) as unknown); }, set: async (key, value) => void memory.set(key, JSON.stringify(value)) };
const counter = (name: keyof typeof counts) => ({ inc: () => void (counts[name] += 1) });
const hot = hotBars(cache, { hits: counter('hits'), misses: counter('misses') });
const read = async (ask: Partial<BarsAsk> & { symbol?: string } = {}): Promise<BarsView> => barsViewSchema.parse(await readBars({ db, hot, archiveFolder }, { symbol: 'SPY', timeframe: '1Day', adjustment: 'raw', hours: 'regular', limit: 1_000, ...ask }));

/** Minutes and, for all but the last two days, daily bars of the same sessions. */
function bars(symbol: string, from: string, to: string): SeenBar[] {
  const found: SeenBar[] = [];
  const sessions = sessionsBetween(from, to);
  sessions.forEach((session, s) => {
    const base = 100 + s;
    for (let n = -30; n < (session.close - session.open) / MINUTE_MS; n += 1) {
      const openTime = session.open + n * MINUTE_MS;
      found.push({ symbol, timeframe: '1Min', openTime, open: `${base}.${String(n % 50 + 50).padStart(2, '0')}`, high: `${base + 2}`, low: `${base}`, close: `${base + 1}.25`, volume: '100', tsSeen: openTime + MINUTE_MS });
    }
    const openTime = fromNewYork(session.date, 0);
    if (s < sessions.length - 2) found.push({ symbol, timeframe: '1Day', openTime, open: `${base}.5`, high: `${base + 2}`, low: `${base}`, close: `${base + 1}.25`, volume: String(100 * ((session.close - session.open) / MINUTE_MS)), tsSeen: openTime + DAY_MS });
  });
  return found;
}
async function store(all: readonly SeenBar[], source: 'rest' | 'stream' = 'rest'): Promise<void> {
  for (let at = 0; at < all.length; at += 5_000) await db.tx((tx) => storeBars(tx, all.slice(at, at + 5_000), { source, isBackfill: true }));
}

beforeAll(async () => {
  book = await startBook();
  const access = book.access('data_ingestion');
  db = openDb({ access, database: 'trading_system', schema: 'data_ingestion', applicationName: 'test', max: 4, isPlannedOnce: true, onLost: () => undefined });
  bulk = { access, database: 'trading_system', applicationName: 'test' };
  await store(bars('SPY', '2024-06-17', '2024-07-12'));
});
afterAll(async () => {
  await db.close();
  await book.stop();
  rmSync(folder, { recursive: true });
});

describe('bars for a chart', () => {
  it('come in every width, those that are not stored made of those that are', async () => {
    const opens = sessionsBetween('2024-06-17', '2024-07-12');
    for (const timeframe of CHART_TIMEFRAMES) {
      const view = await read({ timeframe, limit: 10_000 });
      const expected = new Set(opens.flatMap((session) => Array.from({ length: (session.close - session.open) / MINUTE_MS }, (_, n) => chartOpen((session.open + n * MINUTE_MS) as typeof session.open, timeframe))));
      expect([timeframe, view.columns.time]).toEqual([timeframe, [...expected].slice(-10_000)]);
      expect([view.columns.volume.reduce((sum, volume) => sum + volume, 0), timeframe]).toEqual([100 * opens.slice(timeframe === '1Min' ? -10_000 : 0).reduce((sum, { open, close }) => sum + (close - open) / MINUTE_MS, 0) - (timeframe === '1Min' ? 100 * (expected.size - view.columns.time.length) : 0), timeframe]);
      expect(view).toMatchObject({ storedAs: ['1Day', '1Week', '1Month'].includes(timeframe) ? '1Day' : '1Min', sources: ['rest'], isFromArchive: false, newest: (opens.at(-1)?.close ?? 0) - MINUTE_MS });
    }
    expect((await read({ timeframe: '30Min', hours: 'all', limit: 10_000 })).columns.time.length).toBe((await read({ timeframe: '30Min', limit: 10_000 })).columns.time.length + opens.length);
    expect(await read({ symbol: 'NONE' })).toMatchObject({ columns: { time: [] }, storedAs: null, newest: null, hasOlder: false, actions: [] });
  });

  it('page back without a hole, and say when there is no more', async () => {
    for (const [timeframe, limit] of [['1Min', 3_000], ['15Min', 100], ['1Day', 7], ['1Week', 2]] as const) {
      const whole = await read({ timeframe, limit: 10_000 });
      const pages: number[] = [];
      for (let before: number | undefined, pageCount = 0; pageCount < 30; pageCount += 1) {
        const page = await read({ timeframe, limit, ...(before === undefined ? {} : { before }) });
        pages.unshift(...page.columns.time);
        before = page.columns.time[0];
        if (!page.hasOlder) break;
        expect(page.columns.time.length).toBe(limit);
      }
      expect(pages.slice(-whole.columns.time.length)).toEqual(whole.columns.time);
    }
  });

  it('find an old page behind an empty year, and a bar that opens before the end whole', async () => {
    await store(bars('OLD', '2022-03-01', '2022-03-04'));
    await store(bars('OLD', '2024-06-03', '2024-06-04'));
    const page = await read({ symbol: 'OLD', timeframe: '1Hour', before: fromNewYork('2024-06-03', 0), limit: 10 });
    expect([page.columns.time.length, page.hasOlder, new Date(page.columns.time.at(-1) ?? 0).toISOString()]).toEqual([10, true, '2022-03-04T20:00:00.000Z']);
    const week = await read({ timeframe: '1Week', before: fromNewYork('2024-06-26', 0), limit: 1 });
    expect(week.columns.volume).toEqual([5 * 39_000]);
  });

  it('go back behind 1970, and through the years whose milliseconds are shorter numbers', async () => {
    const days = ['1968-05-02', '1970-01-02', '1970-06-01', '1972-03-01', '1975-03-03'];
    await store(days.map((day, n) => ({ symbol: 'IBM', timeframe: '1Day', openTime: fromNewYork(day, 0), open: '10', high: '20', low: '9', close: `${10 + n}`, volume: '5', tsSeen: 0 })));
    const view = await read({ symbol: 'IBM' });
    expect([view.columns.time, view.columns.close]).toEqual([days.map((day) => fromNewYork(day, 0)), [10, 11, 12, 13, 14]]);
    expect((await read({ symbol: 'IBM' })).columns).toEqual(view.columns);
    await book.sql(`DELETE FROM data_ingestion.market_data WHERE symbol = 'IBM'; DELETE FROM data_ingestion.ingestion_status WHERE symbol = 'IBM'`);
  });

  it('are freed of splits and dividends by the factors as they stand, and tell what happened', async () => {
    await book.sql(`INSERT INTO data_ingestion.adjustment_factors (symbol, day, price_factor, split_factor) VALUES ('SPY', '2024-06-20', 0.98, 0.25), ('SPY', '2024-07-07', 0.98, 1)`);
    await book.sql(`INSERT INTO data_ingestion.corporate_actions (action_id, symbol, kind, ex_date, terms) VALUES ('a', 'SPY', 'forward_split', '2024-06-21', '{"new_rate": "4", "old_rate": "1"}'), ('b', 'SPY', 'cash_dividend', '2024-07-08', '{"rate": "0.24"}'), ('c', 'SPY', 'cash_dividend', '2020-01-02', '{"rate": "1"}')`);
    const [raw, split, all] = [await read(), await read({ adjustment: 'split' }), await read({ adjustment: 'all' })];
    expect([raw.columns.close[0], split.columns.close[0], all.columns.close[0], split.columns.volume[0]]).toEqual([101.25, 25.3125, 24.80625, 156_000]);
    expect(split.columns.close.at(-1)).toBe(raw.columns.close.at(-1));
    expect(all.actions).toEqual([{ exDate: '2024-06-21', kind: 'forward_split', text: 'Split 4:1', factor: 0.25 }, { exDate: '2024-07-08', kind: 'cash_dividend', text: 'Dividend $0.24', factor: 0.98 }]);
    const months = await read({ timeframe: '1Month', adjustment: 'split' });
    expect([months.columns.open[0], months.columns.close[0]]).toEqual([25.125, raw.columns.close[sessionsBetween('2024-06-17', '2024-06-28').length - 1]]);
    expect(new Set([raw.revision, split.revision]).size).toBe(2);
    await book.sql('DELETE FROM data_ingestion.adjustment_factors');
  });

  it('come from the cache while nothing has changed, never when a bar has, and the same when it is erased', async () => {
    memory.clear();
    const first = await read({ timeframe: '5Min', limit: 500 });
    Object.assign(counts, { hits: 0, misses: 0 });
    const again = await read({ timeframe: '5Min', limit: 500 });
    expect([again.columns, counts]).toEqual([first.columns, { hits: 1, misses: 0 }]);
    memory.clear();
    expect((await read({ timeframe: '5Min', limit: 500 })).columns).toEqual(first.columns);
    for (const junk of ['{}', '{"source":1}', 'null', JSON.stringify({ source: 'book', from: 0, rows: 'x', sources: [] })]) {
      for (const key of memory.keys()) memory.set(key, junk);
      expect((await read({ timeframe: '5Min', limit: 500 })).columns).toEqual(first.columns);
    }
    const session = sessionsBetween('2024-07-12', '2024-07-12')[0];
    const [last] = bars('SPY', '2024-07-12', '2024-07-12').filter((bar) => bar.openTime === (session?.close ?? 0) - MINUTE_MS);
    await db.tx((tx) => reviseBars(tx, [{ ...(last as SeenBar), high: '300', close: '250.5', low: '90', open: '101' }], { kind: 'bar_revised', source: 'correction' }));
    const revised = await read({ timeframe: '5Min', limit: 500 });
    expect([revised.columns.close.at(-1), revised.revision === first.revision, revised.sources]).toEqual([250.5, false, ['correction', 'rest']]);
  });

  it('are the same from the archive, for charts and for columns, and a lost file is said', async () => {
    const access: BookAccess = { db, bulk: (fn) => withBulkTx(bulk, fn) };
    const columns = (name: string, at: string = archiveFolder) => openColumnCache(join(folder, name), at).load(access, { symbol: 'SPY', timeframe: '1Min' });
    // Months that are old enough: as if the present were later.
    await store(bars('AAPL', '2024-09-03', '2024-09-03'));
    const unit = { month: '2024-06', timeframe: '1Min' } as const;
    const given = { db, bulk, folder: archiveFolder };
    const [chart, column] = [await read({ timeframe: '15Min', limit: 10_000 }), await columns('before')];
    const { rows: inJune } = await archiveUnit(given, unit);
    const [archived, fromFiles] = [await read({ timeframe: '15Min', limit: 10_000 }), await columns('before')];
    expect(archived).toMatchObject({ columns: chart.columns, isFromArchive: true, sources: chart.sources, revision: chart.revision });
    expect([fromFiles.origin, fromFiles.missing, fromFiles.bars]).toEqual(['book', [], column.bars]);
    expect((await columns('before')).origin).toBe('file');
    // A late bar of the month lies in the book, beside the file.
    await store([{ ...(bars('SPY', '2024-06-18', '2024-06-18')[0] as SeenBar), openTime: (sessionsBetween('2024-06-18', '2024-06-18')[0]?.open ?? 0) - 60 * MINUTE_MS }]);
    expect((await columns('before')).bars.time.length).toBe(column.bars.time.length + 1);
    expect((await read({ timeframe: '1Day', limit: 5 })).isFromArchive).toBe(false);
    await expect(readBars({ db, hot, archiveFolder: join(folder, 'elsewhere') }, { symbol: 'SPY', timeframe: '15Min', adjustment: 'raw', hours: 'regular', limit: 10_000 })).rejects.toMatchObject({ code: 'ARCHIVE_DAMAGED' });
    expect((await columns('lost', join(folder, 'elsewhere'))).missing).toEqual(['2024-06']);
    const view = storageViewSchema.parse(await readStorage({ db, archiveFolder, dataFolder: folder, now: () => 1, hot: () => ({ ...counts }) }));
    expect(view.files).toMatchObject([{ month: '2024-06', timeframe: '1Min', state: 'archived', isPresent: true, isParquet: true, rows: inJune }]);
    await restoreUnit(given, unit);
    expect(await read({ timeframe: '15Min', limit: 10_000 })).toMatchObject({ columns: chart.columns, isFromArchive: false });
  });

  it('are read in short pieces, and no further than the page needs', async () => {
    const pieces: number[] = [];
    const counting = { ...db, query: async <Row>(text: string, params: readonly unknown[] = []): Promise<Row[]> => {
      const rows = await db.query<Row>(text, params);
      const [{ rows: lines } = { rows: null }] = rows as { rows?: string | null }[];
      if (typeof lines === 'string') pieces.push(lines.split('\n').length);
      return rows;
    } };
    const given = { db: counting, hot: hotBars({ get: () => Promise.resolve(null), set: () => Promise.resolve() }, { hits: { inc: () => undefined }, misses: { inc: () => undefined } }), archiveFolder };
    const ask = { symbol: 'SPY', timeframe: '1Min', adjustment: 'raw', hours: 'all' } as const;
    const whole = await readBars(given, { ...ask, limit: 10_000 });
    const [stored] = await book.sql<{ n: number }>(`SELECT count(*) AS n FROM data_ingestion.market_data WHERE symbol = 'SPY' AND timeframe = '1Min'`);
    // None twice.
    expect([Math.max(...pieces), pieces.reduce((sum, count) => sum + count, 0)]).toEqual([6_000, stored?.n]);
    expect(whole.columns).toEqual((await read({ ...ask, limit: 10_000 })).columns);
    pieces.length = 0;
    // The first piece has enough of regular trading: what else may be wanted of the stretch is not read.
    expect((await readBars(given, { ...ask, hours: 'regular', limit: 5_500 })).columns).toEqual((await read({ timeframe: '1Min', limit: 5_500 })).columns);
    expect(pieces).toEqual([6_000]);
  });

  it('are whole while their month goes into a file', async () => {
    const unit = { month: '2024-06', timeframe: '1Min' } as const;
    const access: BookAccess = { db, bulk: (fn) => withBulkTx(bulk, fn) };
    const before = await read({ timeframe: '15Min', limit: 10_000 });
    memory.clear();
    const reading: Promise<unknown>[] = [];
    const point = async (name: string): Promise<void> => {
      if (name !== 'archive:before commit' || reading.length > 0) return;
      // Both ask for what is known of the series, then wait for the table.
      reading.push(read({ timeframe: '15Min', limit: 10_000 }), openColumnCache(join(folder, 'while'), archiveFolder).load(access, { symbol: 'SPY', timeframe: '1Min' }));
      await until(async () => (await book.sql(`SELECT 1 FROM pg_locks WHERE NOT granted AND mode = 'AccessShareLock'`)).length >= 2, 'both to wait');
    };
    const given = { db, bulk, folder: archiveFolder };
    await archiveUnit({ ...given, point }, unit);
    const [chart, columns] = (await Promise.all(reading)) as [BarsView, CachedBars];
    expect(chart.columns).toEqual(before.columns);
    expect([columns.missing, columns.bars.time.length]).toEqual([[], (await openColumnCache(join(folder, 'after'), archiveFolder).load(access, { symbol: 'SPY', timeframe: '1Min' })).bars.time.length]);
    await restoreUnit(given, unit);
  });
});

describe('the storage of bars', () => {
  it('has its tables before their months begin, by the clock and by the newest bar', async () => {
    expect(await keepMonthsAhead(db, Date.UTC(2030, 10, 30))).toEqual(['2024-10', '2024-11', '2024-12', '2030-11', '2030-12', '2031-01', '2031-02']);
    expect(await keepMonthsAhead(db, Date.UTC(2030, 10, 30))).toEqual([]);
  });

  it('is told from the catalogue, quickly', async () => {
    await book.sql('ANALYZE data_ingestion.market_data');
    const view = storageViewSchema.parse(await readStorage({ db, archiveFolder, dataFolder: folder, now: () => 5, hot: () => ({ hits: 1, misses: 2 }) }));
    const june = view.months.find(({ month }) => month === '2024-06');
    expect(june?.rows).toBe((await book.sql<{ n: number }>(`SELECT count(*) AS n FROM data_ingestion.market_data_2024_06`))[0]?.n);
    expect(june?.byTimeframe.map(({ timeframe }) => timeframe)).toEqual(['1Min', '1Day']);
    expect(view.months.filter(({ isAhead }) => isAhead).map(({ month }) => month)).toContain('2031-02');
    expect(view).toMatchObject({ widths: [{ timeframe: '1Min', series: 3, keepMonths: 24 }, {}, {}, {}, { timeframe: '1Day', keepMonths: null }], hot: { hits: 1, misses: 2 }, at: 5 });
    expect(view.disk.freeBytes).toBeGreaterThan(0);
    expect(view.tookMs).toBeLessThan(2_000);
  });
});
