/** Stored series, worst first: from when to when, how whole, what was found. */
import type { JSX } from 'react';
import { Link } from '@tanstack/react-router';
import type { RouteOutput } from '#app/contracts/http.ts';
import { count, percent } from '../../../ui/format.ts';
import { DataTable, type Column } from '../../../ui/data-table.tsx';
import { Age, Empty, Tag } from '../../../ui/kit.tsx';
import { fullnessOf } from './year-grid.ts';

type Row = RouteOutput<'coverageSeries'>['series'][number];

const TONES = { critical: 'bad', warning: 'warn', info: 'idle' } as const;

/** How whole a series is, as a bar and a number. */
export function Wholeness({ fraction }: { fraction: number }): JSX.Element {
  return <span className="wholeness"><span className="track"><i className={`fill-${fullnessOf(fraction)}`} style={{ width: `${Math.min(100, fraction * 100)}%` }} /></span><span className="num">{percent(fraction, { signed: false, decimals: fraction > 0.999 && fraction < 1 ? 2 : 1 })}</span></span>;
}

const COLUMNS: readonly Column<Row>[] = [
  { id: 'symbol', header: 'Symbol', value: (row) => row.symbol, cell: (row) => <Link to="/analysis" search={{ symbol: row.symbol }} className="link" onClick={(event) => event.stopPropagation()}><strong>{row.symbol}</strong></Link> },
  { id: 'timeframe', header: 'Bars', value: (row) => row.timeframe, cell: (row) => row.timeframe },
  { id: 'from', header: 'From', value: (row) => row.firstDay, cell: (row) => <span className="num">{row.firstDay ?? '–'}</span>, isMinor: true },
  { id: 'to', header: 'To', value: (row) => row.lastDay, cell: (row) => <span className="num">{row.lastDay ?? '–'}</span> },
  { id: 'fraction', header: 'Coverage', isNumber: true, value: (row) => row.fraction, cell: (row) => <Wholeness fraction={row.fraction} /> },
  { id: 'stored', header: 'Stored', unit: 'bars', isNumber: true, value: (row) => row.stored, cell: (row) => <span className="num">{count(row.stored)}</span> },
  { id: 'missing', header: 'Empty', unit: 'days', isNumber: true, value: (row) => row.missingDays, cell: (row) => <span className={row.missingDays > 0 ? 'num warn-text' : 'num muted'}>{count(row.missingDays)}</span> },
  { id: 'findings', header: 'Findings', unit: 'open', isNumber: true, value: (row) => row.openFindings, cell: (row) => (row.openFindings === 0 ? <span className="num muted">0</span> : <Tag tone={row.worst === null ? 'idle' : TONES[row.worst]}>{count(row.openFindings)}</Tag>) },
  { id: 'held', header: 'Quarantine', unit: 'bars', isNumber: true, value: (row) => row.quarantined, cell: (row) => <span className={row.quarantined > 0 ? 'num warn-text' : 'num muted'}>{count(row.quarantined)}</span>, isMinor: true },
  { id: 'revisions', header: 'Revised', unit: 'times', isNumber: true, value: (row) => row.revisions, cell: (row) => <span className="num muted">{count(row.revisions)}</span>, isMinor: true },
  { id: 'counted', header: 'Counted', value: (row) => row.countedAt, cell: (row) => <Age at={row.countedAt} source="When this series was counted last" />, isMinor: true },
];

/** The table. A click shows the series on the map. */
export function SeriesTable({ rows, total, open }: { rows: readonly Row[]; total: number; open: (row: Row) => void }): JSX.Element {
  return (
    <>
      <DataTable columns={COLUMNS} rows={rows} rowId={(row) => `${row.symbol} ${row.timeframe}`} label="Stored series" onOpen={open} empty={<Empty title="No series">Bars come from the stream, a back-fill or an import; each series then stands here with its coverage.</Empty>} />
      {total > rows.length && <p className="table-note muted num">{count(rows.length)} of {count(total)} series, the worst first. Search for a symbol to see another.</p>}
    </>
  );
}
