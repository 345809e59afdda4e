/** What was found: how many of how many, from which bars, how old, how fast. */
import type { JSX } from 'react';
import { Loader, Popover, Tooltip, UnstyledButton } from '@mantine/core';
import { SCREEN_ROWS_MAX } from '#app/contracts/screener.ts';
import { timeframeMs } from '#app/domain/time.ts';
import type { Timeframe } from '#app/domain/time.ts';
import { sessionOn } from '#app/market/calendar.ts';
import { useAge, useMarketNow } from '../../data/clock.ts';
import { age, bothZones, count, counted, latency, marketDay, marketDayTime } from '../../ui/format.ts';
import { changeDraft } from './page-state.ts';
import type { Ran, ScreenRun } from './use-screen-run.ts';

/** An answer is of its moment; after this long it says so loudly. */
const OLD_MS = 15 * 60_000;

function Failed({ ran }: { ran: Ran }): JSX.Element | null {
  const { failed } = ran.result;
  if (failed.length === 0) return null;
  return (
    <Popover width={360} position="bottom-start" shadow="md">
      <Popover.Target><UnstyledButton className="status-fact warn-text explained">{counted(failed.length, 'symbol')} failed</UnstyledButton></Popover.Target>
      <Popover.Dropdown><ul className="failed-list">{failed.map(({ symbol, reason }) => <li key={symbol}><strong>{symbol}</strong> <span className="muted">{reason}</span></li>)}</ul></Popover.Dropdown>
    </Popover>
  );
}

/** When a bar was complete: a day's at the close of its session. */
function closeOf(barTime: number, timeframe: Timeframe): number {
  return timeframe === '1Day' ? (sessionOn(marketDay(barTime))?.close ?? barTime) : barTime + timeframeMs(timeframe);
}

function BarTime({ ran }: { ran: Ran }): JSX.Element | null {
  const marketNow = useMarketNow();
  const { barTime } = ran.result;
  if (barTime === null) return null;
  const words = ran.definition.timeframe === '1Day' ? marketDay(barTime) : marketDayTime(barTime);
  const old = ran.definition.asOf !== null || marketNow === null ? '' : `, closed ${age(Math.max(0, marketNow - closeOf(barTime, ran.definition.timeframe)))} ago`;
  return <Tooltip label={`Open of the newest bar that was looked at\n${bothZones(barTime)}`} multiline style={{ whiteSpace: 'pre-line' }}><span className="status-fact num">bars to {words}{old}</span></Tooltip>;
}

function Asked({ ran }: { ran: Ran }): JSX.Element {
  const ms = useAge(ran.result.at);
  return <Tooltip label={bothZones(ran.result.at)} multiline style={{ whiteSpace: 'pre-line' }}><span className={`status-fact asked num ${ms !== null && ms > OLD_MS && ran.definition.asOf === null ? 'warn-text' : ''}`}>asked {age(ms)} ago</span></Tooltip>;
}

function Limited({ ran }: { ran: Ran }): JSX.Element | null {
  const { result, definition } = ran;
  if (result.rows.length >= result.matched) return null;
  const more = Math.min(SCREEN_ROWS_MAX, result.matched);
  return (
    <span className="status-fact num">first {count(result.rows.length)} {definition.rank === null ? 'by symbol' : 'by rank'}
      {result.rows.length < more ? <button type="button" className="link-button" onClick={() => changeDraft((now) => ({ ...now, limit: SCREEN_ROWS_MAX }))}>show {count(more)}</button> : ': one more filter narrows it'}
    </span>
  );
}

/** Over the result: it is not the answer to what is written now, and why. Null = it is. */
export function BehindPill({ run, why }: { run: ScreenRun; why: string | null }): JSX.Element | null {
  const { ran, isBehind, isRunning, error } = run;
  if (ran === null || !isBehind || error !== null) return null;
  if (isRunning) return <p className="behind-pill" role="status"><Loader size={11} /> Asking anew; this is what was found before</p>;
  return <p className="behind-pill warn-text" role="status">{why ?? 'Not asked yet'}; this is what was found before</p>;
}

/** The line. */
export function StatusLine({ run }: { run: ScreenRun }): JSX.Element {
  const { ran, isBehind, isRunning } = run;
  return (
    <div className="status-line" aria-live="polite" data-behind={isBehind}>
      {ran === null ? <span className="muted">{isRunning ? 'Looking…' : 'Nothing was asked yet'}</span> : (
        <>
          <span className="status-count"><b className="num">{count(ran.result.matched)}</b> of <span className="num">{count(ran.result.looked)}</span> {ran.definition.filters.length === 0 ? 'symbols' : 'match'}</span>
          <Limited ran={ran} />
          {ran.result.lacking > 0 && <Tooltip multiline maw={300} label="A filter has no value for them: too few bars, or a sector that is not known. Nobody knows whether they match."><span className="status-fact num">{count(ran.result.lacking)} cannot be judged</span></Tooltip>}
          <Failed ran={ran} />
          <BarTime ran={ran} />
          <Tooltip multiline style={{ whiteSpace: 'pre-line' }} label={`Loading ${latency(ran.result.timings.loadMs)}, computing ${latency(ran.result.timings.computeMs)}\non ${counted(ran.result.threads, 'thread')}`}><span className="status-fact took num">{latency(ran.result.tookMs)} on {counted(ran.result.threads, 'thread')}</span></Tooltip>
          <Asked ran={ran} />
        </>
      )}
    </div>
  );
}
