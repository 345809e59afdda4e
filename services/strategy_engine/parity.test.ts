/** The back-test and the live engine see the same bars and say the same: each live signal ends in an order or a denial of the same id, for every built-in. */
import { describe, expect, it } from 'vitest';
import { runBacktest } from '#app/backtest/run/run.ts';
import { barColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import type { BarWire } from '#app/domain/bar.ts';
import { STRATEGY_TYPES, strategyType } from '#app/strategy/registry.ts';
import { houseConfig, PARITY_STRATEGIES, tradesOfLines, type ParityStrategy } from '../../tests/support/parity.ts';
import { applyBars } from './apply-bars.ts';
import { CellCache, type ClosedBar } from './cells.ts';
import type { Deployment } from './deployments.ts';
import { MARKET_SYMBOLS, testMarket } from './testing-market.ts';

const bars = testMarket(3);

function columnsOf(symbol: string): BarColumns {
  const own = bars.filter((bar) => bar.symbol === symbol);
  const columns = barColumns(own.length);
  const pick = (column: Float64Array, of: (bar: BarWire) => number): void => own.forEach((bar, n) => (column[n] = of(bar)));
  pick(columns.time, (bar) => bar.openTime);
  for (const field of ['open', 'high', 'low', 'close', 'volume'] as const) pick(columns[field], (bar) => Number(bar[field]));
  return columns;
}

/** Over all symbols of the test market; a pair over the first two. */
function symbolsFor({ kind }: ParityStrategy): readonly string[] {
  return MARKET_SYMBOLS.slice(0, strategyType(kind).bind({}).symbols[1] === 2 ? 2 : MARKET_SYMBOLS.length);
}

it('is asked of every built-in', () => {
  expect(PARITY_STRATEGIES.map(({ kind }) => kind).sort()).toEqual(STRATEGY_TYPES.map(({ kind }) => kind).sort());
});

describe.each(PARITY_STRATEGIES.map((strategy) => [strategy.kind, strategy] as const))('%s', (_, strategy) => {
  const symbols = symbolsFor(strategy);

  it('raises live what the back-test decides on, by the same ids and in any batches', () => {
    const { strategyId, kind, parameters } = strategy;
    const deployment: Deployment = { strategyId, versionId: `${strategyId}.v1`, timeframe: '1Min', symbols: new Set(symbols), isEnabled: true, strategy: strategyType(kind).bind(parameters) };
    const closed = bars.map((bar): ClosedBar => ({ ...bar, tsSeen: bar.openTime + 60_000, isQuiet: false, correlationId: 'x' }));
    const cells = new CellCache();
    const live: string[] = [];
    for (let start = 0, size = 1; start < closed.length; start += size, size = (size % 97) + 5) {
      const outcome = applyBars({ deployments: [deployment], cells, isWatched: () => true }, closed.slice(start, start + size));
      expect(outcome.failures).toEqual([]);
      live.push(...outcome.signals.map((signal) => signal.payload.signalId));
      for (const cell of outcome.moved) cells.adopt(deployment.versionId, cell.name, cell);
    }
    const result = runBacktest(houseConfig(strategy, symbols.map((symbol) => ({ symbol, bars: columnsOf(symbol) }))), { hasLines: true });
    const { orders, denied } = tradesOfLines(result.lines);
    const decided = [...orders, ...denied].map((line) => (line.split(' ')[0] ?? '').replace(/^ms-/, ''));
    // Steps that follow (`:r1`) come from risk, not from the strategy.
    expect(decided.filter((id) => !/:r\d+$/.test(id)).sort()).toEqual([...live].sort());
    expect(result.signals).toBe(live.length);
    expect(live.length).toBeGreaterThanOrEqual(strategy.leastOrders === 1 ? 1 : 8);
  });
});
