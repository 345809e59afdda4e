/** Threads that screen, and what becomes of callers when a thread is lost or the service stops. */
import { describe, expect, it } from 'vitest';
import { barColumns } from '#app/domain/bar-columns.ts';
import { ScreenPool } from './screen-pool.ts';
import type { ScreenQuestion, ScreenSubject } from './screen-work.ts';

const subjects = Array.from({ length: 8 }, (_none, n): ScreenSubject => {
  const bars = barColumns(400, true);
  for (let at = 0; at < 400; at += 1) {
    bars.time[at] = at * 86_400_000;
    for (const field of ['open', 'high', 'low', 'close'] as const) bars[field][at] = 10 + n + at;
  }
  return { n, bars, facts: { symbol: `S${n}`, name: `S${n}`, exchange: 'NYSE', sector: null, industry: null, isTradable: true, isShortable: true, isFractionable: true, isWatched: false } };
});
const question: ScreenQuestion = { filters: ['close > 412.5'], rank: null, columns: [], before: null, most: 100 };
const market = { name: 'one', subjects };
const places = (found: readonly { n: number }[]): number[] => found.map(({ n }) => n).sort((a, b) => a - b);

/** A thread that does as told at its first question, and answers all others. */
const thread = (first: string): URL => new URL(`data:text/javascript,${encodeURIComponent(`
  import { parentPort } from 'node:worker_threads';
  const part = { found: [], matched: 7, lacking: 0, empty: 0, failed: [], newest: null, computeMs: 1 };
  parentPort.on('message', (order) => {
    if (order.type !== 'run') return;
    if (order.run === 1) { ${first} } else parentPort.postMessage({ type: 'found', run: order.run, part });
  });`)}`);

describe('threads that screen', () => {
  it('answer together, each with its part, and forget a market when they are told to', async () => {
    await using pool = new ScreenPool({ threads: 2 });
    expect(places((await pool.run(market, question, new Map())).found)).toEqual([4, 5, 6, 7]);
    pool.forget();
    expect(places((await pool.run(market, question, new Map())).found)).toEqual([4, 5, 6, 7]);
    await expect(pool.run(market, { ...question, filters: ['close >'] }, new Map())).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  it.each([['ends', 'process.exit(3)'], ['throws', "throw new Error('broken')"], ['never answers', '']])(
    'fail the question that is asked when one %s, and answer the one that is asked at once after it', async (_what, first) => {
      await using pool = new ScreenPool({ threads: 2, entry: thread(first), timeoutMs: 2_000 });
      await expect(pool.run(market, question, new Map())).rejects.toMatchObject({ code: 'SCREEN_OUT_OF_TIME', family: 'temporary' });
      expect((await pool.run(market, question, new Map())).matched).toBe(14);
    },
  );

  it('leave nobody waiting when the service stops, and answer nobody after that', async () => {
    const stopping = new ScreenPool({ threads: 1, entry: thread('') });
    const failed = expect(stopping.run(market, question, new Map())).rejects.toMatchObject({ code: 'SCREEN_OUT_OF_TIME' });
    await stopping[Symbol.asyncDispose]();
    await failed;
    await expect(stopping.run(market, question, new Map())).rejects.toMatchObject({ code: 'SCREEN_OUT_OF_TIME' });
  });
});
