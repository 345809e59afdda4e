/** The bulk writer against a real book: every number as it was told, each bar once, known ones by the policy. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { barColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import type { BarWire } from '#app/domain/bar.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { fromNewYork } from '#app/market/nyse-zone.ts';
import { openDb } from '#chassis/db.ts';
import { createLog } from '#chassis/log.ts';
import { withBulkTx, type BulkOptions } from '#chassis/db-bulk.ts';
import { startBook, until, type Book } from '../../tests/support/servers.ts';
import type { BarsQuery, MarketHistory } from '../alpaca/ports.ts';
import { startIntake } from './intake.ts';
import { storeBars } from './store.ts';
import { writeBars, type BulkWrite, type Written } from './bulk.ts';

let book: Book;
let options: BulkOptions;
const T0 = Date.UTC(2024, 0, 31, 23, 50);
const WRITE: BulkWrite = { source: 'import', policy: 'keep', tsSeen: T0 };

function columns(count: number, from = T0, price = 10): BarColumns {
  const bars = barColumns(count);
  for (let n = 0; n < count; n += 1) {
    bars.time[n] = from + n * 60_000;
    bars.open[n] = price;
    bars.high[n] = price + 1;
    bars.low[n] = price - 1;
    bars.close[n] = price + n / 1000;
    bars.volume[n] = n;
  }
  return bars;
}
const write = (symbol: string, bars: BarColumns | readonly BarWire[], how: Partial<BulkWrite> = {}): Promise<Written> => withBulkTx(options, (tx) => writeBars(tx, [{ symbol, timeframe: '1Min', bars }], { ...WRITE, ...how }));
const status = (symbol: string) => book.sql('SELECT bars_total, first_open_time, last_open_time, last_close, revisions FROM data_ingestion.ingestion_status WHERE symbol = $1', [symbol]).then(([row]) => row);
const logs = (symbol: string) => book.sql<{ kind: string; detail: Record<string, unknown> }>('SELECT kind, detail FROM data_ingestion.data_quality_logs WHERE symbol = $1 ORDER BY id', [symbol]);

beforeAll(async () => {
  book = await startBook();
  options = { access: book.access('data_ingestion'), database: 'trading_system', applicationName: 'bulk test' };
});
afterAll(() => book.stop());

describe('what was imported', () => {
  const now = Date.UTC(2026, 0, 5, 15, 0);
  const ago = (symbol: string, minutes: number): BarWire => ({ symbol, timeframe: '1Min', openTime: now - minutes * 60_000, open: '10', high: '11', low: '9', close: '10', volume: '1' });

  /** Repairs what the stream missed of a symbol, the broker having a bar of two minutes ago. Where it was asked from, and how the bar was told. */
  async function repair(symbol: string): Promise<{ from: number[]; told: (string | null)[] }> {
    const db = openDb({ access: book.access('data_ingestion'), database: 'trading_system', schema: 'data_ingestion', applicationName: 'test', max: 2, onLost: () => undefined });
    const from: number[] = [];
    const history = {
      clock: () => Promise.resolve({ at: now as EpochMs, isOpen: true, nextOpen: now as EpochMs, nextClose: now as EpochMs }),
      async *bars(query: BarsQuery) {
        from.push(query.start);
        yield await Promise.resolve(query.symbols.map((one) => ago(one, 2)));
      },
    };
    const intake = startIntake({
      db, history: history as unknown as MarketHistory, log: createLog('data_ingestion', 'error'), signal: new AbortController().signal, timeframe: '1Min', isReplay: false, watched: () => [symbol], hasRoom: () => true, broadcast: () => Promise.resolve(), onRevised: () => undefined,
      onFatal: (error) => { throw error; }, onTrouble: () => undefined,
    });
    await intake.repair('test');
    await intake.stop();
    await db.close();
    const rows = await book.sql<{ history: string }>(`DELETE FROM data_ingestion.outbox RETURNING payload->>'isBackfill' AS history`);
    return { from, told: rows.map(({ history: isHistory }) => isHistory) };
  }
  const FIRST_HISTORY = now - 5 * 86_400_000;

  it('is no present: who follows such a symbol gets its newest days as history, and nothing of the years between as news', async () => {
    await write('OLD', columns(5));
    expect(await repair('OLD')).toEqual({ from: [FIRST_HISTORY], told: ['true'] });
  });

  it('is none either when its bars were put away since', async () => {
    await write('AWAY', columns(5));
    await book.sql(`DELETE FROM data_ingestion.market_data WHERE symbol = 'AWAY'`);
    expect(await repair('AWAY')).toEqual({ from: [FIRST_HISTORY], told: ['true'] });
  });

  it('does not make history of a series that is live: it goes on where it was told', async () => {
    const db = openDb({ access: book.access('data_ingestion'), database: 'trading_system', schema: 'data_ingestion', applicationName: 'test', max: 1, onLost: () => undefined });
    await db.tx((tx) => storeBars(tx, [{ ...ago('LIVE', 9), tsSeen: now }], { source: 'stream', isBackfill: false }));
    await db.close();
    await book.sql('DELETE FROM data_ingestion.outbox');
    // Replaced and gone beyond by an import: neither is the live lane's.
    expect(await write('LIVE', [{ ...ago('LIVE', 9), close: '10.5' }, ago('LIVE', 5)], { policy: 'replace' })).toMatchObject({ stored: 1, replaced: 1 });
    expect(await repair('LIVE')).toEqual({ from: [now - 8 * 60_000], told: ['false'] });
  });
});

