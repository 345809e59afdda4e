/** Which questions are asked for what is missing, and what a refused symbol does to the others. */
import { describe, expect, it } from 'vitest';
import type { BarWire } from '#app/domain/bar.ts';
import { AppError } from '#app/domain/errors.ts';
import { DAY_MS, MINUTE_MS, type EpochMs } from '#app/domain/time.ts';
import type { Db, Tx } from '#chassis/db.ts';
import type { BarsQuery } from '../alpaca/ports.ts';
import { questionsSince, repairGaps } from './intake-gaps.ts';

const NOW = Date.UTC(2025, 10, 20, 18) as EpochMs;

describe('questionsSince', () => {
  it('asks together for those that miss about as much, and alone for who was away for weeks', () => {
    const last = new Map([['NEW', NOW], ['AWAY', NOW - 60 * DAY_MS], ['LATE', NOW - 3 * MINUTE_MS]]);
    expect(questionsSince(last, MINUTE_MS)).toEqual([{ symbols: ['AWAY'], from: NOW - 60 * DAY_MS + MINUTE_MS }, { symbols: ['LATE', 'NEW'], from: NOW - 2 * MINUTE_MS }]);
  });
  it('asks for the same stretch of everyone from the one that misses most of them', () => {
    expect(questionsSince(new Map([['B', 2 * MINUTE_MS], ['A', 0]]), MINUTE_MS)).toEqual([{ symbols: ['A', 'B'], from: MINUTE_MS }]);
    expect(questionsSince(new Map(), MINUTE_MS)).toEqual([]);
  });
});

describe('repairGaps', () => {
  const bar = (symbol: string): BarWire => ({ symbol, timeframe: '1Min', openTime: NOW - 5 * MINUTE_MS, open: '1', high: '1', low: '1', close: '1', volume: '1' });
  /** A book that knows `known` up to ten minutes ago, and notes what is told in which order; a broker that refuses to tell of BAD. */
  const given = (known: readonly string[], watched: readonly string[]) => {
    const asked: string[][] = [];
    const told: string[] = [];
    const tx = {
      async query(sql: string, values: unknown[] = []) {
        if (!sql.includes('INSERT INTO data_ingestion.market_data')) return [];
        return (values[0] as string[]).map((symbol, n) => ({ symbol, timeframe: '1Min', open_time: (values[2] as number[])[n] }));
      },
      emit: ({ payload }: { payload: { symbol: string; isBackfill: boolean } }) => void told.push(`${payload.symbol} ${payload.isBackfill ? 'history' : 'news'}`), afterCommit: () => undefined,
    };
    const db = { query: async () => known.map((symbol) => ({ symbol, told_open_time: NOW - 10 * MINUTE_MS })), tx: async (fn: (inner: Tx) => Promise<unknown>) => fn(tx as unknown as Tx) };
    const history = {
      clock: async () => ({ at: NOW, isOpen: true, nextOpen: NOW, nextClose: NOW }),
      async *bars({ symbols }: BarsQuery) {
        asked.push([...symbols]);
        if (symbols.includes('BAD')) throw new AppError('BROKER_REJECTED', 'invalid symbol: BAD');
        yield symbols.map(bar);
      },
    };
    const held: string[][] = [];
    const repair = (begun: readonly string[]) =>
      repairGaps({ db: db as unknown as Db, history, timeframe: '1Min', isReplay: false, watched: () => watched, roomToStore: async () => undefined, maxBatch: 10, others: async (symbols) => void held.push([...symbols]) }, begun);
    return { asked, told, held, repair };
  };
  it('leaves out the one symbol that the broker refuses to tell of, and gives all others their bars', async () => {
    const { told, repair } = given(['A', 'B', 'BAD', 'C'], ['A', 'B', 'BAD', 'C']);
    expect(await repair([])).toMatchObject({ stored: 3, notGiven: ['BAD'] });
    expect(told).toEqual(['A news', 'B news', 'C news']);
  });
  it('tells as history what a symbol missed while nobody followed it, after the news of the others', async () => {
    const { told, held, repair } = given(['A', 'B'], ['A', 'B', 'NEW']);
    await repair(['B']);
    expect(told).toEqual(['A news', 'B history', 'NEW history']);
    expect(new Set(held.map((symbols) => symbols.join()))).toEqual(new Set(['B,NEW']));
  });
  it('passes on what is no refusal', async () => {
    const { repair } = given([], ['A']);
    const failing = repairGaps({ db: { query: async () => [] } as unknown as Db, history: { clock: async () => { throw new AppError('BROKER_UNREACHABLE', 'away'); }, bars: async function* () { yield []; } }, timeframe: '1Min', isReplay: false, watched: () => ['A'], roomToStore: async () => undefined, maxBatch: 10, others: async () => undefined }, []);
    await expect(failing).rejects.toThrow('away');
    expect(await repair([])).toMatchObject({ stored: 1, known: 0 });
  });
});
