/** The back-test's engine hears from every built-in strategy what the live host hears, word for word. */
import { expect, it } from 'vitest';
import { CASH_ACCOUNT, NO_COMMISSION, STRICT_FILLS } from '#app/backtest/run/defaults.ts';
import { runBacktest } from '#app/backtest/run/run.ts';
import { DAY_MS } from '#app/domain/time.ts';
import { bucketOpen } from '#app/market/bar-aggregation.ts';
import { sessionsBetween } from '#app/market/calendar.ts';
import { signalsBarByBar, type SymbolBars } from './column-run.ts';
import { STRATEGY_TYPES } from './registry.ts';
import { threeMarkets } from './testing-bars.ts';

const sessions = sessionsBetween('2017-01-01', '2020-12-31').slice(0, 900);
const opens = sessions.map((session) => bucketOpen(session.open, '1Day'));
const closes = new Map(sessions.map((session, i) => [opens[i] ?? NaN, session.close]));
/** Days in place of the hours of the made-up markets; the third lacks some. */
const markets: SymbolBars[] = threeMarkets(opens.length).map(({ symbol, bars }) => ({ symbol, bars: { ...bars, time: bars.time.map((hours) => opens[hours / 3_600_000] ?? NaN) } }));

it.each(STRATEGY_TYPES.map((type) => [type.kind, type] as const))('%s', (_, type) => {
  const strategy = type.bind(type.kind === 'pairs_trading' ? { maxHalfLife: 500 } : {});
  const given = strategy.scope === 'portfolio' ? markets.slice(0, strategy.symbols[1]) : markets;
  const { lines } = runBacktest({
    strategy, markets: given.map((market) => ({ ...market, detail: null, actions: [], isShortable: true, isFractionable: false })), timeframe: '1Day', sizing: { method: 'fixed_notional', notional: '5000' },
    account: { ...CASH_ACCOUNT, cash: 1_000_000, multiplier: 4, canShort: true }, fills: STRICT_FILLS, slippage: { kind: 'none' }, commission: NO_COMMISSION, fees: null, desk: { kind: 'plain' }, isBrokerStrict: false,
  }, { hasLines: true });
  const live = signalsBarByBar(strategy, given, { barMs: DAY_MS });
  const words = live.map(({ symbol, target, weight, openTime, reasons }) => `signal ${symbol} ${target}${weight === null ? '' : ` ${weight}`} ${closes.get(openTime)} ${reasons.map((reason) => `${reason.name}=${reason.value}`).join(' ')}`);
  expect(live.length).toBeGreaterThan(type.kind === 'buy_and_hold' || type.kind === 'volatility_target' ? 2 : 20);
  // Within one moment the engine acts first on what sets money free.
  expect(lines.filter((line) => line.startsWith('signal ')).sort()).toEqual(words.sort());
});
