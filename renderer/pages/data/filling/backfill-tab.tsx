/** Years of bars from the broker: what is wanted, how far it is, what it waits for. */
import { useState } from 'react';
import type { JSX } from 'react';
import { Button, Select, TextInput } from '@mantine/core';
import { BACKFILL_TIMEFRAMES, backfillWishSchema, type BackfillView, type bulkActSchema } from '#app/contracts/bulk.ts';
import type * as z from 'zod';
import { useAction } from '../../../data/queries.ts';
import { count, counted, percent } from '../../../ui/format.ts';
import { Age, Answer, Card, Empty, Failure, Tag } from '../../../ui/kit.tsx';
import { BarDay } from '../bar-day.tsx';
import { useBackfills } from '../data-queries.ts';

type Act = z.infer<typeof bulkActSchema>;
/** Colours of the states of what runs for long. */
export const STATE_TONES = { waiting: 'idle', running: 'busy', paused: 'warn', done: 'good', failed: 'bad', canceled: 'idle' } as const;
const ACTS: Readonly<Record<BackfillView['state'], readonly Act[]>> = { waiting: ['pause', 'cancel'], running: ['pause', 'cancel'], paused: ['resume', 'cancel'], failed: ['resume', 'cancel'], done: [], canceled: [] };
const WORDS: Readonly<Record<Act, string>> = { pause: 'Pause', resume: 'Go on', cancel: 'Cancel' };

/** The acts that a state allows, as buttons. */
export function Acts({ state, act, isPending }: { state: BackfillView['state']; act: (act: Act) => void; isPending: boolean }): JSX.Element {
  return <span className="row-actions">{ACTS[state].map((one) => <Button key={one} size="compact-xs" variant="default" disabled={isPending} onClick={() => act(one)}>{WORDS[one]}</Button>)}</span>;
}

/** How far it is. */
export function Progress({ fraction, state }: { fraction: number; state: BackfillView['state'] }): JSX.Element {
  return <span className={`long-progress ${state}`} role="progressbar" aria-valuenow={Math.round(fraction * 100)} aria-valuemin={0} aria-valuemax={100}><i style={{ width: `${Math.min(100, fraction * 100)}%` }} /></span>;
}

function Backfill({ one }: { one: BackfillView }): JSX.Element {
  const steer = useAction('steerBackfill', [['backfills']]);
  return (
    <li className="long-job">
      <header><Tag tone={STATE_TONES[one.state]}>{one.state}</Tag><strong>{one.timeframe}</strong><span><BarDay at={one.from} /> – <BarDay at={one.to} /></span><span className="muted">{counted(one.series, 'symbol')} · {one.why}</span><Acts state={one.state} isPending={steer.isPending} act={(act) => steer.mutate({ backfillId: one.backfillId, act })} /></header>
      <Progress fraction={one.fraction} state={one.state} />
      <p className="num muted">{percent(one.fraction, { signed: false, decimals: 1 })} · {count(one.seriesDone)} of {counted(one.series, 'symbol')} · {count(one.stored)} bars new, {count(one.known)} known{one.refused > 0 && <>, <span className="warn-text">{count(one.refused)} refused</span></>} · {counted(one.pages, 'page')} · <Age at={one.updatedAt} source="When it moved last" /></p>
      {one.waitsFor !== null && <p className="muted">{one.waitsFor}</p>}
      {one.problem !== null && <p className="warn-text">{one.problem}</p>}
      {one.unknownTotal > 0 && <p className="warn-text">The broker has no bars of {one.unknown.slice(0, 12).join(', ')}{one.unknownTotal > 12 && ` and ${count(one.unknownTotal - 12)} more`}</p>}
      {steer.error !== null && <Failure error={steer.error} />}
    </li>
  );
}

function Wish(): JSX.Element {
  const [symbols, setSymbols] = useState('');
  const [timeframe, setTimeframe] = useState<string>('1Day');
  const [from, setFrom] = useState('2021-01-01');
  const [to, setTo] = useState('');
  const start = useAction('startBackfill', [['backfills']]);
  const names = symbols.split(/[\s,;]+/).filter((name) => name !== '').map((name) => name.toUpperCase());
  const wish = backfillWishSchema.safeParse({ timeframe, from, ...(names.length === 0 ? {} : { symbols: names }), ...(to === '' ? {} : { to }) });
  const errorOf = (field: string): string | undefined => wish.error?.issues.find((issue) => issue.path[0] === field)?.message;
  return (
    <form className="wish-form" onSubmit={(event) => { event.preventDefault(); if (wish.success) start.mutate(wish.data); }}>
      <TextInput size="xs" className="grow" label="Symbols" description="Empty: all that are followed" placeholder="AAPL, MSFT" value={symbols} onChange={(event) => setSymbols(event.currentTarget.value)} error={errorOf('symbols')} spellCheck={false} />
      <Select size="xs" w={100} label="Bars" description="Width" data={[...BACKFILL_TIMEFRAMES]} value={timeframe} onChange={(value) => setTimeframe(value ?? '1Day')} allowDeselect={false} />
      <TextInput size="xs" w={130} label="From" description="Day, New York" type="date" value={from} onChange={(event) => setFrom(event.currentTarget.value)} error={errorOf('from')} />
      <TextInput size="xs" w={130} label="To" description="Empty: up to now" type="date" value={to} onChange={(event) => setTo(event.currentTarget.value)} error={errorOf('to')} />
      <Button size="xs" type="submit" disabled={!wish.success} loading={start.isPending}>Fill</Button>
      {start.error !== null && <Failure error={start.error} />}
    </form>
  );
}

/** The tab. */
export function BackfillTab(): JSX.Element {
  const query = useBackfills();
  return (
    <div className="data-tab">
      <Card title="Fill from the broker" extra={<span className="muted">Goes on after a restart where it stopped; the live stream goes first</span>}><Wish /></Card>
      <Card title="Back-fills" isFlush>
        <Answer query={query}>{({ backfills }) => (backfills.length === 0 ? <Empty title="None yet">A back-fill reads the bars of past days from the broker into the book, page by page, within the broker’s limit of requests.</Empty> : <ul className="long-jobs">{backfills.map((one) => <Backfill key={one.backfillId} one={one} />)}</ul>)}</Answer>
      </Card>
    </div>
  );
}
