/** The pure parts of the results: what is asked for, what is wrong with it, how it reads, what differs. */
import { describe, expect, it } from 'vitest';
import type { ParameterView, ProjectFacts } from '#app/contracts/author.ts';
import { backtestRequestSchema } from '#app/contracts/backtest.ts';
import type { BacktestRoundTrip } from '#app/contracts/backtest.ts';
import type { SearchReportView } from '#app/contracts/search-report.ts';
import type { BacktestDetail } from '#app/contracts/studio.ts';
import { mapCells } from '../../../charts/author-search.ts';
import { withBenchmark } from '../../../charts/author-run.ts';
import { DEFAULT_RISK_LIMITS } from '#app/domain/limits.ts';
import { denialsOf, untriedWords } from './denied-words.ts';
import { growthOf, settingRows } from './compare-model.ts';
import { bestOf, written, writtenBy } from './figure-view.ts';
import { firstSettings } from './first-settings.ts';
import { barAt, tradeMarks } from './run-chart-data.ts';
import { asTyped, costsWords, FRESH_DRAFT, problemsOf, requestOf, typedNumber } from './run-draft.ts';
import { barsChange, codeChange, doingWords, shortDoing, spanWords, symbolWords, tookWords } from './run-words.ts';
import { FRESH_SEARCH, freshRange, pointsOf, pointTime, searchOf, searchProblems, searchTime } from './search-draft.ts';
import { checkDays, daysOfSpan, monthsBefore } from './span.ts';
import { fillBeside, memoryChanges, stepAt } from './step-model.ts';
import { storedOf, storedWords } from './stored.ts';
import { dailyReturns, sheetOf } from './tear-sheet-view.ts';
import { filterTrips, sortTrips, tripRows, usualExcursion } from './trade-list-model.ts';
import { headlineOf, searchHeadline, searchStatements } from './verdict-words.ts';

const parameter = (name: string, change: Partial<ParameterView> = {}): ParameterView => ({ name, kind: 'integer', default: 10, min: 1, max: 50, step: 1, unit: '', choices: [], describe: '', ...change });
const facts = (change: Partial<ProjectFacts> = {}): ProjectFacts => ({
  kind: 'x', title: 'X', description: '', scope: 'symbol', symbols: [1, null], usesShorts: false, usesOrders: false, parameters: [parameter('fast'), parameter('mode', { kind: 'choice', default: 'calm', choices: ['calm', 'quick'], min: null, max: null, step: null })], firstBar: 1, warmUpBars: 1, isMemoryFree: true, ...change,
});
const TODAY = '2026-03-02';

describe('a span', () => {
  it('counts months back, to the end of a shorter one', () => {
    expect(monthsBefore('2026-03-31', 1)).toBe('2026-02-28');
    expect(monthsBefore('2024-03-31', 1)).toBe('2024-02-29');
    expect(monthsBefore('2026-01-15', 120)).toBe('2016-01-15');
  });
  it('counts from the newest stored bar, or from today while that is not known', () => {
    expect(daysOfSpan({ span: '1Y', from: '', to: '' }, { first: '2001-01-02', last: '2026-02-27' }, TODAY)).toEqual({ from: '2025-02-27', to: null });
    expect(daysOfSpan({ span: 'all', from: '', to: '' }, { first: '2001-01-02', last: '2026-02-27' }, TODAY)).toEqual({ from: '2001-01-02', to: null });
    expect(daysOfSpan({ span: '1M', from: '', to: '' }, null, TODAY)).toEqual({ from: '2026-02-02', to: null });
  });
  it('names what is wrong with days', () => {
    expect(checkDays('2021-02-30', '', TODAY)).toMatch(/first day is missing/);
    expect(checkDays('2022-01-03', '2021-01-04', TODAY)).toMatch(/after the last/);
    expect(checkDays('2027-01-04', '', TODAY)).toMatch(/future/);
    expect(checkDays('2021-01-04', '2022-01-04', TODAY)).toBeNull();
  });
});

