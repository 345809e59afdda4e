/** Back-fills against a real book and a broker that answers in pages: nothing lost, nothing doubled, whatever ends in between. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { BarWire } from '#app/domain/bar.ts';
import { AppError } from '#app/domain/errors.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { fromNewYork } from '#app/market/nyse-zone.ts';
import { openDb, type Db } from '#chassis/db.ts';
import { createLog } from '#chassis/log.ts';
import { startBook, until, type Book } from '../../tests/support/servers.ts';
import type { BarsQuery, MarketHistory } from '../alpaca/ports.ts';
import { newestComplete, steer, wantBackfill } from './backfill.ts';
import { pageChecker, startBackfills, type BackfillLane, type BackfillParts } from './backfill-lane.ts';

const FROM = Date.UTC(2024, 0, 2, 14, 30) as EpochMs;
const MINUTES = 50;
const TO = (FROM + (MINUTES - 1) * 60_000) as EpochMs;
let book: Book;
let db: Db;
let lane: BackfillLane | null = null;
const failures: unknown[] = [];

/** A broker with bars of every minute of some symbols, in pages of `size` over all of them. */
function broker(symbols: readonly string[], size: number, spoil: (page: BarWire[]) => BarWire[] = (page) => page): Pick<MarketHistory, 'bars'> & { readonly asked: BarsQuery[] } {
  const asked: BarsQuery[] = [];
  return {
    asked,
    async *bars(query) {
      asked.push(query);
      const all = [...query.symbols].sort().filter((symbol) => symbols.includes(symbol)).flatMap((symbol) => Array.from({ length: MINUTES }, (_, n): BarWire => ({ symbol, timeframe: '1Min', openTime: FROM + n * 60_000, open: '10', high: '11', low: '9', close: '10.5', volume: '100' })));
      const wanted = all.filter(({ openTime }) => openTime >= query.start && openTime <= query.end);
      for (let n = 0; n < wanted.length; n += size) yield spoil(wanted.slice(n, n + size));
      await Promise.resolve();
    },
  };
}

function begin(history: Pick<MarketHistory, 'bars'>, more: Partial<BackfillParts> = {}): BackfillLane {
  lane = startBackfills({
    db, history, log: createLog('data_ingestion', 'error'), signal: new AbortController().signal, monotonicMs: () => performance.now(), isBusy: () => false, hasRoom: () => true, onFatal: (error) => failures.push(error),
    bulk: { access: book.access('data_ingestion'), database: 'trading_system', applicationName: 'back-fill test' }, ...more,
  });
  return lane;
}
const want = (symbols: readonly string[]) => wantBackfill(db, { key: 'one', wantedBy: 'test', why: 'test', symbols, timeframe: '1Min', from: FROM, to: TO });
const state = async () => (await book.sql<{ state: string; stored: number; known: number; pages: number; problem: string | null; waits_for: string | null }>('SELECT state, stored, known, pages, problem, waits_for FROM data_ingestion.backfills'))[0];
const stateIs = (wanted: string) => until(async () => ((await state())?.state === wanted ? state() : null), `the back-fill to be ${wanted}`);
const perSymbol = () => book.sql('SELECT symbol, count(*) AS n FROM data_ingestion.market_data GROUP BY 1 ORDER BY 1');
const full = (symbols: readonly string[]) => symbols.map((symbol) => ({ symbol, n: MINUTES }));

beforeAll(async () => {
  book = await startBook();
  db = openDb({ access: book.access('data_ingestion'), database: 'trading_system', schema: 'data_ingestion', applicationName: 'test', max: 3, onLost: () => undefined });
});
beforeEach(async () => {
  failures.length = 0;
  await book.sql('TRUNCATE data_ingestion.backfills, data_ingestion.backfill_series, data_ingestion.market_data, data_ingestion.ingestion_status');
});
afterEach(async () => {
  await lane?.stop();
  lane = null;
});
afterAll(async () => {
  await db.close();
  await book.stop();
});

