/** Orders, open and past; each opens its story. */
import type { JSX } from 'react';
import { ActionIcon, SegmentedControl, Tooltip } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import type { DecisionView, OrderView } from '#app/contracts/views.ts';
import type { OrderStatus } from '#app/domain/order.ts';
import { newKey } from '../../data/client.ts';
import { useAction, useDenied, useOrders } from '../../data/queries.ts';
import { setUiState, useUiState } from '../../data/ui-state.ts';
import { openSheet } from '../../frame/panels.ts';
import { DataTable } from '../../ui/data-table.tsx';
import type { Column } from '../../ui/data-table.tsx';
import { Answer, Empty, LiveNumber, MarketTime, Tag } from '../../ui/kit.tsx';
import { price, quantity } from '../../ui/format.ts';

const TONES: Readonly<Record<OrderStatus, 'good' | 'warn' | 'bad' | 'idle' | 'busy'>> = {
  initialized: 'warn', submitted: 'busy', held: 'idle', accepted: 'busy', partially_filled: 'busy', pending_cancel: 'warn', pending_replace: 'warn', filled: 'good', canceled: 'idle', expired: 'idle', rejected: 'bad', denied: 'bad', replaced: 'idle',
};

/** An order's status in words; says so when the broker's answer is not known. */
export function StatusTag({ order }: { order: Pick<OrderView, 'status' | 'unknownSince' | 'isClosed'> }): JSX.Element {
  if (order.unknownSince !== null && !order.isClosed) return <Tag tone="warn">answer unknown</Tag>;
  return <Tag tone={TONES[order.status]}>{order.status === 'initialized' ? 'not sent yet' : order.status.replaceAll('_', ' ')}</Tag>;
}

/** Buy or sell, by word and colour of the accent only: it is neither gain nor loss. */
export function Side({ side }: { side: 'buy' | 'sell' | null }): JSX.Element {
  return <span className={`side ${side ?? ''}`}>{side ?? '–'}</span>;
}

/** Where an order came from. */
export function sourceOf(order: Pick<OrderView, 'source' | 'strategyId'>): string {
  return order.strategyId !== null && order.strategyId !== '' ? order.strategyId : order.source;
}

function CancelButton({ order }: { order: OrderView }): JSX.Element | null {
  const action = useAction('cancelOrder', [['orders']]);
  if (order.isClosed) return null;
  return (
    <Tooltip label={action.error ? action.error.message : 'Cancel this order'}>
      <ActionIcon size="xs" variant="subtle" color={action.error ? 'red' : 'gray'} aria-label={`Cancel order of ${order.symbol}`} loading={action.isPending} onClick={(event) => { event.stopPropagation(); action.mutate({ clientOrderId: order.clientOrderId, idempotencyKey: newKey() }); }}><IconX size={13} /></ActionIcon>
    </Tooltip>
  );
}

const COLUMNS: readonly Column<OrderView>[] = [
  { id: 'time', header: 'Market time', value: (row) => row.tsMarket, cell: (row) => <MarketTime at={row.tsMarket} withDay /> },
  { id: 'symbol', header: 'Symbol', value: (row) => row.symbol, cell: (row) => <strong>{row.symbol}</strong> },
  { id: 'side', header: 'Side', value: (row) => row.side, cell: (row) => <Side side={row.side} /> },
  { id: 'type', header: 'Type', isMinor: true, value: (row) => row.type, cell: (row) => <span className="muted">{row.type} · {row.timeInForce}</span> },
  { id: 'qty', header: 'Quantity', unit: 'shares', isNumber: true, value: (row) => Number(row.qty), cell: (row) => <span className="num">{quantity(row.qty)}</span> },
  { id: 'filled', header: 'Filled', unit: 'shares', isNumber: true, value: (row) => Number(row.filledQty), cell: (row) => <LiveNumber value={row.filledQty}>{quantity(row.filledQty)}</LiveNumber> },
  { id: 'limit', header: 'Limit', unit: 'USD', isNumber: true, value: (row) => (row.limitPrice === null ? null : Number(row.limitPrice)), cell: (row) => <span className="num">{price(row.limitPrice)}</span> },
  { id: 'avg', header: 'Fill price', unit: 'USD', isNumber: true, value: (row) => (row.avgFillPrice === null ? null : Number(row.avgFillPrice)), cell: (row) => <span className="num">{price(row.avgFillPrice)}</span> },
  { id: 'status', header: 'Status', value: (row) => row.status, cell: (row) => <StatusTag order={row} /> },
  { id: 'source', header: 'From', value: sourceOf, cell: (row) => <span className="muted">{sourceOf(row)}</span> },
  { id: 'cancel', header: '', width: 32, value: () => null, cell: (row) => <CancelButton order={row} /> },
];

