/** The broker over Alpaca's trading REST API: submit with its three outcomes, and everything that is read. */
import { trading } from '@alpacahq/alpaca-trade-api';
import * as z from 'zod';
import { invariant } from '#app/domain/errors.ts';
import { toText, type Decimal } from '#app/domain/numeric.ts';
import { toRfc3339 } from '#app/domain/time.ts';
import type { CheckedAccess } from './access.ts';
import { activitiesReply } from './activities.ts';
import type { Governor } from './governor.ts';
import { callOnce, isKeysRefused, KEYS_REFUSED, REQUEST_TIMEOUT_MS, toAppError, type Failure, type RawCall } from './http.ts';
import type { Broker, BrokerFill, BrokerOrder, OrderTicket, Permit, Priority, ReplaceTicket, SubmitOutcome, UnknownCause } from './ports.ts';
import { accountReply, clockReply, fillsReply, orderListReply, orderReply, positionsReply } from './wire.ts';

/** "client_order_id must be unique", and other malformed input: only asking by the id tells them apart. */
const CODE_DUPLICATE_OR_INVALID = 40010001;
const PAGE_SIZE = 100;
const MAX_PAGES = 1_000;
const MAX_OPEN_PAGES = 200;
const OPEN_PAGE_SIZE = 500;

/** What the broker needs. `isOurs` tells our client order ids from those of other programs on the account. */
export type BrokerOptions = { readonly access: CheckedAccess; readonly governor: Governor; readonly isOurs: (clientOrderId: string) => boolean; readonly timeoutMs?: number };

/** The SDK's transport: no retries (a POST must never be sent twice by a library), our deadline, redirects refused. */
export function tradingConfiguration(access: CheckedAccess, timeoutMs = REQUEST_TIMEOUT_MS): trading.Configuration {
  return new trading.Configuration({ keyId: access.keyId, secret: access.secretKey, basePath: access.tradingUrl, timeoutMs, retry: { maxRetries: 0 }, redirect: 'error' });
}

/** Which unknown a failed POST is; null when the broker refused for good, with a code. */
function unknownCause(failure: Failure): UnknownCause | null {
  if (failure.kind === 'timeout' || failure.kind === 'network') return failure.kind;
  if (failure.kind === 'unreadable') return 'unreadable_reply';
  if (isKeysRefused(failure)) return 'keys';
  if (failure.status === 429) return 'throttled';
  if (failure.status >= 500) return 'server_error';
  if (failure.code === null) return 'uncoded_refusal';
  return failure.code === CODE_DUPLICATE_OR_INVALID ? 'duplicate' : null;
}

function submitFailed(failure: Failure): SubmitOutcome {
  const cause = unknownCause(failure);
  // Whoever refuses keys may repeat them in the answer, and messages are stored and logged.
  if (cause !== null) return { kind: 'unknown', cause, message: cause === 'keys' ? KEYS_REFUSED : failure.message };
  invariant(failure.kind === 'refused' && failure.code !== null, 'Only a coded refusal is definite', { failure });
  return { kind: 'rejected', code: failure.code, status: failure.status, message: failure.message };
}

const given = <K extends string>(key: K, value: Decimal | null): Partial<Record<K, string>> => (value === null ? {} : ({ [key]: toText(value) } as Record<K, string>));

/** The order on the wire. The limit of a one-cancels-other is its take-profit. */
function toPostBody({ terms, ...ticket }: OrderTicket): trading.PostOrderRequest {
  const { stopLoss } = terms;
  const takeProfit = terms.orderClass === 'oco' ? terms.limitPrice : (terms.takeProfit?.limitPrice ?? null);
  return {
    clientOrderId: ticket.clientOrderId, symbol: ticket.symbol, side: ticket.side, type: terms.type, timeInForce: terms.timeInForce, qty: toText(ticket.qty),
    ...(terms.orderClass === 'oco' ? {} : given('limitPrice', terms.limitPrice)), ...given('stopPrice', terms.stopPrice), ...given('trailPrice', terms.trailPrice), ...given('trailPercent', terms.trailPercent),
    ...(terms.extendedHours ? { extendedHours: true } : {}), ...(terms.orderClass === 'simple' ? {} : { orderClass: terms.orderClass }),
    ...(takeProfit === null || terms.orderClass === 'simple' ? {} : { takeProfit: { limitPrice: toText(takeProfit) } }),
    ...(stopLoss === null ? {} : { stopLoss: { stopPrice: toText(stopLoss.stopPrice), ...given('limitPrice', stopLoss.limitPrice) } }),
  };
}

