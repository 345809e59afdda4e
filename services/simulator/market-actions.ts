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

/** A market whose prices follow the splits in `actions` (read anew each time). */
export function withActions(market: Market, actions: () => readonly AnnouncedAction[]): Market {
  const adjust = (bar: MarketBar): MarketBar => {
    const factor = splitFactor(actions(), bar.symbol, (exAt) => exAt <= bar.openTime);
    return factor === 1 ? bar : splitBar(bar, factor);
  };
  const adjusted = <T extends { readonly bars: readonly MarketBar[] } | null>(step: T): T => (step === null || actions().length === 0 ? step : { ...step, bars: step.bars.map(adjust) });
  return {
    ...market, nextStep: (openTime) => adjusted(market.nextStep(openTime)), stepAt: (openTime) => adjusted(market.stepAt(openTime)),
    bars: (symbol, range) => (actions().length === 0 ? market.bars(symbol, range) : market.bars(symbol, range).map(adjust)),
  };
}
