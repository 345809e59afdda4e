/** Flows and runs as a terminal shows them: aligned tables, times in New York and here. */
import { styleText } from 'node:util';
import type { DeploymentView, FlowRun, FlowRunDetail, RunLogLine, RunState, StepRun } from '#app/contracts/flows.ts';
import { MARKET_NOTES, startWords } from '#app/contracts/flow-schedules.ts';
import { duration, table } from './format.ts';

const EXCHANGE_ZONE = 'America/New_York';

/** The present, and the zone of this computer. */
export type Here = { readonly now: number; readonly zone: string };

/** "Mon 2026-11-23 09:35" on a zone's wall clock. */
function timeIn(zone: string, at: number): string {
  const parts = new Map(new Intl.DateTimeFormat('en-US', { timeZone: zone, weekday: 'short', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).formatToParts(at).map(({ type, value }) => [type, value]));
  const part = (type: Intl.DateTimeFormatPartTypes): string => parts.get(type) ?? '';
  return `${part('weekday')} ${part('year')}-${part('month')}-${part('day')} ${part('hour')}:${part('minute')}`;
}

/** New York's time, and this computer's beside it where that is another. */
function times(at: number | null, { zone }: Here): [string, string] {
  if (at === null) return ['-', ''];
  const there = timeIn(EXCHANGE_ZONE, at);
  const own = timeIn(zone, at);
  return [there, own === there ? '' : own];
}

function ago(at: number, { now }: Here): string {
  return now - at < 1_000 ? 'just now' : `${duration(now - at)} ago`;
}

const COLOURS: Partial<Record<RunState | DeploymentView['health'], 'green' | 'yellow' | 'red' | 'dim'>> = {
  COMPLETED: 'green', FAILED: 'red', CRASHED: 'red', LATE: 'yellow', RETRYING: 'yellow', CANCELLED: 'dim', SKIPPED: 'dim', ok: 'green', paused: 'dim', late: 'yellow', failing: 'red', exhausted: 'yellow',
};

/** A word in the colour of its state, where colour is wanted. Only for the last column: colour has no width. */
function coloured(state: RunState | DeploymentView['health'], text: string): string {
  const colour = COLOURS[state];
  return colour === undefined ? text : styleText(colour, text, { stream: process.stdout });
}

function healthText(view: DeploymentView): string {
  const queue = [...(view.running > 0 ? [`${view.running} running`] : []), ...(view.queued > 0 ? [`${view.queued} waiting`] : [])].join(', ');
  return `${coloured(view.health, view.health)}${queue === '' ? '' : `, ${queue}`}${view.healthReason === null || view.health === 'ok' ? '' : `: ${view.healthReason}`}`;
}

/** What the words of schedules say of a demo's market: once under the table instead of in each row. */
const DEMO_NOTE = MARKET_NOTES.always_open;

/** `flows list`: one row a flow. */
export function listText(views: readonly DeploymentView[], here: Here): string {
  const rows = views.map((view) => {
    const [there, own] = times(view.nextRunsAt[0] ?? null, here);
    const last = view.lastRun === null ? 'never' : `${view.lastRun.state.toLowerCase()} ${ago(view.lastRun.endedAt ?? view.lastRun.startedAt ?? view.lastRun.createdAt, here)}`;
    const schedule = `${startWords(view, views)}${view.isCustom ? ' (changed)' : ''}${view.scheduleText?.includes(DEMO_NOTE) === true ? ' *' : ''}`;
    return [view.name, view.owner, schedule, there, own, last, healthText(view)];
  });
  const hasOwn = rows.some((row) => row[4] !== '');
  const head = ['flow', 'service', 'schedule', 'next run, New York', `here (${here.zone})`, 'last run', 'health'];
  const wanted = [head, ...rows].map((row) => row.filter((_, column) => hasOwn || column !== 4));
  const note = views.some((view) => view.scheduleText?.includes(DEMO_NOTE)) ? ' * The market of the demo is always open.' : '';
  return `${table(wanted)}\n\n${views.length} flows.${note}`;
}

/** `flows next`: the coming runs of each flow that has any, soonest first. */
export function nextText(views: readonly DeploymentView[], here: Here): string {
  const coming = views.flatMap((view) => view.nextRunsAt.map((at) => ({ at, name: view.name, text: view.scheduleText ?? '' }))).sort((a, b) => a.at - b.at);
  if (coming.length === 0) return 'Nothing is scheduled.';
  return table([['New York', `here (${here.zone})`, 'in', 'flow', 'schedule'], ...coming.map(({ at, name, text }) => [timeIn(EXCHANGE_ZONE, at), timeIn(here.zone, at), duration(Math.max(0, at - here.now)), name, text])]);
}

function tookText(from: number | null, to: number | null, now: number): string {
  return from === null ? '' : duration(Math.max(0, (to ?? now) - from));
}

/** `flows runs`: one row a run, newest first. */
export function runsText(runs: readonly FlowRun[], here: Here): string {
  if (runs.length === 0) return 'There are no such runs.';
  const rows = runs.map((run) => {
    const moment = run.trigger === 'schedule' ? (run.scheduledFor ?? run.createdAt) : run.createdAt;
    return [run.runId, timeIn(EXCHANGE_ZONE, moment), run.trigger, tookText(run.startedAt, run.endedAt, here.now), `${coloured(run.state, run.state)}${run.error === null ? '' : `  ${run.error}`}`];
  });
  return table([['run', 'for (New York)', 'began by', 'took', 'state'], ...rows]);
}

function json(value: unknown): string {
  return value === null || value === undefined ? '-' : JSON.stringify(value);
}

function stepRow(step: StepRun, now: number): string[] {
  const attempts = step.attempts !== null && step.attempts > 1 ? `${step.attempts} tries` : '';
  const note = step.error ?? (step.childRunId === null ? '' : `child ${step.childRunId}`);
  return [String(step.index), step.name, tookText(step.startedAt, step.endedAt, now), attempts, `${coloured(step.state, step.state)}${note === '' ? '' : `  ${note}`}`];
}

/** A line of a run's log. */
export function logText(line: RunLogLine): string {
  const fields = line.fields === null || Object.keys(line.fields).length === 0 ? '' : `  ${JSON.stringify(line.fields)}`;
  return `${new Date(line.at).toISOString()}  ${line.level.padEnd(5)}  ${line.message}${fields}`;
}

/** `flows show`: everything about a run. */
export function runText(run: FlowRunDetail, here: Here): string {
  const [scheduled, own] = times(run.scheduledFor, here);
  const facts = [
    ['run', run.runId], ['state', coloured(run.state, run.state)], ['began by', run.trigger],
    ...(run.scheduledFor === null ? [] : [['for', `${scheduled} New York${own === '' ? '' : ` (${own} here)`}`]]),
    ['took', `${tookText(run.startedAt, run.endedAt, here.now) || 'not begun'}${run.latenessMs === null ? '' : `, began ${duration(run.latenessMs)} late`}${run.dispatches > 1 ? `, taken up ${run.dispatches} times` : ''}`],
    ...(run.progress === null || run.endedAt !== null ? [] : [['progress', `${run.progress.done} of ${run.progress.total}`]]),
    ...(run.parentRunId === null ? [] : [['child of', run.parentRunId]]), ...(run.retryOf === null ? [] : [['repeats', run.retryOf]]), ...(run.retriedAs.length === 0 ? [] : [['repeated as', run.retriedAs.join(', ')]]),
    ['input', json(run.input)], ['result', json(run.output)],
  ];
  const { failure } = run;
  const why = failure === null ? [] : ['', `Failed${failure.step === null ? '' : ` in step "${failure.step}"`}: ${failure.message}${failure.code === null ? '' : ` (${failure.code})`}`, ...failure.causes.map((cause) => `  because: ${cause}`), ...(failure.remedy === null ? [] : [`What to do: ${failure.remedy}`])];
  const steps = run.steps.length === 0 ? [] : ['', table([['step', 'name', 'took', '', 'state'], ...run.steps.map((step) => stepRow(step, here.now))])];
  return [table(facts), ...why, ...steps, ...(run.logs.length === 0 ? [] : ['', ...run.logs.map(logText)])].join('\n');
}
