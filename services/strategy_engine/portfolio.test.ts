/** Portfolios and failing strategies: when a moment is closed, what comes late, and who is stopped. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { MINUTE_MS, parseRfc3339 } from '#app/domain/time.ts';
import { strategy, type BoundStrategy } from '#app/strategy/spec.ts';
import { applyBars, type Fleet, type Outcome } from './apply-bars.ts';
import { CellCache, seenUpTo, type ClosedBar } from './cells.ts';
import type { Deployment } from './deployments.ts';
import { NO_ACCOUNT } from './facts.ts';

const OPEN = parseRfc3339('2024-07-01T13:30:00Z');
const bar = (symbol: string, minute: number, close = 10, more: Partial<ClosedBar> = {}): ClosedBar => {
  const text = close.toFixed(2);
  return { symbol, timeframe: '1Min', openTime: OPEN + minute * MINUTE_MS, open: text, high: text, low: text, close: text, volume: '100', tsSeen: 7, isQuiet: false, correlationId: `${symbol}:${minute}`, ...more };
};

const common = { parameters: {}, indicators: () => ({}), history: () => 0, title: 'Test', description: 'Test.' };

/** Notes which symbols had a bar at each moment, and gives the first symbol the cents of its close as a weight. */
const noting = strategy({
  ...common, kind: 'noting', scope: 'portfolio', symbols: [2, 3], state: z.array(z.string()), initialState: (): string[] => [],
  onBar({ all, state }) {
    state.push(all.map((view) => (view.hasBar ? view.symbol : '-')).join(''));
    const [first] = all;
    if (first?.hasBar === true) first.weight(Math.round((first.close.now % 1) * 100) / 100);
  },
}).bind({});
/** Orders one share whenever it may, and takes it back at the next bar. */
const ordering = strategy({
  ...common, kind: 'ordering', scope: 'symbol', usesOrders: true, state: z.object({ last: z.number() }), initialState: () => ({ last: 0 }),
  onBar({ on, state }) {
    if (state.last > 0) on.cancel(state.last);
    state.last = on.submit({ side: 'buy', qty: on.close.now > 50 ? NaN : 1, type: 'limit', limitPrice: on.close.now - 0.123 });
  },
}).bind({});
const failing = strategy({
  ...common, kind: 'failing', scope: 'symbol', state: z.null(), initialState: () => null,
  onBar({ on }) {
    if (on.close.now > 50) throw new Error('a division by nothing');
    if (on.close.now > 20) on.long();
  },
}).bind({});
/** Says how long it has held what. */
const looking = strategy({
  ...common, kind: 'looking', scope: 'symbol', state: z.array(z.string()), initialState: (): string[] => [],
  onBar({ on, state, equity }) {
    state.push(`${on.position.qty}@${on.position.averagePrice} ${on.position.barsHeld} ${on.position.openProfit} ${equity}`);
  },
}).bind({});

const deployment = (bound: BoundStrategy, symbols: readonly string[] | null): Deployment => ({ strategyId: bound.kind, versionId: `${bound.kind}.v1`, timeframe: '1Min', symbols: symbols === null ? null : new Set(symbols), isEnabled: true, strategy: bound });
const fleet = (deployments: readonly Deployment[], cells = new CellCache(), more: Partial<Fleet> = {}): Fleet => ({ deployments, cells, isWatched: () => true, ...more });
const adopt = (cells: CellCache, outcome: Outcome): void => {
  for (const cell of outcome.moved) cells.adopt(cell.deployment.versionId, cell.name, cell);
};
const stateOf = (outcome: Outcome): unknown => (outcome.moved[0]?.host.save() as { state: unknown }).state;
const trio = deployment(noting, ['AAA', 'BBB', 'CCC']);

