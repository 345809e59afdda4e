/** Money that moved: executions at the broker with their price against the decision's, and what moved without an order. */
import { useState } from 'react';
import type { JSX } from 'react';
import { SegmentedControl, Tooltip } from '@mantine/core';
import type { FillView, LedgerEntryView } from '#app/contracts/views.ts';
import { useFills, useLedgerEntries } from '../../../data/queries.ts';
import { openSheet } from '../../../frame/panels.ts';
import { DataTable } from '../../../ui/data-table.tsx';
import type { Column } from '../../../ui/data-table.tsx';
import { Answer, Empty, MarketTime, Pnl, Tag } from '../../../ui/kit.tsx';
import { count, money, points, price, quantity } from '../../../ui/format.ts';
import { Side } from '../blotter/order-marks.tsx';
import { slippageOf } from './slippage.ts';

function Slippage({ fill }: { fill: FillView }): JSX.Element {
  const slippage = slippageOf(fill);
  const tone = slippage === null || Math.abs(slippage) < 0.00001 ? 'muted' : slippage > 0 ? 'loss-text' : 'sign1';
  return <Tooltip label={`Decided at ${price(fill.referencePrice)}, filled at ${price(fill.price)}. Plus: worse than decided`} openDelay={300}><span className={`num ${tone}`}>{points(slippage)}</span></Tooltip>;
}

function Realized({ fill }: { fill: FillView }): JSX.Element {
  if (fill.realizedPnl === null) return <span className="muted">–</span>;
  return <Tooltip label="Of the shares that it closed: first in, first out, before fees" openDelay={300}><span><Pnl value={fill.realizedPnl} hasArrow={false} /></span></Tooltip>;
}

const FILLS: readonly Column<FillView>[] = [
  { id: 'time', header: 'Market time', value: (row) => row.tsEvent, cell: (row) => <MarketTime at={row.tsEvent} withDay /> },
  { id: 'symbol', header: 'Symbol', value: (row) => row.symbol, cell: (row) => <strong>{row.symbol}</strong> },
  { id: 'side', header: 'Side', value: (row) => row.side, cell: (row) => <Side side={row.side} /> },
  { id: 'qty', header: 'Quantity', unit: 'shares', isNumber: true, value: (row) => Number(row.qty), cell: (row) => <span className="num">{quantity(row.qty)}</span> },
  { id: 'price', header: 'Price', unit: 'USD', isNumber: true, value: (row) => Number(row.price), cell: (row) => <span className="num">{price(row.price)}</span> },
  { id: 'slippage', header: 'Slippage', unit: 'bp', isNumber: true, value: slippageOf, cell: (row) => <Slippage fill={row} /> },
  { id: 'amount', header: 'Amount', unit: 'USD', isNumber: true, value: (row) => Number(row.qty) * Number(row.price), cell: (row) => <span className="num">{money(Number(row.qty) * Number(row.price))}</span> },
  { id: 'fee', header: 'Fee', unit: 'USD', isNumber: true, value: (row) => Number(row.fee), cell: (row) => <span className="num muted">{money(row.fee)}</span> },
  { id: 'realized', header: 'Realized', unit: 'USD', isNumber: true, value: (row) => (row.realizedPnl === null ? null : Number(row.realizedPnl)), cell: (row) => <Realized fill={row} /> },
  { id: 'strategy', header: 'For', value: (row) => row.strategyId, cell: (row) => <span className="muted">{row.strategyId === null || row.strategyId === '' ? 'manual' : row.strategyId}</span> },
  { id: 'told', header: 'Told by', isMinor: true, value: (row) => row.source, cell: (row) => <span className="muted">{row.source}</span> },
  { id: 'id', header: 'Execution id', isMinor: true, value: (row) => row.fillId, cell: (row) => <code title={row.fillId}>{row.fillId.slice(-13)}</code> },
];

function Fills(): JSX.Element {
  const query = useFills();
  return (
    <Answer query={query}>
      {(data) => (
        <>
          <DataTable columns={FILLS} rows={data.fills} rowId={(row) => row.fillId} label="Fills" onOpen={(row) => openSheet({ kind: 'story', id: row.orderId })} empty={<Empty title="No fills yet">Each execution at the broker is booked here once, under the broker's execution id.</Empty>} />
          {data.total > data.fills.length && <p className="table-note muted">The newest {count(data.fills.length)} of {count(data.total)} fills.</p>}
        </>
      )}
    </Answer>
  );
}

const ENTRIES: readonly Column<LedgerEntryView>[] = [
  { id: 'time', header: 'Time', value: (row) => row.tsEvent, cell: (row) => <MarketTime at={row.tsEvent} withDay /> },
  { id: 'kind', header: 'Kind', value: (row) => row.kind, cell: (row) => <Tag>{row.kind.toLowerCase().replaceAll('_', ' ')}</Tag> },
  { id: 'symbol', header: 'Symbol', value: (row) => row.symbol, cell: (row) => <strong>{row.symbol ?? '–'}</strong> },
  { id: 'cash', header: 'Cash', unit: 'USD', isNumber: true, value: (row) => Number(row.cashChange), cell: (row) => <Pnl value={row.cashChange} hasArrow={false} /> },
  { id: 'qty', header: 'Shares', isNumber: true, value: (row) => Number(row.qtyChange), cell: (row) => <span className="num">{Number(row.qtyChange) === 0 ? '' : quantity(row.qtyChange)}</span> },
  { id: 'what', header: 'What', value: (row) => row.description, cell: (row) => <span className="muted">{row.description}</span> },
  { id: 'told', header: 'Told by', isMinor: true, value: (row) => row.source, cell: (row) => <span className="muted">{row.source.replaceAll('_', ' ')}</span> },
  { id: 'seq', header: 'Entry', isMinor: true, isNumber: true, value: (row) => row.ledgerSeq, cell: (row) => <span className="num muted">{row.ledgerSeq}</span> },
];

function Entries(): JSX.Element {
  const query = useLedgerEntries();
  return <Answer query={query}>{(data) => <DataTable columns={ENTRIES} rows={data.entries} rowId={(row) => row.entryId} label="Ledger entries" empty={<Empty title="Nothing but fills">Dividends, fees, interest, transfers and splits stand here when the broker books them.</Empty>} />}</Answer>;
}

/** Fills, or the other entries of the ledger. */
export function MoneyTab(): JSX.Element {
  const [kind, setKind] = useState<'fills' | 'entries'>('fills');
  return (
    <>
      <div className="tab-tools"><SegmentedControl size="xs" value={kind} onChange={setKind} data={[{ value: 'fills', label: 'Fills' }, { value: 'entries', label: 'Dividends, fees, splits' }]} aria-label="What moved" /></div>
      {kind === 'fills' ? <Fills /> : <Entries />}
    </>
  );
}
