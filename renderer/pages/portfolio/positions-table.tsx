/** What do I hold? */
import { useMemo, useState } from 'react';
import type { JSX } from 'react';
import { ActionIcon, Button, Popover, Tooltip } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import type { PositionView } from '#app/contracts/views.ts';
import { newKey } from '../../data/client.ts';
import { KEYS, useLivePrice, useStatus } from '../../data/live.ts';
import { useAction, usePositions } from '../../data/queries.ts';
import { openSheet } from '../../frame/panels.ts';
import { DataTable } from '../../ui/data-table.tsx';
import type { Column } from '../../ui/data-table.tsx';
import { Age, Answer, Empty, LiveNumber, Pnl } from '../../ui/kit.tsx';
import { money, percent, price, quantity } from '../../ui/format.ts';
import { barLimitMs } from './freshness.ts';

function LastPrice({ position }: { position: PositionView }): JSX.Element {
  const live = useLivePrice(position.symbol);
  const shown = live && live.tsMarket >= (position.priceMarketAt ?? 0) ? live.price : position.lastPrice;
  return <LiveNumber value={shown}>{price(shown)}</LiveNumber>;
}

function PriceAge({ position }: { position: PositionView }): JSX.Element {
  const live = useLivePrice(position.symbol);
  const market = useStatus()?.market;
  return <Age at={live?.tsSeen ?? position.priceSeenAt} limitMs={market?.session === 'open' ? barLimitMs(market) : undefined} source={`last close of ${position.symbol}`} />;
}

function CloseButton({ position }: { position: PositionView }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const action = useAction('flatten', [KEYS.positions, ['orders']]);
  return (
    <Popover opened={isOpen} onChange={setOpen} position="left" width={260} shadow="md" withArrow trapFocus>
      <Popover.Target>
        <Tooltip label={`Close ${position.symbol}`}><ActionIcon size="xs" variant="subtle" color="gray" aria-label={`Close ${position.symbol}`} onClick={(event) => { event.stopPropagation(); setOpen(true); }}><IconX size={13} /></ActionIcon></Tooltip>
      </Popover.Target>
      <Popover.Dropdown onClick={(event) => event.stopPropagation()}>
        <div className="stack">
          <p>Cancel open orders of {position.symbol}, then {position.qty.startsWith('-') ? 'buy' : 'sell'} <b className="num">{quantity(position.qty.replace('-', ''))}</b> shares at market, about <b className="num">{money(position.marketValue?.replace('-', '') ?? null)}</b> USD.</p>
          {action.error && <p className="switch-error" role="alert">{action.error.message}</p>}
          <Button size="compact-md" color="accent" data-autofocus loading={action.isPending} onClick={() => action.mutate({ symbol: position.symbol, idempotencyKey: newKey() }, { onSuccess: () => setOpen(false) })}>Close {position.symbol}</Button>
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}

/** The weight that fills its bar: a fifth of the account, the largest position that the first limits allow. */
const FULL_WEIGHT = 0.2;

function holders(position: PositionView): string {
  return position.holders.map((holder) => (holder.strategyId === '' ? 'manual' : holder.strategyId)).join(', ') || '–';
}

const COLUMNS: readonly Column<PositionView>[] = [
  { id: 'symbol', header: 'Symbol', value: (row) => row.symbol, cell: (row) => <strong>{row.symbol}</strong> },
  { id: 'qty', header: 'Quantity', unit: 'shares', isNumber: true, value: (row) => Number(row.qty), cell: (row) => <LiveNumber value={row.qty}>{quantity(row.qty)}</LiveNumber> },
  { id: 'avg', header: 'Average', unit: 'USD', isNumber: true, value: (row) => Number(row.avgPrice), cell: (row) => <span className="num">{price(row.avgPrice)}</span> },
  { id: 'last', header: 'Last', unit: 'USD', isNumber: true, value: (row) => Number(row.lastPrice), cell: (row) => <LastPrice position={row} /> },
  { id: 'age', header: 'Age', isNumber: true, value: (row) => row.priceSeenAt, cell: (row) => <PriceAge position={row} /> },
  { id: 'value', header: 'Value', unit: 'USD', isNumber: true, value: (row) => Number(row.marketValue), cell: (row) => <span className="num">{money(row.marketValue)}</span> },
  { id: 'weight', header: 'Weight', isNumber: true, value: (row) => row.weight, cell: (row) => <span className="weight"><span className="track"><i style={{ width: `${Math.min(100, ((row.weight ?? 0) / FULL_WEIGHT) * 100)}%` }} /></span><span className="num">{percent(row.weight, { signed: false, decimals: 1 })}</span></span> },
  { id: 'open', header: 'Open P&L', unit: 'USD', isNumber: true, value: (row) => Number(row.openPnl), cell: (row) => <Pnl value={row.openPnl} fraction={row.openPnlFraction} /> },
  { id: 'realized', header: 'Realized', unit: 'USD', isNumber: true, value: (row) => Number(row.realizedPnl), cell: (row) => <Pnl value={row.realizedPnl} hasArrow={false} /> },
  { id: 'holders', header: 'Held by', isMinor: true, value: holders, cell: (row) => <span className="muted">{holders(row)}</span> },
  { id: 'close', header: '', width: 32, value: () => null, cell: (row) => <CloseButton position={row} /> },
];

/** The open positions. A row opens a ticket for its symbol. */
export function PositionsTable(): JSX.Element {
  const query = usePositions();
  const columns = useMemo(() => COLUMNS, []);
  return (
    <Answer query={query}>
      {(data) => (
        <DataTable columns={columns} rows={data.positions} rowId={(row) => row.symbol} label="Positions" onOpen={(row) => openSheet({ kind: 'ticket', start: { symbol: row.symbol } })}
          empty={<Empty title="Flat" action={<Button size="compact-sm" variant="default" onClick={() => openSheet({ kind: 'ticket', start: {} })}>New order</Button>}>Positions appear with the first fill: of a strategy, or of an order that you place.</Empty>} />
      )}
    </Answer>
  );
}
