/** The state of the data in one row: what comes in, what is covered, what was found. */
import type { JSX, ReactNode } from 'react';
import type { UseQueryResult } from '@tanstack/react-query';
import { Skeleton } from '@mantine/core';
import type { CoverageCalendar } from '#app/contracts/quality.ts';
import { age, count, counted, percent } from '../../ui/format.ts';
import { Dot } from '../../ui/kit.tsx';
import { useCoverage, useDataFindings, useFeedState, useQuarantine, useUniverse } from './data-queries.ts';
import { sumOfDays } from './days/year-grid.ts';

/** One figure; what is not known yet keeps its place, what cannot be asked says so. */
function Stat<T>({ label, unit, query, value, foot }: { label: string; unit: string; query: UseQueryResult<T>; value: (data: T) => ReactNode; foot: (data: T) => ReactNode }): JSX.Element {
  const { data, error } = query;
  return (
    <div className="stat">
      <div className="stat-label"><span>{label} <small>{unit}</small></span></div>
      <div className="stat-value num">{data === undefined ? (error === null ? <Skeleton height={20} width={110} /> : <span className="muted">–</span>) : value(data)}</div>
      <div className="stat-foot muted num">{data === undefined ? (error?.message ?? '') : foot(data)}</div>
    </div>
  );
}

/** Part of the expected bars of some days that is stored; null without a day. */
function storedPart(days: CoverageCalendar['days']): number | null {
  const { stored, expected } = sumOfDays(days);
  return days.length === 0 ? null : stored / Math.max(1, expected);
}

/** The row. */
export function DataHeadline(): JSX.Element {
  const feed = useFeedState();
  const universe = useUniverse({ limit: 1 });
  const daily = useCoverage({ timeframe: '1Day' });
  const findings = useDataFindings({ state: 'open', limit: 1 });
  const quarantine = useQuarantine({ state: 'held', limit: 1 });
  return (
    <section className="headline" aria-label="State of the data">
      <Stat label="Stream" unit="market data" query={feed} value={(state) => <span className="stream-state"><Dot tone={state.state === 'live' ? 'good' : 'warn'} /><b>{state.state}</b></span>} foot={(state) => (state.state === 'live' ? `heard ${age(state.lastMessageAgeMs)} ago · ${counted(state.counts.bars, 'bar')}` : state.reason)} />
      <Stat label="Universe" unit="symbols" query={universe} value={(page) => <b className="big">{count(page.total)}</b>} foot={(page) => `${count(page.watchedTotal)} followed bar by bar`} />
      <Stat label="Daily bars" unit="this year" query={daily} value={({ days }) => <b className="big">{percent(storedPart(days), { signed: false, decimals: 2 })}</b>} foot={(calendar) => (calendar.series === 0 ? 'none are stored' : `${counted(calendar.series, 'symbol')}, ${calendar.year}`)} />
      <Stat label="Findings" unit="open" query={findings} value={({ open }) => <b className={open.critical > 0 ? 'big loss-text' : open.warning > 0 ? 'big warn-text' : 'big'}>{count(open.critical + open.warning)}</b>} foot={({ open }) => `${count(open.critical)} critical · ${counted(open.warning, 'warning')} · ${count(open.info)} to know`} />
      <Stat label="Quarantine" unit="bars" query={quarantine} value={({ held }) => <b className={held > 0 ? 'big warn-text' : 'big'}>{count(held)}</b>} foot={({ held }) => (held === 0 ? 'no bar is held back' : 'kept from strategies and charts')} />
    </section>
  );
}