describe('what the bar of a new project holds', () => {
  const days = (symbol: string, isWatched = false): Parameters<typeof firstSettings>[0][number] => ({ symbol, isWatched, series: [{ timeframe: '1Day', firstOpenTime: 0, lastOpenTime: 1 }] });
  const [known, stored] = [[days('AAPL'), days('MSFT', true), days('SPY')], { days: { first: '2021-06-01', last: '2026-02-27' }, isKnown: true }];
  it('is what its template is made for, as far as it is stored', () => {
    expect(firstSettings(known, 2, { symbols: ['GOOGL', 'META', 'X'], timeframe: '1Hour', stored: { ...stored, missing: ['X'] } })).toEqual({ symbols: ['GOOGL', 'META'], timeframe: '1Hour' });
  });
  it('is as many watched symbols first as it trades together, where too little of that is stored', () => {
    expect(firstSettings(known, 2, { symbols: ['GOOGL', 'META'], timeframe: '1Day', stored: { ...stored, missing: ['META'] } })).toEqual({ symbols: ['MSFT', 'AAPL'] });
    expect(firstSettings([days('KO')], 1, null)).toEqual({ symbols: ['KO'], benchmark: '' });
    expect(firstSettings([], 1, null)).toBeNull();
  });
});

describe('the run bar', () => {
  const draft = { ...FRESH_DRAFT, symbols: ['AAPL'] };
  it('begins with an entry that the limits of a fresh installation let pass', () => {
    expect((Number(FRESH_DRAFT.capital) * Number(FRESH_DRAFT.positionPercent)) / 100).toBeLessThan(Number(DEFAULT_RISK_LIMITS.maxOrderNotional));
  });
  it('reads numbers as people type them', () => {
    expect([typedNumber('50,000'), typedNumber(' 1.5 '), typedNumber('1e3'), typedNumber('-2'), typedNumber('abc'), typedNumber('')]).toEqual([50_000, 1.5, 1_000, -2, null, null]);
  });
  it('says in words what is wrong, field by field', () => {
    expect(problemsOf(draft, facts(), TODAY)).toEqual({});
    expect(problemsOf({ ...draft, symbols: [], capital: '0', benchmark: 'no symbol', parameters: { fast: '60', mode: 'wild' } }, facts(), TODAY)).toEqual({
      symbols: 'Choose at least one symbol', capital: 'From 1 to 1,000,000,000,000', benchmark: 'no symbol is not a symbol', 'parameters.fast': 'At most 50', 'parameters.mode': 'One of calm, quick',
    });
    expect(problemsOf({ ...draft, parameters: { fast: '2.5' } }, facts(), TODAY)['parameters.fast']).toBe('A whole number');
    expect(problemsOf(draft, facts({ scope: 'portfolio', symbols: [2, 2] }), TODAY)['symbols']).toMatch(/at least 2/);
  });
  it('makes a request that the contract takes', () => {
    const request = requestOf({ ...draft, capital: '50,000', parameters: { fast: '20' } }, { facts: facts(), project: { projectId: 'trend', version: 3 }, stored: { first: '2001-01-02', last: '2026-02-27' }, today: TODAY });
    expect(backtestRequestSchema.parse(request)).toMatchObject({ project: { projectId: 'trend', version: 3 }, symbols: ['AAPL'], from: '2021-02-27', startingCash: '50000', parameters: { fast: 20 }, slippage: { kind: 'bps', bps: 2 }, benchmark: 'SPY', hasFees: true, desk: 'house' });
    expect(request.to).toBeUndefined();
    expect(requestOf({ ...draft, screenId: 's1' }, { facts: null, project: { projectId: 'trend', version: 3 }, stored: null, today: TODAY })).toMatchObject({ screenId: 's1' });
  });
  it('tells costs in few words', () => {
    expect(costsWords(FRESH_DRAFT.costs)).toBe('2 bp + fees');
    expect(costsWords({ ...FRESH_DRAFT.costs, slippage: 'none', perShare: '0.005', hasFees: false })).toBe('no slippage + commission');
  });
  it('says what is stored, and of which symbols nothing is', () => {
    const stored = storedOf([{ symbol: 'A', series: [{ timeframe: '1Day', firstOpenTime: Date.parse('2020-01-02T05:00:00Z'), lastOpenTime: Date.parse('2026-02-27T05:00:00Z') }] }, { symbol: 'B', series: [] }], '1Day');
    expect(storedWords(stored, '1Day')).toBe('Stored: 2020-01-02 to 2026-02-27; none of B');
    expect(storedWords(storedOf([{ symbol: 'B', series: [] }], '1Min'), '1Min')).toBe('No 1Min bars of these symbols are stored');
  });
});

