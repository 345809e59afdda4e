/** The back-test and the live engine see the same bars and say the same: each live signal ends in an order or a denial of the same id. */
import { describe, expect, it } from 'vitest';
import { startBacktest } from '#app/backtest/replay.ts';
import { DEFAULT_EXACT_LIMITS } from '#app/risk/book.ts';
import { strategyType } from '#app/strategy/registry.ts';
import { applyBars, type ClosedBar } from './apply-bars.ts';
import { CellCache } from './cells.ts';
import { SEEDS, versionId, type Deployment } from './deployments.ts';
import { testMarket } from './testing-market.ts';

const bars = testMarket(5);

describe.each(SEEDS.map((seed) => [seed.strategyId, seed] as const))('%s', (_, seed) => {
  const strategy = strategyType(seed.kind).bind({});
  const version = versionId(seed.strategyId, 1);

  it('raises the live engine\'s signals, by their ids', () => {
    const deployment: Deployment = { strategyId: seed.strategyId, versionId: version, timeframe: '1Min', symbols: null, isEnabled: true, strategy };
    const closed = bars.map((bar): ClosedBar => ({ ...bar, tsSeen: bar.openTime + 60_000, isQuiet: false, correlationId: 'x' }));
    const live = applyBars({ deployments: [deployment], cells: new CellCache(), isWatched: () => true }, closed).signals.map((signal) => signal.payload.signalId);
    const decided: string[] = [];
    const backtest = startBacktest({
      strategy, strategyId: seed.strategyId, versionId: version, timeframe: '1Min', sizing: seed.sizing, limits: DEFAULT_EXACT_LIMITS, startingCash: '100000', slippageBps: 0, volumeCap: null, fees: null, maxEquityPoints: 100,
      note: (line) => {
        const [what = '', id = ''] = line.split(' ');
        if (what === 'order' || what === 'denied') decided.push(id.replace(/^ms-/, ''));
      },
    });
    backtest.push(bars);
    const { outcome } = backtest.finish();
    // Follow-ups of exits (`:r1`) come from risk, not from the strategy.
    expect(decided.filter((id) => !/:r\d+$/.test(id)).sort()).toEqual([...live].sort());
    expect(outcome.signals).toBe(live.length);
    expect(live.length).toBeGreaterThan(20);
  });
});
