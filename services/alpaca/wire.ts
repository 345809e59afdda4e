/** Alpaca's JSON, read once: every reply is checked here and becomes domain words. */
import * as z from 'zod';
import type { BarWire } from '#app/domain/bar.ts';
import { barWireSchema } from '#app/domain/bar.ts';
import { AppError } from '#app/domain/errors.ts';
import { Decimal, fromFloat, money, price, quantity, roundToLedger, toText, type Price, type Quantity } from '#app/domain/numeric.ts';
import { clientOrderIdSchema } from '#app/domain/ids.ts';
import { sideSchema } from '#app/domain/order.ts';
import { parseRfc3339, rfc3339Schema, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import { BROKER_STATUSES, type Asset, type BrokerAccount, type BrokerClock, type BrokerFill, type BrokerOrder, type BrokerPosition, type CalendarDay } from './ports.ts';

const exact = z.string().regex(/^-?\d{1,15}(\.\d{1,9})?$/);
const notNegative = z.string().regex(/^\d{1,15}(\.\d{1,9})?$/);
/** Greater than zero: what was bought or sold, and for how much. */
export const positiveWire = notNegative.refine((text) => /[1-9]/.test(text), 'must be greater than zero');
/** Averages come with more digits than the ledger keeps. */
const average = z.string().regex(/^-?\d{1,15}(\.\d{1,30})?$/).transform((text) => toText(roundToLedger(new Decimal(text))));
const id = z.string().min(1).max(128);

const flatOrder = {
  id, client_order_id: clientOrderIdSchema, symbol: z.string().min(1).max(32), side: sideSchema, type: z.string(), time_in_force: z.string(), asset_class: z.string().nullish(),
  order_class: z.string().nullish(), extended_hours: z.boolean().nullish(), qty: positiveWire.nullish(), notional: positiveWire.nullish(), limit_price: positiveWire.nullish(), stop_price: positiveWire.nullish(),
  trail_price: positiveWire.nullish(), trail_percent: positiveWire.nullish(), hwm: positiveWire.nullish(), status: z.enum(BROKER_STATUSES), filled_qty: notNegative, filled_avg_price: average.nullish(),
  replaces: z.string().max(128).nullish(), replaced_by: z.string().max(128).nullish(),
  created_at: rfc3339Schema.nullish(), submitted_at: rfc3339Schema.nullish(), updated_at: rfc3339Schema.nullish(), expires_at: rfc3339Schema.nullish(),
};
const MAX_LEGS = 8;

/** GET /v2/orders/..., POST and PATCH /v2/orders, and `order` of a trade update. Legs are one level deep. */
export const orderWire = z.object({ ...flatOrder, legs: z.array(z.object(flatOrder)).max(MAX_LEGS).nullish() });

/** The wire says null, or nothing at all, where there is no number. */
function optional<T>(text: string | null | undefined, read: (text: string) => T): T | null {
  return text === null || text === undefined ? null : read(text);
}

/** Order of the wire -> domain. @throws AppError INPUT_INVALID for an instant that does not exist */
export function orderFromWire(wire: z.infer<typeof orderWire>): BrokerOrder {
  const submitted = wire.submitted_at ?? wire.created_at ?? null;
  return {
    id: wire.id, clientOrderId: wire.client_order_id, symbol: wire.symbol, side: wire.side, type: wire.type, timeInForce: wire.time_in_force,
    orderClass: wire.order_class === null || wire.order_class === undefined || wire.order_class === '' ? 'simple' : wire.order_class, extendedHours: wire.extended_hours ?? false,
    qty: optional(wire.qty, quantity), notional: optional(wire.notional, money), limitPrice: optional(wire.limit_price, price), stopPrice: optional(wire.stop_price, price),
    trailPrice: optional(wire.trail_price, price), trailPercent: optional(wire.trail_percent, price), hwm: optional(wire.hwm, price), status: wire.status,
    filledQty: quantity(wire.filled_qty), filledAvgPrice: optional(wire.filled_avg_price, price), replaces: wire.replaces ?? null, replacedBy: wire.replaced_by ?? null,
    legs: (wire.legs ?? []).map((leg) => orderFromWire(leg)), expiresAt: optional(wire.expires_at, parseRfc3339),
    submittedAt: submitted === null ? null : parseRfc3339(submitted), updatedAt: parseRfc3339(wire.updated_at ?? submitted ?? '1970-01-01T00:00:00Z'),
  };
}

/** Shares; a reply that does not name the kind shows nothing else. */
export function isTraded(assetClass: string | null | undefined): boolean {
  return assetClass === undefined || assetClass === null || assetClass === 'us_equity';
}

const headWire = z.object({ client_order_id: z.string(), asset_class: z.string().nullish() });

/** Orders of an account that need not be understood: kinds that Mainspring does not trade (options, crypto), placed by another program. A share's order always counts: it may be a leg of ours, or one to take over. */
export function isOfOtherKind(raw: unknown, isOurs: (clientOrderId: string) => boolean): boolean {
  const head = headWire.safeParse(raw);
  if (!head.success) return false;
  // Mainspring orders shares alone: what the broker calls something else is another program's, whatever its id begins with.
  const { asset_class: kind } = head.data;
  return kind === undefined || kind === null ? !isOurs(head.data.client_order_id) : kind !== 'us_equity';
}

/** An order, read and turned into domain words in one go: what cannot be turned is an unreadable reply. */
export const orderReply = orderWire.transform(orderFromWire);

/** The list of all open orders may hold kinds that are not ours (options, crypto): and another program's orders may be odd: those are left out; one of ours that cannot be read makes the reply unreadable. */
export function orderListReply(isOurs: (clientOrderId: string) => boolean) {
  return z.array(z.unknown()).transform((list): { readonly size: number; readonly orders: readonly BrokerOrder[] } => {
    const orders = list.flatMap((raw) => {
      const parsed = orderWire.safeParse(raw);
      if (parsed.success) return isTraded(parsed.data.asset_class) ? [orderFromWire(parsed.data)] : [];
      const head = headWire.safeParse(raw);
      if (head.success && isOurs(head.data.client_order_id) && isTraded(head.data.asset_class)) throw parsed.error;
      return [];
    });
    return { size: list.length, orders };
  });
}

const fillListWire = z.array(z.object({
  id: z.string().regex(/^\d{17}::.+$/), order_id: id, symbol: z.string(), side: z.enum(['buy', 'sell', 'sell_short']), qty: positiveWire, price: positiveWire, cum_qty: positiveWire, transaction_time: rfc3339Schema,
}));

/** FILL activities -> domain. A short sale is a sell. */
function fillsFromWire(list: z.infer<typeof fillListWire>): BrokerFill[] {
  return list.map((wire) => ({
    activityId: wire.id, executionId: wire.id.slice(wire.id.indexOf('::') + 2), brokerOrderId: wire.order_id, symbol: wire.symbol, side: wire.side === 'buy' ? 'buy' : 'sell',
    qty: quantity(wire.qty), price: price(wire.price), cumQty: quantity(wire.cum_qty), at: parseRfc3339(wire.transaction_time),
  }));
}

/** A page of FILL activities. */
export const fillsReply = fillListWire.transform(fillsFromWire);

const accountWire = z.object({
  account_number: id, status: z.string(), cash: exact, equity: exact, last_equity: exact, buying_power: exact, trading_blocked: z.boolean(), account_blocked: z.boolean(), trade_suspended_by_user: z.boolean().nullish(),
});

/** Account of the wire -> domain; blocked in any of Alpaca's three ways is blocked. */
function accountFromWire(wire: z.infer<typeof accountWire>): BrokerAccount {
  return {
    accountNumber: wire.account_number, status: wire.status, cash: money(wire.cash), equity: money(wire.equity), lastEquity: money(wire.last_equity), buyingPower: money(wire.buying_power),
    isTradingBlocked: wire.trading_blocked || wire.account_blocked || wire.trade_suspended_by_user === true,
  };
}

/** The account. */
export const accountReply = accountWire.transform(accountFromWire);

const positionListWire = z.array(z.object({ symbol: z.string(), qty: exact, side: z.enum(['long', 'short']), avg_entry_price: average }));

/** Positions -> domain, with the sign that `side` says (Alpaca's qty of a short is negative already). */
function positionsFromWire(list: z.infer<typeof positionListWire>): BrokerPosition[] {
  return list.map((wire) => {
    const size = quantity(wire.qty).abs();
    return { symbol: wire.symbol, qty: (wire.side === 'short' ? size.negated() : size) as Quantity, avgEntryPrice: price(wire.avg_entry_price) as Price };
  });
}

/** All positions. */
export const positionsReply = positionListWire.transform(positionsFromWire);

const clockWire = z.object({ timestamp: rfc3339Schema, is_open: z.boolean(), next_open: rfc3339Schema, next_close: rfc3339Schema });

/** Clock -> domain. */
function clockFromWire(wire: z.infer<typeof clockWire>): BrokerClock {
  return { at: parseRfc3339(wire.timestamp), isOpen: wire.is_open, nextOpen: parseRfc3339(wire.next_open), nextClose: parseRfc3339(wire.next_close) };
}

/** The clock. */
export const clockReply = clockWire.transform(clockFromWire);

const calendarWire = z.array(z.object({ date: z.iso.date(), open: z.string().regex(/^\d\d:\d\d$/), close: z.string().regex(/^\d\d:\d\d$/) }));

/** Calendar -> domain. */
function calendarFromWire(list: z.infer<typeof calendarWire>): CalendarDay[] {
  return list.map(({ date, open, close }) => ({ date, open, close }));
}

/** The calendar. */
export const calendarReply = calendarWire.transform(calendarFromWire);

const assetListWire = z.array(z.object({
  id, symbol: z.string(), name: z.string().nullish(), exchange: z.string(), tradable: z.boolean(), fractionable: z.boolean(), shortable: z.boolean(), easy_to_borrow: z.boolean().nullish(), status: z.string(),
}));

/** Assets -> domain; an inactive asset is not tradable. */
function assetsFromWire(list: z.infer<typeof assetListWire>): Asset[] {
  return list.map((wire) => ({
    assetId: wire.id, symbol: wire.symbol, name: wire.name ?? wire.symbol, exchange: wire.exchange,
    isTradable: wire.tradable && wire.status === 'active', isFractionable: wire.fractionable, isShortable: wire.shortable, isEasyToBorrow: wire.easy_to_borrow ?? false, status: wire.status === 'active' ? 'active' : 'inactive',
  }));
}

/** All assets. */
export const assetsReply = assetListWire.transform(assetsFromWire);

const barNumbers = { o: z.number(), h: z.number(), l: z.number(), c: z.number(), v: z.number() };
const historicBar = z.object({ t: rfc3339Schema, ...barNumbers });
const barsPageWire = z.object({ bars: z.record(z.string(), z.array(historicBar)).nullish(), next_page_token: z.string().nullish() });

type BarNumbers = { readonly open: number; readonly high: number; readonly low: number; readonly close: number; readonly volume: number };

/**
 * A bar from float64 numbers: their shortest decimal text is the number that was sent. Whether the bar is plausible is the quality check's question.
 * @throws AppError BROKER_REPLY_INVALID when it cannot be written as a bar.
 */
export function barFromNumbers(symbol: string, timeframe: Timeframe, openTime: EpochMs, numbers: BarNumbers): BarWire {
  const text = (value: number): string => (Number.isFinite(value) ? toText(fromFloat(value, 9)) : 'not a number');
  const bar = { symbol, timeframe, openTime, open: text(numbers.open), high: text(numbers.high), low: text(numbers.low), close: text(numbers.close), volume: text(numbers.volume) };
  const parsed = barWireSchema.safeParse(bar);
  if (!parsed.success) throw new AppError('BROKER_REPLY_INVALID', 'The feed sent something that is not a bar', { context: { ...bar, issue: parsed.error.issues[0]?.message } });
  return parsed.data;
}

/** One page of bars, sorted by symbol, then time, with the token of the next. */
export function barsReply(timeframe: Timeframe) {
  return barsPageWire.transform((page): { readonly bars: readonly BarWire[]; readonly nextPageToken: string | null } => ({
    nextPageToken: page.next_page_token ?? null,
    bars: Object.entries(page.bars ?? {}).flatMap(([symbol, list]) =>
      list.map((bar) => barFromNumbers(symbol, timeframe, parseRfc3339(bar.t), { open: bar.o, high: bar.h, low: bar.l, close: bar.c, volume: bar.v }))),
  }));
}
