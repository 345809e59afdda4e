/** What a strategy says, as it is written and told: exact text on the exchange's ticks. */
import { signalRaised, type Payload } from '#app/contracts/events.ts';
import { barCloseTime } from '#app/domain/bar.ts';
import { AppError } from '#app/domain/errors.ts';
import { signalId } from '#app/domain/ids.ts';
import { fromFloat, LEDGER_LIMIT, LEDGER_SCALE, roundToTick, toText } from '#app/domain/numeric.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { weightOf } from '#app/risk/target.ts';
import type { ExitPrices, HostSignal } from '#app/strategy/host.ts';
import { MAX_WEIGHT } from '#app/strategy/view.ts';
import { plainText } from '#chassis/plain-text.ts';
import type { ClosedBar } from './cells.ts';
import type { Deployment } from './deployments.ts';

type Signal = Payload<'signal.raised'>;

/** Characters of a value that an error repeats. */
const MAX_VALUE = 60;

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

/** A range that nobody could write is one that is not known. */
function rangeText(atr: number | null): string | null {
  return atr !== null && atr < LEDGER_LIMIT ? exactText(atr) : null;
}

/** @throws AppError STRATEGY_FAILED for a weight that is no part of an equity: the shares that it means would be more than can be written */
function weightText(weight: number | null, kind: string): string | null {
  if (weight === null) return null;
  if (Math.abs(weight) <= MAX_WEIGHT) return toText(weightOf(weight));
  throw new AppError('STRATEGY_FAILED', `The strategy ${kind} raises a signal whose weight is ${weight}: at most ${MAX_WEIGHT} times the equity can be asked for`);
}

/** What lies at a path of a payload, in a few words. */
function valueAt(payload: Signal, path: readonly PropertyKey[]): string {
  let value: unknown = payload;
  for (const name of path) value = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  return String(value).slice(0, MAX_VALUE);
}

/** The payload as it is, when its readers can take it: an event that they refuse would stay in the book and stop them all. @throws AppError STRATEGY_FAILED, naming the field and its value */
function readable(payload: Signal, kind: string): Signal {
  const read = signalRaised.safeParse(payload);
  if (read.success) return payload;
  const [issue] = read.error.issues;
  const path = issue?.path ?? [];
  throw new AppError('STRATEGY_FAILED', `The strategy ${kind} raises a signal whose ${path.join('.')} is ${valueAt(payload, path)}: that cannot be written (${issue?.message ?? 'it does not fit'}). Check the numbers behind it`);
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

/** The wire form, its words plain. `bar`: that of the signal's symbol at the moment `openTime`, or its last one before. @throws AppError STRATEGY_FAILED for an order that is none, and for numbers that cannot be written */
export function signalOf(deployment: Deployment, signal: HostSignal, { openTime, bar }: { readonly openTime: number; readonly bar: ClosedBar }): NewSignal {
  const { strategyId, versionId, strategy: { kind } } = deployment;
  return {
    correlationId: bar.correlationId,
    payload: readable({
      signalId: signalId(versionId, bar.symbol, openTime as EpochMs, signal.n), strategyId, strategyVersionId: versionId, symbol: bar.symbol, timeframe: bar.timeframe, barOpenTime: openTime,
      tsMarket: barCloseTime({ openTime, timeframe: bar.timeframe }), tsBarSeen: bar.tsSeen, target: signal.target, weight: weightText(signal.weight, kind),
      order: orderOf(signal, kind), cancels: signal.cancels, referencePrice: bar.close, atr: rangeText(signal.atr), protection: protectionOf(signal.exits),
      reasons: signal.reasons.map(({ name, value, threshold }) => ({ name: plainText(name), value: plainText(value), threshold: threshold === null ? null : plainText(threshold) })),
    }, kind),
  };
}
