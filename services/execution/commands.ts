/** What a person may ask of execution: cancel one order, or all of them. */
import type { CommandInput, CommandOutput } from '#app/contracts/commands.ts';
import { AppError } from '#app/domain/errors.ts';
import type { EpochMs } from '#app/domain/time.ts';
import type { Db, Tx } from '#chassis/db.ts';
import { requestCancel } from './cancels.ts';
import { approvedUntil, letGoAt } from './kill.ts';
import { lockOrders, type Order } from './orders.ts';

const MAX_AT_ONCE = 10_000;

/** All that is open; for a pull of the kill switch (its key) that trading outlived, all that was approved before it went on: the wish may have waited for this process for minutes, and so may an approval. */
async function openOrders(tx: Tx, key: string): Promise<Order[]> {
  const rows = await tx.query<{ order_id: string }>(
    `SELECT o.order_id FROM execution.orders o LEFT JOIN risk_management.risk_decisions d USING (decision_id) WHERE NOT o.is_closed AND ${approvedUntil('$2')} ORDER BY o.order_id LIMIT $1`, [MAX_AT_ONCE, await letGoAt(tx, key)],
  );
  return lockOrders(tx, { by: 'order_id', ids: rows.map((row) => row.order_id) });
}

/** Without legs whose entry is canceled too: they wait for it, and the broker ends them with it. */
function withoutFollowers(orders: readonly Order[]): readonly Order[] {
  const ids = new Set(orders.map((order) => order.orderId));
  return orders.filter((order) => order.parentOrderId === null || order.state.status !== 'held' || !ids.has(order.parentOrderId));
}

/**
 * Asks the broker to cancel. It passes in every trading state; asking twice is asking once.
 * @throws AppError ORDER_NOT_FOUND; ORDER_NOT_CANCELABLE (conflict) when the order has ended otherwise
 */
export function cancelOrder(db: Db, onCancel: () => void, nowMs: () => EpochMs) {
  return (input: CommandInput<'cancelOrder'>): Promise<CommandOutput<'cancelOrder'>> =>
    db.tx(async (tx) => {
      const orders = input.clientOrderId === null ? await openOrders(tx, input.idempotencyKey) : await lockOrders(tx, { by: 'client_order_id', ids: [input.clientOrderId] });
      const [only] = orders;
      if (input.clientOrderId !== null && !only) throw new AppError('ORDER_NOT_FOUND', 'There is no order with this id');
      const requested: string[] = [];
      for (const order of withoutFollowers(orders)) if (await requestCancel(tx, order, { reason: `canceled by ${input.actor}`, actor: input.actor, now: nowMs() })) requested.push(order.clientOrderId);
      if (input.clientOrderId !== null && requested.length === 0 && only && only.state.status !== 'canceled') {
        throw new AppError('ORDER_NOT_CANCELABLE', `The order is ${only.state.status} already`, { context: { status: only.state.status } });
      }
      if (requested.length > 0) {
        await tx.query('INSERT INTO logging.audit_log (actor, action, subject, after) VALUES ($1, $2, $3, $4)', [input.actor, 'order.cancel', input.clientOrderId ?? 'all', JSON.stringify({ requested, idempotencyKey: input.idempotencyKey })]);
        tx.afterCommit(onCancel);
      }
      return { requested };
    });
}
