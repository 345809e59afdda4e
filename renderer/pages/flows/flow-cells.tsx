/** Cells about a flow that the page, the health panel and its sheet share. */
import type { JSX } from 'react';
import { Tooltip } from '@mantine/core';
import type { DeploymentView, FlowDay, FlowRun, RunState } from '#app/contracts/flows.ts';
import { useAge, useIsNear, useServerNow } from '../../data/clock.ts';
import { MarketTime, Tag } from '../../ui/kit.tsx';
import { age, bothZones, count, marketDayTime, marketTime, percent, zoneName } from '../../ui/format.ts';
import { durationOf, successOf } from './fleet.ts';
import { duration, HEALTH_TONES, HEALTH_WORDS, RUN_TONES, STATE_WORDS, untilWords } from './run-words.ts';

const DAY_MS = 86_400_000;

/** A run's state as a tag. */
export function RunTag({ state }: { state: RunState }): JSX.Element {
  return <Tag tone={RUN_TONES[state]}>{STATE_WORDS[state]}</Tag>;
}

/** "failing since 14:02" with the reason on hover; nothing while all is well. */
export function HealthBadge({ row }: { row: Pick<DeploymentView, 'health' | 'healthSince' | 'healthReason'> }): JSX.Element | null {
  const isToday = useIsNear(row.healthSince ?? 0, DAY_MS);
  if (row.health === 'ok') return null;
  const since = row.healthSince === null ? '' : ` since ${isToday ? marketTime(row.healthSince).slice(0, 5) : marketDayTime(row.healthSince)}`;
  return <Tooltip disabled={row.healthReason === null} label={row.healthReason} multiline maw={380}><span className="health-badge"><Tag tone={HEALTH_TONES[row.health]}>{HEALTH_WORDS[row.health]}{row.health === 'exhausted' ? '' : since}</Tag></span></Tooltip>;
}

/** m:ss, ticking. Nothing around it is drawn anew. */
export function Countdown({ to }: { to: number }): string {
  return untilWords(to - useServerNow());
}

/** The next run as a countdown, its time on hover. */
export function NextRunCell({ row }: { row: Pick<DeploymentView, 'isPaused' | 'nextRunsAt' | 'schedule' | 'events' | 'health'> }): JSX.Element {
  const [next] = row.nextRunsAt;
  if (row.isPaused) return <span className="muted">paused</span>;
  if (next === undefined) return <span className="muted">{row.schedule !== null ? 'never again' : row.events.length > 0 ? 'on event' : 'on demand'}</span>;
  return <Tooltip label={`${marketDayTime(next)} ${zoneName()}\n${bothZones(next)}`} multiline style={{ whiteSpace: 'pre-line' }} openDelay={300}><span className="num"><Countdown to={next} /></span></Tooltip>;
}

/** The last run: its state, how long ago. */
export function LastRunCell({ run }: { run: FlowRun | null }): JSX.Element {
  const ago = useAge(run?.startedAt ?? run?.createdAt ?? null);
  if (!run) return <span className="muted">never</span>;
  return <span className="last-run"><RunTag state={run.state} /><span className="num muted">{age(ago)} ago</span></span>;
}

/** Success rate; red when it is bad, not before. */
export function SuccessCell({ row, days }: { row: Pick<DeploymentView, 'name' | 'recent'>; days: readonly FlowDay[] }): JSX.Element {
  const success = successOf(row, days);
  if (!success) return <span className="num muted">–</span>;
  const tone = success.fraction < 0.8 ? 'loss-text' : success.fraction < 0.98 ? 'warn-text' : '';
  return <Tooltip label={`${count(success.completed)} completed, ${count(success.failed)} failed`} openDelay={300}><span className={`num ${tone}`}>{percent(success.fraction, { signed: false, decimals: success.fraction === 1 || success.fraction === 0 ? 0 : 1 })}</span></Tooltip>;
}

/** Median duration, with an arrow when the newer half of the runs differs clearly from the older one. */
export function DurationCell({ recent }: { recent: DeploymentView['recent'] }): JSX.Element {
  const { medianMs, change } = durationOf(recent);
  if (medianMs === null) return <span className="num muted">–</span>;
  return (
    <span className="num duration-cell">
      {change !== null && <Tooltip label={`The newer half of the last runs took ${percent(change, { decimals: 0 })} ${change > 0 ? 'longer' : 'less'}`} openDelay={200}><span className={change > 0 ? 'trend warn-text' : 'trend muted'}>{change > 0 ? '▲' : '▼'}</span></Tooltip>}
      {duration(medianMs)}
    </span>
  );
}

/** Waiting and running; "–" at rest. */
export function QueueCell({ row }: { row: Pick<DeploymentView, 'queued' | 'running' | 'oldestQueuedAt'> }): JSX.Element {
  const waits = useAge(row.oldestQueuedAt);
  if (row.queued + row.running === 0) return <span className="num muted">–</span>;
  const words = [row.running > 0 ? `${count(row.running)} running` : null, row.queued > 0 ? `${count(row.queued)} queued` : null].filter((word) => word !== null).join(', ');
  return <Tooltip disabled={waits === null} label={`The oldest waits for ${age(waits)}`}><span className={row.queued > 0 ? 'num queue busy' : 'num queue'}>{words}</span></Tooltip>;
}

/** The moment of a run: New York's time, both zones on hover. */
export function Moment({ at }: { at: number | null }): JSX.Element {
  const isNear = useIsNear(at ?? 0, DAY_MS / 2);
  return <MarketTime at={at} withDay={!isNear} />;
}