describe('the bulk writer', () => {
  it('leaves out and tells what is newer than may come this way', async () => {
    expect(await write('NEWEST', columns(3), { newestOf: () => T0 + 60_000 })).toMatchObject({ stored: 2, refused: 1 });
    expect(await status('NEWEST')).toMatchObject({ last_open_time: T0 + 60_000 });
    expect((await logs('NEWEST')).map(({ kind, detail }) => [kind, detail['defect']])).toEqual([['bar_refused', 'it is not over yet, or so new that the live stream brings it']]);
  });

  it('stores a series over the end of a month, tells nobody, and keeps its status', async () => {
    expect(await write('AAA', columns(30))).toEqual({ stored: 30, known: 0, differing: 0, replaced: 0, refused: 0 });
    const [row] = await book.sql(`SELECT count(*) AS n, min(close) AS least, max(close) AS most, count(DISTINCT tableoid) AS months FROM data_ingestion.market_data WHERE symbol = 'AAA'`);
    expect(row).toEqual({ n: 30, least: '10.000000000', most: '10.029000000', months: 2 });
    expect(await status('AAA')).toEqual({ bars_total: 30, first_open_time: T0, last_open_time: T0 + 29 * 60_000, last_close: '10.029000000', revisions: 0 });
    expect(await book.sql('SELECT 1 FROM data_ingestion.outbox')).toEqual([]);
  });

  it('writes the same bars twice as if they came once, and fills what is missing', async () => {
    expect(await write('AAA', columns(30))).toEqual({ stored: 0, known: 30, differing: 0, replaced: 0, refused: 0 });
    expect(await write('AAA', columns(40, T0 - 5 * 60_000))).toMatchObject({ stored: 10, known: 30 });
    expect(await status('AAA')).toMatchObject({ bars_total: 40, first_open_time: T0 - 5 * 60_000, last_open_time: T0 + 34 * 60_000 });
  });

  it('keeps what is stored when another source tells it otherwise, and says so once a series', async () => {
    await write('BBB', columns(10));
    for (let n = 0; n < 2; n += 1) expect(await write('BBB', columns(10, T0, 20))).toEqual({ stored: 0, known: 10, differing: 10, replaced: 0, refused: 0 });
    expect(await logs('BBB')).toMatchObject([{ kind: 'source_conflict', detail: { bars: 10, fromMs: T0 } }]);
    expect(await status('BBB')).toMatchObject({ revisions: 0, last_close: '10.009000000' });
  });

  it('replaces when it is told to: the log has what was there, the series counts', async () => {
    expect(await write('BBB', columns(12, T0, 20), { policy: 'replace' })).toEqual({ stored: 2, known: 0, differing: 0, replaced: 10, refused: 0 });
    expect((await logs('BBB')).filter(({ kind }) => kind === 'bar_replaced')).toHaveLength(10);
    const [before] = await book.sql<{ detail: { before: { close: string } } }>(`SELECT detail FROM data_ingestion.data_quality_logs WHERE symbol = 'BBB' AND kind = 'bar_replaced' ORDER BY open_time LIMIT 1`);
    expect(before?.detail.before.close).toBe('10');
    expect(Number((await status('BBB'))?.['revisions'])).toBeGreaterThan(0);
    expect((await book.sql(`SELECT count(*) AS n FROM data_ingestion.market_data WHERE symbol = 'BBB' AND open = 20`))[0]).toEqual({ n: 12 });
  });

  it('refuses what cannot be true, each with its reason, and stores the rest', async () => {
    const bars = columns(8);
    bars.high[1] = 1;
    bars.close[2] = NaN;
    bars.time[3] = (bars.time[2] as number);
    bars.time[5] = T0 + 5 * 60_000 + 7;
    bars.volume[6] = -1;
    expect(await write('CCC', bars)).toEqual({ stored: 4, known: 0, differing: 0, replaced: 0, refused: 4 });
    expect((await logs('CCC')).map(({ detail }) => detail['defect'])).toEqual(['high is below low', 'a price is not greater than zero', 'the open time is not on the timeframe grid', 'volume is negative']);
  });

  it('keeps days at midnight in New York alone', async () => {
    const bars = columns(3);
    bars.time.set([fromNewYork('2024-03-08', 0), fromNewYork('2024-03-11', 0), Date.UTC(2024, 2, 12)]);
    const result = await withBulkTx(options, (tx) => writeBars(tx, [{ symbol: 'CCC', timeframe: '1Day', bars }], WRITE));
    expect(result).toMatchObject({ stored: 2, refused: 1 });
  });

  it('takes the way through the stage when somebody was first after all', async () => {
    const bars = columns(1_000, T0, 30);
    // The other one commits while we copy: our look at the span came before.
    const later: Promise<Written>[] = [];
    const first = await withBulkTx(options, async (tx) => {
      const written = await writeBars(tx, [{ symbol: 'DDD', timeframe: '1Min', bars }], WRITE);
      later.push(write('DDD', bars));
      await until(async () => (await book.sql(`SELECT FROM pg_stat_activity WHERE query LIKE 'COPY data_ingestion.market_data%' AND wait_event_type = 'Lock'`)).length === 1, 'the second writer to wait for the first');
      return written;
    });
    expect(first).toMatchObject({ stored: 1_000, known: 0 });
    expect(await Promise.all(later)).toMatchObject([{ stored: 0, known: 1_000 }]);
    expect(await status('DDD')).toMatchObject({ bars_total: 1_000 });
  });

  it('writes several series at once, fresh ones and known ones', async () => {
    await write('EEE', columns(5));
    const result = await withBulkTx(options, (tx) => writeBars(tx, [{ symbol: 'FFF', timeframe: '1Min', bars: columns(5) }, { symbol: 'EEE', timeframe: '1Min', bars: columns(7) }], WRITE));
    expect(result).toEqual({ stored: 7, known: 5, differing: 0, replaced: 0, refused: 0 });
  });

  it('brings every number to the server as it was written', async () => {
    const text = fc.tuple(fc.bigInt(1n, 999_999_999n), fc.bigInt(0n, 999_999_999n)).map(([whole, part]) => `${whole}.${String(part).padStart(9, '0')}`);
    const float = fc.oneof(fc.integer({ min: 1, max: 999_999_999 }).map((n) => n / 1e6), fc.integer({ min: 1, max: 999_999 }).map((n) => n / 100), fc.integer({ min: 1, max: 1_000_000_000 }).map(Number));
    const exact = fc.sample(text, { numRuns: 400, seed: 7 });
    const floats = fc.sample(float, { numRuns: 400, seed: 8 });
    await write('GGG', exact.map((close, n) => ({ symbol: 'GGG', timeframe: '1Min', openTime: T0 + n * 60_000, open: close, high: close, low: close, close, volume: String(n) })));
    const bars = barColumns(floats.length);
    bars.time.set(floats.map((_, n) => T0 + n * 60_000));
    for (const name of ['open', 'high', 'low', 'close', 'volume'] as const) bars[name].set(floats);
    await write('HHH', bars);
    const stored = (symbol: string) => book.sql<{ close: string; volume: string }>('SELECT trim_scale(close) AS close, trim_scale(volume) AS volume FROM data_ingestion.market_data WHERE symbol = $1 ORDER BY open_time', [symbol]);
    expect((await stored('GGG')).map(({ close }) => close)).toEqual(exact.map((value) => value.replace(/\.?0+$/, '')));
    expect((await stored('HHH')).map(({ close }) => Number(close))).toEqual(floats);
    expect((await stored('HHH')).map(({ volume }) => Number(volume))).toEqual(floats);
  });
});
