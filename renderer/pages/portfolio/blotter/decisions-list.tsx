/** What risk denied: each opens its decision, like an order opens its timeline. */
import { useMemo } from 'react';
import type { JSX } from 'react';
import { Button } from '@mantine/core';
import type { DecisionView } from '#app/contracts/views.ts';
import { useDenied, useOlderDenied } from '../../../data/queries.ts';
import { openSheet } from '../../../frame/panels.ts';
import { DataTable } from '../../../ui/data-table.tsx';
import type { Column } from '../../../ui/data-table.tsx';
import { Answer, Empty, Failure, MarketTime, Tag } from '../../../ui/kit.tsx';
import { count, quantity } from '../../../ui/format.ts';
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
  const newest = query.data?.decisions;
  const pages = useOlderDenied(newest?.at(-1)?.decisionId ?? null);
  const known = useMemo(() => [...new Map([...(newest ?? []), ...(pages.data ?? [])].map((decision) => [decision.decisionId, decision])).values()], [newest, pages.data]);
  const rows = useMemo(() => known.filter((decision) => decision.symbol.startsWith(asked)), [known, asked]);
  const ask = (): void => void (pages.data === undefined ? pages.refetch() : pages.fetchNextPage());
  return (
    <Answer query={query}>
      {(data) => (
        <>
          <DataTable columns={COLUMNS} rows={rows} rowId={(row) => row.decisionId} label="Denied decisions" onOpen={(row) => openSheet({ kind: 'story', id: row.decisionId })} empty={<Empty title="Nothing was denied">Signals and orders that break a risk rule are listed here with the rule.</Empty>} />
          {data.deniedTotal > known.length && (pages.data === undefined || pages.hasNextPage) && <p className="table-note"><Button size="compact-sm" variant="default" loading={pages.isFetching} onClick={ask}>Show older denials ({count(data.deniedTotal - known.length)} more)</Button></p>}
          {pages.error && <Failure error={pages.error} />}
        </>
      )}
    </Answer>
  );
}