describe('a back-fill', () => {
  it('brings every bar of its symbols once, in pages over all of them, and tells nobody', async () => {
    expect(await want(['AAA', 'BBB', 'CCC'])).toEqual({ backfillId: 'backfill-one', isNew: true });
    expect(await want(['AAA'])).toEqual({ backfillId: 'backfill-one', isNew: false });
    begin(broker(['AAA', 'BBB', 'CCC'], 30));
    expect(await stateIs('done')).toMatchObject({ stored: 3 * MINUTES, known: 0, pages: 5 });
    expect(await perSymbol()).toEqual(full(['AAA', 'BBB', 'CCC']));
    expect(await book.sql('SELECT FROM data_ingestion.outbox')).toEqual([]);
  });

  it.each(['backfill:before commit', 'backfill:page stored'])('goes on where it stopped when the process ends at "%s"', async (where) => {
    await want(['AAA', 'BBB']);
    let count = 0;
    const cut = new AbortController();
    begin(broker(['AAA', 'BBB'], 20), { signal: cut.signal, point: (name) => {
      if (name !== where || (count += 1) !== 2) return;
      cut.abort();
      throw new Error('power cut');
    } });
    await until(() => cut.signal.aborted, 'the power to go');
    await lane?.stop();
    const before = await state();
    expect(before?.state).toBe('running');
    const second = broker(['AAA', 'BBB'], 20);
    begin(second);
    expect(await stateIs('done')).toMatchObject({ stored: 2 * MINUTES, known: 0 });
    expect(second.asked[0]?.start).toBeGreaterThan(FROM);
    expect(await perSymbol()).toEqual(full(['AAA', 'BBB']));
  });

  it('names the symbols that the broker does not know, and takes no bars for an end', async () => {
    await book.sql(`INSERT INTO data_ingestion.symbols (symbol, asset_id, name, exchange, is_tradable, is_fractionable, is_shortable) VALUES ('NEW', 'x', 'New', 'NYSE', true, true, true) ON CONFLICT DO NOTHING`);
    await want(['AAA', 'NEW', 'GONE']);
    begin(broker(['AAA'], 100));
    await stateIs('done');
    expect(await book.sql('SELECT symbol, state FROM data_ingestion.backfill_series ORDER BY 1')).toEqual([{ symbol: 'AAA', state: 'done' }, { symbol: 'GONE', state: 'unknown' }, { symbol: 'NEW', state: 'empty' }]);
  });

  it('ends in words for what it cannot mend, not the lane, and a person takes it up again', async () => {
    await want(['AAA']);
    let isBroken = true;
    begin(broker(['AAA'], 20), { point: (name) => { if (isBroken && name === 'backfill:before commit') throw new Error('a statement broke'); } });
    expect((await stateIs('failed'))?.problem).toContain('a statement broke');
    isBroken = false;
    await steer(db, 'backfills', 'backfill-one', 'resume');
    lane?.wake();
    expect(await stateIs('done')).toMatchObject({ stored: MINUTES });
    expect(failures).toEqual([]);
  });

  it('gives up on a broker that repeats a page, says so, and takes it up again when a person says so', async () => {
    await want(['AAA', 'BBB']);
    begin(broker(['AAA', 'BBB'], 20, (page) => [...page, ...page.slice(0, 1)]));
    expect((await until(async () => ((await state())?.state === 'failed' ? state() : null), 'the failure', 15_000))?.problem).toMatch('go back in time');
    await lane?.stop();
    await steer(db, 'backfills', 'backfill-one', 'resume');
    begin(broker(['AAA', 'BBB'], 20));
    await stateIs('done');
    expect(await perSymbol()).toEqual(full(['AAA', 'BBB']));
  });

  it('asks symbol by symbol when the broker refuses some of them', async () => {
    await want(['AAA', 'BAD', 'CCC']);
    const good = broker(['AAA', 'CCC'], 100);
    begin({
      async *bars(query) {
        if (query.symbols.includes('BAD')) throw new AppError('BROKER_REJECTED', 'The broker refused "bars": invalid symbol: BAD');
        yield* good.bars(query);
      },
    });
    await stateIs('done');
    expect(await perSymbol()).toEqual(full(['AAA', 'CCC']));
    expect(await book.sql(`SELECT symbol, problem FROM data_ingestion.backfill_series WHERE state = 'refused'`)).toMatchObject([{ symbol: 'BAD', problem: expect.stringContaining('invalid symbol') as unknown }]);
  });

  it('stands back while live bars are busy, waits when the broker is away, and can be canceled', async () => {
    await want(['AAA']);
    const busy = { now: true };
    let calls = 0;
    const good = broker(['AAA'], 10);
    begin({
      async *bars(query) {
        calls += 1;
        if (calls === 1) throw new AppError('BROKER_UNREACHABLE', 'away');
        yield* good.bars(query);
      },
    }, { isBusy: () => busy.now });
    await until(async () => (await state())?.state === 'running', 'the lane to take it up');
    expect(calls).toBe(0);
    busy.now = false;
    await until(async () => (await state())?.waits_for?.includes('away'), 'the reason to be told');
    await stateIs('done');
    expect(await perSymbol()).toEqual(full(['AAA']));
    await expect(steer(db, 'backfills', 'backfill-one', 'cancel')).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
    await expect(steer(db, 'backfills', 'nothing', 'pause')).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('stops at the next page when it is paused, and goes on from there', async () => {
    await want(['AAA']);
    begin(broker(['AAA'], 10), { point: async (name) => { if (name === 'backfill:page stored') await steer(db, 'backfills', 'backfill-one', 'pause').catch(() => undefined); } });
    const paused = await stateIs('paused');
    await lane?.stop();
    expect(paused?.pages).toBe(1);
    await steer(db, 'backfills', 'backfill-one', 'resume');
    begin(broker(['AAA'], 10));
    await stateIs('done');
    expect(await perSymbol()).toEqual(full(['AAA']));
  });
});

describe('what is asked of the broker', () => {
  it('refuses pages that do not follow each other', () => {
    const bar = (symbol: string, minute: number): BarWire => ({ symbol, timeframe: '1Min', openTime: FROM + minute * 60_000, open: '1', high: '1', low: '1', close: '1', volume: '1' });
    const check = pageChecker(['AAA', 'BBB'], FROM, TO);
    check([bar('AAA', 0), bar('AAA', 1)]);
    check([bar('AAA', 2), bar('BBB', 0)]);
    expect(() => check([bar('AAA', 3)])).toThrow('a second time');
    expect(() => pageChecker(['AAA'], FROM, TO)([bar('AAA', 1), bar('AAA', 1)])).toThrow('back in time');
    expect(() => pageChecker(['AAA'], FROM, TO)([bar('ZZZ', 1)])).toThrow('not asked for');
    expect(() => pageChecker(['AAA'], FROM, TO)([bar('AAA', -1)])).toThrow('outside of the time');
  });

  it('takes a day for complete when its session has closed', () => {
    expect(newestComplete(Date.UTC(2024, 0, 3, 20, 59) as EpochMs, '1Day')).toBe(fromNewYork('2024-01-02', 0));
    expect(newestComplete(Date.UTC(2024, 0, 3, 21, 0) as EpochMs, '1Day')).toBe(fromNewYork('2024-01-03', 0));
    expect(newestComplete(Date.UTC(2024, 0, 3, 15, 7, 30) as EpochMs, '5Min')).toBe(Date.UTC(2024, 0, 3, 15, 0));
    // The newest minutes are the stream's.
    expect(newestComplete(Date.UTC(2024, 0, 3, 15, 7, 30) as EpochMs, '1Min')).toBe(Date.UTC(2024, 0, 3, 14, 6));
  });
});