describe('a moment of a portfolio', () => {
  it('is closed when each symbol has its bar, whatever their order', () => {
    const outcome = applyBars(fleet([trio]), [bar('CCC', 0), bar('AAA', 0, 10.25), bar('BBB', 0)]);
    expect(stateOf(outcome)).toEqual(['AAABBBCCC']);
    expect(outcome.signals.map(({ payload, correlationId }) => [payload.signalId, payload.target, payload.weight, payload.referencePrice, correlationId])).toEqual([[`noting.v1:AAA:${OPEN}:0`, 'long', '0.25', '10.25', 'AAA:0']]);
    expect(outcome.moved).toMatchObject([{ name: '*', version: 3, lastOpenTime: OPEN, moment: null }]);
  });

  it('is closed by a bar of a later moment: who has none by then had none', () => {
    const outcome = applyBars(fleet([trio]), [bar('AAA', 0, 10.25), bar('CCC', 0), bar('BBB', 1)]);
    expect(stateOf(outcome)).toEqual(['AAA-CCC']);
    expect(outcome.moved).toMatchObject([{ lastOpenTime: OPEN, moment: { openTime: OPEN + MINUTE_MS } }]);
  });

  it('leaves out what comes late, and what it has seen', () => {
    const cells = new CellCache();
    adopt(cells, applyBars(fleet([trio], cells), [bar('AAA', 0), bar('CCC', 0), bar('BBB', 1)]));
    const late = applyBars(fleet([trio], cells), [bar('BBB', 0), bar('BBB', 1), bar('AAA', 0)]);
    expect([late.applied, late.moved]).toEqual([0, []]);
    const cell = cells.get('noting.v1', '*');
    expect(cell && [seenUpTo(cell, 'AAA'), seenUpTo(cell, 'BBB')]).toEqual([OPEN, OPEN + MINUTE_MS]);
  });

  it('gives the same however its bars are cut into batches', () => {
    const bars = Array.from({ length: 20 }, (_none, minute) => ['AAA', 'BBB', 'CCC'].filter((_symbol, n) => (minute * 7 + n * 5) % 4 !== 0).map((symbol) => bar(symbol, minute, 10 + minute / 100))).flat();
    const whole = applyBars(fleet([trio]), bars);
    const cells = new CellCache();
    const ids: string[] = [];
    for (const one of bars) {
      const outcome = applyBars(fleet([trio], cells), [one]);
      adopt(cells, outcome);
      ids.push(...outcome.signals.map(({ payload }) => payload.signalId));
    }
    expect(ids).toEqual(whole.signals.map(({ payload }) => payload.signalId));
    expect(cells.get('noting.v1', '*')?.host.save()).toEqual(whole.moved[0]?.host.save());
    expect(ids.length).toBeGreaterThan(5);
  });

  it('is quiet when all its bars are', () => {
    expect(applyBars(fleet([trio]), ['AAA', 'BBB', 'CCC'].map((symbol) => bar(symbol, 0, 10.25, { isQuiet: true }))).signals).toEqual([]);
    expect(applyBars(fleet([trio]), ['AAA', 'BBB', 'CCC'].map((symbol, n) => bar(symbol, 0, 10.25, { isQuiet: n > 0 }))).signals).toHaveLength(1);
  });
});

describe('orders of a strategy\'s own', () => {
  it('are told with their terms, on the exchange\'s ticks, and taken back by their number', () => {
    const { signals } = applyBars(fleet([deployment(ordering, null)]), [bar('AAA', 0), bar('AAA', 1)]);
    expect(signals.map(({ payload }) => [payload.signalId, payload.target, payload.cancels, payload.order?.orderId, payload.order?.type, payload.order?.limitPrice, payload.order?.qty])).toEqual([
      [`ordering.v1:AAA:${OPEN}:0`, 'flat', null, 1, 'limit', '9.88', '1'],
      [`ordering.v1:AAA:${OPEN + MINUTE_MS}:0`, 'flat', 1, undefined, undefined, undefined, undefined],
      [`ordering.v1:AAA:${OPEN + MINUTE_MS}:1`, 'flat', null, 2, 'limit', '9.88', '1'],
    ]);
  });

  it('are a failure when their shares are no number', () => {
    expect(applyBars(fleet([deployment(ordering, null)]), [bar('AAA', 0, 60)]).failures).toMatchObject([{ error: { code: 'STRATEGY_FAILED', message: expect.stringMatching(/an order of AAA has .*: check that every number behind it is known/) as unknown } }]);
  });
});

describe('a strategy that throws', () => {
  it('is stopped alone, as it was before the batch, and what it said in it is not raised', () => {
    const cells = new CellCache();
    const both = [deployment(failing, null), deployment(looking, null)];
    adopt(cells, applyBars(fleet(both, cells), [bar('AAA', 0)]));
    const outcome = applyBars(fleet(both, cells), [bar('AAA', 1, 30), bar('AAA', 2, 40), bar('BBB', 2, 60), bar('AAA', 3, 30)]);
    expect(outcome.failures).toMatchObject([{ deployment: { strategyId: 'failing' }, error: { code: 'STRATEGY_FAILED', message: expect.stringMatching(/failing failed on BBB .*a division by nothing/) as unknown } }]);
    expect(outcome.moved.map((cell) => [cell.deployment.strategyId, cell.name, cell.version])).toEqual([['looking', 'AAA', 4], ['looking', 'BBB', 1]]);
    expect(outcome.signals).toEqual([]);
  });
});

describe('what is held', () => {
  it('is known from the book, with the bars since the entry', () => {
    const cells = new CellCache();
    const one = [deployment(looking, null)];
    const held = (qty: number) => ({ ...NO_ACCOUNT, equity: 101_000, shares: new Map([['looking|AAA', { qty, averagePrice: 9 }]]) });
    let last: Outcome | null = null;
    for (const [minute, account] of [NO_ACCOUNT, held(50), held(80), held(-20), NO_ACCOUNT].entries()) {
      last = applyBars(fleet(one, cells, { account }), [bar('AAA', minute)]);
      adopt(cells, last);
    }
    expect(last === null ? null : stateOf(last)).toEqual(['0@NaN -1 0 100000', '50@9 0 50 101000', '80@9 1 80 101000', '-20@9 0 -20 101000', '0@NaN -1 0 100000']);
  });
});