describe('the optimiser', () => {
  const { parameters } = facts();
  it('begins around the default, and counts points', () => {
    expect(freshRange(parameter('fast'), true)).toMatchObject({ from: '5', to: '15', step: '1' });
    expect(pointsOf(FRESH_SEARCH, parameters)).toEqual({ all: 11, tried: 11 });
    expect(pointsOf({ ...FRESH_SEARCH, ranges: { mode: { isVaried: true, from: '', to: '', step: '', values: ['calm', 'quick'] } } }, parameters)).toEqual({ all: 22, tried: 22 });
    expect(pointsOf({ ...FRESH_SEARCH, method: 'latin', trials: '7' }, parameters)).toEqual({ all: 11, tried: 7 });
  });
  it('refuses ranges that are none and searches that are too large', () => {
    const range = { isVaried: true, from: '9', to: '3', step: '1', values: [] };
    expect(searchProblems({ ...FRESH_SEARCH, ranges: { fast: range } }, parameters)['ranges.fast']).toMatch(/must not lie above/);
    expect(searchProblems({ ...FRESH_SEARCH, ranges: { fast: { ...range, from: '1', to: '50', step: '0.0001' } } }, parameters)['ranges.fast']).toMatch(/wider step/);
    expect(searchProblems({ ...FRESH_SEARCH, ranges: { fast: { ...range, isVaried: false } } }, parameters)['points']).toMatch(/at least one parameter/);
    const wide = Array.from({ length: 3 }, (_none, n) => parameter(`p${n}`));
    const ranges = Object.fromEntries(wide.map(({ name }) => [name, { isVaried: true, from: '1', to: '50', step: '1', values: [] }]));
    expect(searchProblems({ ...FRESH_SEARCH, ranges }, wide)['points']).toMatch(/125,000 points are more than 20,000/);
  });
  it('makes a search that the contract takes', () => {
    const request = { ...requestOf({ ...FRESH_DRAFT, symbols: ['A'] }, { facts: facts(), project: { projectId: 'x', version: 1 }, stored: null, today: TODAY }), search: searchOf(FRESH_SEARCH, parameters) };
    expect(backtestRequestSchema.parse(request).search).toMatchObject({ ranges: { fast: { from: 5, to: 15, step: 1 } }, method: 'grid', walkForward: { kind: 'rolling', folds: 5, outPart: 0.25 }, choose: 'sturdiest' });
  });
  it('estimates from the last run alone, without the time of its cold start', () => {
    expect([pointTime({ engineMs: 200, ranMs: 7_900, tookMs: 27_000 }), pointTime({ ranMs: 7_900, tookMs: 27_000 }), pointTime(null)]).toEqual([200, 7_900, null]);
    expect(searchTime(FRESH_SEARCH, 100, null)).toBeNull();
    expect(searchTime({ ...FRESH_SEARCH, isWalkForward: false }, 100, 200)).toBe(20_000);
  });
  it('hands a point to the fields of the bar', () => {
    expect(asTyped({ fast: 12, mode: 'quick', isOn: true })).toEqual({ fast: '12', mode: 'quick', isOn: true });
  });
});

