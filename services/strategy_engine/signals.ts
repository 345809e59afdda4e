/** What a strategy says, as it is written and told: exact text on the exchange's ticks. */
import type { Payload } from '#app/contracts/events.ts';
import { barCloseTime } from '#app/domain/bar.ts';
import { AppError } from '#app/domain/errors.ts';
import { signalId } from '#app/domain/ids.ts';
import { fromFloat, LEDGER_SCALE, roundToTick, toText } from '#app/domain/numeric.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { weightOf } from '#app/risk/target.ts';
import type { ExitPrices, HostSignal } from '#app/strategy/host.ts';
import type { ClosedBar } from './cells.ts';
import type { Deployment } from './deployments.ts';

type Signal = Payload<'signal.raised'>;

/** A signal that is to be written and told. */
export type NewSignal = { readonly correlationId: string; readonly payload: Signal };

/** A statistic as exact text; null when there is none or it rounds to nothing. */
function exactText(value: number | null | undefined): string | null {
  if (value === null || value === undefined || !Number.isFinite(value)) return null;
  const text = toText(fromFloat(value, LEDGER_SCALE));
  return text === '0' ? null : text;
}

function tick(price: number | null | undefined): string | null {
  if (price === null || price === undefined || !Number.isFinite(price)) return null;
  const exact = roundToTick(fromFloat(price, LEDGER_SCALE));
  return exact.gt(0) ? toText(exact) : null;
}

/** The exits on the exchange's ticks; one that rounds to nothing is left out. */
function protectionOf(exits: ExitPrices | undefined): Signal['protection'] {
  return exits === undefined ? null : { stopPrice: tick(exits.stopPrice), takeProfitPrice: tick(exits.takeProfitPrice) };
}

/** @throws AppError STRATEGY_FAILED when the number of shares or a price is none */
function orderOf({ order, orderId }: HostSignal, kind: string): Signal['order'] {
  if (order === null) return null;
  const fail = (what: string): never => {
    throw new AppError('STRATEGY_FAILED', `The strategy ${kind} submits an order whose ${what} is no positive number`);
  };
  const needed = (what: string, price: number): string => tick(price) ?? fail(what);
  const optional = (what: string, price: number | undefined): string | null => (price === undefined ? null : needed(what, price));
  const { takeProfit, stopLoss } = order;
  return {
    orderId: orderId ?? 0, side: order.side, qty: (order.qty > 0 ? exactText(order.qty) : null) ?? fail('number of shares'), type: order.type ?? 'market', timeInForce: order.timeInForce ?? 'day', orderClass: order.orderClass ?? 'simple',
    extendedHours: false, limitPrice: optional('limit price', order.limitPrice), stopPrice: optional('stop price', order.stopPrice), trailPrice: optional('trailing distance', order.trailPrice),
    trailPercent: order.trailPercent === undefined ? null : (exactText(order.trailPercent) ?? fail('trailing percentage')),
    takeProfit: takeProfit === undefined ? null : { limitPrice: needed('take-profit', takeProfit.limitPrice) },
    stopLoss: stopLoss === undefined ? null : { stopPrice: needed('stop-loss', stopLoss.stopPrice), limitPrice: optional('stop-loss limit', stopLoss.limitPrice) },
  };
}

/** The wire form. `bar`: that of the signal's symbol at the moment `openTime`, or its last one before. @throws AppError STRATEGY_FAILED for an order that is none */
export function signalOf(deployment: Deployment, signal: HostSignal, { openTime, bar }: { readonly openTime: number; readonly bar: ClosedBar }): NewSignal {
  const { strategyId, versionId } = deployment;
  return {
    correlationId: bar.correlationId,
    payload: {
      signalId: signalId(versionId, bar.symbol, openTime as EpochMs, signal.n), strategyId, strategyVersionId: versionId, symbol: bar.symbol, timeframe: bar.timeframe, barOpenTime: openTime,
      tsMarket: barCloseTime({ openTime, timeframe: bar.timeframe }), tsBarSeen: bar.tsSeen, target: signal.target, weight: signal.weight === null ? null : toText(weightOf(signal.weight)),
      order: orderOf(signal, deployment.strategy.kind), cancels: signal.cancels, referencePrice: bar.close, atr: exactText(signal.atr), protection: protectionOf(signal.exits), reasons: [...signal.reasons],
    },
  };
}
