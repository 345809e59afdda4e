/** A search's file beside a run: what it adds, and when it is not believed. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { searchFacts } from './backtest-tool-search.ts';

const folder = mkdtempSync(join(tmpdir(), 'ms-search-'));
afterAll(() => rmSync(folder, { recursive: true }));
const DAY = 86_400_000;
const plateau = { oneStep: 0.8, twoSteps: 0.6, score: 0.7, judged: 4, neighbours: 4 };
const best = { parameters: { fast: 10, slow: 20 }, score: 1.2, figures: { sharpe: 1.2 }, plateau };
const SEARCH = {
  strategy: 'sma_cross', symbols: ['GOOG'], objective: { figure: 'sharpe' }, trials: 4, top: [best], best, sturdy: null, sharpes: [1, 2, null, 3], overfitting: null,
  maps: [{ x: 'slow', y: 'fast', xValues: [20, 30], yValues: [5, 10], cells: [[1, 2], [3, null]], counts: [[1, 1], [1, 0]], rule: 'median' }],
  walkForward: {
    efficiency: { growth: 0.5, objective: 0.25 },
    folds: [{ inFrom: 0, outFrom: 100 * DAY, outTo: 150 * DAY, parameters: { fast: 10, slow: 20 }, inSample: { sharpe: 2 }, outOfSample: { sharpe: 1, days: 30 } }, { inFrom: 0, outFrom: 150 * DAY, outTo: 200 * DAY, parameters: null, inSample: { sharpe: 1 }, outOfSample: { sharpe: -1, days: 10 } }],
  },
};
const RUN = { kind: 'sma_cross', symbols: ['GOOG'], parameters: { fast: 10, slow: 20, atrPeriod: 14 } };
function fileOf(name: string, content: unknown): string {
  writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  return join(folder, name);
}

describe('a search', () => {
  it('brings its trials, the plateau of the run, its windows by their days and the place in the map', () => {
    const { trials, found, part } = searchFacts(fileOf('search.json', SEARCH), RUN);
    expect([trials?.count, (trials?.variance ?? NaN) * 252]).toEqual([3, expect.closeTo(1, 12)]);
    expect(found).toEqual({ overfitting: null, plateau: 0.7, outOfSample: { inside: 1.5, outside: 0.5, days: 40 } });
    expect(part).toMatchObject({ objective: 'Sharpe', trials: 4, chosen: [0, 1], efficiency: 0.25, folds: [{ inFrom: '1969-12-31', chosen: 'fast 10, slow 20', inside: 2, outside: 1 }, { chosen: 'nothing could be chosen' }] });
  });

  it('frames nothing for a run that it did not try', () => {
    const { part, found } = searchFacts(fileOf('search.json', SEARCH), { ...RUN, parameters: { fast: 7, slow: 20 } });
    expect([part.chosen, found.plateau]).toEqual([null, null]);
  });

  it.each([
    ['another strategy', SEARCH, { ...RUN, kind: 'rsi_reversion' }, /a search of sma_cross on GOOG, not of rsi_reversion/], ['other symbols', SEARCH, { ...RUN, symbols: ['GOOG', 'IBM'] }, /not of sma_cross on GOOG, IBM/],
    ['no search at all', { hello: 1 }, RUN, /no report of a search/], ['no JSON', 'hello', RUN, /cannot be read/],
  ])('of %s is refused', (_name, content, run, words) => {
    expect(() => searchFacts(fileOf('other.json', content), run)).toThrow(words);
  });

  it('must be there', () => {
    expect(() => searchFacts(join(folder, 'none.json'), RUN)).toThrow(/there is no such file/);
  });
});
