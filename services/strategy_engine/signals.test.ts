/** Strange words and numbers of strategies: what comes of them can be written and read, or is an error of the strategy. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { signalRaised } from '#app/contracts/events.ts';
import { AppError } from '#app/domain/errors.ts';
import { MINUTE_MS, parseRfc3339 } from '#app/domain/time.ts';
import { smaCross } from '#app/strategy/built-in/sma-cross.ts';
import type { Context } from '#app/strategy/context.ts';
import type { HostSignal } from '#app/strategy/host.ts';
import { strategy } from '#app/strategy/spec.ts';
import { applyBars } from './apply-bars.ts';
import { CellCache, type ClosedBar } from './cells.ts';
import type { Deployment } from './deployments.ts';
import { applyLive } from './live-apply.ts';
import { plainLine } from './own-pause.ts';
import { signalOf } from './signals.ts';

const OPEN = parseRfc3339('2024-07-01T13:30:00Z');
const bar = (minute: number, close: number): ClosedBar => {
  const text = close.toFixed(2);
  return { symbol: 'SPY', timeframe: '1Min', openTime: OPEN + minute * MINUTE_MS, open: text, high: text, low: text, close: text, volume: '100', tsSeen: 7, isQuiet: false, correlationId: 'c' };
};
const CROSSING = [10, 9, 8, 9, 10, 6, 5].map((close, i) => bar(i, close));
const deployment = (strategyId: string, more: Partial<Deployment> = {}): Deployment => ({
  strategyId, versionId: `${strategyId}.v1`, timeframe: '1Min', symbols: null, isEnabled: true, strategy: smaCross.bind({ fast: 2, slow: 3, atrPeriod: 2 }), ...more,
});
const SAID: HostSignal = { symbol: 'SPY', target: 'long', weight: null, atr: null, order: null, orderId: null, cancels: null, reasons: [], n: 0 };
const ORDER = { side: 'buy', qty: 1 } as const;
const wire = (more: Partial<HostSignal>) => signalOf(deployment('odd'), { ...SAID, ...more }, { openTime: OPEN, bar: bar(0, 10) }).payload;
const failure = (words: string | RegExp): unknown => expect.objectContaining({ code: 'STRATEGY_FAILED', message: expect.stringMatching(words) as string });

describe('a signal with a number that cannot be written', () => {
  it.each([
    ['a take-profit', { exits: { stopPrice: null, takeProfitPrice: 1e17 } }, /sma_cross .*protection\.takeProfitPrice is 100000000000000000: that cannot be written/],
    ['a stop', { exits: { stopPrice: Number.MAX_SAFE_INTEGER, takeProfitPrice: null } }, /protection\.stopPrice is 9007199254740991/],
    ['a weight', { weight: 1e15 }, /weight is 1000000000000000: at most 1000 times the equity/],
    ['a weight of which the shares could not be written', { weight: -1e12 }, /weight is -1000000000000/],
    ['a number of shares', { order: { ...ORDER, qty: 1e16 }, orderId: 1 }, /order\.qty is 10000000000000000/],
    ['a limit', { order: { ...ORDER, type: 'limit', limitPrice: 1e16 }, orderId: 1 }, /order\.limitPrice is 10000000000000000/],
    ['a trailing percentage', { order: { ...ORDER, type: 'trailing_stop', trailPercent: 1e15 }, orderId: 1 }, /order\.trailPercent is 1000000000000000/],
    ['a leg', { order: { ...ORDER, orderClass: 'oto', stopLoss: { stopPrice: 1e300 } }, orderId: 1 }, /order\.stopLoss\.stopPrice is 1000000/],
    ['a cancel of no order', { cancels: 1.5 }, /cancels is 1\.5/],
  ] as const)('%s is an error of the strategy that names it', (_, more, words) => {
    expect(() => wire(more)).toThrow(failure(words));
  });

  it('has no range when the range is too wide to be one', () => {
    expect([wire({ atr: 1e15 }).atr, wire({ atr: 1e300 }).atr, wire({ atr: 2.5 }).atr]).toEqual([null, null, '2.5']);
  });

  it('is read by everyone, or is an error of the strategy: whatever the numbers', () => {
    const any = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.double({ min: 1, max: 2_000, noNaN: true }));
    const orNull = fc.option(any);
    fc.assert(fc.property(fc.record({ weight: orNull, atr: orNull, stopPrice: orNull, takeProfitPrice: orNull, own: fc.option(fc.record({ qty: any, limitPrice: any })) }), ({ weight, atr, stopPrice, takeProfitPrice, own }) => {
      let payload: unknown;
      try {
        payload = wire({ weight, atr, exits: { stopPrice, takeProfitPrice }, order: own === null ? null : { side: 'buy', type: 'limit', ...own }, orderId: own === null ? null : 1 });
      } catch (error) {
        if (error instanceof AppError && error.code === 'STRATEGY_FAILED') return;
        throw error;
      }
      expect(signalRaised.parse(payload)).toEqual(payload);
    }));
  });
});

describe('words that the book cannot keep', () => {
  it('are plain in a signal', () => {
    expect(wire({ reasons: [{ name: 'a\0b', value: '\ud83d', threshold: '😀\0' }] }).reasons).toEqual([{ name: 'ab', value: '\uFFFD', threshold: '😀' }]);
  });

  it('are plain in a line, also where the line is cut', () => {
    const line = plainLine(`${'x'.repeat(1_999)}😀`);
    expect([line.length, line.isWellFormed(), plainLine('a\0b')]).toEqual([2_000, true, 'ab']);
  });
});

describe('one strategy that says what cannot be written', () => {
  const odd = strategy({
    kind: 'odd', title: 'Odd', description: 'For tests.', scope: 'symbol', parameters: {}, indicators: () => ({}), state: z.object({}), initialState: () => ({}), onBar: ((context: Context) => context.on.long({ takeProfitPrice: 1e17 })) as never,
  }).bind({});

  it('fails alone among those of the house', () => {
    const { failures, signals } = applyBars({ deployments: [deployment('odd', { strategy: odd }), deployment('sma')], cells: new CellCache(), isWatched: () => true }, CROSSING);
    expect(failures).toEqual([{ deployment: expect.objectContaining({ strategyId: 'odd' }) as unknown, error: failure(/takeProfitPrice 100000000000000000 of SPY is no price/) }]);
    expect(signals.map(({ payload }) => `${payload.strategyId} ${payload.target}`)).toEqual(['sma long', 'sma flat']);
  });

  it('fails alone among authored ones, also when its process says what no strategy can, at the bar at which it did', async () => {
    const said = new Map<string, HostSignal>([['odd', { ...SAID, weight: 1e14 }], ['good', SAID]]);
    const outcome = await applyLive({ deployments: [deployment('odd'), deployment('good')], cells: new CellCache(), isWatched: () => true }, CROSSING, {
      limitMs: 1_000, isLive: true,
      processOf: ({ strategyId }) => ({ current: null, run: (steps) => Promise.resolve({ said: steps.slice(1, 2).map((step) => ({ step, signal: said.get(strategyId) ?? SAID })), states: new Map(), lines: [], dropped: 0, tookMs: 1 }) }),
    });
    expect(outcome.failures).toMatchObject([{ deployment: { strategyId: 'odd' }, error: failure(/weight is 100000000000000/) }]);
    expect(outcome.signals.map(({ payload }) => payload.strategyId)).toEqual(['good']);
    expect(outcome.lines).toMatchObject([{ level: 'error', barOpenTime: OPEN + MINUTE_MS, symbol: 'SPY' }]);
    expect(outcome.courses.map(({ deployment: { strategyId }, error }) => [strategyId, error?.code ?? null])).toEqual([['odd', 'STRATEGY_FAILED'], ['good', null]]);
  });
});
