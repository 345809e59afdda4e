/** Bars applied to strategies: order, repetition, quiet times. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRfc3339, MINUTE_MS } from '#app/domain/time.ts';
import { signalRaised } from '#app/contracts/events.ts';
import { rsiReversion } from '#app/strategy/built-in/rsi-reversion.ts';
import { smaCross } from '#app/strategy/built-in/sma-cross.ts';
import { applyBars, type Fleet } from './apply-bars.ts';
import { CellCache, type ClosedBar, type MovedCell } from './cells.ts';
import type { Deployment } from './deployments.ts';

const OPEN = parseRfc3339('2024-07-01T13:30:00Z');
const deployment = (strategyId: string, more: Partial<Deployment> = {}): Deployment => ({
  strategyId, versionId: `${strategyId}.v1`, timeframe: '1Min', symbols: null, isEnabled: true, strategy: smaCross.bind({ fast: 2, slow: 3, atrPeriod: 2 }), ...more,
});
const bar = (minute: number, close: number, more: Partial<ClosedBar> = {}): ClosedBar => {
  const text = close.toFixed(2);
  return { symbol: 'SPY', timeframe: '1Min', openTime: OPEN + minute * MINUTE_MS, open: text, high: text, low: text, close: text, volume: '100', tsSeen: 7, isQuiet: false, correlationId: 'c', ...more };
};
const fleet = (deployments: Deployment[], cells = new CellCache()): Fleet => ({ deployments, cells, isWatched: () => true });
const SMA = deployment('sma');
/** An outcome as values alone. */
const plain = ({ moved, ...rest }: { moved: readonly MovedCell[] }) => ({ ...rest, moved: moved.map(({ host, lastOpenTime, version, expected, name }) => ({ state: host.save(), lastOpenTime, version, expected, name })) });
const CROSSING = [10, 9, 8, 9, 10, 6, 5].map((close, i) => bar(i, close));

describe('bars to signals', () => {
  it('raises a signal that its contract accepts, with the exact close and market time', () => {
    const { signals, moved, applied } = applyBars(fleet([deployment('sma')]), CROSSING);
    expect(applied).toBe(7);
    expect(signals.map(({ payload }) => signalRaised.parse(payload))).toEqual([
      {
        signalId: `sma.v1:SPY:${OPEN + 4 * MINUTE_MS}:0`, strategyId: 'sma', strategyVersionId: 'sma.v1', symbol: 'SPY', timeframe: '1Min', barOpenTime: OPEN + 4 * MINUTE_MS,
        tsMarket: OPEN + 5 * MINUTE_MS, tsBarSeen: 7, target: 'long', weight: null, order: null, cancels: null, referencePrice: '10.00', atr: '1', protection: null, reasons: [{ name: 'SMA(2)', value: '9.5', threshold: 'crossed above SMA(3) 9' }],
      },
      expect.objectContaining({ target: 'flat', barOpenTime: OPEN + 5 * MINUTE_MS }),
    ]);
    expect(moved).toMatchObject([{ name: 'SPY', expected: 0, version: 7, lastOpenTime: OPEN + 6 * MINUTE_MS }]);
  });

  it('carries the exits that the parameters ask for, on the ticks of the exchange', () => {
    const [first] = applyBars(fleet([{ ...SMA, strategy: smaCross.bind({ fast: 2, slow: 3, atrPeriod: 2, stopAtr: 1.23456, takeProfitAtr: 2 }) }]), CROSSING).signals;
    expect(first?.payload.protection).toEqual({ stopPrice: '8.77', takeProfitPrice: '12' });
  });

  it('takes each bar once, whatever is repeated', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(CROSSING.length - 1), { maxLength: 40 }), (picks) => {
        const repeated = CROSSING.flatMap((one, i) => [one, ...picks.filter((pick) => pick <= i).map((pick) => CROSSING[pick] ?? one)]);
        expect(plain(applyBars(fleet([SMA]), repeated))).toEqual(plain(applyBars(fleet([SMA]), CROSSING)));
      }),
    );
  });

  it('gives the same signals however the bars are cut into batches', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 900, max: 1100 }), { minLength: 30, maxLength: 120 }), fc.integer({ min: 1, max: 50 }), (cents, size) => {
        const bars = cents.flatMap((value, i) => [bar(i, value / 100), bar(i, (2000 - value) / 100, { symbol: 'QQQ' })]);
        const deployments = [deployment('a', { strategy: rsiReversion.bind({ period: 3 }) }), deployment('b')];
        const cells = new CellCache();
        const pieces: unknown[] = [];
        for (let start = 0; start < bars.length; start += size) {
          const outcome = applyBars(fleet(deployments, cells), bars.slice(start, start + size));
          pieces.push(...outcome.signals);
          for (const cell of outcome.moved) cells.adopt(cell.deployment.versionId, cell.name, cell);
        }
        expect(pieces).toEqual(applyBars(fleet(deployments), bars).signals);
      }),
    );
  });

  it('leaves the cache as it was: a batch that fails may run again', () => {
    const cells = new CellCache();
    for (const cell of applyBars(fleet([SMA]), CROSSING.slice(0, 4)).moved) cells.adopt('sma.v1', 'SPY', cell);
    const before = JSON.stringify(cells.get('sma.v1', 'SPY')?.host.save());
    const first = applyBars(fleet([SMA], cells), CROSSING.slice(4));
    expect(JSON.stringify(cells.get('sma.v1', 'SPY')?.host.save())).toBe(before);
    expect(plain(applyBars(fleet([SMA], cells), CROSSING.slice(4)))).toEqual(plain(first));
  });

  it('looks at regular sessions of its own timeframe and symbols only', () => {
    const extended = [bar(-1, 10), bar(390, 10), bar(0, 10, { timeframe: '5Min' }), bar(0, 10, { openTime: parseRfc3339('2024-07-04T15:00:00Z') }), bar(0, 10, { openTime: parseRfc3339('1990-07-02T15:00:00Z') })];
    expect(applyBars(fleet([deployment('sma')]), extended)).toEqual({ moved: [], signals: [], applied: 0, failures: [] });
    expect(applyBars(fleet([deployment('sma', { symbols: new Set(['QQQ']) })]), CROSSING).applied).toBe(0);
    expect(applyBars({ ...fleet([deployment('sma')]), isWatched: () => false }, CROSSING).applied).toBe(0);
    expect(applyBars({ ...fleet([deployment('sma', { symbols: new Set(['SPY']) })]), isWatched: () => false }, CROSSING).applied).toBe(7);
  });

  it('warms up on quiet bars and while disabled, without a word', () => {
    const quiet = applyBars(fleet([deployment('sma')]), CROSSING.map((one) => ({ ...one, isQuiet: true })));
    expect(quiet.signals).toEqual([]);
    expect(quiet.moved[0]?.host.wishOf('SPY').wish.side).toBe('flat');
    const disabled = applyBars(fleet([deployment('sma', { isEnabled: false })]), CROSSING);
    expect(disabled.signals).toEqual([]);
    expect(disabled.moved[0]?.host.save()).toEqual(quiet.moved[0]?.host.save());
  });
});
