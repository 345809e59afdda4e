/** Putting months of bars away and bringing them back, over a real book: rows, digits and digests are the same there and back. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { EpochMs } from '#app/domain/time.ts';
import { withBulkTx } from '#chassis/db-bulk.ts';
import { openDb, type Db } from '#chassis/db.ts';
import { runFlowByHand } from '../../tests/support/run-flow.ts';
import { startBook, type Book } from '../../tests/support/servers.ts';
import { minutesOf, storeAnew } from '../../tests/support/stored-minutes.ts';
import { archiveUnit, restoreUnit } from './archive.ts';
import { checkRoom } from './archive-files.ts';
import { archiveFlow } from './archive-flow.ts';
import { writeBars } from './bulk.ts';
import { reviseBars, type SeenBar } from './store.ts';

const NOW = Date.UTC(2026, 10, 20, 15) as EpochMs;
/** Bars of two symbols in thirteen sessions, every thirteenth minute. */
const ROWS = 2 * 13 * 30;
const JANUARY = { month: '2023-01', timeframe: '1Min' } as const;
let book: Book;
let db: Db;
let folder: string;
const given = () => ({ db, folder, bulk: { access: book.access('data_ingestion'), database: 'trading_system', applicationName: 'test' } });

const store = (bars: readonly SeenBar[]): Promise<void> => storeAnew(book, db, bars);
const months = () => book.sql<{ name: string }>(`SELECT relname AS name FROM pg_class WHERE relname ~ '^market_data_\\d{4}_\\d{2}$' AND relkind = 'r' ORDER BY 1`).then((rows) => rows.map((row) => row.name));
const fingerprint = (month: string) => book.sql(`SELECT count(*) AS rows, md5(string_agg(m::text, '|' ORDER BY symbol, timeframe, open_time)) AS hash FROM data_ingestion.market_data m WHERE to_char(open_time, 'YYYY-MM') = '${month}'`).then(([row]) => row);

beforeAll(async () => {
  book = await startBook();
  // Power cuts are the matter of other tests.
  await book.sql('ALTER DATABASE trading_system SET synchronous_commit = off');
  db = openDb({ access: book.access('data_ingestion'), database: 'trading_system', schema: 'data_ingestion', applicationName: 'test', max: 4, onLost: () => undefined });
  await store(minutesOf('SPY', '2026-11-16', '2026-11-16', 10));
});
afterAll(async () => {
  await db.close();
  await book.stop();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ms-archive-'));
});