describe('figures', () => {
  it('are written by their kind', () => {
    expect([written('percent', 0.0123), written('share', 0.5), written('ratio', -1.234), written('dollars', -5), written('count', 12.4), written('ratio', null)]).toEqual(['+1.23 %', '50.0 %', '−1.23', '−5.00', '12', '–']);
    expect(writtenBy('max_drawdown', -0.1)).toBe('−10.00 %');
  });
  it('have a best one: the smaller fall, the lower volatility; none where more is neither', () => {
    expect([...bestOf('max_drawdown', [-0.2, -0.1, null])]).toEqual([1]);
    expect([...bestOf('volatility', [0.3, 0.2])]).toEqual([1]);
    expect([...bestOf('max_drawdown', [-0.01213, -0.01211])]).toEqual([]);
    expect([...bestOf('max_drawdown', [-0.01213, -0.01211, -0.02])]).toEqual([0, 1]);
    expect([...bestOf('round_trips', [3, 9])]).toEqual([]);
    expect([...bestOf('sharpe', [1, 1])]).toEqual([]);
    expect([...bestOf('sharpe', [1, null])]).toEqual([]);
  });
  it('of days come from the stored curve; a tear sheet of another version is read as far as it goes', () => {
    expect(dailyReturns([['2026-01-02', 100], ['2026-01-05', 110], ['2026-01-06', 99]]).map((value) => Number(value.toFixed(6)))).toEqual([0.1, -0.1]);
    expect(sheetOf({ tearSheet: { years: [{ year: 2026, months: [0.1], total: 0.1 }], rolling: 'none' } })).toEqual({ years: [{ year: 2026, months: [0.1], total: 0.1 }], rolling: null });
    expect(sheetOf({ tearSheet: null })).toBeNull();
  });
});

describe('words of a run', () => {
  it('say whether the code changed since', () => {
    const project = { projectId: 'x', version: 2, hash: 'a' };
    expect(codeChange({ project }, { version: 2, hash: 'a' }, false)).toBeNull();
    expect(codeChange({ project }, { version: 5, hash: 'a' }, false)).toBeNull();
    expect(codeChange({ project }, { version: 3, hash: 'b' }, false)).toBe('Made by version 2; version 3 is open. The code has changed since.');
    expect(codeChange({ project }, { version: 2, hash: 'a' }, true)).toMatch(/edited since/);
  });
  it('say whether newer bars came to a run that went on to the newest', () => {
    const to = Date.parse('2026-02-27T21:00:00Z');
    expect(barsChange({ to }, {}, '2026-03-02')).toBe('Newer bars are stored since: up to 2026-03-02.');
    expect([barsChange({ to }, {}, '2026-02-27'), barsChange({ to }, { to: '2026-02-27' }, '2026-03-02'), barsChange({ to }, {}, null)]).toEqual([null, null, null]);
  });
  it('say what it does now', () => {
    const view = { state: 'running', startedAt: 0, hasSearch: false } as BacktestDetail['view'];
    expect(doingWords({ view, progress: { done: 42, total: 100 } }, 3_000)).toBe('Running over the bars · 42 % · 3.0 s');
    expect(doingWords({ view: { ...view, hasSearch: true }, progress: { done: 1, total: 3 } }, 500)).toBe('Trying parameters · 33 % · 0.5 s');
    expect(doingWords({ view, progress: null }, 500)).toBe('Loading bars · 0.5 s');
    expect(doingWords({ view: { ...view, state: 'ran' }, progress: null }, 500)).toMatch(/statistics/);
    expect([shortDoing({ view, progress: { done: 42, total: 100 } }, 3_000), shortDoing({ view: { ...view, state: 'ran' }, progress: null }, 9)]).toEqual(['Running · 42 % · 3.0 s', 'Judging']);
    expect(symbolWords(['A', 'B', 'C', 'D', 'E'])).toBe('A, B, C +2');
  });
  it('say nothing of bars and days that are not known yet', () => {
    expect(spanWords({ from: null, to: null }, { from: '2021-01-04', to: null })).toBe('2021-01-04 – newest');
    expect([tookWords({ barsSeen: 0, ranMs: null, tookMs: null }), tookWords({ barsSeen: 12, ranMs: 200, tookMs: 900 })]).toEqual(['', '12 bars; curve after 0.2 s, verdict after 0.9 s']);
  });
  it('leave the belief out of the headline that stands beside it', () => {
    expect(headlineOf('Do not believe it: it rests on 3 trips.')).toBe('It rests on 3 trips.');
    expect(headlineOf('Doubtful')).toBe('Doubtful');
  });
});