const DENIED: readonly Column<DecisionView>[] = [
  { id: 'time', header: 'Market time', value: (row) => row.tsMarket, cell: (row) => <MarketTime at={row.tsMarket} withDay /> },
  { id: 'symbol', header: 'Symbol', value: (row) => row.symbol, cell: (row) => <strong>{row.symbol}</strong> },
  { id: 'side', header: 'Side', value: (row) => row.side, cell: (row) => <Side side={row.side} /> },
  { id: 'qty', header: 'Quantity', unit: 'shares', isNumber: true, value: (row) => (row.qty === null ? null : Number(row.qty)), cell: (row) => <span className="num">{quantity(row.qty)}</span> },
  { id: 'code', header: 'Rule', value: (row) => row.code, cell: (row) => <Tag tone="warn">{(row.code ?? '').toLowerCase().replaceAll('_', ' ')}</Tag> },
  { id: 'message', header: 'Why', value: (row) => row.message, cell: (row) => <span className="muted">{row.message}</span> },
  { id: 'source', header: 'From', value: sourceOf, cell: (row) => <span className="muted">{sourceOf(row)}</span> },
];

function Denied(): JSX.Element {
  const query = useDenied();
  return <Answer query={query}>{(data) => <DataTable columns={DENIED} rows={data.decisions} rowId={(row) => row.decisionId} label="Denied decisions" onOpen={(row) => openSheet({ kind: 'story', decisionId: row.decisionId })} empty={<Empty title="Nothing was denied">Signals and requests that a risk rule stops are listed here with the rule, its threshold and what it saw.</Empty>} />}</Answer>;
}

function Orders({ scope }: { scope: 'open' | 'closed' | 'all' }): JSX.Element {
  const query = useOrders(scope);
  const empty = scope === 'open'
    ? <Empty title="No open orders">Market orders fill at the next bar; limit orders rest here until they fill, expire or are canceled.</Empty>
    : <Empty title="No orders yet">Orders come from signals that pass the risk rules, and from the order ticket (press b).</Empty>;
  return (
    <Answer query={query}>
      {(data) => (
        <>
          <DataTable columns={COLUMNS} rows={data.orders} rowId={(row) => row.orderId} label="Orders" onOpen={(row) => openSheet({ kind: 'story', decisionId: row.decisionId })} empty={empty} />
          {scope === 'all' && data.total > data.orders.length && <p className="table-note muted">The newest {data.orders.length} of {data.total} orders. Older ones: GET /api/orders?before=…</p>}
        </>
      )}
    </Answer>
  );
}

/** Orders by scope, and what was denied. */
export function OrdersTab(): JSX.Element {
  const scope = useUiState('orderScope');
  const isDenied = useUiState('isDeniedShown');
  return (
    <>
      <div className="tab-tools"><SegmentedControl size="xs" value={isDenied ? 'denied' : scope} onChange={(value) => (value === 'denied' ? setUiState({ isDeniedShown: true }) : setUiState({ isDeniedShown: false, orderScope: value }))} data={[{ value: 'all', label: 'All' }, { value: 'open', label: 'Open' }, { value: 'closed', label: 'Closed' }, { value: 'denied', label: 'Denied' }]} aria-label="Which orders" /></div>
      {isDenied ? <Denied /> : <Orders scope={scope} />}
    </>
  );
}
