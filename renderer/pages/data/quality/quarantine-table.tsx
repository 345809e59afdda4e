/** Bars that were taken out of the book, and the decision about each. */
import { useState } from 'react';
import type { JSX } from 'react';
import { Button, TextInput } from '@mantine/core';
import { barValuesSchema } from '#app/contracts/quality.ts';
import type { RouteOutput } from '#app/contracts/http.ts';
import { useAction } from '../../../data/queries.ts';
import { price, quantity } from '../../../ui/format.ts';
import { DataTable, type Column } from '../../../ui/data-table.tsx';
import { Answer, Card, Empty, Failure, MarketTime } from '../../../ui/kit.tsx';
import { BarDay } from '../bar-day.tsx';
import { useQuarantine } from '../data-queries.ts';

type Row = RouteOutput<'quarantine'>['bars'][number];
const FIELDS = ['open', 'high', 'low', 'close', 'volume'] as const;
const REFRESH = [['quarantine'], ['dataFindings'], ['coverage'], ['coverageSeries']] as const;

const COLUMNS: readonly Column<Row>[] = [
  { id: 'symbol', header: 'Symbol', value: (row) => row.symbol, cell: (row) => <strong>{row.symbol}</strong> },
  { id: 'timeframe', header: 'Bars', value: (row) => row.timeframe, cell: (row) => row.timeframe },
  { id: 'time', header: 'Opens', unit: 'New York', value: (row) => row.openTime, cell: (row) => (row.timeframe === '1Day' ? <BarDay at={row.openTime} /> : <MarketTime at={row.openTime} withDay />) },
  ...FIELDS.map((field): Column<Row> => ({ id: field, header: field[0]?.toUpperCase() + field.slice(1), unit: field === 'volume' ? 'shares' : 'USD', isNumber: true, isMinor: field === 'open' || field === 'volume', value: (row) => Number(row[field]), cell: (row) => <span className="num">{field === 'volume' ? quantity(row[field]) : price(row[field])}</span> })),
  { id: 'why', header: 'Why', value: (row) => row.kind, cell: (row) => <span className="clip short" title={row.text}>{row.text}</span> },
  { id: 'source', header: 'From', value: (row) => row.source, cell: (row) => <span className="muted">{row.source}</span>, isMinor: true },
];

/** Release, discard, or another bar in its place. */
function Decide({ row }: { row: Row }): JSX.Element {
  const decide = useAction('decideQuarantine', REFRESH);
  const [bar, setBar] = useState<Record<(typeof FIELDS)[number], string> | null>(null);
  const parsed = bar === null ? null : barValuesSchema.safeParse(bar);
  const send = (answer: Parameters<typeof decide.mutate>[0]['answer']): void => decide.mutate({ quarantineId: row.quarantineId, answer });
  return (
    <div className="quarantine-decide">
      <p>{row.text}</p>
      {bar !== null && <div className="bar-fields">{FIELDS.map((field) => <TextInput key={field} size="xs" w={110} label={field} value={bar[field]} onChange={(event) => setBar({ ...bar, [field]: event.currentTarget.value.trim() })} error={parsed?.error?.issues.find((issue) => issue.path[0] === field)?.message} />)}</div>}
      <div className="row-actions left">
        <Button size="compact-xs" variant="default" disabled={decide.isPending} onClick={() => send({ decision: 'release' })} title="The bar was right after all: back into the book">Put it back</Button>
        <Button size="compact-xs" variant="default" disabled={decide.isPending} onClick={() => send({ decision: 'discard' })} title="There is no such bar">Let it go</Button>
        {bar === null
          ? <Button size="compact-xs" variant="default" onClick={() => setBar({ open: row.open, high: row.high, low: row.low, close: row.close, volume: row.volume })}>Put another in its place …</Button>
          : <Button size="compact-xs" disabled={parsed?.success !== true || decide.isPending} onClick={() => { if (parsed?.success) send({ decision: 'replace', bar: parsed.data }); }}>Store these numbers</Button>}
      </div>
      {decide.error !== null && <Failure error={decide.error} />}
    </div>
  );
}

/** The table; a row opens its decision. */
export function QuarantineTable({ symbol }: { symbol: string | undefined }): JSX.Element {
  const query = useQuarantine({ state: 'held', limit: 100, ...(symbol === undefined ? {} : { symbol }) });
  const [open, setOpen] = useState<number | null>(null);
  return (
    <Card title="Quarantine" isFlush extra={<span className="muted">bars that cannot be true; strategies, charts and research do not see them</span>}>
      <Answer query={query}>{({ bars }) => <DataTable columns={COLUMNS} rows={bars} rowId={(row) => String(row.quarantineId)} label="Bars in quarantine" onOpen={(row) => setOpen(open === row.quarantineId ? null : row.quarantineId)} after={(row) => (open === row.quarantineId ? <Decide row={row} /> : null)} empty={<Empty title="Empty">No bar is held back.</Empty>} />}</Answer>
    </Card>
  );
}