describe('what was denied', () => {
  const told = (change: object = {}): Parameters<typeof denialsOf>[0] => ({ denied: { ORDER_NOTIONAL_EXCEEDED: 17, NOTHING_TO_EXIT: 16 }, roundTrips: [], openPositions: [], startEquity: '100000', equity: [[1, 100_000]], strategy: { sizing: { method: 'percent_of_equity', percent: '20' } }, ...change });
  it('is told with the rule, its limit, the size that was asked for, and one that passes', () => {
    expect(denialsOf(told(), DEFAULT_RISK_LIMITS)).toMatchObject({
      times: 17, opened: 0, headline: 'All 17 entries were denied', first: { why: 'order larger than your limit of 10,000 USD' }, rest: [], fitting: 5, remedy: 'An entry of 20 % of 100,000 USD is 20,000 USD. Take a smaller size of an entry, or change the limit.',
    });
    expect(denialsOf(told({ equity: [[1, 100_000], [2, 400_000]], strategy: { sizing: { method: 'percent_of_equity', percent: '5' } } }), DEFAULT_RISK_LIMITS)).toMatchObject({ fitting: 2.5 });
  });
  it('is not the size when the strategy names weights itself', () => {
    expect(denialsOf(told({ strategy: { sizing: { method: 'percent_of_equity', percent: '5' } } }), DEFAULT_RISK_LIMITS)).toMatchObject({ fitting: null, remedy: expect.stringMatching(/strategy itself asks for more/) as string });
    expect(denialsOf(told({ strategy: { sizing: { method: 'fixed_quantity', qty: '900' } } }), DEFAULT_RISK_LIMITS)?.fitting).toBeNull();
    // Before the verdict only while there are enough of them to matter.
    const among = (trips: number) => denialsOf(told({ denied: { ORDER_NOTIONAL_EXCEEDED: 2 }, roundTrips: Array.from({ length: trips }) }), DEFAULT_RISK_LIMITS)?.isMinor;
    expect([among(0), among(97), among(98)]).toEqual([false, false, true]);
  });
  it('leaves a run without a position unjudged, and says why', () => {
    const idle = (change: object = {}): Parameters<typeof untriedWords>[0] => ({ roundTrips: [], openPositions: [], signals: 3, ...change });
    expect(untriedWords(idle(), denialsOf(told(), DEFAULT_RISK_LIMITS))).toMatch(/entries were denied\. No money was at risk/);
    expect(untriedWords(idle({ signals: 0 }), null)).toMatch(/^The strategy raised no signal\..*conditions were not met/);
    expect(untriedWords(idle(), null)).toMatch(/^It raised 3 signals, and none became a trade/);
    expect(untriedWords(idle({ openPositions: [{}] }), null)).toBeNull();
  });
  it('counts what passed beside it, the weightiest rule first, and nothing of exits that had nothing to close', () => {
    const opened = { roundTrips: [{}, {}, {}], denied: { DAILY_LOSS_EXCEEDED: 1, POSITION_NOTIONAL_EXCEEDED: 4, TARGET_ALREADY_HELD: 90 } };
    expect(denialsOf(told(opened), DEFAULT_RISK_LIMITS)).toMatchObject({ headline: '5 entries were denied, 3 positions opened', first: { times: 4 }, rest: [{ code: 'DAILY_LOSS_EXCEEDED', times: 1 }] });
    expect(denialsOf(told({ denied: { TARGET_ALREADY_HELD: 90 } }), null)).toBeNull();
    expect(denialsOf(told({ denied: { VENUE_40310000: 1 } }), null)).toMatchObject({ headline: 'The only order was denied', first: { why: 'refused as the broker would (code 40310000)' } });
  });
});

