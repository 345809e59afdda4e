/** Which symbols there are, what is known of them, and which are followed. */
import { useState } from 'react';
import type { JSX } from 'react';
import { Button, SegmentedControl, Switch, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useNavigate } from '@tanstack/react-router';
import { IconSearch } from '@tabler/icons-react';
import type { RouteInput, RouteOutput } from '#app/contracts/http.ts';
import { useAction } from '../../../data/queries.ts';
import { count, price } from '../../../ui/format.ts';
import { DataTable, type Column } from '../../../ui/data-table.tsx';
import { Age, Answer, Card, Empty, Failure, Tag } from '../../../ui/kit.tsx';
import { BarDay } from '../bar-day.tsx';
import { useUniverse } from '../data-queries.ts';
import { SymbolCard } from './symbol-card.tsx';

type Page = RouteOutput<'universe'>;
type Row = Page['rows'][number];
const PAGE_ROWS = 200;

function WatchSwitch({ row }: { row: Row }): JSX.Element {
  const watch = useAction('setWatched', [['universe'], ['feedState']]);
  const refused = watch.data?.refused[0]?.reason ?? watch.error?.message;
  return (
    <span className="watch" onClick={(event) => event.stopPropagation()} onKeyDown={(event) => event.stopPropagation()} role="presentation">
      {refused !== undefined && <span className="warn-text" title={refused}>refused</span>}
      <Switch size="xs" checked={row.isWatched} disabled={watch.isPending || (!row.isTradable && !row.isWatched)} onChange={(event) => watch.mutate({ symbols: [row.symbol], isWatched: event.currentTarget.checked })} aria-label={`Follow ${row.symbol}`} />
    </span>
  );
}

const COLUMNS: readonly Column<Row>[] = [
  { id: 'watched', header: 'Follow', width: 64, value: (row) => Number(row.isWatched), cell: (row) => <WatchSwitch row={row} /> },
  { id: 'symbol', header: 'Symbol', value: (row) => row.symbol, cell: (row) => <><strong>{row.symbol}</strong>{row.status === 'inactive' && <> <Tag tone="warn">{row.renamedTo === null ? 'delisted' : `now ${row.renamedTo}`}</Tag></>}</> },
  { id: 'name', header: 'Name', value: (row) => row.name, cell: (row) => <span className="clip" title={row.name}>{row.name}</span> },
  { id: 'sector', header: 'Sector', value: (row) => row.sector, cell: (row) => (row.sector === null ? <span className="muted">–</span> : row.sector) },
  { id: 'exchange', header: 'Exchange', value: (row) => row.exchange, cell: (row) => <span className="muted">{row.exchange}</span>, isMinor: true },
  { id: 'price', header: 'Last price', unit: 'USD', isNumber: true, value: (row) => (row.lastPrice === null ? null : Number(row.lastPrice)), cell: (row) => <span className="num">{price(row.lastPrice)} <Age at={row.priceSeenAt} source="Close of the newest stored bar" /></span> },
  { id: 'daily', header: 'Daily bars', value: (row) => row.dailyFrom, cell: (row) => (row.dailyFrom === null ? <span className="muted">none</span> : <><BarDay at={row.dailyFrom} /> – <BarDay at={row.dailyTo} /></>), isMinor: true },
  { id: 'bars', header: 'Stored', unit: 'bars', isNumber: true, value: (row) => row.barsTotal, cell: (row) => <span className="num">{count(row.barsTotal)}</span> },
];

function Sectors({ page, sector, choose }: { page: Page; sector: string | undefined; choose: (sector: string | undefined) => void }): JSX.Element {
  return (
    <div className="sector-picks">
      {page.sectors.map((one) => {
        const key = one.sector ?? 'none';
        return <button key={key} type="button" className={sector === key ? 'filter-chip active' : 'filter-chip'} aria-pressed={sector === key} onClick={() => choose(sector === key ? undefined : key)}>{one.sector ?? 'No sector'} <span className="num">{count(one.symbols)}</span></button>;
      })}
    </div>
  );
}

/** Follows, or lets go, all that the filter found on this page. */
function ManyButtons({ page }: { page: Page }): JSX.Element {
  const watch = useAction('setWatched', [['universe'], ['feedState']]);
  const unwatched = page.rows.filter((row) => !row.isWatched && row.isTradable).map((row) => row.symbol);
  const watched = page.rows.filter((row) => row.isWatched).map((row) => row.symbol);
  return (
    <>
      {unwatched.length > 1 && <Button size="compact-xs" variant="default" disabled={watch.isPending} onClick={() => watch.mutate({ symbols: unwatched, isWatched: true })}>Follow these {count(unwatched.length)}</Button>}
      {watched.length > 1 && watched.length < page.watchedTotal && <Button size="compact-xs" variant="default" disabled={watch.isPending} onClick={() => watch.mutate({ symbols: watched, isWatched: false })}>Let these {count(watched.length)} go</Button>}
      {watch.data?.note !== null && watch.data !== undefined && <span className="warn-text">{watch.data.note}</span>}
      {watch.error !== null && <Failure error={watch.error} />}
    </>
  );
}

/** The tab. */
export function UniverseTab({ symbol }: { symbol: string | undefined }): JSX.Element {
  const navigate = useNavigate();
  const [text, setText] = useState('');
  const [query] = useDebouncedValue(text, 150);
  const [sector, setSector] = useState<string | undefined>(undefined);
  const [watched, setWatched] = useState<'all' | 'yes' | 'no'>('all');
  const ask: RouteInput<'universe'> = { query, watched, status: 'all', limit: PAGE_ROWS, ...(sector === undefined ? {} : { sector }) };
  const universe = useUniverse(ask);
  const open = (next: string | undefined): void => void navigate({ to: '/data', search: { tab: 'universe', ...(next === undefined ? {} : { symbol: next }) }, replace: true });
  return (
    <div className={symbol === undefined ? 'data-tab' : 'data-tab beside'}>
      <Card title="Symbols" isFlush extra={<>
        <SegmentedControl size="xs" data={[{ value: 'all', label: 'All' }, { value: 'yes', label: 'Followed' }, { value: 'no', label: 'Not followed' }]} value={watched} onChange={(value) => setWatched(value === 'yes' || value === 'no' ? value : 'all')} aria-label="Which symbols" />
        <TextInput size="xs" w={220} leftSection={<IconSearch size={13} />} placeholder="Symbol or name" aria-label="Search symbols" value={text} onChange={(event) => setText(event.currentTarget.value)} spellCheck={false} />
      </>}>
        <Answer query={universe}>{(page) => (
          <>
            <Sectors page={page} sector={sector} choose={setSector} />
            <DataTable columns={COLUMNS} rows={page.rows} rowId={(row) => row.symbol} label="Symbols" onOpen={(row) => open(row.symbol)} rowClass={(row) => (row.symbol === symbol ? 'chosen' : '')} empty={<Empty title="No symbol matches">Search by the beginning of a symbol or a part of a name; choose another sector.</Empty>} />
            <p className="table-note muted num">{count(page.rows.length)} of {count(page.total)} symbols · {count(page.watchedTotal)} followed · the broker’s list is <Age at={page.updatedAt} source="When the list of the broker was read" /> old <ManyButtons page={page} /></p>
          </>
        )}</Answer>
      </Card>
      {symbol !== undefined && <SymbolCard symbol={symbol} close={() => open(undefined)} />}
    </div>
  );
}
