/** Jobs: read, refused, made into configurations. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { barColumns } from '#app/domain/bar-columns.ts';
import { AppError } from '#app/domain/errors.ts';
import { integer } from '#app/strategy/parameters.ts';
import { strategy } from '#app/strategy/spec.ts';
import { barsRefsOf, readJob, runConfigOf, type JobInput } from './job.ts';

const pair = strategy({
  kind: 'pair', title: 'Pair', description: 'For the test.', scope: 'portfolio', symbols: [2, 2], parameters: { bars: integer(5, { min: 1, max: 9, describe: 'bars' }) },
  indicators: () => ({}), initialState: () => null, state: z.null(), onBar: () => undefined,
});
const surroundings = { strategyType: () => pair, barsOf: (_ref: string) => barColumns(3) };
const input: JobInput = {
  strategy: { kind: 'pair', parameters: { bars: 7 } }, markets: [{ symbol: 'QQQ', bars: 'q' }, { symbol: 'AAPL', bars: 'a', detail: 'a-minutes' }], timeframe: '1Day',
  sizing: { method: 'fixed_notional', notional: '1000' },
};
const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
  return 'none';
};

describe('a job', () => {
  it('becomes a configuration with its markets in the order of their symbols and the defaults of a back-test', () => {
    const config = runConfigOf(readJob(input), surroundings);
    expect(config.markets.map(({ symbol }) => symbol)).toEqual(['AAPL', 'QQQ']);
    expect(config.strategy.parameters).toEqual({ bars: 7 });
    expect(config.account.cash).toBe(100_000);
    expect(config.fees?.length).toBeGreaterThan(0);
    expect(config.markets[0]?.detail).not.toBeNull();
  });

  it('survives JSON', () => {
    const job = readJob({ ...input, desk: { kind: 'house', strategyId: '7f0c2f4e-6a0e-4b6e-8f5e-0d1a2b3c4d5e', versionId: '7f0c2f4e-6a0e-4b6e-8f5e-0d1a2b3c4d5f', limits: { maxOrderNotional: '10', maxPositionNotional: '20', maxGrossExposure: '30', maxDailyLoss: '4' } } });
    expect(readJob(JSON.parse(JSON.stringify(job)))).toEqual(job);
    const { desk } = runConfigOf(job, surroundings);
    expect(desk.kind === 'house' && desk.limits.maxOrderNotional.toNumber()).toBe(10);
  });

  it('names its bars once', () => {
    expect(barsRefsOf(readJob({ ...input, markets: [...input.markets, { symbol: 'SPY', bars: 'a' }] }))).toEqual(['q', 'a', 'a-minutes']);
  });

  it.each([
    ['a field that it does not know', { ...input, cash: 5 }, 'INPUT_INVALID'],
    ['no market', { ...input, markets: [] }, 'INPUT_INVALID'],
    ['a symbol twice', { ...input, markets: [{ symbol: 'QQQ', bars: 'q' }, { symbol: 'QQQ', bars: 'a' }] }, 'INPUT_INVALID'],
    ['one symbol for a pair', { ...input, markets: [{ symbol: 'QQQ', bars: 'q' }] }, 'INPUT_INVALID'],
    ['parameters out of range', { ...input, strategy: { kind: 'pair', parameters: { bars: 70 } } }, 'STRATEGY_PARAMETERS_INVALID'],
    ['NaN', { ...input, slippage: { kind: 'bps', bps: NaN } }, 'INPUT_INVALID'],
  ])('refuses %s', (_what, raw, code) => {
    expect(codeOf(() => runConfigOf(readJob(raw), surroundings))).toBe(code);
  });

  it('refuses bars that are not there', () => {
    expect(codeOf(() => runConfigOf(readJob(input), { ...surroundings, barsOf: () => barColumns(0) }))).toBe('INVARIANT_BROKEN');
  });
});