describe('trades', () => {
  const trip = (profit: number, change: Partial<BacktestRoundTrip> = {}): BacktestRoundTrip => ({ symbol: 'A', side: 'long', openedAt: 0, closedAt: 10, qty: 10, entryPrice: 100, exitPrice: 100 + profit / 10, profit, cost: 0, mae: -20, mfe: 30, risk: 50, ...change });
  const rows = tripRows({ roundTrips: [trip(100), trip(-50, { risk: null, side: 'short' }), trip(25, { symbol: 'B', mfe: 80 })] });
  it('have a multiple of their risk, and none without a stop', () => {
    expect(rows.map(({ multiple }) => multiple)).toEqual([2, null, 0.5]);
    expect(rows[0]?.growth).toBe(0.1);
    expect(usualExcursion(rows)).toBe(80);
    // One of twenty lies beyond what the bars are measured with.
    expect(usualExcursion(tripRows({ roundTrips: [...Array.from({ length: 19 }, () => trip(1)), trip(1, { mae: -9_000 })] }))).toBe(30);
    expect(usualExcursion([])).toBe(0);
  });
  it('are sorted either way with unknown ones last, and filtered', () => {
    expect(sortTrips(rows, 'multiple', true).map(({ n }) => n)).toEqual([1, 3, 2]);
    expect(sortTrips(rows, 'multiple', false).map(({ n }) => n)).toEqual([3, 1, 2]);
    expect(filterTrips(rows, 'losses', null).map(({ n }) => n)).toEqual([2]);
    expect(filterTrips(rows, 'all', 'B').map(({ n }) => n)).toEqual([3]);
  });
  it('stand at the bar that they were made in: they are told at its close', () => {
    const time = Float64Array.of(0, 100, 200, 300);
    expect([barAt(time, 100), barAt(time, 101), barAt(time, 0), barAt(time, 999)]).toEqual([0, 1, -1, 3]);
    const fill = { symbol: 'A', side: 'buy' as const, qty: '1', price: '10', fee: '0', orderId: 1 };
    expect(tradeMarks([{ ...fill, tsMarket: 100 }, { ...fill, tsMarket: 95 }, { ...fill, symbol: 'B', tsMarket: 100 }], 'A', time)).toEqual([{ key: 'buy 0', index: 0, side: 'buy', count: 2, words: ['Bought 1 at 10.00', 'Bought 1 at 10.00'] }]);
    expect(fillBeside({ trades: [{ ...fill, tsMarket: 100 }, { ...fill, tsMarket: 300 }] }, { symbol: 'A', time, index: 1, way: 1 })).toBe(2);
    expect(fillBeside({ trades: [{ ...fill, tsMarket: 100 }] }, { symbol: 'A', time, index: 1, way: 1 })).toBeNull();
    expect(fillBeside({ trades: [{ ...fill, tsMarket: 100 }] }, { symbol: 'A', time, index: 1, way: -1 })).toBe(0);
  });
});

describe('the stepper', () => {
  it('tells what a bar changed in the memory, changed entries first', () => {
    expect(memoryChanges({ before: '{"side":-1,"n":2}', after: '{"side":1,"n":2,"high":3}' }).map(({ name, isChanged }) => [name, isChanged])).toEqual([['side', true], ['high', true], ['n', false]]);
    expect(memoryChanges({ before: '{}', after: '{}' })).toEqual([]);
    expect(memoryChanges({ before: '{"cut":"…', after: '{"cut":"…' })).toMatchObject([{ name: 'memory', isChanged: false }]);
  });
  it('finds the step of a bar', () => {
    const steps = [{ openTime: 100, closeTime: 200 }, { openTime: 200, closeTime: 300 }] as unknown as Parameters<typeof stepAt>[0];
    expect(stepAt(steps, 200)).toBe(steps[1]);
    expect(stepAt(steps, 400)).toBeNull();
  });
});

