/** How much worse than the reference price an order that takes liquidity fills; every model of types.ts. Prices go to the tick, half to even. */
import { ATR } from '#app/indicators/atr.ts';
import { columnsOf } from '#app/indicators/columns-of.ts';
import { use } from '#app/indicators/indicator.ts';
import { marketOf, type Core, type MarketState } from './core.ts';
import type { Order } from './order.ts';
import { MICRO, NANO, slippedByBps, tickAt, toTick } from './units.ts';

const DAYS = 20;

/** A price after slippage, micro-dollars, never below a tick. */
export type Slip = (order: Order, reference: number) => number;

/** Part of the price, added to what is bought and taken from what is sold. */
function moved(reference: number, side: number, part: number): number {
  return Math.max(tickAt(0), toTick(reference * (1 + side * part)));
}

/** Standard deviation of the last twenty daily returns, known at the close before each bar; NaN while there are fewer than two. */
function dailyVolatility(m: MarketState): Float64Array {
  const { close } = m.bars;
  const { session } = m.sessions;
  const out = new Float64Array(close.length).fill(NaN);
  const returns: number[] = [];
  let [before, known] = [NaN, NaN];
  for (let i = 1; i < close.length; i += 1) {
    if (session[i] !== session[i - 1]) {
      const last = close[i - 1] ?? NaN;
      if (!Number.isNaN(before)) returns.push(last / before - 1);
      if (returns.length > DAYS) returns.shift();
      before = last;
      known = deviation(returns);
    }
    out[i] = known;
  }
  return out;
}

function deviation(values: readonly number[]): number {
  if (values.length < 2) return NaN;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}

/** Shares of the order as part of the bar's volume, at most 1: the bar has no more. */
function volumeShare(core: Core, order: Order): number {
  const m = marketOf(core, order);
  const volume = m.bars.volume[m.cursor.i] ?? 0;
  return volume > 0 ? Math.min(1, order.leaves / NANO / volume) : 1;
}

/** The model of a run. A model that looks back (range, volatility) knows the bars before the fill alone; without enough of them nothing slips. */
export function slipOf(core: Core): Slip {
  const model = core.config.slippage;
  switch (model.kind) {
    case 'none':
      return (_order, reference) => reference;
    case 'bps':
      return model.bps === 0 ? (_order, reference) => reference : (order, reference) => slippedByBps(reference, model.bps, order.side);
    case 'spread':
      return (order, reference) => slippedByBps(reference, model.bps / 2, order.side);
    case 'volume_share':
      return (order, reference) => moved(reference, order.side, model.impact * volumeShare(core, order) ** 2);
    case 'atr': {
      const ranges = core.markets.map((m) => columnsOf(use(ATR, [model.period]), m.bars).value);
      return (order, reference) => {
        const m = marketOf(core, order);
        const range = ranges[order.market]?.[m.cursor.i - 1] ?? NaN;
        return Number.isNaN(range) ? reference : Math.max(tickAt(0), toTick(reference + order.side * model.multiple * range * MICRO));
      };
    }
    case 'square_root': {
      const volatility = core.markets.map(dailyVolatility);
      return (order, reference) => {
        const sigma = volatility[order.market]?.[marketOf(core, order).cursor.i] ?? NaN;
        return Number.isNaN(sigma) ? reference : moved(reference, order.side, model.coefficient * sigma * Math.sqrt(volumeShare(core, order)));
      };
    }
  }
}
