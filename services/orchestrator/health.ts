/** How a flow fares: late, failing since, never again; and what the orchestrator says of all of them. Pure. */
import type { DeploymentHealth, DeploymentView, RunState } from '#app/contracts/flows.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { toNewYork } from '#app/market/nyse-zone.ts';
import { LATE_AFTER_MS } from './states.ts';

/** An ended run, as far as health asks. `trigger` and times as the engine has them (epoch ms). */
export type EndedRun = { readonly state: RunState; readonly trigger: string | null; readonly endedAt: number | null; readonly createdAt: number };
/** What a flow's health depends on. `recent`: ended runs, newest first; `never`: why its schedule fires no more; `settingsProblem`: why stored settings are not used. */
export type HealthFacts = Pick<DeploymentView, 'owner' | 'isPaused' | 'running' | 'oldestQueuedAt'> & { readonly recent: readonly EndedRun[]; readonly lastError: string | null; readonly never: string | null; readonly settingsProblem: string | null };
/** A flow's health in the words of the contract. */
export type FlowHealth = Pick<DeploymentView, 'health' | 'healthSince' | 'healthReason'>;

const MAX_ERROR = 200;

/** A moment as people in New York read it: "2026-11-22 14:05". */
function clockText(at: number): string {
  const { date, hour, minute } = toNewYork(at as EpochMs);
  return `${date} ${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
}

/** Runs of a person say nothing bad of the schedule: someone tried something out. A success of any kind shows that the flow works. */
function verdictOf({ state, trigger }: EndedRun): 'good' | 'bad' | null {
  if (state === 'COMPLETED') return 'good';
  if (state !== 'FAILED' && state !== 'CRASHED') return null;
  return trigger === 'schedule' || trigger === 'event' ? 'bad' : null;
}

/** The unbroken row of failures up to now, oldest last; empty when the flow's newest telling run was a success. */
function failuresOf(recent: readonly EndedRun[]): EndedRun[] {
  const failures: EndedRun[] = [];
  for (const run of recent) {
    const verdict = verdictOf(run);
    if (verdict === 'good') break;
    if (verdict === 'bad') failures.push(run);
  }
  return failures;
}

function judge(facts: HealthFacts, now: number): FlowHealth {
  const { oldestQueuedAt, running, owner, isPaused, recent, never, lastError } = facts;
  if (oldestQueuedAt !== null && now - oldestQueuedAt > LATE_AFTER_MS) {
    const behind = running > 0 ? `behind ${running === 1 ? 'the run that works' : `the ${running} runs that work`} now` : `for its worker (${owner})`;
    return { health: 'late', healthSince: oldestQueuedAt, healthReason: `A run has waited since ${clockText(oldestQueuedAt)} ${behind}` };
  }
  if (isPaused) return { health: 'paused', healthSince: null, healthReason: null };
  const failures = failuresOf(recent);
  const first = failures.at(-1);
  if (first) {
    const since = first.endedAt ?? first.createdAt;
    const count = failures.length === 1 ? 'Its last run failed' : `Its last ${failures.length} runs failed, the first of them`;
    return { health: 'failing', healthSince: since, healthReason: `${count} at ${clockText(since)}${lastError === null ? '' : `: ${lastError.slice(0, MAX_ERROR)}`}` };
  }
  if (never !== null) return { health: 'exhausted', healthSince: null, healthReason: never };
  return { health: 'ok', healthSince: null, healthReason: null };
}

/** How a flow fares at an instant. Late comes before paused, because waiting runs do not mind the pause; what is wrong with its settings is told in any case. */
export function healthOf(facts: HealthFacts, now: number): FlowHealth {
  const found = judge(facts, now);
  if (facts.settingsProblem === null) return found;
  return { ...found, healthReason: found.healthReason === null ? facts.settingsProblem : `${found.healthReason}. ${facts.settingsProblem}` };
}

type Told = Pick<DeploymentView, 'name' | 'health' | 'healthSince' | 'healthReason'>;

/** What is wrong with schedules, one sentence each: "aggregate_logs has failed since 2026-11-22 01:00", "2 schedules never fire again: ...". Empty when all is well. */
export function reasonsOf(flows: readonly Told[]): string[] {
  const of = (health: DeploymentHealth): Told[] => flows.filter((flow) => flow.health === health);
  const since = (flow: Told): string => (flow.healthSince === null ? '' : ` since ${clockText(flow.healthSince)}`);
  const exhausted = of('exhausted').map((flow) => flow.name);
  const troubled = flows.filter((flow) => flow.healthReason?.includes('stored settings cannot be used') === true);
  return [
    ...of('failing').map((flow) => `${flow.name} has failed${since(flow)}`),
    ...of('late').map((flow) => `${flow.name} has been late${since(flow)}`),
    ...(exhausted.length === 0 ? [] : [`${exhausted.length} ${exhausted.length === 1 ? 'schedule never fires' : 'schedules never fire'} again: ${exhausted.join(', ')}`]),
    ...troubled.map((flow) => `The settings of ${flow.name} cannot be used; its defaults hold`),
  ];
}
