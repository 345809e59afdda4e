/** The text form of a venue's state and operations: what a journal stores and reads back without loss. What older ones do not say is read as it was then. */
import * as z from 'zod';
import { Decimal, decimalText, money, price, quantity, toText, type Price, type Quantity } from '#app/domain/numeric.ts';
import { orderClassSchema, orderRoleSchema, orderTypeSchema, sideSchema, timeInForceSchema } from '#app/domain/order.ts';
import type { Position } from '#app/domain/position.ts';
import type { EpochMs } from '#app/domain/time.ts';
import type { AccountBook } from './account.ts';
import { OpenOrders } from './open-orders.ts';
import type { VenueState } from './venue-state.ts';
import { POSITION_INTENTS, VENUE_ORDER_STATUSES, type VenueOperation, type VenueOrder } from './venue-types.ts';

const ms = z.number().int().transform((value) => value as EpochMs);
const msOrNull = ms.nullable().default(null);
const asPrice = decimalText.transform(price);
const asQuantity = decimalText.transform(quantity);
const asMoney = decimalText.transform(money);
const priceOrNull = asPrice.nullable().default(null);
/** Fees of a day are summed before they are rounded: more digits than the ledger keeps. */
const asSum = z.string().regex(/^-?\d+(\.\d+)?$/).transform((text) => new Decimal(text));

const orderFields = z.object({
  id: z.string(), clientOrderId: z.string(), seq: z.number().int().positive(), symbol: z.string(), side: sideSchema, type: orderTypeSchema,
  timeInForce: timeInForceSchema, orderClass: orderClassSchema.default('simple'), role: orderRoleSchema.default('order'), positionIntent: z.enum(POSITION_INTENTS).nullable().default(null),
  qty: asQuantity.nullable(), notional: asMoney.nullable(), limitPrice: asPrice.nullable(), stopPrice: priceOrNull, trailPrice: priceOrNull, trailPercent: priceOrNull, hwm: priceOrNull,
  extendedHours: z.boolean(), status: z.enum(VENUE_ORDER_STATUSES), filledQty: asQuantity, filledAvgPrice: asPrice.nullable(), reservePrice: asPrice.nullable(),
  legs: z.array(z.string()).default([]), parentId: z.string().nullable().default(null), replaces: z.string().nullable().default(null), replacedBy: z.string().nullable().default(null),
  triggeredAt: msOrNull, bandPrice: priceOrNull, auctionAt: msOrNull, createdAt: ms, updatedAt: ms, submittedAt: msOrNull, expiresAt: ms, filledAt: ms.nullable(), canceledAt: ms.nullable(),
  expiredAt: ms.nullable(), failedAt: msOrNull, replacedAt: msOrNull, rejectReason: z.string().nullable().default(null),
});

/** One order in text form. */
export const venueOrderSchema = orderFields.transform((order): VenueOrder => ({
  ...order, positionIntent: order.positionIntent ?? `${order.side}_to_${order.reservePrice === null ? 'close' : 'open'}`, submittedAt: order.submittedAt ?? order.createdAt,
}));

const multiplier = z.union([z.literal(1), z.literal(2), z.literal(4)]);
const venueSettingsSchema = z.object({ suspendTrade: z.boolean(), noShorting: z.boolean(), fractionalTrading: z.boolean(), maxMarginMultiplier: multiplier, tradingBlocked: z.boolean() });