function toPatchBody(ticket: ReplaceTicket): trading.PatchOrderRequest {
  return {
    clientOrderId: ticket.clientOrderId, ...given('qty', ticket.qty), ...given('limitPrice', ticket.limitPrice), ...given('stopPrice', ticket.stopPrice), ...given('trail', ticket.trail),
    ...(ticket.timeInForce === null ? {} : { timeInForce: ticket.timeInForce }),
  };
}

/** All open orders, page by page from the newest to the oldest. */
async function allOpen(readPage: (until: string | undefined) => Promise<{ readonly size: number; readonly orders: readonly BrokerOrder[] }>): Promise<readonly BrokerOrder[]> {
  const found = new Map<string, BrokerOrder>();
  let until: string | undefined;
  for (let page = 0; page < MAX_OPEN_PAGES; page += 1) {
    const { size, orders } = await readPage(until);
    const before = found.size;
    for (const order of orders) found.set(order.id, order);
    const oldest = orders.at(-1)?.submittedAt ?? null;
    if (size < OPEN_PAGE_SIZE) return [...found.values()];
    invariant(found.size > before && oldest !== null, 'A page of open orders holds nothing new', { page });
    // `until` is exclusive and works in milliseconds here: ask one further so that orders of the same instant are not skipped.
    until = toRfc3339((oldest + 1) as typeof oldest);
  }
  invariant(false, 'More open orders than can be read', { pages: MAX_OPEN_PAGES });
}

/** All activities, page by page behind the last id, until a page is not full. */
async function allPages<T>(first: string | undefined, readPage: (pageToken: string | undefined) => Promise<{ readonly items: readonly T[]; readonly size: number; readonly lastId: string | null }>): Promise<readonly T[]> {
  const found: T[] = [];
  let pageToken = first;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const { items, size, lastId } = await readPage(pageToken);
    found.push(...items);
    if (size < PAGE_SIZE || lastId === null) return found;
    pageToken = lastId;
  }
  invariant(false, 'More activities than can be read at once', { pages: MAX_PAGES });
}

