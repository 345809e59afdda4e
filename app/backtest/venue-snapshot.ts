/** The text form of a venue's state and operations: what a journal stores and reads back without loss. */
import * as z from 'zod';
import { decimalText, money, price, quantity, toText, type Money, type Price, type Quantity } from '#app/domain/numeric.ts';
import type { Position } from '#app/domain/position.ts';
import type { EpochMs } from '#app/domain/time.ts';
import type { VenueOperation, VenueState } from './venue.ts';
import { VENUE_ORDER_STATUSES, type VenueOrder } from './venue-types.ts';

const ms = z.number().int().transform((value) => value as EpochMs);
const asPrice = decimalText.transform(price);
const asQuantity = decimalText.transform(quantity);
const asMoney = decimalText.transform(money);

/** One order in text form. */
export const venueOrderSchema = z.object({
  id: z.string(), clientOrderId: z.string(), seq: z.number().int().positive(), symbol: z.string(), side: z.enum(['buy', 'sell']), type: z.enum(['market', 'limit']),
  timeInForce: z.enum(['day', 'gtc']), qty: asQuantity.nullable(), notional: asMoney.nullable(), limitPrice: asPrice.nullable(), extendedHours: z.boolean(),
  status: z.enum(VENUE_ORDER_STATUSES), filledQty: asQuantity, filledAvgPrice: asPrice.nullable(), reservePrice: asPrice.nullable(),
  createdAt: ms, updatedAt: ms, expiresAt: ms, filledAt: ms.nullable(), canceledAt: ms.nullable(), expiredAt: ms.nullable(),
});

/** A whole state in text form. Orders come oldest first. */
export const venueSnapshotSchema = z.object({
  now: ms, orderSeq: z.number().int().min(0), executionSeq: z.number().int().min(0),
  cash: asMoney, realizedPnl: asMoney, feesPaid: asMoney, lastEquity: asMoney,
  positions: z.array(z.object({ symbol: z.string(), qty: asQuantity, avgPrice: asPrice.nullable(), realizedPnl: asMoney, mark: asPrice.nullable() })),
  overnight: z.array(z.object({ symbol: z.string(), qty: asQuantity })),
  open: z.array(venueOrderSchema),
});

const barText = z.object({ symbol: z.string(), open: decimalText, high: decimalText, low: decimalText, close: decimalText, volume: decimalText });
const request = z.object({
  clientOrderId: z.string(), symbol: z.string(), side: z.enum(['buy', 'sell']), type: z.enum(['market', 'limit']), timeInForce: z.enum(['day', 'gtc']),
  qty: z.string().nullable(), notional: z.string().nullable(), limitPrice: z.string().nullable(), extendedHours: z.boolean(),
});
const context = z.object({
  at: ms, isOpen: z.boolean(), expiresAt: ms, lastPrice: decimalText.nullable(),
  asset: z.object({ isTradable: z.boolean(), isFractionable: z.boolean(), isShortable: z.boolean() }).nullable(),
});

/** An operation in text form. */
export const venueOperationSchema: z.ZodType<VenueOperation> = z.discriminatedUnion('op', [
  z.object({ op: z.literal('submit'), request, context }),
  z.object({ op: z.literal('cancel'), orderId: z.string(), at: ms, isSlow: z.boolean() }),
  z.object({ op: z.literal('step'), at: ms, barMs: z.number().int().positive(), isRegular: z.boolean(), bars: z.array(barText) }),
  z.object({ op: z.literal('advance'), to: ms, isSessionEnd: z.boolean() }),
]);

const textOf = (value: Price | Quantity | Money | null): string | null => (value === null ? null : toText(value));

/** An order with its numbers as text. */
export function orderToText(order: VenueOrder): z.input<typeof venueOrderSchema> {
  return {
    ...order, qty: textOf(order.qty), notional: textOf(order.notional), limitPrice: textOf(order.limitPrice), filledQty: toText(order.filledQty),
    filledAvgPrice: textOf(order.filledAvgPrice), reservePrice: textOf(order.reservePrice),
  };
}

/** The state as plain data, ready for JSON. */
export function takeSnapshot(state: VenueState): z.input<typeof venueSnapshotSchema> {
  const { account } = state;
  return {
    now: state.now, orderSeq: state.orderSeq, executionSeq: state.executionSeq,
    cash: toText(account.cash), realizedPnl: toText(account.realizedPnl), feesPaid: toText(account.feesPaid), lastEquity: toText(account.lastEquity),
    positions: [...account.positions.values()].map((position) => ({
      symbol: position.symbol, qty: toText(position.qty), avgPrice: textOf(position.avgPrice), realizedPnl: toText(position.realizedPnl),
      mark: textOf(account.marks.get(position.symbol) ?? null),
    })),
    overnight: [...account.overnight].map(([symbol, qty]) => ({ symbol, qty: toText(qty) })),
    open: [...state.open.values()].map(orderToText),
  };
}

/** The state of a snapshot. @throws ZodError when it is not one. */
export function readSnapshot(raw: unknown): VenueState {
  const snapshot = venueSnapshotSchema.parse(raw);
  const positions = new Map<string, Position>();
  const marks = new Map<string, Price>();
  for (const { mark, ...position } of snapshot.positions) {
    positions.set(position.symbol, position);
    if (mark !== null) marks.set(position.symbol, mark);
  }
  return {
    now: snapshot.now, orderSeq: snapshot.orderSeq, executionSeq: snapshot.executionSeq,
    open: new Map(snapshot.open.map((order) => [order.id, order])),
    account: {
      cash: snapshot.cash, realizedPnl: snapshot.realizedPnl, feesPaid: snapshot.feesPaid, lastEquity: snapshot.lastEquity,
      positions, marks, overnight: new Map(snapshot.overnight.map(({ symbol, qty }) => [symbol, qty])),
    },
  };
}
