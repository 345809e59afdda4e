/** All flows below their services: how they fare, when they ran, when they run next; run and pause at the end of the row. */
import { Fragment, memo } from 'react';
import type { JSX, KeyboardEvent } from 'react';
import { Tooltip } from '@mantine/core';
import { startWords } from '#app/contracts/flow-schedules.ts';
import type { DeploymentView, FlowDay } from '#app/contracts/flows.ts';
import { openSheet } from '../../frame/panels.ts';
import { FlowButtons } from './flow-actions.tsx';
import { DurationCell, HealthBadge, LastRunCell, NextRunCell, QueueCell, SuccessCell } from './flow-cells.tsx';
import { serviceName } from './run-words.ts';
import { StateBars } from './state-bars.tsx';

const open = (row: DeploymentView): void => openSheet({ kind: 'flow', flow: row.name, view: 'about' });
const openOnEnter = (event: KeyboardEvent, row: DeploymentView): void => {
  if (event.key === 'Enter' && event.target === event.currentTarget) open(row);
};

function groups(rows: readonly DeploymentView[]): [string, DeploymentView[]][] {
  const byOwner = new Map<string, DeploymentView[]>();
  for (const row of rows) byOwner.set(row.owner, [...(byOwner.get(row.owner) ?? []), row]);
  return [...byOwner];
}

function Name({ row }: { row: DeploymentView }): JSX.Element {
  return (
    <span className="flow-name">
      <Tooltip label={row.description} multiline maw={360} openDelay={300} position="top-start"><strong>{row.name}</strong></Tooltip>
      <HealthBadge row={row} />
      {row.isCustom && <Tooltip label="Its settings were changed by hand"><span className="custom-mark" aria-label="settings changed" /></Tooltip>}
    </span>
  );
}

/** Drawn anew only when its facts changed: an answer that is the same keeps its objects. */
const FullRow = memo(function FullRow({ row, start, days }: { row: DeploymentView; start: string; days: readonly FlowDay[] }): JSX.Element {
  return (
    <tr className={row.isPaused ? 'opens paused' : 'opens'} tabIndex={0} data-flow={row.name} onClick={() => open(row)} onKeyDown={(event) => openOnEnter(event, row)}>
      <td><Name row={row} /></td>
      <td><span className="muted clip schedule" title={row.scheduleText?.includes(' - ') === true ? `${start}\n${row.scheduleText}` : start}>{start}</span></td>
      <td><StateBars recent={row.recent} flow={row.name} /></td>
      <td className="number"><SuccessCell row={row} days={days} /></td>
      <td className="number"><DurationCell recent={row.recent} /></td>
      <td className="number minor"><QueueCell row={row} /></td>
      <td className="number"><NextRunCell row={row} /></td>
      <td><FlowButtons row={row} /></td>
    </tr>
  );
});

const ShortRow = memo(function ShortRow({ row }: { row: DeploymentView }): JSX.Element {
  return (
    <tr className={row.isPaused ? 'opens paused' : 'opens'} tabIndex={0} onClick={() => open(row)} onKeyDown={(event) => openOnEnter(event, row)}>
      <td><Name row={row} /></td><td><LastRunCell run={row.lastRun} /></td><td><StateBars recent={row.recent} flow={row.name} /></td><td className="number"><NextRunCell row={row} /></td><td><FlowButtons row={row} /></td>
    </tr>
  );
});

/** The table of the page. */
export function FlowTable({ rows, days }: { rows: readonly DeploymentView[]; days: readonly FlowDay[] }): JSX.Element {
  return (
    <div className="table-scroll">
      <table className="data-table flow-table" aria-label="Flows">
        <thead><tr><th>Flow</th><th>Schedule</th><th>Last 30 runs</th><th className="number" title="Completed of all that ended, over 14 days">Success <small>14 d</small></th><th className="number" title="Median of the last completed runs">Median</th><th className="number minor">Queue</th><th className="number">Next run</th><th aria-label="Actions" /></tr></thead>
        <tbody>
          {groups(rows).map(([owner, members]) => (
            <Fragment key={owner}>
              <tr className="phase"><th colSpan={8} scope="rowgroup">{serviceName(owner)}</th></tr>
              {members.map((row) => <FullRow key={row.name} row={row} start={startWords(row, rows)} days={days} />)}
            </Fragment>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The short table of the health panel: the same cells, fewer of them. */
export function CompactFlowTable({ rows }: { rows: readonly DeploymentView[] }): JSX.Element {
  return (
    <div className="table-scroll">
      <table className="data-table flow-table compact" aria-label="Flows">
        <thead><tr><th>Flow</th><th>Last run</th><th>Last 30 runs</th><th className="number">Next run</th><th aria-label="Actions" /></tr></thead>
        <tbody>
          {rows.map((row) => <ShortRow key={row.name} row={row} />)}
        </tbody>
      </table>
    </div>
  );
}
