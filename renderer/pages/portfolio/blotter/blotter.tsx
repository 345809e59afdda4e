/** The blotter: orders in groups, filtered, changed and canceled in place; thousands of lines, a few dozen drawn. */
import { Fragment, useCallback, useMemo, useState } from 'react';
import type { JSX } from 'react';
import { Button, Select, SegmentedControl, TextInput } from '@mantine/core';
import type { OrderView } from '#app/contracts/views.ts';
import { useMarketNow } from '../../../data/clock.ts';
import { useOlderOrders, useOrders } from '../../../data/queries.ts';
import { setUiState, useUiState } from '../../../data/ui-state.ts';
import { Answer, Empty } from '../../../ui/kit.tsx';
import { count, marketDay } from '../../../ui/format.ts';
import { useRowWindow } from '../../../ui/use-row-window.ts';
import { BlotterRow, COLUMNS } from './blotter-row.tsx';
import type { RowActions } from './blotter-row.tsx';
import { CancelMenu } from './cancel-menu.tsx';
import { DecisionsList } from './decisions-list.tsx';
import { EditStrip } from './edit-strip.tsx';
import { filterGroups, sourcesOf, STATUS_KINDS } from './filters.ts';
import type { OrderFilter, StatusKind } from './filters.ts';
import { groupOrders, mergeOrders, rowsOf } from './groups.ts';

const ROW_HEIGHT = 29;
const SCOPES = [{ value: 'open', label: 'Open' }, { value: 'today', label: 'Today' }, { value: 'all', label: 'All' }, { value: 'denied', label: 'Denied' }];
const STATUS_NAMES: Readonly<Record<StatusKind, string>> = { any: 'Any status', working: 'Working', filled: 'Filled', canceled: 'Canceled, expired', failed: 'Rejected, denied', unsure: 'Answer awaited' };

const EMPTY: Readonly<Record<OrderFilter['scope'], JSX.Element>> = {
  open: <Empty title="No open orders">Open orders wait here until they fill, expire or are canceled.</Empty>,
  today: <Empty title="No orders today">Orders of this market day, and those still open, stand here.</Empty>,
  all: <Empty title="No orders yet">Orders come from signals that pass the risk rules, and from the order ticket (press b).</Empty>,
};

/** Head line of the table. */
function Head(): JSX.Element {
  return (
    <thead>
      <tr>
        <th>Symbol</th><th>Side</th><th className="number">Filled of <small>shares</small></th><th>Order</th><th className="number">Price <small>USD</small></th><th className="number minor">Away</th><th className="number">Fill price <small>USD</small></th>
        <th>Status</th><th className="minor">From</th><th className="number">Open for, market time</th><th style={{ width: 56 }} aria-label="Actions" />
      </tr>
    </thead>
  );
}

function Table({ orders, filter, older }: { orders: readonly OrderView[]; filter: OrderFilter; older: { readonly label: string; readonly isPending: boolean; ask(): void } | null }): JSX.Element {
  const [choice, setChoice] = useState<ReadonlyMap<string, boolean>>(new Map());
  const [editing, setEditing] = useState<string | null>(null);
  // The clock moves each second; groups are sorted anew only when the day does.
  const now = useMarketNow();
  const day = now === null ? null : marketDay(now);
  const groups = useMemo(() => groupOrders(orders), [orders]);
  const noon = day === null ? null : Date.parse(`${day}T17:00:00Z`);
  const found = useMemo(() => rowsOf(filterGroups(groups, filter, noon), choice), [groups, filter, noon, choice]);
  const { body, rows } = useRowWindow(found.length, ROW_HEIGHT);
  const fold = useCallback((orderId: string, isUnfolded: boolean) => setChoice((before) => new Map(before).set(orderId, isUnfolded)), []);
  const actions = useMemo<RowActions>(() => ({ fold, edit: setEditing }), [fold]);
  if (found.length === 0 && older === null) return orders.length === 0 || (filter.symbol === '' && filter.source === '' && filter.status === 'any') ? EMPTY[filter.scope] : <Empty title="No such orders">None of {count(orders.length)} orders is like that. Take a filter away to see more.</Empty>;
  return (
    <div className="table-scroll">
      <table className="data-table blotter" aria-label="Orders" aria-rowcount={found.length}>
        <Head />
        <tbody ref={body}>
          {rows.above > 0 && <tr aria-hidden style={{ height: rows.above }}><td colSpan={COLUMNS} /></tr>}
          {found.slice(rows.start, rows.end).map((row) => (
            <Fragment key={row.order.orderId}>
              <BlotterRow row={row} isEdited={editing === row.order.orderId} actions={actions} />
              {editing === row.order.orderId && <tr className="after-row"><td colSpan={COLUMNS}><EditStrip order={row.order} close={() => setEditing(null)} /></td></tr>}
            </Fragment>
          ))}
          {rows.below > 0 && <tr aria-hidden style={{ height: rows.below }}><td colSpan={COLUMNS} /></tr>}
        </tbody>
      </table>
      {older !== null && <p className="table-note"><Button size="compact-sm" variant="default" loading={older.isPending} onClick={older.ask}>{older.label}</Button></p>}
    </div>
  );
}

