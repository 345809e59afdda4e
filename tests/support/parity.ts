/** The built-ins as parity tests run them, and the back-test's side of it: the lines of its orders, fills and denials. */
import { CASH_ACCOUNT, NO_COMMISSION, STRICT_FILLS } from '#app/backtest/run/defaults.ts';
import { runBacktest } from '#app/backtest/run/run.ts';
import type { Market, RunConfig } from '#app/backtest/run/types.ts';
import { barColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { riskLimitsSchema, type RiskLimits } from '#app/domain/limits.ts';
import { exactLimits } from '#app/risk/book.ts';
import type { Sizing } from '#app/domain/sizing.ts';
import { strategyType } from '#app/strategy/registry.ts';
import { readReplayFolder, type RecordedSeries } from '../../services/simulator/replay-files.ts';
import type { LiveStrategy, LiveTrades } from './live-pipeline.ts';

/** Limits that nothing here reaches: what is compared is trading, not refusing. */
export const PARITY_LIMITS: RiskLimits = riskLimitsSchema.parse({ maxOrderNotional: '99000', maxOrderQty: '1000000', maxPositionNotional: '99000', maxGrossExposure: '99000', maxDailyLoss: '50000', maxDrawdownPercent: '90', maxOrdersPerDay: 100_000, allowShort: true });

const SIZING: Sizing = { method: 'fixed_notional', notional: '5000' };

/** A strategy with what a test must know of it. `isSized`: the deployment's sizing says how many shares; else it names parts of the equity. `leastOrders`: so many it sends at least on the recorded bars. */
export type ParityStrategy = LiveStrategy & { readonly isSized: boolean; readonly leastOrders: number };

const strategy = (kind: string, parameters: Readonly<Record<string, unknown>>, symbols: readonly string[], more: { readonly isSized?: boolean; readonly leastOrders?: number } = {}): ParityStrategy => (
  { strategyId: kind, kind, parameters, symbols, sizing: SIZING, isSized: more.isSized ?? true, leastOrders: more.leastOrders ?? 4 });

/** All eight, with parameters that trade often within two short days. */
export const PARITY_STRATEGIES: readonly ParityStrategy[] = [
  strategy('sma_cross', { fast: 4, slow: 9, stopAtr: 4, takeProfitAtr: 6 }, ['AAA']),
  strategy('rsi_reversion', { period: 5 }, ['BBB']),
  strategy('donchian_breakout', { entryPeriod: 12, exitPeriod: 6, stopAtr: 3 }, ['CCC'], { leastOrders: 2 }),
  strategy('bollinger_reversion', { period: 12, width: 1.25 }, ['DDD']),
  strategy('volatility_target', { period: 10, target: 15, band: 0.05, barsPerYear: 98_280 }, ['AAA'], { isSized: false }),
  strategy('momentum_rotation', { period: 10, hold: 2, every: 15, invested: 0.9 }, ['AAA', 'BBB', 'CCC', 'DDD'], { isSized: false }),
  strategy('pairs_trading', { window: 20, entryZ: 1, exitZ: 0.25, maxHalfLife: 200 }, ['AAA', 'BBB'], { isSized: false }),
  strategy('buy_and_hold', {}, ['AAA'], { isSized: false, leastOrders: 1 }),
];

const plain = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);

/** Canonical lines of a back-test as the live book tells orders, fills and denials. */
export function tradesOfLines(lines: readonly string[]): LiveTrades {
  const trades: { orders: string[]; fills: string[]; denied: string[] } = { orders: [], fills: [], denied: [] };
  for (const line of lines) {
    const [what = '', id = '', ...rest] = line.split(' ');
    if (what === 'order') trades.orders.push([id, rest[0], plain(rest[1] ?? ''), rest[2]].join(' '));
    if (what === 'fill') trades.fills.push([id, rest[0], plain(rest[1] ?? ''), rest[2], plain(rest[3] ?? '')].join(' '));
    if (what === 'denied') trades.denied.push(`${id} ${rest[0] ?? ''}`);
  }
  return trades;
}

/** How a back-test decides as the live pipeline of the tests does. Every symbol of the simulator can be traded in parts. */
export function houseConfig({ strategyId, kind, parameters, sizing }: ParityStrategy, markets: readonly Pick<Market, 'symbol' | 'bars'>[]): RunConfig {
  const strategy = strategyType(kind).bind(parameters);
  return {
    strategy, markets: markets.map((market) => ({ ...market, detail: null, actions: [], isShortable: true, isFractionable: true })), timeframe: '1Min', sizing,
    account: { ...CASH_ACCOUNT, ...(strategy.usesShorts ? { multiplier: 2, canShort: true } : {}) }, fills: STRICT_FILLS, slippage: { kind: 'none' }, commission: NO_COMMISSION, fees: null, isBrokerStrict: true,
    desk: { kind: 'house', limits: exactLimits(PARITY_LIMITS), strategyId, versionId: `${strategyId}.v1` },
  };
}

function columnsOf({ openTimes, values }: RecordedSeries): BarColumns {
  const bars = barColumns(openTimes.length);
  bars.time.set(openTimes);
  for (let n = 0; n < openTimes.length; n += 1) [bars.open, bars.high, bars.low, bars.close, bars.volume].forEach((column, field) => (column[n] = values[n * 5 + field] ?? NaN));
  return bars;
}

/** The back-test over the recorded bars. */
export async function backtestHouse(folder: string, strategy: ParityStrategy): Promise<LiveTrades> {
  const { series } = await readReplayFolder(folder);
  const markets = series.filter(({ symbol }) => strategy.symbols.includes(symbol)).sort((a, b) => (a.symbol < b.symbol ? -1 : 1)).map((one) => ({ symbol: one.symbol, bars: columnsOf(one) }));
  return tradesOfLines(runBacktest(houseConfig(strategy, markets), { hasLines: true }).lines);
}
