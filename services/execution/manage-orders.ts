/** manage_orders: looks after open orders once a minute. It cancels what is overdue and has the books compared; it never sends an order. */
import * as z from 'zod';
import type { TimeInForce } from '#app/domain/order.ts';
import { MINUTE_MS, type EpochMs } from '#app/domain/time.ts';
import { sleep } from '#chassis/clock.ts';
import type { Db } from '#chassis/db.ts';
import { flow, type FlowDefinition } from '#chassis/flows.ts';
import type { Broker } from '../alpaca/ports.ts';
import type { Booking } from './booking.ts';
import { requestCancel } from './cancels.ts';
import { isOurOrder } from './orders.ts';
import { overdueReason } from './overdue.ts';
import type { Reconciler } from './reconcile.ts';
import type { Resolver } from './resolver.ts';

/** What the flow works with. `onCancel` rings the lane that asks the broker. */
export type ManageOrdersParts = {
  readonly db: Db; readonly broker: Broker; readonly booking: Booking; readonly resolver: Resolver; readonly reconciler: Reconciler; readonly nowMs: () => EpochMs; readonly onCancel: () => void;
};

const MAX_ORDERS = 1_000;
const MAX_SHOWN = 50;
/** An order that closes while the two books are read looks unknown for a moment. */
const LOOK_AGAIN_MS = 1_000;

const INPUT = z.object({
  maxAgeMinutes: z.number().int().min(1).max(43_200).nullable().default(null).describe('Cancel orders that open or add and are open for longer than this, minutes by the broker\'s clock; empty: only orders whose session is over'),
}).strict();

type Open = { orderId: string; clientOrderId: string; symbol: string; status: string; timeInForce: TimeInForce; extendedHours: boolean; isReducing: boolean; since: EpochMs; isUnknown: boolean };

/** When the broker took an order: its own time of the first news. The bar behind the approval may be from an earlier session. */
const SINCE = `greatest(o.ts_market, (SELECT min(e.ts_event) FROM execution.order_events e WHERE e.order_id = o.order_id AND e.source <> 'local'))`;

function readOpen(db: Db): Promise<Open[]> {
  return db.query<Open>(
    `SELECT o.order_id AS "orderId", o.client_order_id AS "clientOrderId", o.symbol, o.status, o.time_in_force AS "timeInForce", o.extended_hours AS "extendedHours", o.is_reducing AS "isReducing", ${SINCE} AS since, o.unknown_since IS NOT NULL AS "isUnknown"
     FROM execution.orders o WHERE NOT o.is_closed ORDER BY o.approved_seq LIMIT ${MAX_ORDERS}`,
  );
}

type Overdue = { readonly orderId: string; readonly clientOrderId: string; readonly symbol: string; readonly reason: string };

/** What was never sent is the gate's to deny, what has no known outcome the resolver's to find out: neither is cancelled here. */
async function findOverdue({ broker }: ManageOrdersParts, open: readonly Open[], maxAgeMinutes: number | null): Promise<Overdue[]> {
  const resting = open.filter((order) => !order.isUnknown && (order.status === 'held' || order.status === 'accepted' || order.status === 'partially_filled'));
  if (resting.length === 0) return [];
  const now = (await broker.clock()).at;
  return resting.flatMap(({ orderId, clientOrderId, symbol, ...order }) => {
    const reason = overdueReason(order, now, maxAgeMinutes === null ? null : maxAgeMinutes * MINUTE_MS);
    return reason === null ? [] : [{ orderId, clientOrderId, symbol, reason }];
  });
}

/** The ordinary way of cancelling: the wish is written on the locked order, the lane asks the broker. Asked twice, it is asked once. */
async function cancelOverdue({ booking, nowMs, onCancel }: ManageOrdersParts, overdue: readonly Overdue[]): Promise<string[]> {
  const requested: string[] = [];
  for (const { orderId, clientOrderId, reason } of overdue) {
    const isRequested = await booking.change(orderId, async (tx, order) => {
      if (order.state.status === 'initialized' || order.state.status === 'submitted') return false;
      return requestCancel(tx, order, { reason, actor: 'manage_orders', now: nowMs() });
    });
    if (isRequested) requested.push(clientOrderId);
  }
  if (requested.length > 0) onCancel();
  return requested;
}

