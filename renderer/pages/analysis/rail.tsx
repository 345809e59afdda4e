/** The side of the chart: what the symbol is and does, what is held of it, the last signals, and why a bar was (not) traded. */
import { useMemo } from 'react';
import type { JSX, ReactNode } from 'react';
import { Button, Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ChartMarks, ChartSymbol } from '#app/contracts/charts.ts';
import { call } from '../../data/client.ts';
import { useAge } from '../../data/clock.ts';
import { useLivePrice, useLiveQuote } from '../../data/live.ts';
import { usePositions } from '../../data/queries.ts';
import { openSheet } from '../../frame/panels.ts';
import { age, bothZones, compact, money, percent, price, quantity } from '../../ui/format.ts';
import { Failure, MarketTime, Pnl, Tag } from '../../ui/kit.tsx';
import { keyFigures } from './key-figures.ts';
import { columnsFrom } from './series.ts';
import { changeSelection } from './selection.ts';

const YEAR_BARS = 260;
const DAILY_EVERY_MS = 60_000;
const QUOTE_OLD_MS = 15_000;

function Section({ title, children }: { title: string; children: ReactNode }): JSX.Element {
  return <section className="rail-section"><h3>{title}</h3>{children}</section>;
}

/** Bid and offer with their age; greyed when it is long. */
function QuoteLine({ symbol }: { symbol: string }): JSX.Element | null {
  const quote = useLiveQuote(symbol);
  const last = useLivePrice(symbol);
  const ms = useAge(quote?.tsSeen ?? null);
  const lastMs = useAge(last?.tsSeen ?? null);
  if (quote === null && last === null) return <p className="muted quote-line">No live price yet</p>;
  return (
    <div className="quote-line num">
      {last !== null && <span className={lastMs !== null && lastMs > 90_000 ? 'stale' : ''} title={bothZones(last.tsMarket)}><i>Last</i>{price(last.price)}<small className="muted"> {age(lastMs)}</small></span>}
      {quote !== null && <span className={ms !== null && ms > QUOTE_OLD_MS ? 'stale' : ''} title={bothZones(quote.tsMarket)}><i>Bid</i>{price(quote.bid)} × {compact(quote.bidSize)}<i>Ask</i>{price(quote.ask)} × {compact(quote.askSize)}<small className="muted"> {age(ms)}</small></span>}
    </div>
  );
}

/** Where the price stands between the lowest and highest of a year. */
function YearBar({ low, high, place }: { low: number; high: number; place: number }): JSX.Element {
  return <div className="year-bar"><span className="num">{price(low)}</span><div><i style={{ left: `${(place * 100).toFixed(1)}%` }} /></div><span className="num">{price(high)}</span></div>;
}

/** Figures of daily bars, split-adjusted; `until`: a replay's bar, after which nothing is known. */
function Figures({ symbol, until, isQuiet }: { symbol: string; until: number | null; isQuiet: boolean }): JSX.Element {
  const query = useQuery({ queryKey: ['figures', symbol, until], queryFn: ({ signal }) => call('bars', { symbol, timeframe: '1Day', adjustment: 'split', hours: 'regular', limit: YEAR_BARS, ...(until === null ? {} : { before: until + 1 }) }, { signal }), enabled: !isQuiet, refetchInterval: DAILY_EVERY_MS, placeholderData: (before) => (before?.symbol === symbol ? before : undefined) });
  const figures = useMemo(() => (query.data === undefined ? null : keyFigures(columnsFrom(query.data))), [query.data]);
  if (figures === null) return query.error === null ? <Skeleton height={150} radius="sm" /> : <Failure error={query.error} retry={() => void query.refetch()} />;
  const at = query.data?.columns.time.at(-1) ?? null;
  const row = (name: string, value: ReactNode): JSX.Element => <div><dt>{name}</dt><dd className="num">{value}</dd></div>;
  const signed = (fraction: number | null): JSX.Element => <span className={`sign${Math.sign(fraction ?? 0)}`}>{percent(fraction)}</span>;
  return (
    <>
      <dl className="facts">
        {row('Day', signed(figures.change))}{row('Month', signed(figures.changeMonth))}{row('Year', signed(figures.changeYear))}
        {row('Volume, mean of 20 days', figures.meanVolume === null ? '–' : compact(figures.meanVolume))}{row('Volume against it', figures.relativeVolume === null ? '–' : `${figures.relativeVolume.toFixed(2)} ×`)}
        {row('Volatility, 20 days a year', percent(figures.volatility, { signed: false, decimals: 1 }))}{row('True range, 14 days', percent(figures.rangePart, { signed: false }))}
      </dl>
      {figures.place52 !== null && figures.low52 !== null && figures.high52 !== null && <YearBar low={figures.low52} high={figures.high52} place={figures.place52} />}
      <p className="rail-note muted">52 weeks, low to high. From daily bars to {at === null ? '–' : <MarketTime at={at} withDay />}, freed of splits.</p>
    </>
  );
}

