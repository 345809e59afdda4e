/** The events on the wire: one outbox per service, gapless numbers, typed payloads. */
import { readAs, tryRead } from './read.ts';
import * as z from 'zod';
import { denialCodeSchema, ruleResultSchema } from '#app/domain/limits.ts';
import { decimalText, positiveDecimalText } from '#app/domain/numeric.ts';
import { clientOrderIdSchema, serviceIdSchema, symbolSchema, type ServiceId } from '#app/domain/ids.ts';
import { orderEventKindSchema, orderRoleSchema, orderSourceSchema, orderStatusSchema, sideSchema } from '#app/domain/order.ts';
import { orderTermsFields } from '#app/domain/order-terms.ts';
import { barWireSchema } from '#app/domain/bar.ts';
import { timeframeSchema } from '#app/domain/time.ts';
import { tradingStateSchema } from '#app/domain/trading-state.ts';

const ms = z.number().int();

/** data_ingestion: a bar is complete and stored. */
export const barClosed = barWireSchema.extend({ /** When the feed's message reached us (wall clock). */ tsSeen: ms, /** Bars that repair a gap raise no orders. */ isBackfill: z.boolean() });

/** What a strategy may want of a symbol. */
export const targetSchema = z.enum(['long', 'short', 'flat']);

/** An order of a strategy's own making, on the wire: shares and terms as for a person's order. `orderId`: the number by which the strategy knows it. */
export const strategyOrderSchema = z.object({ orderId: ms, side: sideSchema, qty: positiveDecimalText, ...orderTermsFields });

/** strategy_engine: what a strategy wants to hold of a symbol from this bar on. */
export const signalRaised = z.object({
  signalId: z.string(), strategyId: z.string(), strategyVersionId: z.string(), symbol: symbolSchema, timeframe: timeframeSchema,
  barOpenTime: ms, /** Close of the signal's bar: the market time of the signal. */ tsMarket: ms, /** When the bar reached us; start of the latency measure. */ tsBarSeen: ms,
  target: targetSchema, /** Signed part of the equity to hold (-0.1 = 10 % short); null = the deployment's sizing says how much. */ weight: decimalText.nullable().default(null),
  /** An order of the strategy's own making: then the target is what it wished before, and nothing changes about it. */ order: strategyOrderSchema.nullable().default(null),
  /** The number of an order of its own that it wants ended; as with `order`, nothing changes about the target. */ cancels: ms.nullable().default(null),
  referencePrice: positiveDecimalText, /** Average true range at the bar, dollars, when the strategy has one. */ atr: positiveDecimalText.nullable(),
  /** Exits that the strategy wants at the broker from the entry on, dollars per share; null = none. */
  protection: z.object({ stopPrice: positiveDecimalText.nullable(), takeProfitPrice: positiveDecimalText.nullable() }).nullable().default(null),
  /** The conditions that made the signal, for "why did it trade here". */ reasons: z.array(z.object({ name: z.string(), value: z.string(), threshold: z.string().nullable() })),
});

/** risk_management: this order may go out; its clientOrderId is final. `replaces`: it takes the place of that open order (client order id), whose unfilled part it is. */
export const orderApproved = z.object({
  decisionId: z.string(), clientOrderId: clientOrderIdSchema, source: orderSourceSchema, signalId: z.string().nullable(), strategyId: z.string().nullable(),
  symbol: symbolSchema, side: sideSchema, qty: positiveDecimalText, ...orderTermsFields, replaces: clientOrderIdSchema.nullable().default(null),
  /** What the replaced order had filled when this was decided: with more by now, the new order would fill beyond what was wanted, and execution denies it. */ replacedFilledQty: decimalText.optional(),
  /** The version of the trading state that this was decided under: with a stop after it, an order that opens or adds no longer goes out. Approvals of earlier versions do not say it. */ tradingStateVersion: z.number().int().positive().optional(),
  isReducing: z.boolean(), referencePrice: positiveDecimalText, reservedNotional: decimalText, /** Market time of the decision. */ tsMarket: ms, tsBarSeen: ms.nullable(),
});

/** risk_management: a signal or request ended in no order, and why. */
export const orderDenied = z.object({
  decisionId: z.string(), source: orderSourceSchema, signalId: z.string().nullable(), strategyId: z.string().nullable(), symbol: symbolSchema, side: sideSchema.nullable(),
  qty: decimalText.nullable(), code: denialCodeSchema, message: z.string(), rules: z.array(ruleResultSchema), tsMarket: ms,
});

