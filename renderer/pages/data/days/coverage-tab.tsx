/** Is everything there that should be? A year on a calendar, and every series below. */
import { useState } from 'react';
import type { JSX } from 'react';
import { ActionIcon, Button, SegmentedControl, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { IconChevronLeft, IconChevronRight, IconSearch, IconX } from '@tabler/icons-react';
import { TIMEFRAMES, type Timeframe } from '#app/domain/time.ts';
import type { CoverageCalendar } from '#app/contracts/quality.ts';
import { BACKFILL_TIMEFRAMES } from '#app/contracts/bulk.ts';
import { useAction } from '../../../data/queries.ts';
import { count, counted, percent } from '../../../ui/format.ts';
import { Age, Answer, Card, Empty, Failure, SkeletonRows } from '../../../ui/kit.tsx';
import { useCoverage, useCoverageSeries } from '../data-queries.ts';
import { SeriesTable } from './series-table.tsx';
import { sumOfDays } from './year-grid.ts';
import { CoverageLegend, YearMap } from './year-map.tsx';

const WIDTHS = TIMEFRAMES.map((timeframe) => ({ value: timeframe, label: timeframe }));

/** Reads the chosen day of a symbol from the broker again. */
function FillDay({ symbol, timeframe, day }: { symbol: string; timeframe: Timeframe; day: string }): JSX.Element | null {
  const fill = useAction('startBackfill', [['backfills'], ['coverage']]);
  const asked = BACKFILL_TIMEFRAMES.find((one) => one === timeframe);
  if (asked === undefined) return null;
  return (
    <>
      <Button size="compact-sm" variant="default" loading={fill.isPending} onClick={() => fill.mutate({ symbols: [symbol], timeframe: asked, from: day, to: day, why: `coverage of ${day}` })}>Read this day from the broker</Button>
      {fill.isSuccess && <span className="muted">Asked for; see the tab “Fill from broker”</span>}
      {fill.error !== null && <Failure error={fill.error} />}
    </>
  );
}

function Year({ calendar, setYear, timeframe }: { calendar: CoverageCalendar; setYear: (year: number) => void; timeframe: Timeframe }): JSX.Element {
  const [chosen, choose] = useState<string | null>(null);
  const { year, years, series, symbol, countedAt, pending } = calendar;
  const whole = sumOfDays(calendar.days);
  const at = years.indexOf(year);
  const step = (by: number): number | undefined => years.toSorted((a, b) => a - b)[years.toSorted((a, b) => a - b).indexOf(year) + by];
  const day = calendar.days.find((one) => one.day === chosen);
  if (series === 0 || at === -1) return <Empty title={symbol === null ? 'No bars of this width are stored' : `No ${timeframe} bars of ${symbol} are stored`}>Fill them from the broker, or import files: the tabs above.</Empty>;
  return (
    <>
      <header className="year-head">
        <ActionIcon variant="subtle" color="gray" aria-label="The year before" disabled={step(-1) === undefined} onClick={() => setYear(step(-1) ?? year)}><IconChevronLeft size={16} /></ActionIcon>
        <h3 className="num">{year}</h3>
        <ActionIcon variant="subtle" color="gray" aria-label="The next year" disabled={step(1) === undefined} onClick={() => setYear(step(1) ?? year)}><IconChevronRight size={16} /></ActionIcon>
        <span className="num">{percent(whole.expected === 0 ? null : whole.stored / whole.expected, { signed: false, decimals: 2 })} of {count(whole.expected)} bars</span>
        <span className="muted num">{symbol === null ? counted(series, 'symbol') : symbol} · {whole.lacking === 0 ? 'no day lacks anything' : `${counted(whole.lacking, 'day')} not whole`} · counted <Age at={countedAt} source="When the oldest of these days was counted" />{pending > 0 && ` · ${count(pending)} series changed since`}</span>
        <CoverageLegend />
      </header>
      <YearMap calendar={calendar} chosen={chosen} choose={choose} />
      {day !== undefined && symbol !== null && day.fraction < 1 && <div className="day-actions"><FillDay symbol={symbol} timeframe={timeframe} day={day.day} /></div>}
    </>
  );
}

/** The tab. */
export function CoverageTab({ symbol }: { symbol: string | undefined }): JSX.Element {
  const [timeframe, setTimeframe] = useState<Timeframe>('1Day');
  const [year, setYear] = useState<number | null>(null);
  const [query, setQuery] = useState('');
  const navigate = useNavigate();
  const show = (next: string | undefined): void => {
    setYear(null);
    void navigate({ to: '/data', search: next === undefined ? {} : { symbol: next }, replace: true });
  };
  const coverage = useCoverage({ timeframe, ...(symbol === undefined ? {} : { symbol }), ...(year === null ? {} : { year }) });
  const series = useCoverageSeries({ timeframe, query, order: 'worst', limit: 200 });
  return (
    <div className="data-tab">
      <Card title={symbol === undefined ? 'Coverage of the whole universe' : <>Coverage of {symbol} <button type="button" className="chip-x" onClick={() => show(undefined)} aria-label="Show the whole universe"><IconX size={12} /></button></>} extra={<SegmentedControl size="xs" data={WIDTHS} value={timeframe} onChange={(value) => { setYear(null); setTimeframe(TIMEFRAMES.find((one) => one === value) ?? '1Day'); }} aria-label="Width of the bars" />}>
        <Answer query={coverage} skeleton={<SkeletonRows count={6} />}>{(calendar) => <Year calendar={calendar} setYear={setYear} timeframe={timeframe} />}</Answer>
      </Card>
      <Card title="Series" isFlush extra={<TextInput size="xs" w={200} leftSection={<IconSearch size={13} />} placeholder="Search a symbol" aria-label="Search a series" value={query} onChange={(event) => setQuery(event.currentTarget.value.toUpperCase())} spellCheck={false} />}>
        <Answer query={series}>{(list) => <SeriesTable rows={list.series} total={list.total} open={(row) => show(row.symbol)} />}</Answer>
      </Card>
    </div>
  );
}
