/** Corporate actions on the tape: a split that was announced shows in the price from its ex-date on. */
import type { EpochMs } from '#app/domain/time.ts';
import { fromNewYork } from '#app/market/calendar.ts';
import type { AnnouncedAction } from './journal-lists.ts';
import type { Market, MarketBar, Step } from './market.ts';

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

/** A market of which every minute goes through `change`, whichever way it is asked for. While there is nothing to change (`isIdle`), lists are handed on as they are. */
function withChangedBars(market: Market, change: (bar: MarketBar) => MarketBar, isIdle: () => boolean): Market {
  const changed = (step: Step | null): Step | null => (step === null || isIdle() ? step : { ...step, bars: step.bars.map(change) });
  return {
    ...market, nextStep: (openTime) => changed(market.nextStep(openTime)), stepAt: (openTime) => changed(market.stepAt(openTime)),
    barAt: (symbol, openTime) => {
      const bar = market.barAt(symbol, openTime);
      return bar === null ? null : change(bar);
    },
    bars: (symbol, range) => (isIdle() ? market.bars(symbol, range) : market.bars(symbol, range).map(change)),
  };
}

/** A market in which single minutes are others than they were released: what a late print made of them. `amended`: by symbol and open time. */
export function withAmendments(market: Market, amended: ReadonlyMap<string, MarketBar>): Market {
  return withChangedBars(market, (bar) => amended.get(amendmentKey(bar)) ?? bar, () => amended.size === 0);
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
  return withChangedBars(market, adjust, () => actions().length === 0);
}
