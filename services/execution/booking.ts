/** The one lane in which the broker's news are written: many pieces of news, one transaction, none twice. */
import { invariant } from '#app/domain/errors.ts';
import type { Quantity } from '#app/domain/numeric.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { afterPlan, notBeforeItsFills, planNews, type Doubt, type LocalOrder, type News } from '#app/execution/news.ts';
import { newsOfOrder } from '#app/execution/reconcile.ts';
import { crashPoint } from '#chassis/crash-point.ts';
import type { Db, Tx } from '#chassis/db.ts';
import type { Metrics } from '#chassis/metrics.ts';
import type { BrokerOrder } from '../alpaca/ports.ts';
import { createSerial } from './async.ts';
import { attachLegs } from './legs.ts';
import { bookFill } from './ledger.ts';
import { lockOrders, moveOrder, patchOrder, withNews, type MoveSource, type Order, type Patch } from './orders.ts';

/** News about one order, in the order in which they came. `tsSeen` is when they reached us. */
export type Report = { readonly clientOrderId: string; readonly brokerOrderId: string; readonly news: readonly News[]; readonly source: MoveSource; readonly tsSeen: EpochMs; readonly patch?: Patch; /** The broker's own total of the order: fills from activities are never booked beyond it. */ readonly filledThere?: Quantity; /** Orders that the broker made of this one, as it shows them now. */ readonly legs?: readonly BrokerOrder[] };

/** What came of it. `strangers`: client order ids that are not in our book. `booked`: number of new fills. */
export type Booked = { readonly doubts: readonly { readonly orderId: string; readonly doubt: Doubt }[]; readonly strangers: readonly string[]; readonly booked: number; /** Client order ids that the broker has confirmed. */ readonly confirmed: readonly string[] };

/** The lane. */
export type Booking = {
  /** Books reports in one transaction. @throws AppError VERSION_CONFLICT or DATABASE_UNREACHABLE: nothing was written, report again. */
  book(reports: readonly Report[]): Promise<Booked>;
  /** Runs a transaction of another kind in the same lane, on one locked order. */
  change<T>(orderId: string, fn: (tx: Tx, order: Order) => Promise<T>): Promise<T>;
  /** True when the book is known to hold the broker's confirmation of this order already: hearing it again is no news. */
  isConfirmed(clientOrderId: string): boolean;
  idle(): Promise<void>;
};

const MAX_CONFIRMED = 10_000;

type Open = { order: Order; local: LocalOrder };

/**
 * The broker shrinks an order without a word of its own: a leg whose sibling fills, a replacement whose old order filled meanwhile. The first reply to what we sent is not
 * believed that far: with another quantity than ours it is not our order.
 */
function readable(order: Order, news: News): News {
  if (order.brokerOrderId !== null || news.kind === 'restated' || news.qty === undefined) return news;
  const { qty: _, ...rest } = news;
  return rest;
}

async function bookOne(tx: Tx, open: Open, report: Report): Promise<{ doubts: Doubt[]; booked: number }> {
  const doubts: Doubt[] = [];
  let booked = 0;
  if (open.order.brokerOrderId !== null && open.order.brokerOrderId !== report.brokerOrderId) return { doubts: ['contradiction'], booked };
  let patch: Patch = { ...report.patch, ...(open.order.brokerOrderId === null ? { brokerOrderId: report.brokerOrderId } : {}), ...(open.order.unknownSince === null ? {} : { unknownSince: null }) };
  for (const told of report.news) {
    const news = notBeforeItsFills(open.local, readable(open.order, told));
    if (news.execution && report.filledThere?.lt(open.local.state.filledQty.plus(news.execution.qty)) === true) continue;
    const plan = planNews(open.local, news);
    if (plan.doubt !== null) doubts.push(plan.doubt);
    for (const event of plan.events) {
      if (event.kind === 'fill') {
        invariant(news.execution, 'A fill carries its execution', { orderId: open.order.orderId });
        open.order = await bookFill(tx, open.order, { execution: news.execution, at: news.at, tsSeen: report.tsSeen, source: report.source, patch });
        booked += 1;
      } else {
        open.order = await moveOrder(tx, open.order, { event, tsEvent: news.at, source: report.source, detail: { brokerOrderId: report.brokerOrderId }, patch });
      }
      patch = {};
    }
    if (plan.events.length > 0) open.local = afterPlan(open.local, news, plan);
  }
  // News that moved nothing may still have told us the broker's id, or, when the stream was faster than the reply, the time of the POST.
  const hasRest = patch.brokerOrderId !== undefined || patch.unknownSince !== undefined || patch.postedAt !== undefined;
  if (hasRest && !doubts.includes('contradiction')) open.order = await patchOrder(tx, open.order, patch);
  return { doubts, booked };
}

