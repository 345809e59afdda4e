/** What risk denied: each opens its decision, like an order opens its timeline. */
import { useMemo } from 'react';
import type { JSX } from 'react';
import type { DecisionView } from '#app/contracts/views.ts';
import { useDenied } from '../../../data/queries.ts';
import { openSheet } from '../../../frame/panels.ts';
import { DataTable } from '../../../ui/data-table.tsx';
import type { Column } from '../../../ui/data-table.tsx';
import { Answer, Empty, MarketTime, Tag } from '../../../ui/kit.tsx';
import { quantity } from '../../../ui/format.ts';
import { Side } from './order-marks.tsx';
import { sourceOf } from './words.ts';

const COLUMNS: readonly Column<DecisionView>[] = [
  { id: 'time', header: 'Market time', value: (row) => row.tsMarket, cell: (row) => <MarketTime at={row.tsMarket} withDay /> },
  { id: 'symbol', header: 'Symbol', value: (row) => row.symbol, cell: (row) => <strong>{row.symbol}</strong> },
  { id: 'side', header: 'Side', value: (row) => row.side, cell: (row) => <Side side={row.side} /> },
  { id: 'qty', header: 'Quantity', unit: 'shares', isNumber: true, value: (row) => (row.qty === null ? null : Number(row.qty)), cell: (row) => <span className="num">{quantity(row.qty)}</span> },
  { id: 'code', header: 'Rule', value: (row) => row.code, cell: (row) => <Tag tone="warn">{(row.code ?? '').toLowerCase().replaceAll('_', ' ')}</Tag> },
  { id: 'message', header: 'Why', value: (row) => row.message, cell: (row) => <span className="muted clip" title={row.message}>{row.message}</span> },
  { id: 'source', header: 'From', value: sourceOf, cell: (row) => <span className="muted">{sourceOf(row)}</span> },
];

/** The newest denials of symbols that begin so. */
export function DecisionsList({ symbol }: { symbol: string }): JSX.Element {
  const query = useDenied();
  const asked = symbol.trim().toUpperCase();
  const rows = useMemo(() => (query.data?.decisions ?? []).filter((decision) => decision.symbol.startsWith(asked)), [query.data, asked]);
  return (
    <Answer query={query}>
      {(data) => (
        <>
          <DataTable columns={COLUMNS} rows={rows} rowId={(row) => row.decisionId} label="Denied decisions" onOpen={(row) => openSheet({ kind: 'story', id: row.decisionId })} empty={<Empty title="Nothing was denied">Signals and orders that break a risk rule are listed here with the rule.</Empty>} />
          {data.deniedTotal > data.decisions.length && <p className="table-note muted">The newest {data.decisions.length} of {data.deniedTotal} denials.</p>}
        </>
      )}
    </Answer>
  );
}
