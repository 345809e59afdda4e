/** What was found: how many of how many, from which bars, how old, how fast. */
import type { JSX } from 'react';
import { Loader, Popover, Tooltip, UnstyledButton } from '@mantine/core';
import { useAge, useMarketNow } from '../../data/clock.ts';
import { SCREEN_ROWS_MAX } from '#app/contracts/screener.ts';
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

function BarTime({ ran }: { ran: Ran }): JSX.Element | null {
  const marketNow = useMarketNow();
  const { barTime } = ran.result;
  if (barTime === null) return null;
  const words = ran.definition.timeframe === '1Day' ? marketDay(barTime) : marketDayTime(barTime);
  const old = ran.definition.asOf !== null || marketNow === null ? '' : `, ${age(Math.max(0, marketNow - barTime))} old`;
  return <Tooltip label={`Open of the newest bar that was looked at\n${bothZones(barTime)}`} multiline style={{ whiteSpace: 'pre-line' }}><span className="status-fact num">bars to {words}{old}</span></Tooltip>;
}

function Asked({ ran }: { ran: Ran }): JSX.Element {
  const ms = useAge(ran.result.at);
  return <Tooltip label={bothZones(ran.result.at)} multiline style={{ whiteSpace: 'pre-line' }}><span className={`status-fact num ${ms !== null && ms > OLD_MS && ran.definition.asOf === null ? 'warn-text' : ''}`}>asked {age(ms)} ago</span></Tooltip>;
}

function Limited({ ran }: { ran: Ran }): JSX.Element | null {
  const { result, definition } = ran;
  if (result.rows.length >= result.matched) return null;
  const more = Math.min(SCREEN_ROWS_MAX, result.matched);
  return (
    <span className="status-fact">the first {count(result.rows.length)} {definition.rank === null ? 'by symbol' : 'by rank'} are shown
      {result.rows.length < more && <button type="button" className="link-button" onClick={() => changeDraft((now) => ({ ...now, limit: SCREEN_ROWS_MAX }))}>show {count(more)}</button>}
      {result.matched > SCREEN_ROWS_MAX && <span className="muted">; one more filter narrows it</span>}
    </span>
  );
}

/** The line. `why`: why what is written is not asked; null = it is. */
export function StatusLine({ run, why }: { run: ScreenRun; why: string | null }): JSX.Element {
  const { ran, isBehind, isRunning } = run;
  return (
    <div className="status-line" aria-live="polite" data-behind={isBehind}>
      {ran === null ? <span className="muted">{isRunning ? 'Looking…' : 'Nothing was asked yet'}</span> : (
        <>
          <span className="status-count"><b className="num">{count(ran.result.matched)}</b> of <span className="num">{count(ran.result.looked)}</span> {ran.definition.filters.length === 0 ? 'symbols' : 'match'}</span>
          {ran.result.lacking > 0 && <Tooltip multiline maw={300} label="They have fewer bars than a filter needs, so nobody knows whether they match."><span className="status-fact num">{count(ran.result.lacking)} with too few bars</span></Tooltip>}
          <Failed ran={ran} />
          <BarTime ran={ran} />
          <Tooltip multiline style={{ whiteSpace: 'pre-line' }} label={`Loading ${latency(ran.result.timings.loadMs)}, computing ${latency(ran.result.timings.computeMs)}\non ${counted(ran.result.threads, 'thread')}`}><span className="status-fact num">{latency(ran.result.tookMs)} on {counted(ran.result.threads, 'thread')}</span></Tooltip>
          <Asked ran={ran} />
          <Limited ran={ran} />
        </>
      )}
      <span className="status-run" role="status">
        {isRunning && <><Loader size={11} /> {ran === null ? '' : 'asking anew'}</>}
        {!isRunning && why !== null && <span className="warn-text">{ran === null ? why : `${why}: this is what was found before`}</span>}
        {!isRunning && why === null && isBehind && ran !== null && run.error === null && <span className="warn-text">from before the last change</span>}
      </span>
    </div>
  );
}
