/** Parameters: what is filled in, what is refused, and what forms are made of; and what a spec says of its bars. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { rsi } from '#app/indicators/rsi.ts';
import { sma } from '#app/indicators/sma.ts';
import { entryOptions } from './exits.ts';
import { choice, flag, integer, parametersJsonSchema, readParameters, real } from './parameters.ts';
import { reasonNumber } from './reason.ts';
import { strategyType } from './registry.ts';
import { firstBar, strategy, warmUpBars } from './spec.ts';

const set = {
  bars: integer(10, { min: 1, max: 50, describe: 'Bars' }), part: real(0.5, { min: 0, max: 1, step: 0.25, unit: 'part', describe: 'Part' }),
  way: choice(['up', 'down'], 'Which way'), isBold: flag(false, 'Bold'),
};
const read = (raw: unknown) => readParameters('mine', set, raw);

describe('parameters', () => {
  it('have their defaults where nothing is said', () => {
    expect(read({})).toEqual({ bars: 10, part: 0.5, way: 'up', isBold: false });
    expect(read({ bars: 50, part: 1, way: 'down', isBold: true })).toEqual({ bars: 50, part: 1, way: 'down', isBold: true });
  });

  it.each([
    [{ bars: 0 }, 'bars must lie within 1 and 50'], [{ bars: 51 }, 'within'], [{ bars: 1.5 }, 'bars must be a whole number'], [{ bars: '3' }, 'must be a number'], [{ part: NaN }, 'must be a number'], [{ part: Infinity }, 'must be a number'],
    [{ way: 'left' }, 'way must be one of up, down'], [{ isBold: 1 }, 'isBold must be true or false'], [{ beers: 3 }, '"beers" is none of bars, part, way, isBold'], [[], 'named values'], [null, 'named values'], ['bars', 'named values'],
  ])('refuse %j', (raw, words) => {
    expect(() => read(raw)).toThrow(expect.objectContaining({ code: 'STRATEGY_PARAMETERS_INVALID', message: expect.stringContaining(words) as string }));
  });

  it('read back what they gave', () => {
    const given = fc.record({ bars: fc.integer({ min: 1, max: 50 }), part: fc.double({ min: 0, max: 1, noNaN: true }), way: fc.constantFrom('up', 'down'), isBold: fc.boolean() }, { requiredKeys: [] });
    fc.assert(fc.property(given, (raw) => {
      expect(read(JSON.parse(JSON.stringify(read(raw))))).toEqual(read(raw));
    }), { numRuns: 200 });
  });

  it('are described for forms', () => {
    expect(parametersJsonSchema(set)).toEqual({
      type: 'object', additionalProperties: false,
      properties: {
        bars: { type: 'integer', minimum: 1, maximum: 50, default: 10, description: 'Bars', 'x-step': 1, 'x-unit': 'bars' },
        part: { type: 'number', minimum: 0, maximum: 1, default: 0.5, description: 'Part', 'x-step': 0.25, 'x-unit': 'part' },
        way: { type: 'string', enum: ['up', 'down'], default: 'up', description: 'Which way' }, isBold: { type: 'boolean', default: false, description: 'Bold' },
      },
    });
  });
});

describe('a spec', () => {
  const type = strategy({
    kind: 'mine', title: 'Mine', description: 'For tests.', scope: 'symbol', parameters: set, check: ({ bars }) => (bars === 13 ? 'not thirteen' : null),
    indicators: ({ bars }) => ({ mean: sma(bars), day: sma(5, { timeframe: '1Day' }) }), history: () => 4, forgetting: () => 7, state: z.object({ n: z.number() }), initialState: ({ bars }) => ({ n: bars }), onBar: () => undefined,
  });

  it('is bound to values that go together', () => {
    expect(() => type.bind({ bars: 13 })).toThrow(/mine cannot use its parameters: not thirteen/);
    const bound = type.bind({ bars: 20 });
    expect(bound).toMatchObject({ kind: 'mine', scope: 'symbol', symbols: [1, 1], usesShorts: false, usesOrders: false, history: 4, forgetting: 7 });
    expect(bound.initialState()).toEqual({ n: 20 });
    expect(bound.readState({ n: 3 })).toEqual({ n: 3 });
    expect(() => bound.readState({ n: 'three' })).toThrow(/not one of this strategy/);
  });

  it('may sell short with some parameters alone', () => {
    expect([false, true].map((goesShort) => strategyType('donchian_breakout').bind({ goesShort }).usesShorts)).toEqual([false, true]);
    expect(strategyType('donchian_breakout').bind({}).usesShorts, 'a cash account may run it as it is').toBe(false);
    expect(strategyType('pairs_trading').bind({}).usesShorts).toBe(true);
  });

  it.each([['history', NaN], ['history', -1], ['history', 2.5], ['history', 1e9], ['forgetting', Infinity], ['forgetting', -3]] as const)('may not have a %s of %d bars', (name, count) => {
    const odd = strategy({
      kind: 'odd', title: 'Odd', description: 'For tests.', scope: 'symbol', parameters: {}, indicators: () => ({}), [name]: () => count, state: z.object({}), initialState: () => ({}), onBar: () => undefined,
    });
    expect(() => odd.bind({})).toThrow(`The strategy odd cannot be run: its ${name} is ${count}, which is no whole number of bars from 0`);
  });

  it('is asked when its indicators have a value as far back as it looks, wide ones apart', () => {
    expect(firstBar(type.bind({ bars: 20 }))).toBe(19 + 4);
    expect(firstBar({ indicators: {}, history: 0 })).toBe(0);
  });

  it('says on how many bars to warm it up: wide bars in bars of its own', () => {
    // Six days of 390 minutes, and seven of its own memory and four of history.
    expect(warmUpBars(type.bind({ bars: 20 }), '1Min')).toBe(6 * 390 + 7 + 4);
    expect(warmUpBars({ indicators: { strength: rsi(14) }, history: 1, forgetting: 0 }, '1Day')).toBe((rsi(14).indicator.forgetting?.([14]) ?? 0) + 1);
  });
});

describe('what strategies share', () => {
  const reasons = () => [];

  it('places exits on the losing and on the winning side', () => {
    expect(entryOptions({ side: 'long', close: 100, atr: 2, reasons }, { stopAtr: 3, takeProfitAtr: 5 })).toEqual({ reasons, atr: 2, stopPrice: 94, takeProfitPrice: 110 });
    expect(entryOptions({ side: 'short', close: 100, atr: 2, reasons }, { stopAtr: 3, takeProfitAtr: 5 })).toEqual({ reasons, atr: 2, stopPrice: 106, takeProfitPrice: 90 });
    expect(entryOptions({ side: 'short', close: 100, atr: 20, reasons }, { stopAtr: 0, takeProfitAtr: 5 })).toEqual({ reasons, atr: 20 });
    for (const atr of [NaN, 0]) expect(entryOptions({ side: 'long', close: 100, atr, reasons }, { stopAtr: 3, takeProfitAtr: 5 })).toEqual({ reasons });
  });

  it('writes numbers of reasons without noise', () => {
    expect([30.125, 30, 0.1 + 0.2, 100, NaN].map(reasonNumber)).toEqual(['30.125', '30', '0.3', '100', 'unknown']);
  });
});