function PositionCard({ symbol }: { symbol: string }): JSX.Element {
  const positions = usePositions();
  const held = positions.data?.positions.find((position) => position.symbol === symbol);
  if (held === undefined) return <p className="muted">{positions.data === undefined ? 'Asking the book' : 'None held.'}</p>;
  const { protection } = held;
  return (
    <dl className="facts">
      <div><dt>Shares</dt><dd className="num">{quantity(held.qty)}</dd></div>
      <div><dt>Average</dt><dd className="num">{price(held.avgPrice)}</dd></div>
      <div><dt>Open P&L, USD</dt><dd><Pnl value={held.openPnl} fraction={held.openPnlFraction} /></dd></div>
      <div><dt>Value, USD</dt><dd className="num">{money(held.marketValue)}</dd></div>
      <div><dt>Stop</dt><dd className="num">{protection.stopPrice === null ? <span className="warn-text">none</span> : `${quantity(protection.stopQty)} at ${price(protection.stopPrice)}`}</dd></div>
      {protection.targetPrice !== null && <div><dt>Target</dt><dd className="num">{quantity(protection.targetQty)} at {price(protection.targetPrice)}</dd></div>}
    </dl>
  );
}

const TONES = { approved: 'good', denied: 'bad', pending: 'idle' } as const;
const SIGNALS_SHOWN = 8;

function Signals({ marks, until }: { marks: ChartMarks | undefined; until: number | null }): JSX.Element {
  const signals = (marks?.signals ?? []).filter((signal) => until === null || signal.barOpenTime <= until).slice(-SIGNALS_SHOWN).reverse();
  if (signals.length === 0) return <p className="muted">{marks === undefined ? 'Asking the book' : 'No strategy has raised one in what is loaded.'}</p>;
  return (
    <ul className="rail-signals">
      {signals.map((signal) => (
        <li key={signal.signalId}>
          <button type="button" onClick={() => changeSelection({ chosen: signal.barOpenTime })} title="Show the bar and why"><MarketTime at={signal.at} withDay /><span>{signal.strategyId}</span><strong>{signal.target}</strong></button>
          {signal.decisionId === null ? <Tag>{signal.outcome}</Tag> : <button type="button" onClick={() => openSheet({ kind: 'story', id: signal.decisionId ?? '' })} title={signal.message ?? 'The story'}><Tag tone={TONES[signal.outcome]}>{signal.outcome}</Tag></button>}
        </li>
      ))}
    </ul>
  );
}

/** The side. `isQuiet`: the chart's own bars are still on their way, nothing heavy is asked beside them; `why`: the card of the chosen bar, null when none was clicked. */
export function Rail({ symbol, known, marks, until, isQuiet, why }: { symbol: string; known: ChartSymbol | null; marks: ChartMarks | undefined; until: number | null; isQuiet: boolean; why: ReactNode }): JSX.Element {
  return (
    <aside className="chart-rail" aria-label={`About ${symbol}`}>
      <header className="rail-head">
        <h2>{symbol}</h2>
        <p>{known?.name ?? ''}</p>
        <p className="muted">{[known?.sector, known?.industry, known?.exchange].filter((part) => part !== null && part !== undefined && part !== '').join(' · ')}</p>
        {until === null && <QuoteLine symbol={symbol} />}
        {until === null && <Button size="compact-sm" variant="default" onClick={() => openSheet({ kind: 'ticket', start: { symbol } })} disabled={known !== null && !known.isTradable}>Order</Button>}
      </header>
      {why}
      <Section title="Key figures"><Figures symbol={symbol} until={until} isQuiet={isQuiet} /></Section>
      {until === null && <Section title="Position"><PositionCard symbol={symbol} /></Section>}
      <Section title="Last signals"><Signals marks={marks} until={until} /></Section>
    </aside>
  );
}