function Orders({ filter }: { filter: OrderFilter }): JSX.Element {
  const scope = filter.scope === 'open' ? 'open' : 'all';
  const query = useOrders(scope);
  const [asked, setAsked] = useState<'open' | 'all' | null>(null);
  const pages = useOlderOrders(scope, asked === scope);
  const older = pages.data;
  const orders = useMemo(() => mergeOrders(query.data?.orders ?? [], older ?? []), [query.data, older]);
  return (
    <Answer query={query}>
      {(data) => {
        const left = (scope === 'open' ? data.openTotal : data.total) - orders.length;
        const ask = (): void => {
          if (pages.data === undefined) setAsked(scope);
          else void pages.fetchNextPage();
        };
        return <Table orders={orders} filter={filter} older={left > 0 && (pages.data === undefined || pages.hasNextPage) ? { label: `Show older orders (${count(left)} more)`, isPending: pages.isFetching, ask } : null} />;
      }}
    </Answer>
  );
}

/** Orders with their filters, and what risk denied. */
export function Blotter(): JSX.Element {
  const scope = useUiState('orderScope');
  const isDenied = useUiState('isDeniedShown');
  const [symbol, setSymbol] = useState('');
  const [source, setSource] = useState('');
  const [status, setStatus] = useState<StatusKind>('any');
  const known = useOrders('all').data?.orders;
  const open = useOrders('open').data;
  const sources = useMemo(() => sourcesOf(known ?? []), [known]);
  const filter = useMemo<OrderFilter>(() => ({ scope, symbol, source, status }), [scope, symbol, source, status]);
  const choose = (value: string): void => setUiState(value === 'denied' ? { isDeniedShown: true } : { isDeniedShown: false, orderScope: value as OrderFilter['scope'] });
  return (
    <>
      <div className="tab-tools">
        <SegmentedControl size="xs" value={isDenied ? 'denied' : scope} onChange={choose} data={SCOPES} aria-label="Which orders" />
        <TextInput size="xs" w={104} placeholder="Symbol" value={symbol} onChange={(event) => setSymbol(event.currentTarget.value)} aria-label="Orders of symbol" spellCheck={false} />
        {!isDenied && <Select size="xs" w={150} placeholder="From anybody" value={source === '' ? null : source} onChange={(value) => setSource(value ?? '')} data={sources} clearable aria-label="Orders from" />}
        {!isDenied && <Select size="xs" w={150} value={status} onChange={(value) => setStatus((value ?? 'any') as StatusKind)} data={STATUS_KINDS.map((value) => ({ value, label: STATUS_NAMES[value] }))} allowDeselect={false} aria-label="Orders with status" />}
        <span className="tools-end">{open && <CancelMenu open={open.orders} total={open.openTotal} />}</span>
      </div>
      {isDenied ? <DecisionsList symbol={symbol} /> : <Orders filter={filter} />}
    </>
  );
}