/** A whole state in text form. Orders come oldest first. */
export const venueSnapshotSchema = z.object({
  now: ms, orderSeq: z.number().int().min(0), executionSeq: z.number().int().min(0), activitySeq: z.number().int().min(0).default(0),
  cash: asMoney, realizedPnl: asMoney, feesPaid: asMoney, lastEquity: asMoney,
  secDue: asSum.default(new Decimal(0)), tafDue: asSum.default(new Decimal(0)), lastMaintenanceMargin: asMoney.nullable().default(null), lastGross: asMoney.nullable().default(null), sma: asMoney.nullable().default(null),
  positions: z.array(z.object({ symbol: z.string(), qty: asQuantity, avgPrice: asPrice.nullable(), realizedPnl: asMoney, mark: asPrice.nullable() })),
  overnight: z.array(z.object({ symbol: z.string(), qty: asQuantity })),
  marginTerms: z.array(z.object({ symbol: z.string(), isMarginable: z.boolean(), maintenancePercent: z.string().nullable() })).default([]),
  payables: z.array(z.object({ at: ms, symbol: z.string(), qty: asQuantity, rate: asPrice, amount: asMoney })).default([]),
  settings: venueSettingsSchema.default({ suspendTrade: false, noShorting: true, fractionalTrading: true, maxMarginMultiplier: 4, tradingBlocked: false }),
  stuck: z.array(z.string()).default([]),
  open: z.array(venueOrderSchema),
});

const text = z.string().nullable().default(null);
const barText = z.object({ symbol: z.string(), open: decimalText, high: decimalText, low: decimalText, close: decimalText, volume: decimalText });
const requestText = z.object({
  clientOrderId: z.string(), symbol: z.string(), side: sideSchema, type: orderTypeSchema, timeInForce: timeInForceSchema, orderClass: orderClassSchema.default('simple'),
  qty: text, notional: text, limitPrice: text, stopPrice: text, trailPrice: text, trailPercent: text, extendedHours: z.boolean(),
  takeProfit: z.object({ limitPrice: text }).nullable().default(null), stopLoss: z.object({ stopPrice: text, limitPrice: text }).nullable().default(null),
  positionIntent: z.enum(POSITION_INTENTS).nullable().default(null),
});
const changeText = z.object({ clientOrderId: text, qty: text, timeInForce: timeInForceSchema.nullable(), limitPrice: text, stopPrice: text, trail: text });
const assetText = z.object({
  isTradable: z.boolean(), isFractionable: z.boolean(), isShortable: z.boolean(), isEasyToBorrow: z.boolean().default(true), isMarginable: z.boolean().default(true), maintenancePercent: text,
});
const contextText = z.object({
  at: ms, isOpen: z.boolean(), isExtendedOpen: z.boolean().default(false), expiresAt: ms, auctionAt: ms.nullable().default(null), isAuctionShut: z.boolean().default(false),
  lastPrice: decimalText.nullable(), bid: decimalText.nullable().default(null), ask: decimalText.nullable().default(null), asset: assetText.nullable(),
});
const actionText = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('split'), symbol: z.string(), oldRate: decimalText, newRate: decimalText }),
  z.object({ kind: z.literal('cash_dividend'), symbol: z.string(), rate: decimalText, payableAt: ms }),
]);

/** An operation in text form. */
export const venueOperationSchema: z.ZodType<VenueOperation> = z.discriminatedUnion('op', [
  z.object({ op: z.literal('submit'), request: requestText, context: contextText, isStuck: z.boolean().optional() }),
  z.object({ op: z.literal('replace'), orderId: z.string(), request: changeText, context: contextText, isSlow: z.boolean(), isStuck: z.boolean().optional() }),
  z.object({ op: z.literal('cancel'), orderId: z.string(), at: ms, isSlow: z.boolean(), isStuck: z.boolean().optional() }),
  z.object({ op: z.literal('settle'), orderId: z.string(), at: ms, outcome: z.enum(['new', 'rejected', 'cancel_rejected']), reason: text }),
  z.object({ op: z.literal('step'), at: ms, barMs: z.number().int().positive(), isRegular: z.boolean(), bars: z.array(barText) }),
  z.object({ op: z.literal('advance'), to: ms, isSessionEnd: z.boolean() }),
  z.object({ op: z.literal('corporateAction'), at: ms, action: actionText }),
  z.object({ op: z.literal('transfer'), at: ms, amount: decimalText }),
  z.object({ op: z.literal('configure'), at: ms, settings: venueSettingsSchema }),
]);

const textOf = (value: Decimal | null): string | null => (value === null ? null : toText(value));

