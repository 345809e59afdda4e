/** Bars in the real book: once, in order, refused when impossible, told exactly once. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBook, type Book } from '../../tests/support/servers.ts';
import { openDb, type Db } from '#chassis/db.ts';
import { lastCompleteOpen, removeBars, reviseBars, storeBars, type SeenBar } from './store.ts';

let book: Book;
let db: Db;
const T0 = Date.UTC(2026, 0, 30, 20, 58);
function bar(symbol: string, minute: number, close = '10.5'): SeenBar {
  return { symbol, timeframe: '1Min', openTime: T0 + minute * 60_000, open: '10', high: '11', low: '9.5', close, volume: '100', tsSeen: T0 + minute * 60_000 + 60_000 };
}
const told = () => book.sql<{ key: string; payload: { isBackfill: boolean } }>('SELECT key, payload FROM data_ingestion.outbox ORDER BY seq');

describe('storing bars', () => {
  beforeAll(async () => {
    book = await startBook();
    db = openDb({ access: book.access('data_ingestion'), database: 'trading_system', schema: 'data_ingestion', applicationName: 'test', max: 2, onLost: () => undefined });
  });
  afterAll(async () => {
    await db.close();
    await book.stop();
  });

  it('stores a frame once and tells it by time, then symbol', async () => {
    const frame = [bar('SPY', 1), bar('AAPL', 1), bar('SPY', 0)];
    expect(await db.tx((tx) => storeBars(tx, frame, { source: 'stream', isBackfill: false }))).toEqual({ stored: 3, known: 0, refused: 0 });
    expect(await db.tx((tx) => storeBars(tx, frame, { source: 'rest', isBackfill: false }))).toEqual({ stored: 0, known: 3, refused: 0 });
    expect((await told()).map((row) => row.key)).toEqual([`SPY:1Min:${T0}`, `AAPL:1Min:${T0 + 60_000}`, `SPY:1Min:${T0 + 60_000}`]);
  });

  it('makes the partition of a new month by itself', async () => {
    await db.tx((tx) => storeBars(tx, [bar('SPY', 60 * 24 * 3)], { source: 'rest', isBackfill: true }));
    const parts = await book.sql<{ relname: string }>(`SELECT relname FROM pg_class WHERE relname LIKE 'market_data_2026_%' AND relkind = 'r' ORDER BY 1`);
    expect(parts.map((row) => row.relname)).toEqual(['market_data_2026_01', 'market_data_2026_02']);
    expect((await told()).at(-1)?.payload.isBackfill).toBe(true);
  });

  it('keeps the newest close when an older bar arrives late', async () => {
    await db.tx((tx) => storeBars(tx, [bar('QQQ', 5, '10.7')], { source: 'stream', isBackfill: false }));
    await db.tx((tx) => storeBars(tx, [bar('QQQ', 3, '10.1')], { source: 'rest', isBackfill: false }));
    const [status] = await book.sql(`SELECT last_close, last_open_time, bars_total FROM data_ingestion.ingestion_status WHERE symbol = 'QQQ'`);
    expect(status).toEqual({ last_close: '10.700000000', last_open_time: T0 + 300_000, bars_total: 2 });
  });

  it('refuses what cannot be true, says why, and keeps the rest', async () => {
    const impossible = { ...bar('KO', 1), high: '9' };
    const result = await db.tx((tx) => storeBars(tx, [impossible, bar('KO', 2)], { source: 'stream', isBackfill: false }));
    expect(result).toEqual({ stored: 1, known: 0, refused: 1 });
    const [log] = await book.sql<{ kind: string; detail: { defect: string } }>(`SELECT kind, detail FROM data_ingestion.data_quality_logs WHERE symbol = 'KO'`);
    expect(log).toMatchObject({ kind: 'bar_refused', detail: { defect: 'high is below low' } });
  });

  it('keeps the first telling of a bar, and writes down once that another source tells it otherwise', async () => {
    const again = { ...bar('SPY', 0, '10.500'), volume: '100.0' };
    const other = bar('SPY', 1, '10.6');
    for (let n = 0; n < 2; n += 1) expect(await db.tx((tx) => storeBars(tx, [again, other], { source: 'rest', isBackfill: false }))).toEqual({ stored: 0, known: 2, refused: 0 });
    const logs = await book.sql<{ detail: unknown }>(`SELECT detail FROM data_ingestion.data_quality_logs WHERE kind = 'source_conflict'`);
    expect(logs).toMatchObject([{ detail: { stored: { source: 'stream', close: 10.5 }, told: { source: 'rest', close: 10.6 } } }]);
  });

  it('changes a stored bar, keeps what was there, counts the revision and tells no strategy', async () => {
    const before = (await told()).length;
    await db.tx((tx) => storeBars(tx, [bar('IBM', 1), bar('IBM', 2)], { source: 'stream', isBackfill: false }));
    const changes = [bar('IBM', 2, '10.9'), bar('IBM', 1, '10.500'), bar('IBM', 3), { ...bar('IBM', 1), high: '9' }];
    const why = { kind: 'bar_revised', source: 'correction', detail: { reason: 'the exchange said so' } } as const;
    expect(await db.tx((tx) => reviseBars(tx, changes, why))).toEqual({ revised: 1, same: 1, refused: 1, missing: [{ symbol: 'IBM', timeframe: '1Min', openTime: T0 + 180_000 }] });
    expect(await db.tx((tx) => reviseBars(tx, changes.slice(0, 1), why))).toMatchObject({ revised: 0, same: 1 });
    const [status] = await book.sql(`SELECT last_close, revisions, bars_total, first_open_time FROM data_ingestion.ingestion_status WHERE symbol = 'IBM'`);
    expect(status).toEqual({ last_close: '10.900000000', revisions: 1, bars_total: 2, first_open_time: T0 + 60_000 });
    const [log] = await book.sql<{ detail: unknown }>(`SELECT detail FROM data_ingestion.data_quality_logs WHERE symbol = 'IBM' AND kind = 'bar_revised'`);
    expect(log).toMatchObject({ detail: { reason: 'the exchange said so', before: { close: '10.5', source: 'stream', tsSeen: T0 + 180_000 }, after: { close: '10.9' } } });
    expect((await told()).length).toBe(before + 2);
  });

  it('takes a bar out whole or not at all, and gives it back as it was', async () => {
    const [key] = [{ symbol: 'IBM', timeframe: '1Min', openTime: T0 + 120_000 } as const];
    const why = { kind: 'bar_quarantined', detail: { rule: 'spike' } } as const;
    await expect(db.tx(async (tx) => { await removeBars(tx, [key], why); throw new Error('ended'); })).rejects.toThrow('ended');
    expect(await db.tx((tx) => removeBars(tx, [key, { ...key, symbol: 'NONE' }], why))).toEqual([{ ...key, open: '10', high: '11', low: '9.5', close: '10.9', volume: '100', source: 'correction', tsSeen: T0 + 180_000 }]);
    expect(await db.tx((tx) => removeBars(tx, [key], why))).toEqual([]);
    expect(await book.sql(`SELECT last_close, revisions, bars_total FROM data_ingestion.ingestion_status WHERE symbol = 'IBM'`)).toEqual([{ last_close: '10.500000000', revisions: 2, bars_total: 1 }]);
    expect(await book.sql(`SELECT detail->'before'->>'close' AS close FROM data_ingestion.data_quality_logs WHERE symbol = 'IBM' AND kind = 'bar_quarantined'`)).toEqual([{ close: '10.9' }]);
  });

  it('may not write into another service', async () => {
    await expect(db.query(`INSERT INTO execution.broker_cursors (name, position) VALUES ('x', 'y')`)).rejects.toThrow(/permission denied/);
  });
});

describe('the last complete bar', () => {
  it('is the one before the minute that runs', () => {
    expect(lastCompleteOpen(T0 + 59_999, '1Min')).toBe(T0 - 60_000);
    expect(lastCompleteOpen(T0 + 60_000, '1Min')).toBe(T0);
  });
});