/** Has the resolver look up what is unknown now: an order that was, and is not any more, would hold back others for nothing. Returns how many there are. */
export async function ringResolver({ db, resolver }: Pick<ManageOrdersParts, 'db' | 'resolver'>): Promise<number> {
  const rows = await db.query<{ order_id: string }>('SELECT order_id FROM execution.orders WHERE NOT is_closed AND unknown_since IS NOT NULL');
  for (const row of rows) resolver.unknown(row.order_id);
  return rows.length;
}

/** Open orders at the broker that our book does not have, or has closed; and those of others that no comparison has named yet. */
async function strangers({ db, broker }: ManageOrdersParts): Promise<string[]> {
  const ids = (await broker.listOpen()).map((order) => order.clientOrderId);
  if (ids.length === 0) return [];
  const rows = await db.query<{ id: string }>(
    `SELECT i.id FROM unnest($1::text[]) AS i(id)
     WHERE NOT EXISTS (SELECT FROM execution.orders o WHERE o.client_order_id = i.id AND NOT o.is_closed)
       AND NOT EXISTS (SELECT FROM execution.reconciliations r WHERE r.at > clock_timestamp() - interval '7 days' AND r.differences @> jsonb_build_array(jsonb_build_object('kind', 'foreign_order', 'subject', i.id)))
     LIMIT ${MAX_ORDERS}`, [ids],
  );
  return rows.map((row) => row.id);
}

async function findStrangers(parts: ManageOrdersParts, signal: AbortSignal): Promise<{ readonly ours: string[]; readonly foreign: string[] }> {
  const first = await strangers(parts);
  if (first.length === 0) return { ours: [], foreign: [] };
  await sleep(LOOK_AGAIN_MS, signal);
  const still = new Set(await strangers(parts));
  const unknown = first.filter((id) => still.has(id));
  return { ours: unknown.filter(isOurOrder), foreign: unknown.filter((id) => !isOurOrder(id)) };
}

/** The flow. */
export function manageOrdersFlow(parts: ManageOrdersParts): FlowDefinition {
  return flow({
    name: 'manage_orders',
    description: 'Looks after open orders: cancels those whose time is over, finds out about unknown ones, and has the books compared when the broker shows an order that ours do not. It sends none.',
    input: INPUT, schedule: { kind: 'cron', cron: '* * * * *', only: 'in_session' },
    retries: 1, retryDelayMs: 1_000, timeoutMs: 50_000, concurrency: 1, onMissed: 'skip', overlap: 'skip',
    async run(ctx, { maxAgeMinutes }) {
      const open = await ctx.step('look at open orders', () => readOpen(parts.db));
      const unknown = open.filter((order) => order.isUnknown);
      let cancelled: string[] = [];
      if (open.length === 0) await ctx.skip('cancel what is overdue', 'No order is open');
      else {
        const overdue = await ctx.step('find what is overdue', () => findOverdue(parts, open, maxAgeMinutes));
        if (overdue.length === 0) await ctx.skip('cancel what is overdue', 'Every open order may be open');
        else cancelled = await ctx.step('cancel what is overdue', () => cancelOverdue(parts, overdue));
        for (const { clientOrderId, symbol, reason } of overdue.slice(0, MAX_SHOWN)) ctx.log('warn', 'An order is overdue', { clientOrderId, symbol, reason });
      }
      if (unknown.length > 0) {
        await ctx.step('look up unknown outcomes', () => ringResolver(parts));
      }
      const found = await ctx.step('compare with the broker', ({ signal }) => findStrangers(parts, signal));
      const isComparing = found.ours.length + found.foreign.length > 0;
      const reconciled = isComparing ? await ctx.step('compare the books', async () => (await parts.reconciler.run(ctx.runId)).differences.length) : null;
      if (isComparing) ctx.log('warn', 'The broker shows orders that our book does not have', found);
      return {
        openOrders: open.length, unknownOutcomes: unknown.length, cancelRequested: cancelled, strangeOrders: found.ours, foreignOrders: found.foreign, differences: reconciled,
        orders: open.slice(0, MAX_SHOWN).map(({ clientOrderId, symbol, status }) => ({ clientOrderId, symbol, status })),
      };
    },
  });
}
