/** An authored strategy in its sandbox and the same strategy of the house answer alike when a day is run again: warmed up, following the book, bar by bar. */
import { describe, expect, it } from 'vitest';
import type { HostSignal, Moment } from '#app/strategy/host.ts';
import { MINUTE_MS } from '#app/domain/time.ts';
import { templateOf } from '#app/strategy/templates/templates.ts';
import { cellOf, authoredSource, houseSource, WARM_UP_FACTS, type StrategySource } from './parity-source.ts';

/** The house's moving-average crossover as its template has it: the same rule in an author's files. */
const { files: FILES } = templateOf('sma_cross');

const moment = (n: number): Moment => {
  const close = 50 + 3 * Math.sin(n / 7) + Math.sin(n / 3);
  const openTime = Date.UTC(2024, 2, 4, 14, 30) + n * MINUTE_MS;
  return { openTime, closeTime: openTime + MINUTE_MS, bars: new Map([['AAA', { time: openTime, open: close, high: close + 0.1, low: close - 0.1, close, volume: 1_000 }]]) };
};

/** What it says on a hundred bars behind a warm-up, being long as the day begins. */
async function said(source: StrategySource, warmUp: number): Promise<string[]> {
  const cell = cellOf(['AAA']);
  await source.open(['AAA']);
  for (let n = 0; n < warmUp; n += 1) await source.advance(cell, moment(n), 'quiet', WARM_UP_FACTS);
  await source.follow(cell, new Map([['AAA', { side: 'long', weight: null }]]));
  const words: string[] = [];
  for (let n = warmUp; n < warmUp + 100; n += 1) {
    const signals: readonly HostSignal[] = await source.advance(cell, moment(n), 'live', WARM_UP_FACTS);
    for (const { symbol, target, n: place } of signals) words.push(`${n} ${symbol} ${target} ${place}`);
  }
  return words;
}

describe('an authored strategy', () => {
  it.each([40, 0])('says the same as the strategy of the house, warmed up on %i bars', async (warmUp) => {
    await using house = houseSource('sma_cross', { fast: 4, slow: 9 }, '1Min');
    await using authored = await authoredSource(FILES, { fast: 4, slow: 9 });
    const ours = await said(house, warmUp);
    expect(await said(authored, warmUp)).toEqual(ours);
    expect(ours.length).toBeGreaterThan(1);
    expect(ours[0], 'it was long: the first word is to leave').toContain('flat');
    expect([authored.scope, authored.usesShorts]).toEqual([house.scope, house.usesShorts]);
  }, 60_000);
});
