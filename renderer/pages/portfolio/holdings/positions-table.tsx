/** What do I hold, what has it cost, what protects it, and what is wrong with it? */
import { useCallback } from 'react';
import type { JSX, MouseEvent, ReactNode } from 'react';
import { Button, Tooltip, UnstyledButton } from '@mantine/core';
import type { PositionView } from '#app/contracts/views.ts';
import { useLivePrice, useStatus } from '../../../data/live.ts';
import { useFindings, usePositions } from '../../../data/queries.ts';
import { openSheet } from '../../../frame/panels.ts';
import { DataTable } from '../../../ui/data-table.tsx';
import type { Column } from '../../../ui/data-table.tsx';
import { Age, Answer, Empty, LiveNumber, Pnl, Tag } from '../../../ui/kit.tsx';
import { money, percent, price, quantity } from '../../../ui/format.ts';
import { FindingsList, isAbout } from '../books/findings-list.tsx';
import { barLimitMs } from '../freshness.ts';
import { PositionActions, protect } from './actions.tsx';
import { protectionWords } from './holding.ts';

function LastPrice({ position }: { position: PositionView }): JSX.Element {
  const live = useLivePrice(position.symbol);
  const market = useStatus()?.market;
  const shown = live && live.tsMarket >= (position.priceMarketAt ?? 0) ? live.price : position.lastPrice;
  return (
    <span className="last-price">
      <LiveNumber value={shown}>{price(shown)}</LiveNumber>
      <Age at={live?.tsSeen ?? position.priceSeenAt} limitMs={market?.session === 'open' ? barLimitMs(market) : undefined} source={`last close of ${position.symbol}`} />
    </span>
  );
}

/** Average cost; first in, first out on hover where it differs. */
function Cost({ position }: { position: PositionView }): JSX.Element {
  const hasFifo = position.fifoPrice !== null && price(position.fifoPrice) !== price(position.avgPrice);
  if (!hasFifo) return <span className="num">{price(position.avgPrice)}</span>;
  return <Tooltip label={`Average cost ${price(position.avgPrice)}; first in, first out ${price(position.fifoPrice)}`}><span className="num cost-pair">{price(position.avgPrice)}<small className="muted">{price(position.fifoPrice)}</small></span></Tooltip>;
}

function Protection({ position }: { position: PositionView }): JSX.Element {
  const { stop, target, isMissing, isShort } = protectionWords(position);
  // What a strategy holds has its exit; what a person holds has nobody else.
  const isManual = position.holders.some((holder) => holder.strategyId === '' && Number(holder.qty) !== 0);
  const fix = (event: MouseEvent): void => {
    event.stopPropagation();
    protect(position);
  };
  return (
    <span className="protection">
      {isMissing ? <Tooltip label={isManual ? 'No stop works at the broker for this position. Click to add one' : 'No stop works at the broker; only its strategy’s own exit, while Mainspring runs. Click to add one'} multiline maw={280}><UnstyledButton className="unprotected" onClick={fix}>{isManual ? <Tag tone="warn">unprotected</Tag> : 'unprotected'}</UnstyledButton></Tooltip> : <span className={isShort ? 'num warn-text' : 'num'}>{stop}</span>}
      {target !== '' && <span className="num muted">{target}</span>}
    </span>
  );
}

function holders(position: PositionView): string {
  return position.holders.map((holder) => (holder.strategyId === '' ? 'manual' : holder.strategyId)).join(', ') || '–';
}

const COLUMNS: readonly Column<PositionView>[] = [
  { id: 'symbol', header: 'Symbol', value: (row) => row.symbol, cell: (row) => <strong>{row.symbol}</strong> },
  { id: 'qty', header: 'Quantity', unit: 'shares', isNumber: true, value: (row) => Number(row.qty), cell: (row) => <LiveNumber value={row.qty}>{quantity(row.qty)}</LiveNumber> },
  { id: 'avg', header: 'Cost', unit: 'USD', isNumber: true, value: (row) => Number(row.avgPrice), cell: (row) => <Cost position={row} /> },
  { id: 'last', header: 'Last', unit: 'USD', isNumber: true, value: (row) => Number(row.lastPrice), cell: (row) => <LastPrice position={row} /> },
  { id: 'value', header: 'Value', unit: 'USD', isNumber: true, value: (row) => Number(row.marketValue), cell: (row) => <span className="num">{money(row.marketValue)}</span> },
  { id: 'weight', header: 'Weight', isNumber: true, isMinor: true, value: (row) => row.weight, cell: (row) => <span className="num muted">{percent(row.weight, { signed: false, decimals: 1 })}</span> },
  { id: 'open', header: 'Open P&L', unit: 'USD', isNumber: true, value: (row) => Number(row.openPnl), cell: (row) => <Pnl value={row.openPnl} fraction={row.openPnlFraction} /> },
  { id: 'realized', header: 'Realized', unit: 'USD', isNumber: true, value: (row) => Number(row.realizedPnl), cell: (row) => <Pnl value={row.realizedPnl} hasArrow={false} /> },
  { id: 'protection', header: 'Protection', value: (row) => Number(row.protection.stopQty), cell: (row) => <Protection position={row} /> },
  { id: 'holders', header: 'Held by', isMinor: true, value: holders, cell: (row) => <span className="muted holders" title={holders(row)}>{holders(row)}</span> },
  { id: 'actions', header: '', width: 116, value: () => null, cell: (row) => <PositionActions position={row} /> },
];

/** The open positions, each with what was found about it. A row opens a ticket for its symbol. */
export function PositionsTable(): JSX.Element {
  const query = usePositions();
  const found = useFindings().data?.findings;
  const after = useCallback((position: PositionView): ReactNode => {
    const about = (found ?? []).filter((finding) => isAbout(finding, position.symbol));
    return about.length === 0 ? null : <FindingsList findings={about} />;
  }, [found]);
  return (
    <Answer query={query}>
      {(data) => (
        <DataTable columns={COLUMNS} rows={data.positions} rowId={(row) => row.symbol} label="Positions" onOpen={(row) => openSheet({ kind: 'ticket', start: { symbol: row.symbol } })} after={after}
          empty={<Empty title="Flat" action={<Button size="compact-sm" variant="default" onClick={() => openSheet({ kind: 'ticket', start: {} })}>New order</Button>}>Positions appear with the first fill: of a strategy, or of an order that you place.</Empty>} />
      )}
    </Answer>
  );
}
