/** Where the bars lie: in the database by month, in files of the archive, and the room that is left. */
import { useState } from 'react';
import type { JSX, ReactNode } from 'react';
import { Button } from '@mantine/core';
import type { StorageView } from '#app/contracts/storage.ts';
import { useAction } from '../../data/queries.ts';
import { openSheet } from '../../frame/panels.ts';
import { bytes, count, counted, percent } from '../../ui/format.ts';
import { DataTable, type Column } from '../../ui/data-table.tsx';
import { Age, Answer, Card, Empty, Failure, Tag } from '../../ui/kit.tsx';
import { BarDay } from './bar-day.tsx';
import { useStorage } from './data-queries.ts';
import { MonthBars } from './month-bars.tsx';

type Width = StorageView['widths'][number];
type File = StorageView['files'][number];

const kept = (months: number | null): string => (months === null ? 'for ever' : `${months} months`);

const WIDTHS: readonly Column<Width>[] = [
  { id: 'timeframe', header: 'Bars', value: (row) => row.timeframe, cell: (row) => <strong>{row.timeframe}</strong> },
  { id: 'series', header: 'Series', isNumber: true, value: (row) => row.series, cell: (row) => <span className="num">{count(row.series)}</span> },
  { id: 'bars', header: 'Stored', unit: 'bars', isNumber: true, value: (row) => row.bars, cell: (row) => <span className="num">{count(row.bars)}</span> },
  { id: 'from', header: 'From', value: (row) => row.firstOpen, cell: (row) => <BarDay at={row.firstOpen} /> },
  { id: 'to', header: 'To', value: (row) => row.lastOpen, cell: (row) => <BarDay at={row.lastOpen} /> },
  { id: 'archived', header: 'In files', unit: 'bars', isNumber: true, value: (row) => row.archivedRows, cell: (row) => <span className="num">{count(row.archivedRows)}{row.archivedBytes > 0 && <span className="muted"> {bytes(row.archivedBytes)}</span>}</span> },
  { id: 'kept', header: 'Stay in the database', value: (row) => row.keepMonths, cell: (row) => kept(row.keepMonths) },
];

/** Brings one file back into the book; the run is followed on the flows page. */
function BringBack({ file }: { file: File }): JSX.Element {
  const run = useAction('runFlow', [['storage'], ['runs']]);
  if (file.state === 'restored') return <span className="muted">in the database</span>;
  return (
    <span className="row-actions">
      {run.data !== undefined && <button type="button" className="link" onClick={() => openSheet({ kind: 'run', runId: run.data.runId })}>see the run</button>}
      {run.error !== null && <span className="loss-text" title={run.error.message}>refused</span>}
      <Button size="compact-xs" variant="default" loading={run.isPending} onClick={() => run.mutate({ flow: 'archive_old_data', input: { action: 'restore', months: [file.month], ...(file.timeframe === '*' ? {} : { timeframes: [file.timeframe] }) } })}>Bring back</Button>
    </span>
  );
}

const FILES: readonly Column<File>[] = [
  { id: 'month', header: 'Month', value: (row) => row.month, cell: (row) => <span className="num">{row.month}</span> },
  { id: 'timeframe', header: 'Bars', value: (row) => row.timeframe, cell: (row) => (row.timeframe === '*' ? 'all' : row.timeframe) },
  { id: 'rows', header: 'Rows', isNumber: true, value: (row) => row.rows, cell: (row) => <span className="num">{count(row.rows)}</span> },
  { id: 'bytes', header: 'Size', isNumber: true, value: (row) => row.bytes, cell: (row) => <span className="num">{bytes(row.bytes)}</span> },
  { id: 'form', header: 'Form', value: (row) => Number(row.isParquet), cell: (row) => <span className="muted">{row.isParquet ? 'Parquet' : 'CSV, packed'}</span>, isMinor: true },
  { id: 'file', header: 'File', value: (row) => row.file, cell: (row) => <>{!row.isPresent && <Tag tone="bad">missing</Tag>} <code className="clip" title={row.file}>{row.file}</code></>, isMinor: true },
  { id: 'at', header: 'Put away', value: (row) => row.archivedAt, cell: (row) => <Age at={row.archivedAt} source="When the bars left the database" /> },
  { id: 'act', header: '', value: () => null, cell: (row) => <BringBack file={row} /> },
];

function Fact({ name, children }: { name: string; children: ReactNode }): JSX.Element {
  return <div><dt>{name}</dt><dd className="num">{children}</dd></div>;
}

function Room({ view }: { view: StorageView }): JSX.Element {
  const { book, archive, disk, hot } = view;
  const reads = hot.hits + hot.misses;
  const run = useAction('runFlow', [['storage'], ['runs']]);
  const [isAsked, setAsked] = useState(false);
  return (
    <Card title="Room" extra={<Age at={view.at} source={`Counted in ${Math.round(view.tookMs)} ms`} />}><div className="stack">
      <dl className="facts">
        <Fact name="Bars in the database">{bytes(book.bytes)}{book.rows !== null && <span className="muted"> about {counted(book.rows, 'row')}</span>}</Fact>
        <Fact name="Archive">{bytes(archive.bytes)} <span className="muted">{counted(archive.rows, 'row')}</span></Fact>
        <Fact name="Free on the disk"><span className={disk.freeBytes < 5e9 ? 'warn-text' : ''}>{bytes(disk.freeBytes)}</span> <span className="muted">of {bytes(disk.totalBytes)}</span></Fact>
        <Fact name="Newest bars from memory">{reads === 0 ? <span className="muted">none asked for yet</span> : <>{percent(hot.hits / reads, { signed: false, decimals: 1 })} <span className="muted">of {counted(reads, 'read')}</span></>}</Fact>
      </dl>
      <p className="muted path" title={archive.folder}>{archive.folder}</p>
      <div className="row-actions left"><Button size="compact-xs" variant="default" loading={run.isPending} onClick={() => { setAsked(true); run.mutate({ flow: 'archive_old_data', input: {} }); }}>Put old months away now</Button>{run.data !== undefined && isAsked && <button type="button" className="link" onClick={() => openSheet({ kind: 'run', runId: run.data.runId })}>see the run</button>}</div>
      {run.error !== null && <Failure error={run.error} />}
      <p className="muted">Old months are put into compressed files once a day, each read back and compared before it leaves the database. Charts and back-tests go on reading them there.</p>
    </div></Card>
  );
}

/** The tab. */
export function StorageTab(): JSX.Element {
  const query = useStorage();
  return (
    <Answer query={query}>{(view) => (
      <div className="storage-grid">
        <div className="data-tab">
          <Card title="By width" isFlush><DataTable columns={WIDTHS} rows={view.widths} rowId={(row) => row.timeframe} label="Stored bars by width" empty={<Empty title="No bars yet">Bars come from the stream, a back-fill or an import.</Empty>} /></Card>
          <Card title="By month"><MonthBars view={view} /></Card>
          <Card title="Archive" isFlush><DataTable columns={FILES} rows={view.files} rowId={(row) => `${row.month} ${row.timeframe}`} label="Files of the archive" empty={<Empty title="Nothing is put away">Months that are older than they have to stay in the database move into files here.</Empty>} /></Card>
        </div>
        <Room view={view} />
      </div>
    )}</Answer>
  );
}
