/** The column cache over the real book: what it gives is what the book holds, whatever happens to its files. */
import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withBulkTx } from '#chassis/db-bulk.ts';
import { openDb, type Db } from '#chassis/db.ts';
import { startBook, type Book } from '../../tests/support/servers.ts';
import { barsBetween, openColumnCache, type BookAccess } from './cache.ts';

const T0 = Date.UTC(2024, 0, 2, 14, 30);
const MINUTE = 60_000;
const SPY = { symbol: 'SPY', timeframe: '1Min' } as const;
let server: Book;
let db: Db;
let book: BookAccess;
const folder = mkdtempSync(join(tmpdir(), 'ms-columns-'));
const fileOf = (): string => join(folder, 'bars-SPY-1Min.columns');

/** Bars of minutes [from, to) as the ingestion writes them: rows and counters in one step. */
async function write(from: number, to: number): Promise<void> {
  await server.sql(`SELECT data_ingestion.ensure_month(m::date) FROM generate_series(to_timestamp($1 / 1000.0), to_timestamp($2 / 1000.0) + interval '1 month', interval '1 month') m`, [T0 + from * MINUTE, T0 + to * MINUTE]);
  await server.sql(
    `WITH told AS (INSERT INTO data_ingestion.market_data SELECT 'SPY', '1Min', to_timestamp(($1::bigint + n * 60000) / 1000.0), 100 + n * 0.01, 101 + n * 0.01, 99 + n * 0.01, 100.123456 + n * 0.01, n, 'test', now() FROM generate_series($2::int, $3::int - 1) n RETURNING open_time)
     INSERT INTO data_ingestion.ingestion_status AS s (symbol, timeframe, last_open_time, last_close, bars_total, last_seen_at) SELECT 'SPY', '1Min', max(open_time), 1, count(*), now() FROM told
     ON CONFLICT (symbol, timeframe) DO UPDATE SET last_open_time = greatest(s.last_open_time, excluded.last_open_time), bars_total = s.bars_total + excluded.bars_total`, [T0, from, to]);
}

