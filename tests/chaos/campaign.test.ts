/** The short form of the campaign: a dozen seeded kills while orders flow, one of the supervisor, and nothing is lost or doubled. */
import { rmSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { recordBars } from '../support/recorded-bars.ts';
import type { ReplayResult } from '../support/replays.ts';
import { cleanUp, KILLABLE_UNITS } from '../support/stack.ts';
import { Drawing, runCampaign, surplus, tradeReference } from './campaign.ts';
import { percentile } from './report.ts';

const LIMIT_MS = 600_000;

afterEach(() => cleanUp(), LIMIT_MS);

describe('the tools of the campaign', () => {
  it('count what is missing and what is there twice', () => {
    expect(surplus(['a', 'b'], ['a', 'a', 'b'])).toEqual(['a']);
    expect(surplus(['a', 'a', 'b'], ['a', 'b'])).toEqual([]);
    expect(percentile([3, 1, 2], 0.5)).toBe(2);
    expect(percentile([], 0.5)).toBeNull();
  });

  it('spare a part that has died three times within a minute', () => {
    const drawing = new Drawing(() => 0, ['redis']);
    for (const at of [0, 1, 2]) {
      expect(drawing.next(at)).toEqual(['redis']);
      drawing.note('redis', at);
    }
    expect(drawing.next(3)).toEqual([]);
    expect(drawing.next(60_001)).toEqual(['redis']);
  });
});

describe('a campaign', () => {
  let folder: string;
  let reference: ReplayResult;
  beforeAll(async () => {
    folder = recordBars({ symbols: ['AAA', 'BBB', 'CCC'], days: ['2024-03-04', '2024-03-05'], minutes: 120, seed: 11 });
    reference = await tradeReference({ folder, tell: () => undefined });
  }, LIMIT_MS);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([
    { who: 'random parts', kills: 12, targets: KILLABLE_UNITS },
    { who: 'the supervisor', kills: 1, targets: ['supervisor'] as const },
    { who: 'an orderly stop', kills: 2, targets: ['orderly stop'] as const },
  ])('of $kills kills of $who loses and doubles nothing', async ({ kills, targets }) => {
    const lines: string[] = [];
    const result = await runCampaign({ kills, seed: 20, folder, speed: 1_000, targets, tell: (line) => lines.push(line) }, reference);
    expect(result, lines.join('\n')).toMatchObject({ lost: [], doubled: [], broken: [] });
    expect(result.kills.length).toBeGreaterThanOrEqual(kills);
    expect(result.ordersEach).toBeGreaterThan(10);
  }, LIMIT_MS);
});