/** risk_management: cancel what is open for a strategy's symbol before the exit. */
export const cancelRequested = z.object({ clientOrderId: clientOrderIdSchema, reason: z.string() });

/** risk_management: the master switch moved. version counts from 1. */
export const tradingStateChanged = z.object({ version: z.number().int().positive(), state: tradingStateSchema, reason: z.string(), actor: z.string() });

/** risk_management: something a person should know about risk. */
export const riskEventRaised = z.object({ riskEventId: z.string(), severity: z.enum(['info', 'warning', 'critical']), code: z.string(), message: z.string(), context: z.record(z.string(), z.unknown()) });

/** risk_management: something that should reach a person outside of the application, once per alertId. `items` are the facts, in order of weight. */
export const alertRaised = z.object({
  alertId: z.string().min(1).max(200), severity: z.enum(['info', 'warning', 'critical']), title: z.string().max(200), body: z.string().max(4_000),
  items: z.array(z.object({ label: z.string().max(200), value: z.string().max(200), note: z.string().max(500) })).max(100), context: z.record(z.string(), z.unknown()),
});

/** notification: something that pages and the desktop should tell at once, and do not know from elsewhere. One per notification. */
export const noticeRaised = z.object({ notificationId: z.string(), kind: z.string(), severity: z.enum(['info', 'warning', 'critical']), title: z.string(), body: z.string() });

/** execution: an order moved; version counts from 1 per order. `order.submitted`, `order.changed` and `order.closed` share it. */
export const orderChanged = z.object({
  orderId: z.string(), clientOrderId: clientOrderIdSchema, decisionId: z.string(), strategyId: z.string().nullable(), source: orderSourceSchema, symbol: symbolSchema, side: sideSchema,
  /** A leg's role, and the order whose leg it is. */ role: orderRoleSchema.default('order'), parentOrderId: z.string().nullable().default(null), /** The order whose place this one takes. */ replacesOrderId: z.string().nullable().default(null),
  version: z.number().int().positive(), event: orderEventKindSchema, status: orderStatusSchema, isClosed: z.boolean(),
  qty: positiveDecimalText, filledQty: decimalText, avgFillPrice: positiveDecimalText.nullable(), denialCode: denialCodeSchema.nullable(), reason: z.string().nullable(), tsEvent: ms,
});

/** execution: money moved. One per broker execution id. */
export const orderFilled = z.object({
  fillId: z.string().describe('the broker execution id'), orderId: z.string(), clientOrderId: clientOrderIdSchema, strategyId: z.string().nullable(), symbol: symbolSchema, side: sideSchema,
  qty: positiveDecimalText, price: positiveDecimalText, fee: decimalText, isOrderComplete: z.boolean(), tsEvent: ms, /** When the broker's message reached us (wall clock). */ tsSeen: ms,
});

/** execution: the position after the fill. version counts from 1 per symbol. */
export const positionChanged = z.object({ symbol: symbolSchema, version: z.number().int().positive(), qty: decimalText, avgPrice: positiveDecimalText.nullable(), realizedPnl: decimalText, cash: decimalText, tsEvent: ms });

/** execution: the books were compared with the broker's. */
export const reconciled = z.object({ runId: z.string(), isClean: z.boolean(), differences: z.array(z.object({ kind: z.string(), subject: z.string(), ours: z.string().nullable(), theirs: z.string().nullable(), action: z.string() })) });

/** execution: cash or shares moved without an order of ours: a dividend, a fee, interest, a transfer, a split, an adjustment that a person confirmed. One per entryId. */
export const ledgerEntered = z.object({ entryId: z.string(), kind: z.string(), symbol: symbolSchema.nullable(), /** Whose it is; null = the manual share. */ strategyId: z.string().nullable().default(null), cashChange: decimalText, qtyChange: decimalText, description: z.string(), tsEvent: ms });

/** execution: the guardian found, still sees, or no longer sees something wrong. `remedy`: what it proposes, in words; null = a person must look. */
export const findingChanged = z.object({ findingId: z.string(), kind: z.string(), severity: z.enum(['info', 'warning', 'critical']), subject: z.string(), message: z.string(), remedy: z.string().nullable(), state: z.enum(['open', 'resolved', 'dismissed']), /** It is new, back, or worse than before: people are told. */ isNews: z.boolean().default(false) });

/** strategy_engine: symbols came into a saved screen, or left it, and a person wants to hear of it. The lists may be cut; the totals are not. */
export const screenChanged = z.object({ screenId: z.string(), name: z.string(), runId: z.string(), entered: z.array(symbolSchema), left: z.array(symbolSchema), enteredTotal: z.number().int(), leftTotal: z.number().int() });