describe('comparing', () => {
  it('puts settings that differ first, and curves on one start', () => {
    const detail = (fast: number): BacktestDetail => ({ view: { project: { projectId: 'x', version: 1, hash: null }, parameters: { fast }, symbols: ['A'], timeframe: '1Day', from: null, to: null, startEquity: 100, benchmark: null, kind: 'x' }, request: { hasFees: true } }) as unknown as BacktestDetail;
    const rows = settingRows([detail(5), detail(9)]);
    expect(rows[0]).toEqual({ name: 'fast', values: ['5', '9'], isDifferent: true });
    expect(rows.slice(1).some(({ isDifferent }) => isDifferent)).toBe(false);
    expect(growthOf([[1, 200], [2, 250]])).toEqual({ at: [1, 2], growth: [0, 0.25] });
    expect(growthOf([])).toEqual({ at: [], growth: [] });
  });
  it('carries a benchmark on to the points of the curve', () => {
    expect(withBenchmark([[1, 10], [5, 11], [9, 12]], [[2, 10], [9, 13]])).toEqual([[1, 10, null], [5, 11, 10], [9, 12, 13]]);
  });
});

describe('a search', () => {
  const point = { parameters: { fast: 5 }, score: 1, figures: { sharpe: 1 }, plateau: { oneStep: 0.9, twoSteps: 0.8, score: 0.8, judged: 4, neighbours: 4 } };
  const report = (change: Partial<SearchReportView> = {}): SearchReportView => ({
    identity: '', strategy: 'x', symbols: ['A'], timeframe: '1Day', method: { kind: 'grid' }, objective: { figure: 'sharpe', minTrades: 0, maxDrawdown: null }, points: 4, unusable: 0, trials: 4, runs: 4, failed: 0, isComplete: true, best: point, sturdy: point, top: [], maps: [],
    overfitting: { probability: 0.1, chanceOfLoss: 0, slope: null, medianRank: 0.7, splits: 70, blocks: 8, trials: 4 }, sharpes: [], failures: [],
    walkForward: { folds: [{ inFrom: 0, outFrom: 1, outTo: 2, parameters: null, inSample: { sharpe: 1 }, outOfSample: { sharpe: 0.8 } }], efficiency: { growth: 0.8, objective: 0.8 }, paths: [], isComplete: true, curve: { cash: 1, at: [], equity: [] } }, ...change,
  });
  it('is believed only when nothing speaks against it', () => {
    expect(searchHeadline(searchStatements(report(), 0.97)).tone).toBe('good');
    expect(searchHeadline(searchStatements(report({ walkForward: null }), 0.97))).toEqual({ tone: 'warn', words: 'Out of sample is weak or not known.' });
    const overfitted = searchStatements(report({ overfitting: { probability: 0.7, chanceOfLoss: 0.4, slope: null, medianRank: 0.3, splits: 70, blocks: 8, trials: 4 } }), 0.5);
    expect(searchHeadline(overfitted)).toEqual({ tone: 'bad', words: 'Overfitting and deflated sharpe speak against these parameters.' });
  });
  it('is a map whose colours stretch from the worst to the best, with its own side below zero', () => {
    const map = { x: 'a', y: 'b', xValues: [1, 2], yValues: [1, 2], cells: [[1, -1], [null, 2]], counts: [[1, 1], [0, 1]], rule: 'best' as const };
    const rows = mapCells(map);
    expect(rows[0]?.map(({ y, score, strength }) => [y, score, strength])).toEqual([[2, null, 0], [2, 2, 1]]);
    expect(rows[1]?.map(({ strength }) => strength)).toEqual([0.5, -1]);
  });
});
