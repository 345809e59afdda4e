/** Strategies of the engine's benchmark beside the golden crossover: the same one on streams, with brackets, and over a portfolio. */
import * as z from 'zod';
import { streamOf } from '#app/indicators/columns-of.ts';
import { sma } from '#app/indicators/sma.ts';
import { strategy } from '#app/strategy/spec.ts';

const [FAST, SLOW] = [10, 30];

/** The golden crossover on indicators that run bar by bar; the state holds what cannot be saved, for this benchmark alone. */
export const streaming = strategy({
  kind: 'streaming_cross', title: 'Streaming crossover', description: 'The golden crossover, its averages bar by bar.', scope: 'symbol', usesOrders: true, parameters: {}, indicators: () => ({}), history: () => 0,
  state: z.null(), initialState: streams,
  onBar({ on, state }) {
    const own = state as unknown as Streams;
    const { bar } = own;
    bar.close = on.close.now;
    own.fast.next(own.fastState, bar, own.fastNow);
    own.slow.next(own.slowState, bar, own.slowNow);
    const now = (own.fastNow[0] ?? NaN) - (own.slowNow[0] ?? NaN);
    const { then } = own;
    own.then = now;
    if (now > 0 && then <= 0 && !own.isLong) {
      own.isLong = true;
      on.submit({ side: 'buy', qty: 100 });
    } else if (now < 0 && then >= 0 && own.isLong) {
      own.isLong = false;
      on.submit({ side: 'sell', qty: 100 });
    }
  },
});

type Streams = ReturnType<typeof makeStreams>;

function makeStreams() {
  const [fast, slow] = [streamOf(sma(FAST)), streamOf(sma(SLOW))];
  return { fast, slow, fastState: fast.start(), slowState: slow.start(), fastNow: new Float64Array(1), slowNow: new Float64Array(1), bar: { time: 0, open: 0, high: 0, low: 0, close: 0, volume: 0 }, then: NaN, isLong: false };
}

function streams(): null {
  return makeStreams() as unknown as null;
}

/** Enters at the crossing with both exits at the broker: market order, take-profit, stop-loss. */
export const brackets = strategy({
  kind: 'bracket_cross', title: 'Crossover with brackets', description: 'Enters at the crossing, leaves by its exits.', scope: 'symbol', usesOrders: true, parameters: {},
  indicators: () => ({ fast: sma(FAST), slow: sma(SLOW) }), state: z.null(), initialState: () => null,
  onBar({ on }) {
    const { fast, slow } = on.indicators;
    const now = fast.now - slow.now;
    const then = fast.ago(1) - slow.ago(1);
    if (!(now > 0 && then <= 0) || on.position.qty !== 0) return;
    const close = on.close.now;
    on.submit({ side: 'buy', qty: 100, orderClass: 'bracket', timeInForce: 'gtc', takeProfit: { limitPrice: Math.round(close * 100.5) / 100 }, stopLoss: { stopPrice: Math.round(close * 99.5) / 100 } });
  },
});

/** Two per cent of the equity in each symbol whose fast average is above its slow one. */
export const portfolio = strategy({
  kind: 'portfolio_cross', title: 'Portfolio of crossovers', description: 'A part of the equity in each symbol above its average.', scope: 'portfolio', parameters: {},
  indicators: () => ({ fast: sma(FAST), slow: sma(SLOW) }), state: z.null(), initialState: () => null,
  onBar({ all }) {
    for (const view of all) {
      if (!view.hasBar) continue;
      const { fast, slow } = view.indicators;
      const now = fast.now - slow.now;
      const then = fast.ago(1) - slow.ago(1);
      if (now > 0 && then <= 0) view.weight(0.02);
      else if (now < 0 && then >= 0) view.flat();
    }
  },
});
