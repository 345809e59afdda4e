/** Corporate actions on the tape: a split that was announced shows in the price from its ex-date on. */
import type { EpochMs } from '#app/domain/time.ts';
import { fromNewYork } from '#app/market/calendar.ts';
import type { AnnouncedAction } from './journal-lists.ts';
import type { Market, MarketBar } from './market.ts';

const cents = (value: number): number => Math.max(0.01, Math.round(value * 100) / 100);

/** The bar as it looks after a split of `factor` shares for one. Prices are rounded to the cent. */
export function splitBar(bar: MarketBar, factor: number): MarketBar {
  return {
    ...bar, open: cents(bar.open / factor), high: cents(bar.high / factor), low: cents(bar.low / factor), close: cents(bar.close / factor), vwap: Math.round((bar.vwap / factor) * 1e6) / 1e6,
    volume: Math.max(1, Math.round(bar.volume * factor)),
  };
}

/** New shares for one old share by all splits of a symbol with ex-dates that `isIn` takes; 1 = none. */
export function splitFactor(actions: readonly AnnouncedAction[], symbol: string, isIn: (exAt: EpochMs) => boolean): number {
  let factor = 1;
  for (const action of actions) {
    if (action.kind === 'split' && action.symbol === symbol && isIn(fromNewYork(action.exDate, 0))) factor *= Number(action.newRate) / Number(action.oldRate);
  }
  return factor;
}

/** A market in which single minutes are others than they were released: what a late print made of them. `amended`: by symbol and open time. */
export function withAmendments(market: Market, amended: ReadonlyMap<string, MarketBar>): Market {
  const pick = (bar: MarketBar): MarketBar => amended.get(amendmentKey(bar)) ?? bar;
  const picked = <T extends { readonly bars: readonly MarketBar[] } | null>(step: T): T => (step === null || amended.size === 0 ? step : { ...step, bars: step.bars.map(pick) });
  return {
    ...market, nextStep: (openTime) => picked(market.nextStep(openTime)), stepAt: (openTime) => picked(market.stepAt(openTime)),
    barAt: (symbol, openTime) => {
      const bar = market.barAt(symbol, openTime);
      return bar === null ? null : pick(bar);
    },
    bars: (symbol, range) => (amended.size === 0 ? market.bars(symbol, range) : market.bars(symbol, range).map(pick)),
  };
}

/** Where an amended minute is kept. */
export function amendmentKey(bar: { readonly symbol: string; readonly openTime: number }): string {
  return `${bar.symbol} ${bar.openTime}`;
}

/** A market whose prices follow the splits in `actions` (read anew each time). */
export function withActions(market: Market, actions: () => readonly AnnouncedAction[]): Market {
  const adjust = (bar: MarketBar): MarketBar => {
    const factor = splitFactor(actions(), bar.symbol, (exAt) => exAt <= bar.openTime);
    return factor === 1 ? bar : splitBar(bar, factor);
  };
  const adjusted = <T extends { readonly bars: readonly MarketBar[] } | null>(step: T): T => (step === null || actions().length === 0 ? step : { ...step, bars: step.bars.map(adjust) });
  return {
    ...market, nextStep: (openTime) => adjusted(market.nextStep(openTime)), stepAt: (openTime) => adjusted(market.stepAt(openTime)),
    barAt: (symbol, openTime) => {
      const bar = market.barAt(symbol, openTime);
      return bar === null ? null : adjust(bar);
    },
    bars: (symbol, range) => (actions().length === 0 ? market.bars(symbol, range) : market.bars(symbol, range).map(adjust)),
  };
}