/** strategy_engine: a strategy was paused by itself: errors in a row, or its limit of the daily loss. `held`: what it goes on holding, signed shares. */
export const strategyPaused = z.object({ strategyId: z.string(), versionId: z.string(), name: z.string(), by: z.enum(['errors', 'daily_loss']), why: z.string(), held: z.array(z.object({ symbol: symbolSchema, qty: decimalText })) });

/** analytics: a point of the equity curve was written. */
export const equityRecorded = z.object({ tsMarket: ms, equity: decimalText, cash: decimalText, grossExposure: decimalText, dayPnl: decimalText });

/** Every topic: who may raise it and the shape of its payload. */
export const TOPICS = {
  'bar.closed': { producer: 'data_ingestion', payload: barClosed },
  'signal.raised': { producer: 'strategy_engine', payload: signalRaised },
  'screen.changed': { producer: 'strategy_engine', payload: screenChanged },
  'strategy.paused': { producer: 'strategy_engine', payload: strategyPaused },
  'order.approved': { producer: 'risk_management', payload: orderApproved },
  'order.denied': { producer: 'risk_management', payload: orderDenied },
  'order.cancel_requested': { producer: 'risk_management', payload: cancelRequested },
  'trading_state.changed': { producer: 'risk_management', payload: tradingStateChanged },
  'risk_event.raised': { producer: 'risk_management', payload: riskEventRaised },
  'alert.raised': { producer: 'risk_management', payload: alertRaised },
  'order.submitted': { producer: 'execution', payload: orderChanged },
  'order.changed': { producer: 'execution', payload: orderChanged },
  'order.closed': { producer: 'execution', payload: orderChanged },
  'order.filled': { producer: 'execution', payload: orderFilled },
  'position.changed': { producer: 'execution', payload: positionChanged },
  'account.reconciled': { producer: 'execution', payload: reconciled },
  'ledger.entered': { producer: 'execution', payload: ledgerEntered },
  'finding.changed': { producer: 'execution', payload: findingChanged },
  'notice.raised': { producer: 'notification', payload: noticeRaised },
  'equity.recorded': { producer: 'analytics', payload: equityRecorded },
} as const satisfies Record<string, { producer: ServiceId; payload: z.ZodType }>;

/** The name of an event. */
export type Topic = keyof typeof TOPICS;
/** Payload type of a topic. */
export type Payload<T extends Topic> = z.infer<(typeof TOPICS)[T]['payload']>;

/** One event as it stands in the outbox and on the stream. (producer, seq) is its identity: seq is gapless from 1 and in commit order. */
export type EventEnvelope<T extends Topic = Topic> = {
  readonly [K in T]: {
    readonly producer: ServiceId;
    readonly seq: number;
    readonly topic: K;
    /** Idempotency key of the logical event (architecture section 4). */
    readonly key: string;
    readonly correlationId: string;
    /** When it was written (wall clock). */
    readonly tsWritten: number;
    readonly payload: Payload<K>;
  };
}[T];

const writtenHead = z.object({ key: z.string().min(1).max(256), correlationId: z.string().max(256) });
const envelopeHead = writtenHead.extend({ producer: serviceIdSchema, seq: z.number().int().positive(), topic: z.string(), tsWritten: ms, payload: z.unknown() });

/** Reads an envelope from the wire or the book; null when the topic is not ours (a newer version's). @throws ZodError when a known topic's payload is malformed. */
export function parseEnvelope(raw: unknown): EventEnvelope | null {
  const head = readAs(envelopeHead, raw);
  if (!Object.hasOwn(TOPICS, head.topic)) return null;
  const topic = head.topic as Topic;
  const payload = readAs(TOPICS[topic].payload, head.payload);
  return { ...head, topic, payload } as EventEnvelope;
}

/** Why an event that is to be written could not be read again by anyone (`signal.raised: weight must be ...`); null when it can be. */
export function eventDefect({ topic, key, correlationId, payload }: { readonly topic: Topic; readonly key: string; readonly correlationId: string; readonly payload: unknown }): string | null {
  const head = tryRead(writtenHead, { key, correlationId });
  const read = head.success ? tryRead<z.ZodType>(TOPICS[topic].payload, payload) : head;
  if (read.success) return null;
  const [issue] = read.error.issues;
  return `${topic}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`;
}

/** Name of a service's Redis stream (logical database 0). */
export function streamName(producer: ServiceId): string {
  return `events:${producer}`;
}
