/** Both books read for a comparison: ours, and what the broker shows of its own. */
import { HOUR_MS, type EpochMs } from '#app/domain/time.ts';
import { isSameExecution } from '#app/execution/news.ts';
import { newsOfFill, type OurOrder, type TheirSide } from '#app/execution/reconcile.ts';
import type { Db } from '#chassis/db.ts';
import type { Broker, BrokerFill, BrokerOrder } from '../alpaca/ports.ts';
import type { Logger } from '#chassis/log.ts';
import { knownBrokerIds, relativesOfOurs } from './adopt.ts';
import type { Booking } from './booking.ts';
import { readOrders, readOrdersAtBroker, withNews, type Order } from './orders.ts';
import type { TheirOrders } from './perform.ts';
import type { Resolver } from './resolver.ts';
import { receiveStranger } from './strangers.ts';

/** Activities may appear late: each reading goes back this far behind the newest one that was seen, and what is known is skipped. */
const OVERLAP_MS = HOUR_MS;
/** Orders that a comparison asks for one by one because only fills name them; the rest follows at the next comparison. */
const MAX_FOUND = 200;
const READ_AT_ONCE = 500;

/** What reading needs. */
export type ReaderParts = { readonly db: Db; readonly broker: Broker; readonly booking: Booking; readonly resolver: Pick<Resolver, 'unknown' | 'attend'>; readonly log: Logger; readonly nowMs: () => EpochMs };

/** The broker's side with its own words. */
export type Theirs = Omit<TheirSide, 'open' | 'looked' | 'fills' | 'found'> & { readonly open: readonly BrokerOrder[]; readonly looked: Map<string, BrokerOrder | null>; readonly fills: readonly BrokerFill[]; readonly found: readonly BrokerOrder[] };
/** Both books. */
export type BothSides = { readonly ours: readonly OurOrder[]; readonly theirs: Theirs };

async function readCursors(db: Db): Promise<{ since: EpochMs; floor: string }> {
  const rows = await db.query<{ name: string; position: string }>('SELECT name, position FROM execution.broker_cursors');
  const position = (name: string): string => rows.find((row) => row.name === name)?.position ?? '';
  return { since: Number(position('fills_since')) as EpochMs, floor: position('fills_floor') };
}

/** Fills of orders that our book has closed: known ones are nothing new, unknown ones make us ask for the order. */
async function lookAtClosed(broker: Broker, others: readonly OurOrder[], { looked, fills }: Pick<Theirs, 'looked' | 'fills'>): Promise<void> {
  const fillsOf = Map.groupBy(fills, (fill) => fill.brokerOrderId);
  for (const order of others) {
    const isNews = (fillsOf.get(order.brokerOrderId ?? '') ?? []).some((fill) => !order.fills.some((known) => isSameExecution(known, newsOfFill(fill).execution ?? known)));
    if (isNews) looked.set(order.clientOrderId, await broker.getByClientId(order.clientOrderId, 'exit'));
  }
}

/** Orders that fills name and nobody has shown yet. */
async function lookForStrangers({ db, broker }: ReaderParts, fills: readonly BrokerFill[], shown: ReadonlySet<string>): Promise<BrokerOrder[]> {
  const named = [...new Set(fills.map((fill) => fill.brokerOrderId))].filter((id) => !shown.has(id));
  const known = await knownBrokerIds(db, named);
  const found: BrokerOrder[] = [];
  for (const id of named.filter((one) => !known.has(one)).slice(0, MAX_FOUND)) {
    const order = await broker.getOrder(id, 'poll');
    if (order !== null) found.push(order);
  }
  return found;
}

async function unknownOf(db: Db, orders: readonly BrokerOrder[]): Promise<BrokerOrder[]> {
  const rows = await db.query<{ id: string }>(
    'SELECT client_order_id AS id FROM execution.orders WHERE client_order_id = ANY($1) UNION SELECT broker_order_id FROM execution.orders WHERE broker_order_id = ANY($2)',
    [orders.map((order) => order.clientOrderId), orders.map((order) => order.id)],
  );
  const known = new Set(rows.map((row) => row.id));
  return orders.filter((order) => !known.has(order.clientOrderId) && !known.has(order.id));
}

/** Thousands of orders at once would hold up what else this process does. */
async function withNewsInParts(db: Db, orders: readonly Order[]): Promise<OurOrder[]> {
  const read: OurOrder[] = [];
  for (let start = 0; start < orders.length; start += READ_AT_ONCE) read.push(...(await withNews(db, orders.slice(start, start + READ_AT_ONCE))));
  return read;
}

/** Reads the broker's side: first the open orders, then what they do not show, then the fills, so that a fill in between is seen at least once. */
export async function readBoth(parts: ReaderParts): Promise<BothSides> {
  const { db, broker } = parts;
  const atBroker = await withNewsInParts(db, await readOrdersAtBroker(db));
  const open = await broker.listOpen();
  const looked = new Map<string, BrokerOrder | null>();
  const shown = new Set(open.map((order) => order.clientOrderId));
  for (const order of atBroker) if (!shown.has(order.clientOrderId)) looked.set(order.clientOrderId, await broker.getByClientId(order.clientOrderId, 'exit'));
  const { since, floor } = await readCursors(db);
  const fills = (await broker.fillsAfter({ at: (since - OVERLAP_MS) as EpochMs })).filter((fill) => fill.activityId > floor);
  const found = await lookForStrangers(parts, fills, new Set(open.map((order) => order.id)));
  const unknown = await unknownOf(db, [...open, ...found]);
  const { ids: legs } = await relativesOfOurs(parts, unknown);
  // Somebody changed an order of ours at the broker while we did not listen: what took its place is ours.
  const strangers = { ...parts, attend: parts.resolver.attend, consider: () => undefined };
  for (const order of unknown) if (order.replaces !== null && legs.has(order.id)) await receiveStranger(strangers, order);
  const openIds = new Set(atBroker.map((order) => order.orderId));
  const others = (await withNews(db, await readOrders(db, { by: 'broker_order_id', ids: [...new Set(fills.map((fill) => fill.brokerOrderId))] }))).filter((order) => !openIds.has(order.orderId));
  await lookAtClosed(broker, others, { looked, fills });
  // An order that we believe closed must not be open there; and legs may have been written down while we read.
  const seen = new Set([...openIds, ...others.map((order) => order.orderId)]);
  const strays = (await readOrders(db, { by: 'client_order_id', ids: open.map((order) => order.clientOrderId) })).filter((order) => !seen.has(order.orderId));
  return { ours: [...atBroker, ...others, ...(await withNews(db, strays))], theirs: { open, looked, fills, found, legs } };
}

/** The broker's orders for carrying out: by our order id, and all that it showed by its own. */
export function matchesOf({ ours, theirs }: BothSides): TheirOrders {
  const open = new Map(theirs.open.map((order) => [order.clientOrderId, order]));
  const matches = new Map(ours.flatMap((order): [string, BrokerOrder][] => {
    const match = theirs.looked.get(order.clientOrderId) ?? open.get(order.clientOrderId);
    return match ? [[order.orderId, match]] : [];
  }));
  return { ours: matches, foreign: new Map([...theirs.open, ...theirs.found].map((order) => [order.id, order])) };
}
