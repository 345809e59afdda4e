/** The back-test's engine hears from every built-in strategy what the live host hears, word for word. */
import { expect, it } from 'vitest';
import * as z from 'zod';
import { CASH_ACCOUNT, NO_COMMISSION, STRICT_FILLS } from '#app/backtest/run/defaults.ts';
import { runBacktest } from '#app/backtest/run/run.ts';
import type { RunConfig } from '#app/backtest/run/types.ts';
import { REGULAR_WIDE_BARS } from '#app/backtest/run/wide.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '#app/domain/time.ts';
import { bbands } from '#app/indicators/bbands.ts';
import { rsi } from '#app/indicators/rsi.ts';
import { sma } from '#app/indicators/sma.ts';
import { bucketOpen } from '#app/market/bar-aggregation.ts';
import { sessionsBetween } from '#app/market/calendar.ts';
import { signalsBarByBar, type SaidSignal, type SymbolBars } from './column-run.ts';
import { STRATEGY_TYPES, strategyType } from './registry.ts';
import { strategy as strategyOf } from './spec.ts';
import { threeMarkets } from './testing-bars.ts';

const sessions = sessionsBetween('2017-01-01', '2020-12-31').slice(0, 900);
const opens = sessions.map((session) => bucketOpen(session.open, '1Day'));
const closes = new Map(sessions.map((session, i) => [opens[i] ?? NaN, session.close]));
/** Days in place of the hours of the made-up markets; the third lacks some. */
const markets: SymbolBars[] = threeMarkets(opens.length).map(({ symbol, bars }) => ({ symbol, bars: { ...bars, time: bars.time.map((hours) => opens[hours / HOUR_MS] ?? NaN) } }));

const ACCOUNT: RunConfig = {
  strategy: strategyType('buy_and_hold').bind({}), markets: [], timeframe: '1Day', sizing: { method: 'fixed_notional', notional: '5000' }, account: { ...CASH_ACCOUNT, cash: 1_000_000, multiplier: 4, canShort: true }, fills: STRICT_FILLS,
  slippage: { kind: 'none' }, commission: NO_COMMISSION, fees: null, desk: { kind: 'plain' }, isBrokerStrict: false,
};
const toMarket = (market: SymbolBars) => ({ ...market, detail: null, actions: [], isShortable: true, isFractionable: false });

/** Signals as the engine writes them down; within one moment it acts first on what sets money free. */
const heard = (config: RunConfig): string[] => runBacktest(config, { hasLines: true }).lines.filter((line) => line.startsWith('signal ')).sort();
const words = (said: readonly SaidSignal[], closeOf: (openTime: number) => number): string[] =>
  said.filter(({ order, cancels }) => order === null && cancels === null).map(({ symbol, target, weight, openTime, reasons }) => `signal ${symbol} ${target}${weight === null ? '' : ` ${weight}`} ${closeOf(openTime)} ${reasons.map((reason) => `${reason.name}=${reason.value}`).join(' ')}`).sort();

it.each(STRATEGY_TYPES.map((type) => [type.kind, type] as const))('%s', (_, type) => {
  const strategy = type.bind(type.kind === 'pairs_trading' ? { maxHalfLife: 500 } : {});
  const given = strategy.scope === 'portfolio' ? markets.slice(0, strategy.symbols[1]) : markets;
  const live = signalsBarByBar(strategy, given, { barMs: DAY_MS });
  expect(live.length).toBeGreaterThan(type.kind === 'buy_and_hold' || type.kind === 'volatility_target' ? 2 : 20);
  expect(heard({ ...ACCOUNT, strategy, markets: given.map(toMarket) })).toEqual(words(live, (openTime) => closes.get(openTime) ?? NaN));
});

it('strategies of wide bars, price sources, memory and history, where bars are missing', () => {
  const strategy = strategyOf({
    kind: 'wide', title: 'Wide', description: 'For tests.', scope: 'portfolio', symbols: [2, 3], usesShorts: true, parameters: {},
    indicators: () => ({ day: sma(3, { timeframe: '1Day' }), hour: rsi(4, { timeframe: '1Hour' }), mean: sma(5, { source: 'hlc3' }), bands: bbands(8) }), history: () => 6,
    state: z.object({ calls: z.number() }), initialState: () => ({ calls: 0 }),
    onBar({ all, state, time }) {
      state.calls += 1;
      for (const view of all) {
        const { day, hour, mean, bands } = view.indicators;
        const reasons = () => [{ name: 'seen', value: [state.calls, time, day.now, hour.now, hour.ago(6), mean.ago(5), bands.upper.now, view.hasBar].join('/'), threshold: null }];
        if (hour.now < 30 && view.close.now > bands.lower.now) view.weight(view.close.now > day.now ? 0.2 : 0.1, { reasons });
        else if (hour.now > 70) view.weight(-0.1, { reasons });
        else if (mean.now > mean.ago(6) && hour.now > 55) view.flat({ reasons });
      }
    },
  }).bind({});
  const quarter = 15 * MINUTE_MS;
  const times = sessions.slice(120, 135).flatMap(({ open, close }) => Array.from({ length: (close - open) / quarter }, (_, n) => open + n * quarter));
  const given = threeMarkets(times.length, 3).map(({ symbol, bars }) => ({ symbol, bars: { ...bars, time: bars.time.map((hours) => times[hours / HOUR_MS] ?? NaN) } }));
  const live = signalsBarByBar(strategy, given, { barMs: quarter, wide: REGULAR_WIDE_BARS });
  expect(live.length).toBeGreaterThan(40);
  expect(heard({ ...ACCOUNT, timeframe: '15Min', strategy, markets: given.map(toMarket) })).toEqual(words(live, (openTime) => openTime + quarter));
});