type OrderNumber = 'limitPrice' | 'stopPrice' | 'trailPrice' | 'trailPercent' | 'hwm' | 'filledAvgPrice' | 'reservePrice' | 'bandPrice' | 'qty' | 'notional';
/** An order with its numbers as text: what is stored and shown of it. */
export type VenueOrderText = Omit<VenueOrder, OrderNumber | 'filledQty'> & Readonly<Record<OrderNumber, string | null>> & { readonly filledQty: string };

/** An order with its numbers as text. */
export function orderToText(order: VenueOrder): VenueOrderText {
  return {
    ...order, qty: textOf(order.qty), notional: textOf(order.notional), filledQty: toText(order.filledQty), limitPrice: textOf(order.limitPrice), stopPrice: textOf(order.stopPrice),
    trailPrice: textOf(order.trailPrice), trailPercent: textOf(order.trailPercent), hwm: textOf(order.hwm), filledAvgPrice: textOf(order.filledAvgPrice),
    reservePrice: textOf(order.reservePrice), bandPrice: textOf(order.bandPrice),
  };
}

/** The state as plain data, ready for JSON. */
export function takeSnapshot(state: VenueState): z.input<typeof venueSnapshotSchema> {
  const { account } = state;
  return {
    now: state.now, orderSeq: state.orderSeq, executionSeq: state.executionSeq, activitySeq: state.activitySeq,
    cash: toText(account.cash), realizedPnl: toText(account.realizedPnl), feesPaid: toText(account.feesPaid), lastEquity: toText(account.lastEquity),
    secDue: toText(account.secDue), tafDue: toText(account.tafDue), lastMaintenanceMargin: toText(account.lastMaintenanceMargin), lastGross: toText(account.lastGross), sma: toText(account.sma),
    positions: [...account.positions.values()].map((position) => ({
      symbol: position.symbol, qty: toText(position.qty), avgPrice: textOf(position.avgPrice), realizedPnl: toText(position.realizedPnl),
      mark: textOf(account.marks.get(position.symbol) ?? null),
    })),
    overnight: [...account.overnight].map(([symbol, qty]) => ({ symbol, qty: toText(qty) })),
    marginTerms: [...account.marginTerms].map(([symbol, terms]) => ({ symbol, ...terms })),
    payables: state.payables.map((due) => ({ ...due, qty: toText(due.qty), rate: toText(due.rate), amount: toText(due.amount) })),
    settings: { ...state.settings },
    stuck: [...state.stuck].filter((id) => state.open.get(id)),
    open: state.open.all().map((order) => ({ ...orderToText(order), legs: [...order.legs] })),
  };
}

type Snapshot = z.output<typeof venueSnapshotSchema>;

function readAccount(snapshot: Snapshot): AccountBook {
  const positions = new Map<string, Position>();
  const marks = new Map<string, Price>();
  for (const { mark, ...position } of snapshot.positions) {
    positions.set(position.symbol, position);
    if (mark !== null) marks.set(position.symbol, mark);
  }
  return {
    cash: snapshot.cash, realizedPnl: snapshot.realizedPnl, feesPaid: snapshot.feesPaid, lastEquity: snapshot.lastEquity, secDue: snapshot.secDue, tafDue: snapshot.tafDue,
    lastMaintenanceMargin: snapshot.lastMaintenanceMargin ?? money('0'), lastGross: snapshot.lastGross ?? money('0'), sma: snapshot.sma ?? snapshot.lastEquity, positions, marks,
    overnight: new Map(snapshot.overnight.map(({ symbol, qty }): [string, Quantity] => [symbol, qty])),
    marginTerms: new Map(snapshot.marginTerms.map(({ symbol, ...terms }) => [symbol, terms])),
  };
}

/** The state of a snapshot. @throws ZodError when it is not one. */
export function readSnapshot(raw: unknown): VenueState {
  const snapshot = venueSnapshotSchema.parse(raw);
  return {
    now: snapshot.now, orderSeq: snapshot.orderSeq, executionSeq: snapshot.executionSeq, activitySeq: snapshot.activitySeq, payables: snapshot.payables,
    settings: snapshot.settings, stuck: new Set(snapshot.stuck), open: new OpenOrders(snapshot.open), account: readAccount(snapshot),
  };
}
