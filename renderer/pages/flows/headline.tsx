/** One line that answers: is everything that should have run, run? */
import type { JSX, ReactNode } from 'react';
import { UnstyledButton } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconCircleX } from '@tabler/icons-react';
import type { DeploymentView } from '#app/contracts/flows.ts';
import { useAge } from '../../data/clock.ts';
import { openSheet } from '../../frame/panels.ts';
import { age, count, marketTime } from '../../ui/format.ts';
import { fleetOf } from './fleet.ts';
import { Countdown } from './flow-cells.tsx';

const ICONS = { good: IconCircleCheck, warn: IconAlertTriangle, bad: IconCircleX, idle: IconCircleCheck, busy: IconCircleCheck };

function Count({ label, children, tone = '' }: { label: string; children: ReactNode; tone?: string }): JSX.Element {
  return <div className={`fleet-count ${tone}`}><b className="num">{children}</b><span>{label}</span></div>;
}

function Trouble({ row }: { row: DeploymentView }): JSX.Element {
  return <li><UnstyledButton className="link" onClick={() => openSheet(row.lastRun !== null && row.health === 'failing' ? { kind: 'run', runId: row.lastRun.runId } : { kind: 'flow', flow: row.name, view: 'about' })}>{row.name}</UnstyledButton> <span className="muted">{row.healthReason ?? row.health}{row.healthSince !== null && <>, since <span className="num">{marketTime(row.healthSince)}</span></>}</span></li>;
}

const TROUBLES_MAX = 3;

/** The line, with what is wrong below it. */
export function FlowsHeadline({ deployments, note }: { deployments: readonly DeploymentView[]; note: ReactNode }): JSX.Element {
  const fleet = fleetOf(deployments);
  const waits = useAge(fleet.oldestQueuedAt);
  const Icon = ICONS[fleet.tone];
  const troubles = [...fleet.failing, ...fleet.late, ...fleet.exhausted];
  return (
    <section className={`card verdict fleet ${fleet.tone}`} aria-label="Are the flows well?">
      <header><Icon size={20} aria-hidden /><h2>{fleet.verdict}</h2>{note}</header>
      <div className="fleet-counts">
        <Count label="running">{count(fleet.running)}</Count>
        <Count label={fleet.queued > 0 ? `queued, oldest ${age(waits)}` : 'queued'}>{count(fleet.queued)}</Count>
        <Count label="late" tone={fleet.late.length > 0 ? 'warn' : ''}>{count(fleet.late.length)}</Count>
        <Count label="failing" tone={fleet.failing.length > 0 ? 'bad' : ''}>{count(fleet.failing.length)}</Count>
        {fleet.paused.length > 0 && <Count label="paused">{count(fleet.paused.length)}</Count>}
        <Count label={fleet.next === null ? 'nothing is planned' : `next run, ${fleet.next.flow}`}>{fleet.next === null ? '–' : <Countdown to={fleet.next.at} />}</Count>
      </div>
      {troubles.length > 0 && <ul className="troubles">{troubles.slice(0, TROUBLES_MAX).map((row) => <Trouble key={row.name} row={row} />)}{troubles.length > TROUBLES_MAX && <li className="muted">and {troubles.length - TROUBLES_MAX} more</li>}</ul>}
    </section>
  );
}
