/** Cancelling many orders at once: all of them, or those of one symbol. */
import { useState } from 'react';
import type { JSX } from 'react';
import { Button, Popover } from '@mantine/core';
import type { OrderView } from '#app/contracts/views.ts';
import { newKey } from '../../../data/client.ts';
import { useAction } from '../../../data/queries.ts';
import { count } from '../../../ui/format.ts';

/** Open orders by symbol, the most first. Pure. */
function bySymbol(open: readonly OrderView[]): [symbol: string, orders: OrderView[]][] {
  const groups = new Map<string, OrderView[]>();
  for (const order of open) groups.set(order.symbol, [...(groups.get(order.symbol) ?? []), order]);
  return [...groups].sort((a, b) => b[1].length - a[1].length);
}

/** An exit that waits for its entry goes with it: asking for both would give an error for the second. Pure. */
function toCancel(orders: readonly OrderView[]): OrderView[] {
  const ids = new Set(orders.map((order) => order.orderId));
  return orders.filter((order) => order.status !== 'held' || order.parentOrderId === null || !ids.has(order.parentOrderId));
}

/** The button and its choices; nothing while no order is open. `open`: the newest of `total` open orders. */
export function CancelMenu({ open, total }: { open: readonly OrderView[]; total: number }): JSX.Element | null {
  const [isShown, setShown] = useState(false);
  const action = useAction('cancelOrder', [['orders']]);
  const symbols = bySymbol(open);
  if (open.length === 0) return null;
  const cancel = (orders: readonly OrderView[] | null): void => {
    // Each order is asked for by itself, so that one refusal does not keep the others.
    if (orders === null) action.mutate({ clientOrderId: null, idempotencyKey: newKey() }, { onSuccess: () => setShown(false) });
    else void Promise.allSettled(toCancel(orders).map((order) => action.mutateAsync({ clientOrderId: order.clientOrderId, idempotencyKey: newKey() }))).then((answers) => setShown(answers.some((answer) => answer.status === 'rejected')));
  };
  return (
    <Popover opened={isShown} onChange={setShown} position="bottom-end" width={250} shadow="md" withArrow trapFocus>
      <Popover.Target><Button size="compact-sm" variant="default" onClick={() => setShown(true)}>Cancel…</Button></Popover.Target>
      <Popover.Dropdown>
        <div className="stack">
          <Button size="compact-md" variant="default" data-autofocus loading={action.isPending} onClick={() => cancel(null)}>All {count(total)} open orders</Button>
          {symbols.length > 1 && <div className="cancel-symbols">{symbols.slice(0, 24).map(([symbol, orders]) => <button key={symbol} type="button" className="chip" disabled={action.isPending} onClick={() => cancel(orders)}>{symbol} <span className="muted num">{orders.length}</span></button>)}</div>}
          {symbols.length > 1 && total > open.length && <p className="muted">By symbol: of the newest {count(open.length)} orders.</p>}
          {action.error && <p className="switch-error" role="alert">{action.error.message}</p>}
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
