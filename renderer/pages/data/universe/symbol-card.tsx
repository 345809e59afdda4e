/** Everything about one symbol: what it is, what is stored of it, what happened to it. */
import { useState } from 'react';
import type { JSX } from 'react';
import { Link } from '@tanstack/react-router';
import { ActionIcon, Button, Select, TextInput } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { SECTORS, sectorSchema } from '#app/contracts/universe.ts';
import type { RouteOutput } from '#app/contracts/http.ts';
import { useAction } from '../../../data/queries.ts';
import { count, price } from '../../../ui/format.ts';
import { Age, Answer, Card, Failure, Tag } from '../../../ui/kit.tsx';
import { BarDay } from '../bar-day.tsx';
import { useSymbolDetail } from '../data-queries.ts';

type Detail = RouteOutput<'symbolDetail'>;
const REFRESH = [['universe'], ['symbolDetail']] as const;

function SectorForm({ row }: { row: Detail['row'] }): JSX.Element {
  const [sector, setSector] = useState<string | null>(row.sector);
  const [industry, setIndustry] = useState(row.industry ?? '');
  const save = useAction('setSectors', REFRESH);
  const isChanged = sector !== row.sector || industry.trim() !== (row.industry ?? '');
  const send = (next: string | null): void => {
    const parsed = sectorSchema.nullable().safeParse(next);
    if (parsed.success) save.mutate({ rows: [{ symbol: row.symbol, sector: parsed.data, industry: industry.trim() === '' || parsed.data === null ? null : industry.trim() }] });
  };
  return (
    <div className="stack">
      <div className="pair">
        <Select size="xs" label="Sector" placeholder="unknown" data={[...SECTORS]} value={sector} onChange={setSector} searchable comboboxProps={{ withinPortal: true }} />
        <TextInput size="xs" label="Industry" value={industry} maxLength={80} onChange={(event) => setIndustry(event.currentTarget.value)} />
      </div>
      <p className="muted">{row.sectorSource === null ? 'No sector is known.' : `Known from: ${row.sectorSource}.`}</p>
      <div className="row-actions left">
        <Button size="compact-xs" disabled={!isChanged || sector === null} loading={save.isPending} onClick={() => send(sector)}>Save</Button>
        {row.sectorSource !== null && row.sectorSource !== 'built-in list' && <Button size="compact-xs" variant="default" onClick={() => send(null)}>Back to the built-in list</Button>}
      </div>
      {save.data?.refused.map(({ symbol, reason }) => <p key={symbol} className="warn-text">{reason}</p>)}
      {save.error !== null && <Failure error={save.error} />}
    </div>
  );
}

function Quote({ last }: { last: Detail['last'] }): JSX.Element {
  const { quote, trade } = last;
  if (quote === null && trade === null) return <p className="muted">No quote has been heard. Quotes come for followed symbols while the market is open.</p>;
  return (
    <dl className="facts">
      {quote !== null && <div><dt>Bid / ask</dt><dd className="num">{price(quote.bid)} × {count(quote.bidSize)} / {price(quote.ask)} × {count(quote.askSize)} <Age at={quote.tsSeen} limitMs={15_000} source="Quote of the stream" /></dd></div>}
      {trade !== null && <div><dt>Last trade</dt><dd className="num">{price(trade.price)} × {count(trade.size)} <Age at={trade.tsSeen} limitMs={60_000} source="Trade of the stream" /></dd></div>}
    </dl>
  );
}

function Stored({ series }: { series: Detail['series'] }): JSX.Element {
  if (series.length === 0) return <p className="muted">Nothing is stored of it. Fill it from the broker, or import a file.</p>;
  return <ul className="symbol-series">{series.map((one) => <li key={one.timeframe}><strong>{one.timeframe}</strong><span className="num">{count(one.bars)} bars</span><span className="muted"><BarDay at={one.from} /> – <BarDay at={one.to} /></span></li>)}</ul>;
}

function Detailed({ detail }: { detail: Detail }): JSX.Element {
  const { row, note, formerNames, series, last, actions } = detail;
  const flags = [row.isTradable ? 'tradable' : 'not tradable', row.isShortable ? 'shortable' : 'not shortable', row.isFractionable ? 'fractionable' : 'whole shares only', row.isEasyToBorrow ? 'easy to borrow' : 'hard to borrow'];
  return (
    <div className="stack symbol-card">
      <p><strong>{row.name}</strong> <span className="muted">{row.exchange}</span></p>
      {note !== null && <p className="warn-text">{note}</p>}
      <p className="symbol-flags">{flags.map((flag) => <Tag key={flag} tone={flag.startsWith('not') || flag.startsWith('hard') ? 'warn' : 'idle'}>{flag}</Tag>)}</p>
      {formerNames.length > 0 && <p className="muted">Formerly {formerNames.map((name) => `${name.symbol}${name.until === null ? '' : ` (until ${name.until})`}`).join(', ')}</p>}
      <Quote last={last} />
      <h3>Stored</h3>
      <Stored series={series} />
      <h3>Sector</h3>
      <SectorForm key={row.symbol} row={row} />
      <h3>Splits, dividends and other corporate actions</h3>
      {actions.length === 0 ? <p className="muted">None is known.</p> : <ul className="symbol-actions">{actions.map((action) => <li key={action.actionId}><span className="num">{action.exDate}</span><span>{action.text}</span><span className="muted">{action.source}</span></li>)}</ul>}
      <Link to="/analysis" search={{ symbol: row.symbol }} className="link">Open the chart</Link>
    </div>
  );
}

/** The card beside the list. */
export function SymbolCard({ symbol, close }: { symbol: string; close: () => void }): JSX.Element {
  const query = useSymbolDetail(symbol);
  return (
    <Card title={symbol} extra={<ActionIcon variant="subtle" color="gray" size={24} aria-label="Close" onClick={close}><IconX size={14} /></ActionIcon>}>
      <Answer query={query}>{(detail) => <Detailed detail={detail} />}</Answer>
    </Card>
  );
}