describe('archive_old_data', () => {
  const run = (input: unknown) => runFlowByHand(archiveFlow({ ...given(), archiveFolder: folder, now: () => NOW }), input);
  const january = (): Promise<void> => store([...minutesOf('SPY', '2023-01-03', '2023-01-20', 13), ...minutesOf('AAPL', '2023-01-03', '2023-01-20', 13)]);
  /** January as if it had never been put away, and counted as it stands. */
  const fresh = async (): Promise<void> => {
    await book.sql(`DELETE FROM data_ingestion.market_data WHERE to_char(open_time, 'YYYY-MM') = '2023-01'`);
    await book.sql('DELETE FROM data_ingestion.archived_months');
    await january();
    await book.sql('UPDATE data_ingestion.ingestion_status s SET bars_total = (SELECT count(*) FROM data_ingestion.market_data m WHERE m.symbol = s.symbol AND m.timeframe = s.timeframe)');
  };

  it('puts old months into verified files, brings them back bar by bar, and leaves young ones alone', async () => {
    await january();
    await store(minutesOf('SPY', '2024-11-01', '2024-11-04', 10));
    const before = await fingerprint('2023-01');
    const first = await run({});
    expect(first.steps).toEqual(['make tables for the months to come', 'look for old months', 'archive 2023-01 in 1Min', 'remove old findings']);
    expect(first.output).toMatchObject({ rows: ROWS, left: 0, archived: [{ month: '2023-01', timeframe: '1Min' }] });
    expect(await months()).toEqual(['2024_11', '2026_11', '2026_12', '2027_01', '2027_02'].map((month) => `market_data_${month}`));
    expect(JSON.parse(readFileSync(join(folder, 'market_data_2023_01_1Min.parquet.json'), 'utf8'))).toMatchObject({ month: '2023-01', rows: ROWS, timeframe: '1Min', schemaVersion: 2 });
    expect((await run({})).output).toMatchObject({ archived: [] });
    expect((await run({ action: 'restore' })).output).toMatchObject({ rows: ROWS, restored: [{ month: '2023-01', added: ROWS }] });
    expect(await fingerprint('2023-01')).toEqual(before);
    expect((await run({ action: 'restore', months: ['2023-01'] })).output).toMatchObject({ rows: 0 });
    // What was brought back stays for a while.
    expect((await run({})).output).toMatchObject({ archived: [] });
    expect((await run({ keepRestoredDays: 0 })).output).toMatchObject({ archived: [{ month: '2023-01', timeframe: '1Min' }] });
  });

  it('puts late bars into the file that is there already', async () => {
    await fresh();
    await run({ months: ['2023-01'] });
    await store(minutesOf('SPY', '2023-01-23', '2023-01-23', 10));
    expect((await run({})).output).toMatchObject({ archived: [{ month: '2023-01', rows: ROWS + 39 }] });
    expect((await run({ action: 'restore' })).output).toMatchObject({ rows: ROWS + 39 });
  });

  it('ends anywhere without losing a bar', async () => {
    await fresh();
    const before = await fingerprint('2023-01');
    const points = ['archive:file written', 'archive:file verified', 'archive:before commit', 'archive:dropped'];
    for (const point of points) {
      const ended = archiveUnit({ ...given(), point: (name) => { if (name === point) throw new Error(`ended at ${name}`); } }, JANUARY);
      await expect(ended).rejects.toThrow(`ended at ${point}`);
      if (point !== 'archive:dropped') expect(await fingerprint('2023-01')).toEqual(before);
    }
    expect(await archiveUnit(given(), JANUARY)).toMatchObject({ rows: ROWS });
    await expect(restoreUnit({ ...given(), point: () => { throw new Error('ended'); } }, JANUARY)).rejects.toThrow('ended');
    expect(await months()).not.toContain('market_data_2023_01');
    expect(await restoreUnit(given(), JANUARY)).toMatchObject({ added: ROWS });
    expect(await fingerprint('2023-01')).toEqual(before);
  });

  it('counts each bar once and tells what a file had, when bars come again over a month that lies in it', async () => {
    await fresh();
    type Status = { bars: number; revisions: number; last: number; close: string; held: number };
    const status = async () => (await book.sql<Status>(`SELECT bars_total AS bars, revisions, last_open_time AS last, last_close AS close, (SELECT count(*) FROM data_ingestion.market_data m WHERE m.symbol = s.symbol AND m.timeframe = s.timeframe) AS held
      FROM data_ingestion.ingestion_status s WHERE symbol = 'AAPL' AND timeframe = '1Min'`))[0] as Status;
    const before = await status();
    expect(before.bars).toBe(before.held);
    await archiveUnit(given(), JANUARY);
    const told = minutesOf('AAPL', '2023-01-03', '2023-01-04', 13);
    await store(told.slice(0, 30).map((bar, n) => (n === 0 ? { ...bar, volume: '7' } : bar)));
    await withBulkTx(given().bulk, (tx) => writeBars(tx, [{ symbol: 'AAPL', timeframe: '1Min', bars: told.slice(30) }], { source: 'import', policy: 'keep', tsSeen: NOW }));
    // Counted twice for now, but nobody takes a column file of before for one of now.
    expect(await status()).toMatchObject({ bars: before.bars + 60, held: 60, revisions: before.revisions + 2 });
    expect(await restoreUnit(given(), JANUARY)).toMatchObject({ rows: ROWS, added: ROWS - 60 });
    expect(await status()).toEqual({ ...before, revisions: before.revisions + 2 });
    expect(await book.sql(`SELECT detail -> 'before' ->> 'volume' AS was, detail -> 'after' ->> 'volume' AS now, detail ->> 'file' AS file FROM data_ingestion.data_quality_logs WHERE kind = 'bar_replaced'`))
      .toEqual([{ was: told[0]?.volume, now: '7', file: 'market_data_2023_01_1Min.parquet' }]);
  });

  it('tells a book that was set up anew how far its series reach', async () => {
    await fresh();
    await archiveUnit(given(), JANUARY);
    await book.sql('DELETE FROM data_ingestion.archived_months');
    await book.sql(`DELETE FROM data_ingestion.ingestion_status WHERE symbol = 'AAPL'`);
    const all = minutesOf('AAPL', '2023-01-03', '2023-01-20', 13);
    await store(all.slice(0, 10));
    await restoreUnit(given(), JANUARY);
    expect(await book.sql(`SELECT bars_total, first_open_time, last_open_time, last_close::float8 AS close FROM data_ingestion.ingestion_status WHERE symbol = 'AAPL'`))
      .toEqual([{ bars_total: all.length, first_open_time: all[0]?.openTime, last_open_time: all.at(-1)?.openTime, close: Number(all.at(-1)?.close) }]);
  });

  it('does not take a mistyped year for the present', async () => {
    await fresh();
    await store(minutesOf('SPY', '2062-01-03', '2062-01-03', 390));
    expect((await run({})).output).toMatchObject({ archived: [{ month: '2023-01' }] });
    await expect(run({ months: ['2026-11'] })).rejects.toMatchObject({ code: 'FLOW_INPUT_INVALID' });
    await book.sql(`DELETE FROM data_ingestion.market_data WHERE open_time > '2060-01-01'`);
  });

  it('sends a bar back for another try that waits while the table of its month goes', async () => {
    await expect(db.query(`INSERT INTO data_ingestion.market_data SELECT 'SPY', '1Min', '1999-05-03 14:30Z', open, high, low, close, volume, source, ts_seen FROM data_ingestion.market_data LIMIT 1`)).rejects.toMatchObject({ code: 'VERSION_CONFLICT', family: 'conflict' });
    await expect(db.query(`INSERT INTO data_ingestion.market_data SELECT symbol, timeframe, open_time + interval '1 second', open, low, high, close, volume, source, ts_seen FROM data_ingestion.market_data LIMIT 1`)).rejects.toMatchObject({ code: '23514' });
  });

  it('exports again when a bar comes in between', async () => {
    await fresh();
    const exports: string[] = [];
    const point = async (name: string): Promise<void> => {
      exports.push(name);
      if (exports.length === 2) await store(minutesOf('SPY', '2023-01-24', '2023-01-24', 39));
    };
    expect(await archiveUnit({ ...given(), point }, JANUARY)).toMatchObject({ rows: ROWS + 10 });
    expect(exports.filter((name) => name === 'archive:file written')).toHaveLength(2);
    await restoreUnit(given(), JANUARY);
    await expect(db.query(`SELECT data_ingestion.drop_bars('2023-01-01', '1Min', 3379, 0)`)).rejects.toThrow(/ledger of archives/);
    await expect(db.query(`DROP TABLE data_ingestion.market_data_2023_01`)).rejects.toThrow(/owner/);
    expect(await fingerprint('2023-01')).toMatchObject({ rows: ROWS + 10 });
  });

  it('exports again when a bar is changed in between: the file holds what the book held last', async () => {
    await fresh();
    const [bar] = minutesOf('SPY', '2023-01-03', '2023-01-03', 390);
    const revised = { ...(bar as SeenBar), volume: '987654321.123456789' };
    let exports = 0;
    const point = async (name: string): Promise<void> => {
      if (name === 'archive:file verified' && (exports += 1) === 1) await db.tx((tx) => reviseBars(tx, [revised], { kind: 'bar_revised', source: 'correction' }));
    };
    await archiveUnit({ ...given(), point }, JANUARY);
    expect(exports).toBe(2);
    await restoreUnit(given(), JANUARY);
    expect(await book.sql(`SELECT volume, source FROM data_ingestion.market_data WHERE symbol = 'SPY' AND open_time = to_timestamp(${revised.openTime / 1000})`)).toEqual([{ volume: revised.volume, source: 'correction' }]);
  });

  it('puts each width away by its own age, and leaves the days in the book', async () => {
    await fresh();
    const wide = (timeframe: '5Min' | '1Day'): SeenBar[] => minutesOf('SPY', '2023-01-03', '2023-01-20', timeframe === '1Day' ? 390 : 5).map((bar) => ({ ...bar, timeframe, openTime: timeframe === '1Day' ? bar.openTime - 34_200_000 : bar.openTime }));
    await store([...wide('5Min'), ...wide('1Day')]);
    const others = () => book.sql(`SELECT md5(string_agg(m::text, '|' ORDER BY timeframe, open_time)) AS hash, count(*) AS rows FROM data_ingestion.market_data m WHERE to_char(open_time, 'YYYY-MM') = '2023-01' AND timeframe <> '1Min'`);
    const [whole, before] = [await fingerprint('2023-01'), await others()];
    expect((await run({ keep5Min: 60 })).output).toMatchObject({ archived: [{ month: '2023-01', timeframe: '1Min', rows: ROWS }] });
    expect(await others()).toEqual(before);
    await expect(db.query(`INSERT INTO data_ingestion.market_data_2023_01 SELECT * FROM data_ingestion.market_data WHERE timeframe = '1Day' LIMIT 1`)).rejects.toThrow(/duplicate key/);
    expect((await run({})).output).toMatchObject({ archived: [{ timeframe: '5Min' }] });
    expect((await run({ action: 'restore', timeframes: ['1Min'] })).output).toMatchObject({ rows: ROWS });
    expect((await run({ action: 'restore', months: ['2023-01'] })).output).toMatchObject({ restored: [{ timeframe: '1Min', added: 0 }, { timeframe: '5Min', added: 13 * 78 }] });
    expect(await fingerprint('2023-01')).toEqual(whole);
    expect((await run({ months: ['2023-01'], timeframes: ['1Day'] })).output).toMatchObject({ archived: [{ timeframe: '1Day', rows: 13 }] });
    await run({ action: 'restore' });
    expect(await fingerprint('2023-01')).toEqual(whole);
    await book.sql(`DELETE FROM data_ingestion.market_data WHERE timeframe <> '1Min'`);
  });

  it('brings back a month that an earlier version put away as compressed text, and knows files that the book has forgotten', async () => {
    await fresh();
    const before = await fingerprint('2023-01');
    const columns = 'symbol, timeframe, open_time, open, high, low, close, volume, source, ts_seen';
    const rows = await book.sql<{ line: string }>(`SELECT concat_ws(',', symbol, timeframe, open_time::text, open, high, low, close, volume, source, ts_seen::text) AS line FROM data_ingestion.market_data WHERE to_char(open_time, 'YYYY-MM') = '2023-01' ORDER BY symbol, open_time`);
    const bytes = gzipSync(`${columns.replaceAll(' ', '')}\n${rows.map((row) => `${row.line}\n`).join('')}`);
    writeFileSync(join(folder, 'market_data_2023_01.csv.gz'), bytes);
    const manifest = { table: 'market_data', month: '2023-01', file: 'market_data_2023_01.csv.gz', rows: rows.length, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex'), schemaVersion: 1, columns: columns.split(', ') };
    writeFileSync(join(folder, 'market_data_2023_01.csv.gz.json'), JSON.stringify(manifest));
    await book.sql(`DELETE FROM data_ingestion.market_data WHERE to_char(open_time, 'YYYY-MM') = '2023-01'`);
    expect((await run({ action: 'restore', months: ['2023-01'] })).output).toMatchObject({ restored: [{ timeframe: '*', added: ROWS }] });
    expect(await fingerprint('2023-01')).toEqual(before);
    // Archived by an earlier version, with late bars now: both go into one new file.
    await book.sql(`UPDATE data_ingestion.archived_months SET state = 'archived'`);
    await book.sql(`DELETE FROM data_ingestion.market_data WHERE to_char(open_time, 'YYYY-MM') = '2023-01'`);
    await store(minutesOf('SPY', '2023-01-23', '2023-01-23', 10));
    expect(await archiveUnit(given(), JANUARY)).toMatchObject({ rows: ROWS + 39 });
  });

  it('drops nothing when the file cannot be written, and brings nothing back from a damaged one', async () => {
    await fresh();
    mkdirSync(join(folder, 'market_data_2023_01_1Min.parquet.part'));
    await expect(archiveUnit(given(), JANUARY)).rejects.toThrow(/EISDIR|directory/);
    expect(await fingerprint('2023-01')).toMatchObject({ rows: ROWS });
    rmSync(join(folder, 'market_data_2023_01_1Min.parquet.part'), { recursive: true, force: true });
    await archiveUnit(given(), JANUARY);
    const path = join(folder, 'market_data_2023_01_1Min.parquet');
    const bytes = readFileSync(path);
    bytes[200] = (bytes[200] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    await expect(restoreUnit(given(), JANUARY)).rejects.toMatchObject({ code: 'ARCHIVE_DAMAGED' });
    expect(await months()).not.toContain('market_data_2023_01');
    bytes[200] = (bytes[200] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    expect(await restoreUnit(given(), JANUARY)).toMatchObject({ added: ROWS });
  });

  it('says that the disk is full before and while it writes, and drops nothing', async () => {
    await fresh();
    await expect(checkRoom(folder, Number.MAX_SAFE_INTEGER)).rejects.toMatchObject({ code: 'DATA_FOLDER_FULL' });
    if (existsSync('/dev/full')) {
      symlinkSync('/dev/full', join(folder, 'market_data_2023_01_1Min.parquet.part'));
      await expect(archiveUnit(given(), JANUARY)).rejects.toMatchObject({ code: 'DATA_FOLDER_FULL', family: 'operator' });
    }
    expect(await fingerprint('2023-01')).toMatchObject({ rows: ROWS });
    expect(await book.sql('SELECT 1 FROM data_ingestion.archived_months')).toEqual([]);
  });

  it('gives way to whoever reads bars, and is tried again', async () => {
    await fresh();
    // As shipped it waits for two seconds; here it need not.
    expect(await book.sql(`SELECT proconfig::text LIKE '%lock_timeout=2s%' AS is_bounded FROM pg_proc WHERE proname = 'drop_bars'`)).toEqual([{ is_bounded: true }]);
    await book.sql(`ALTER FUNCTION data_ingestion.drop_bars(date, text, bigint, bigint) SET lock_timeout = '100ms'`);
    await db.tx(async (tx) => {
      await tx.query('SELECT 1 FROM data_ingestion.market_data LIMIT 1');
      await expect(archiveUnit(given(), JANUARY)).rejects.toMatchObject({ code: 'VERSION_CONFLICT', family: 'conflict' });
    });
    expect(await archiveUnit(given(), JANUARY)).toMatchObject({ rows: ROWS });
  });

  it('refuses months that are too young, and those it does not have', async () => {
    await expect(run({ months: ['2026-11'] })).rejects.toMatchObject({ code: 'FLOW_INPUT_INVALID' });
    await expect(run({ action: 'restore', months: ['1999-01'] })).rejects.toMatchObject({ code: 'FLOW_INPUT_INVALID' });
    await expect(run({ months: ['2026-13'] })).rejects.toThrow(/month/);
    await expect(run({ months: ['1999-01'] })).rejects.toThrow(/no bars of 1999-01/);
  });
});