describe('the column cache', () => {
  beforeAll(async () => {
    server = await startBook();
    const access = server.access('strategy_engine');
    db = openDb({ access, database: 'trading_system', schema: null, applicationName: 'test', max: 2, onLost: () => undefined });
    book = { db, bulk: (fn) => withBulkTx({ access, database: 'trading_system', applicationName: 'test' }, fn) };
    await write(100, 1_000);
  });
  afterAll(async () => {
    await db.close();
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  it('reads the book once, the file from then on, and the numbers are the book\'s', async () => {
    const cache = openColumnCache(folder);
    const first = await cache.load(book, SPY);
    expect(first).toMatchObject({ origin: 'book', complaint: null });
    expect([first.bars.time.length, first.bars.time[0], first.bars.close[5], first.bars.volume[899]]).toEqual([900, T0 + 100 * MINUTE, Number((100.123456 + 1.05).toFixed(6)), 999]);
    const again = await cache.load(book, { ...SPY, isShared: true });
    expect(again.origin).toBe('file');
    expect(again.bars.close.buffer).toBeInstanceOf(SharedArrayBuffer);
    for (const name of ['time', 'open', 'high', 'low', 'close', 'volume'] as const) expect([...again.bars[name]]).toEqual([...first.bars[name]]);
    expect(again.source).toBe(first.source);
  });

  it('adds newer bars to what it has, and reads all again when a gap was filled', async () => {
    const cache = openColumnCache(folder);
    await write(1_000, 1_200);
    const grown = await cache.load(book, SPY);
    expect([grown.origin, grown.bars.time.length, grown.bars.time[1_099]]).toEqual(['extended', 1_100, T0 + 1_199 * MINUTE]);
    expect((await cache.load(book, SPY)).origin).toBe('file');
    await write(0, 100);
    const filled = await cache.load(book, SPY);
    expect([filled.origin, filled.bars.time.length, filled.bars.time[0]]).toEqual(['book', 1_200, T0]);
    await write(1_200, 1_201);
    await write(1_210, 1_211);
    expect((await cache.load(book, SPY)).origin).toBe('extended');
  });

  it('follows a month that was put away', async () => {
    const cache = openColumnCache(folder);
    await server.sql(`DELETE FROM data_ingestion.market_data WHERE open_time < to_timestamp($1 / 1000.0)`, [T0 + 10 * MINUTE]);
    expect((await cache.load(book, SPY)).bars.time.length).toBe(1_202);
    await server.sql(`INSERT INTO data_ingestion.archived_months (month, timeframe, file, rows, bytes, sha256, schema_version, state) VALUES ('2023-12-01', '1Min', 'x', 10, 1, 'x', 2, 'archived')`);
    expect(await cache.load(book, SPY)).toMatchObject({ origin: 'book', bars: { time: { length: 1_192 } }, missing: [] });
    // A cache that knows where the archive lies says what it cannot read there, and keeps no file that lacks it.
    const lost = openColumnCache(join(folder, 'lost'), join(folder, 'no archive'));
    for (let n = 0; n < 2; n += 1) expect(await lost.load(book, SPY)).toMatchObject({ origin: 'book', missing: ['2023-12'], complaint: expect.stringMatching(/archived bars of 2023-12 cannot be read/) as string });
    // Another width's archives are none of its business.
    await server.sql(`INSERT INTO data_ingestion.archived_months (month, timeframe, file, rows, bytes, sha256, schema_version, state) VALUES ('2023-12-01', '5Min', 'x', 10, 1, 'x', 2, 'archived')`);
    expect(await cache.load(book, SPY)).toMatchObject({ origin: 'file' });
  });

  it('never continues a file over a revision', async () => {
    const cache = openColumnCache(folder);
    await cache.load(book, SPY);
    const at = T0 + 500 * MINUTE;
    await server.sql(`UPDATE data_ingestion.market_data SET volume = 7 WHERE open_time = to_timestamp($1 / 1000.0)`, [at]);
    expect((await cache.load(book, SPY)).origin).toBe('file');
    await server.sql(`UPDATE data_ingestion.ingestion_status SET revisions = revisions + 1`);
    const revised = await cache.load(book, SPY);
    expect([revised.origin, revised.bars.volume[revised.bars.time.indexOf(at)]]).toEqual(['book', 7]);
    expect((await cache.load(book, SPY)).origin).toBe('file');
    await server.sql(`UPDATE data_ingestion.market_data SET volume = 500 WHERE open_time = to_timestamp($1 / 1000.0)`, [at]);
    await server.sql(`UPDATE data_ingestion.ingestion_status SET revisions = 0`);
    await cache.load(book, SPY);
  });

  it('frees bars of splits and dividends as the factors stand now', async () => {
    const cache = openColumnCache(folder);
    const raw = await cache.load(book, SPY);
    expect((await cache.load(book, { ...SPY, adjustment: 'split' })).bars.close).toEqual(raw.bars.close);
    await server.sql(`INSERT INTO data_ingestion.adjustment_factors (symbol, day, price_factor, split_factor) VALUES ('SPY', '2024-01-01', 0.5, 0.25), ('SPY', '2030-01-01', 0.9, 0.5)`);
    const [split, all, again] = await cache.loadMany(book, [{ ...SPY, adjustment: 'split' }, { ...SPY, adjustment: 'all', isShared: true }, SPY]);
    expect([split?.bars.close[3], all?.bars.close[3], split?.bars.volume[3]]).toEqual([raw.bars.close[3], raw.bars.close[3], raw.bars.volume[3]].map((value, n) => Math.round((value ?? 0) * ([0.5, 0.45, 2][n] ?? 0) * 1e6) / 1e6));
    expect(new Set([raw.source, split?.source, all?.source]).size).toBe(3);
    expect(again?.source).toBe(raw.source);
    await server.sql('DELETE FROM data_ingestion.adjustment_factors');
  });

  it('loads many series with a handful of statements, and only what their files lack', async () => {
    const cache = openColumnCache(join(folder, 'many'));
    const names = Array.from({ length: 60 }, (_, n) => `S${n}`);
    const add = async (from: number, to: number): Promise<void> => {
      await server.sql(
        `WITH told AS (INSERT INTO data_ingestion.market_data SELECT s, '1Day', timestamptz '2024-01-02 05:00Z' + n * interval '1 day', 10 + n, 20 + n, 5, 11 + n, length(s) * n, 'test', now() FROM unnest($1::text[]) s, generate_series($2::int, $3::int - 1) n RETURNING symbol, open_time)
         INSERT INTO data_ingestion.ingestion_status AS s (symbol, timeframe, last_open_time, last_close, bars_total, last_seen_at) SELECT symbol, '1Day', max(open_time), 1, count(*), now() FROM told GROUP BY 1
         ON CONFLICT (symbol, timeframe) DO UPDATE SET last_open_time = excluded.last_open_time, bars_total = s.bars_total + excluded.bars_total`, [names, from, to]);
    };
    let statements = 0;
    const counting: BookAccess = { db: { query: (text, params) => { statements += 1; return db.query(text, params); } }, bulk: (fn) => { statements += 1; return book.bulk(fn); } };
    const wanted = [...names, 'NONE'].map((symbol) => ({ symbol, timeframe: '1Day' as const, adjustment: 'split' as const }));
    await add(0, 20);
    const first = await cache.loadMany(counting, wanted);
    expect(first.map(({ bars, origin }) => `${bars.time.length} ${origin}`)).toEqual([...names.map(() => '20 book'), '0 book']);
    expect([first[7]?.bars.close[3], first[7]?.bars.volume[3], first[12]?.bars.volume[3]]).toEqual([14, 6, 9]);
    expect(statements).toBe(4);
    expect((await cache.loadMany(counting, wanted)).filter(({ origin }) => origin === 'file')).toHaveLength(60);
    await add(20, 22);
    const grown = await cache.loadMany(counting, wanted);
    expect(grown.map(({ bars, origin }) => `${bars.time.length} ${origin}`)).toEqual([...names.map(() => '22 extended'), '0 book']);
    const alone = await openColumnCache(join(folder, 'alone')).load(book, { symbol: 'S7', timeframe: '1Day' });
    for (const name of ['time', 'open', 'high', 'low', 'close', 'volume'] as const) expect([...(grown[7]?.bars[name] ?? [])]).toEqual([...alone.bars[name]]);
  });

  it('makes a damaged, cut or foreign file again and says so', async () => {
    const cache = openColumnCache(folder);
    const sound = readFileSync(fileOf());
    const flipped = Buffer.from(sound);
    flipped[5_000] = (flipped[5_000] ?? 0) ^ 1;
    for (const bytes of [flipped, sound.subarray(0, 6_000), Buffer.from('time,open\n'), Buffer.alloc(0)]) {
      writeFileSync(fileOf(), bytes);
      expect(await cache.load(book, SPY)).toMatchObject({ origin: 'book', complaint: expect.stringContaining('cannot be used') as string });
      expect(readFileSync(fileOf()).equals(sound)).toBe(true);
    }
  });

  it('reads days from before 1970, and goes on from a file without a bar', async () => {
    const cache = openColumnCache(join(folder, 'old'));
    const IBM = { symbol: 'IBM', timeframe: '1Day' } as const;
    await server.sql(`INSERT INTO data_ingestion.ingestion_status (symbol, timeframe, last_open_time, last_close, bars_total, last_seen_at) VALUES ('IBM', '1Day', '1968-05-02 04:00Z', 1, 0, now())`);
    expect((await cache.load(book, IBM)).bars.time.length).toBe(0);
    await server.sql(`SELECT data_ingestion.ensure_month('1968-05-01')`);
    await server.sql(`INSERT INTO data_ingestion.market_data SELECT 'IBM', '1Day', timestamptz '1968-05-01 04:00Z' + n * interval '1 day', 10, 11, 9, 10 + n, 1, 'test', now() FROM generate_series(0, 1) n`);
    await server.sql(`UPDATE data_ingestion.ingestion_status SET bars_total = 2 WHERE symbol = 'IBM'`);
    expect([...(await cache.load(book, IBM)).bars.close]).toEqual([10, 11]);
    expect([...(await openColumnCache(join(folder, 'older')).load(book, IBM)).bars.close]).toEqual([10, 11]);
  });

  it('knows nothing of a series that the book does not know', async () => {
    expect(await openColumnCache(folder).load(book, { symbol: 'NONE', timeframe: '1Day' })).toMatchObject({ bars: { time: { length: 0 } } });
  });

  it('goes on without a file where none can be written, and says so', async () => {
    const place = join(folder, 'blocked');
    const cache = openColumnCache(place);
    rmSync(place, { recursive: true });
    writeFileSync(place, 'a file where the folder was');
    for (let n = 0; n < 2; n += 1) expect(await cache.load(book, SPY)).toMatchObject({ origin: 'book', bars: { time: { length: 1_192 } }, complaint: expect.stringMatching(/could not be read .*could not be written/) as string });
    rmSync(place);
  });

  it('serves several processes at once, of which some are killed, and sweeps up after them', async () => {
    rmSync(fileOf());
    const child = join(folder, 'child.mjs');
    const url = (file: string): string => new URL(file, import.meta.url).href;
    writeFileSync(child, `import { readColumns, writeColumns } from ${JSON.stringify(url('store.ts'))};
      import { barColumns } from ${JSON.stringify(url('../../app/domain/bar-columns.ts'))};
      const bars = barColumns(20000); for (let n = 0; n < 20000; n += 1) { bars.time[n] = n; bars.close[n] = process.pid; }
      process.send('ready');
      for (;;) { await writeColumns(process.argv[2], { symbol: 'SPY', timeframe: '1Min', adjustment: 'raw', source: 'race' }, bars); readColumns(process.argv[2]); }`);
    const children = Array.from({ length: 3 }, () => fork(child, [fileOf()]));
    await Promise.all(children.map((one) => new Promise((ready) => one.once('message', ready))));
    const { readColumns } = await import('./store.ts');
    for (let n = 0; n < 60; n += 1) {
      const found = readColumns(fileOf());
      if (found !== null) expect(new Set(found.bars.close).size).toBe(1);
    }
    await Promise.all(children.map((one) => new Promise((gone) => one.once('exit', gone).kill('SIGKILL'))));
    for (const name of readdirSync(folder).filter((one) => one.endsWith('.new'))) utimesSync(join(folder, name), 0, 0);
    expect((await openColumnCache(folder).load(book, SPY)).bars.time.length).toBe(1_192);
    expect(readdirSync(folder).filter((one) => one.endsWith('.new'))).toEqual([]);
  });

  it('cuts out the bars between two instants', async () => {
    const { bars } = await openColumnCache(folder).load(book, SPY);
    const cut = barsBetween(bars, T0 + 20 * MINUTE, T0 + 30 * MINUTE);
    expect([cut.time.length, cut.time[0], cut.time.at(-1), cut.time.buffer === bars.time.buffer]).toEqual([10, T0 + 20 * MINUTE, T0 + 29 * MINUTE, true]);
    expect(barsBetween(bars, T0 + 30 * MINUTE, T0).time.length).toBe(0);
  });

  it('gives who asks while a series is built the bars that were there when they asked', async () => {
    const cache = openColumnCache(folder);
    await write(1_300, 1_301);
    const [begun, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const slow: BookAccess = { db, bulk: async (fn) => {
      const read = await book.bulk(fn);
      begun.resolve();
      await released.promise;
      return read;
    } };
    const early = cache.load(slow, SPY);
    await begun.promise;
    await write(1_301, 1_302);
    const late = cache.load(book, SPY);
    // The second one has asked for the state by then; the first is let go.
    await db.query('SELECT 1');
    released.resolve();
    expect([(await early).bars.time.at(-1), (await late).bars.time.at(-1)]).toEqual([T0 + 1_300 * MINUTE, T0 + 1_301 * MINUTE]);
  });
});