type Books = { readonly open: Map<string, Open>; readonly doubts: Booked['doubts'][number][] };

/** What the broker shows of the order's legs: written down when they are new, and booked like any other news. */
async function bookLegs(tx: Tx, parent: Order, report: Report, { open, doubts }: Books): Promise<void> {
  const { legs = [], source, tsSeen } = report;
  if (legs.length === 0) return;
  const attached = await attachLegs(tx, parent, legs, source);
  const locals = new Map((await withNews(tx, [...attached.values()])).map((local) => [local.orderId, local]));
  for (const leg of legs) {
    const order = attached.get(leg.id);
    const local = order && locals.get(order.orderId);
    if (!order || !local) continue;
    const target = open.get(order.clientOrderId) ?? { order, local };
    open.set(order.clientOrderId, target);
    const result = await bookOne(tx, target, { clientOrderId: order.clientOrderId, brokerOrderId: leg.id, news: [{ ...newsOfOrder(leg), qty: leg.qty }], source, tsSeen });
    for (const doubt of result.doubts) doubts.push({ orderId: order.orderId, doubt });
  }
}

async function bookAll(tx: Tx, reports: readonly Report[]): Promise<Booked> {
  const orders = await lockOrders(tx, { by: 'client_order_id', ids: [...new Set(reports.map((report) => report.clientOrderId))] });
  const locals = await withNews(tx, orders);
  const open = new Map(orders.map((order, index): [string, Open] => {
    const local = locals[index];
    invariant(local?.orderId === order.orderId, 'Orders and their news belong together');
    return [order.clientOrderId, { order, local }];
  }));
  const doubts: Booked['doubts'][number][] = [];
  const strangers: string[] = [];
  let booked = 0;
  for (const report of reports) {
    const target = open.get(report.clientOrderId);
    if (!target) {
      strangers.push(report.clientOrderId);
      continue;
    }
    const result = await bookOne(tx, target, report);
    booked += result.booked;
    for (const doubt of result.doubts) doubts.push({ orderId: target.order.orderId, doubt });
    if (!result.doubts.includes('contradiction')) await bookLegs(tx, target.order, report, { open, doubts });
  }
  const confirmed = [...open.values()].filter(({ order }) => order.brokerOrderId !== null && !['submitted', 'initialized', 'held'].includes(order.state.status));
  return { doubts, strangers, booked, confirmed: confirmed.map(({ order }) => order.clientOrderId) };
}

/** Creates the lane. */
export function createBooking(db: Db, metrics: Metrics, nowMs: () => EpochMs): Booking {
  const serial = createSerial();
  /** Only ever grows true: an order does not go back to `submitted`. The oldest are forgotten, which costs a look into the book. */
  const confirmed = new Set<string>();
  const latency = metrics.histogram('fill_to_booked_ms', "From the broker's message with a fill to its commit in the ledger");
  return {
    book: (reports) => serial.run(async () => {
      const result = await db.tx(async (tx) => {
        const all = await bookAll(tx, reports);
        crashPoint('execution.before-booking-commit');
        return all;
      });
      crashPoint('execution.after-booking-commit');
      for (const clientOrderId of result.confirmed) confirmed.add(clientOrderId);
      for (const oldest of confirmed) {
        if (confirmed.size <= MAX_CONFIRMED) break;
        confirmed.delete(oldest);
      }
      if (result.booked > 0) for (const report of reports) if (report.news.some((news) => news.execution)) latency.observe(nowMs() - report.tsSeen);
      return result;
    }),
    change: (orderId, fn) => serial.run(() => db.tx(async (tx) => {
      const [order] = await lockOrders(tx, { by: 'order_id', ids: [orderId] });
      invariant(order, 'The order is in the book', { orderId });
      return fn(tx, order);
    })),
    isConfirmed: (clientOrderId) => confirmed.has(clientOrderId),
    idle: () => serial.idle(),
  };
}
