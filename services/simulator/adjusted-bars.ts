/** Bars as later splits and dividends make them comparable with today's. */
import type { EpochMs } from '#app/domain/time.ts';
import { fromNewYork } from '#app/market/calendar.ts';
import type { Broker } from './broker.ts';
import type { MarketBar } from './market.ts';
import { splitBar } from './market-actions.ts';

/** Of what prices are freed. */
export type Adjustments = { readonly splits: boolean; readonly dividends: boolean };

/** From which instant on prices are as they are, and what those before are multiplied by. `shares`: new shares for one old. */
type Cut = { readonly exAt: EpochMs; readonly factor: number; readonly shares: number };

const round = (value: number, places: number): number => Math.round(value * 10 ** places) / 10 ** places;

/** Cuts of a symbol up to the market's present, those of the past and those that were announced while the tape ran. A dividend of d after a close of c frees by (c - d) / c. */
function cutsOf(broker: Broker, symbol: string, wanted: Adjustments): readonly Cut[] {
  const cuts: Cut[] = [];
  for (const { action, exAt, rawFactor } of broker.market.pastActions(symbol)) {
    if (action.kind === 'split' ? wanted.splits : wanted.dividends) cuts.push({ exAt, factor: 1 / rawFactor, shares: action.kind === 'split' ? rawFactor : 1 });
  }
  const now = broker.now();
  for (const action of broker.journal.lists.actions()) {
    const exAt = fromNewYork(action.exDate, 0);
    if (action.symbol !== symbol || exAt > now) continue;
    if (action.kind === 'split' && wanted.splits) {
      const shares = Number(action.newRate) / Number(action.oldRate);
      cuts.push({ exAt, factor: 1 / shares, shares });
    }
    if (action.kind === 'cash_dividend' && wanted.dividends) {
      const [before] = broker.market.bars(symbol, { from: 0 as EpochMs, to: (exAt - 1) as EpochMs, limit: 1, isDescending: true });
      if (before && before.close > Number(action.cash)) cuts.push({ exAt, factor: (before.close - Number(action.cash)) / before.close, shares: 1 });
    }
  }
  return cuts;
}

/** How bars of a symbol are shown: by splits alone to the cent, by dividends too to a hundredth of it. */
export function adjusterOf(broker: Broker, symbol: string, wanted: Adjustments): (bar: MarketBar) => MarketBar {
  const cuts = wanted.splits || wanted.dividends ? cutsOf(broker, symbol, wanted) : [];
  if (cuts.length === 0) return (bar) => bar;
  return (bar) => {
    const later = cuts.filter((cut) => cut.exAt > bar.openTime);
    if (later.length === 0) return bar;
    const shares = later.reduce((product, cut) => product * cut.shares, 1);
    if (!wanted.dividends) return splitBar(bar, shares);
    const factor = later.reduce((product, cut) => product * cut.factor, 1);
    return {
      ...bar, open: round(bar.open * factor, 4), high: round(bar.high * factor, 4), low: round(bar.low * factor, 4), close: round(bar.close * factor, 4), vwap: round(bar.vwap * factor, 6), volume: Math.max(1, Math.round(bar.volume * shares)),
    };
  };
}