/** Builds the broker. Nothing is sent before the first call. */
export function createBroker(options: BrokerOptions): Broker {
  const { governor } = options;
  const configuration = tradingConfiguration(options.access, options.timeoutMs);
  const orders = new trading.OrdersApi(configuration);
  const activities = new trading.AccountActivitiesApi(configuration);
  const accounts = new trading.AccountsApi(configuration);
  const positionsApi = new trading.PositionsApi(configuration);
  const clockApi = new trading.ClockApi(configuration);
  const listReply = orderListReply(options.isOurs);

  const read = async <S extends z.ZodType>(what: string, schema: S, call: RawCall, priority: Priority = 'poll'): Promise<z.output<S>> => {
    const reply = await callOnce(governor, await governor.acquire(priority), schema, call);
    if (!reply.ok) throw toAppError(reply.failure, what, reply.cause);
    return reply.value;
  };
  const readOrder = async (what: string, call: RawCall, priority: Priority): Promise<BrokerOrder | null> => {
    const reply = await callOnce(governor, await governor.acquire(priority), orderReply, call);
    if (reply.ok) return reply.value;
    // Only the broker's own 404 (it has a code) says that the order does not exist; a proxy's 404 says nothing.
    if (reply.failure.kind === 'refused' && reply.failure.status === 404 && reply.failure.code !== null) return null;
    throw toAppError(reply.failure, what, reply.cause);
  };

  const write = async (clientOrderId: string, permit: Permit, call: RawCall): Promise<SubmitOutcome> => {
    const reply = await callOnce(governor, permit, orderReply, call);
    if (!reply.ok) return submitFailed(reply.failure);
    const order = reply.value;
    if (order.clientOrderId !== clientOrderId) return { kind: 'unknown', cause: 'unreadable_reply', message: `the broker answered for another order (${order.clientOrderId})` };
    return { kind: 'accepted', order };
  };

  const fillPage = (query: { after?: Date; pageToken?: string; direction: 'asc' | 'desc'; pageSize: number }): Promise<BrokerFill[]> =>
    read('fills', fillsReply, () => activities.getAccountActivitiesByActivityTypeRaw({ activityType: 'FILL', ...query }));

  return {
    permit: (priority) => governor.acquire(priority),
    submit: (ticket, permit) => write(ticket.clientOrderId, permit, () => orders.postOrderRaw({ postOrderRequest: toPostBody(ticket) })),
    replace: (ticket, permit) => write(ticket.clientOrderId, permit, () => orders.patchOrderByOrderIdRaw({ orderId: ticket.brokerOrderId, patchOrderRequest: toPatchBody(ticket) })),
    getByClientId: (clientOrderId, priority = 'poll') => readOrder('order by client id', () => orders.getOrderByClientOrderIdRaw({ clientOrderId }), priority),
    getOrder: (orderId, priority = 'poll') => readOrder('order', () => orders.getOrderByOrderIDRaw({ orderId, nested: true }), priority),
    async cancel(orderId) {
      const reply = await callOnce(governor, await governor.acquire('cancel'), z.unknown(), () => orders.deleteOrderByOrderIDRaw({ orderId }));
      if (reply.ok) return 'requested';
      const { failure } = reply;
      if (failure.kind === 'refused' && failure.code !== null && failure.status === 404) return 'gone';
      if (failure.kind === 'refused' && failure.status === 422) return 'not_cancelable';
      throw toAppError(failure, 'cancel', reply.cause);
    },
    async cancelAll() {
      const reply = await callOnce(governor, await governor.acquire('cancel'), z.unknown(), () => orders.deleteAllOrdersRaw());
      if (!reply.ok) throw toAppError(reply.failure, 'cancel all', reply.cause);
    },
    listOpen: () => allOpen((until) => read('open orders', listReply, () => orders.getAllOrdersRaw({ status: 'open', limit: OPEN_PAGE_SIZE, direction: 'desc', ...(until === undefined ? {} : { until }) }))),
    positions: () => read('positions', positionsReply, () => positionsApi.getAllOpenPositionsRaw()),
    account: () => read('account', accountReply, () => accounts.getAccountRaw()),
    fillsAfter: (from) => allPages('at' in from ? undefined : from.activityId, async (pageToken) => {
      const items = await fillPage({ direction: 'asc', pageSize: PAGE_SIZE, ...('at' in from ? { after: new Date(from.at) } : {}), ...(pageToken === undefined ? {} : { pageToken }) });
      return { items, size: items.length, lastId: items.at(-1)?.activityId ?? null };
    }),
    activitiesAfter: (at) => allPages(undefined, async (pageToken) => {
      const query = { category: 'non_trade_activity', direction: 'asc', pageSize: PAGE_SIZE, after: new Date(at), ...(pageToken === undefined ? {} : { pageToken }) } as const;
      const { activities: items, ...page } = await read('activities', activitiesReply, () => activities.getAccountActivitiesRaw(query));
      return { items, ...page };
    }),
    newestActivityId: async () => (await fillPage({ direction: 'desc', pageSize: 1 }))[0]?.activityId ?? null,
    clock: () => read('clock', clockReply, () => clockApi.legacyClockRaw()),
  };
}
