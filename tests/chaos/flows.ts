/** A campaign against flows: families of runs while workers, the orchestrator and PostgreSQL are killed; every run ends once, no step's effect is doubled. */
import { performance } from 'node:perf_hooks';
import { describeError } from '#app/domain/errors.ts';
import { doubledSteps, startFamily, type Family, type FamilyRun, type FamilyWorker } from '../flows-engine/family.ts';
import { seeded } from '../support/recorded-bars.ts';
import { until } from '../support/servers.ts';

/** What is killed. `attic` is a second worker of strategy_engine. */
const TARGETS = ['strategy_engine', 'execution', 'attic', 'orchestrator', 'postgres'] as const;
type Target = (typeof TARGETS)[number];
/** PostgreSQL takes seconds to come back and everything waits for it: it dies less often. */
const SHARE: Readonly<Record<Target, number>> = { strategy_engine: 0.32, execution: 0.24, attic: 0.18, orchestrator: 0.2, postgres: 0.06 };
const PAUSE_MS = { least: 80, span: 320 } as const;
const PEOPLE = 6;
const LOOK_EVERY_MS = 100;
const END_MS = 120_000;

/** How to kill. */
export type FlowCampaign = { readonly kills: number; readonly seed: number; readonly tell: (line: string) => void };
/** What came of it. `wrong` is empty when all is well. `repeated`: attempts of steps beyond the first, which kills interrupted. */
export type FlowCampaignResult = { readonly kills: Readonly<Record<Target, number>>; readonly runs: number; readonly steps: number; readonly repeated: number; readonly slowestRecoveryMs: number; readonly wrong: readonly string[] };

type Member = Exclude<Target, 'postgres'>;
/** The processes, each started again whenever it is gone, as the supervisor does. */
type Crew = { kill(member: Member): Promise<void>; isWhole(): boolean; dismiss(): Promise<void> };

async function startCrew(family: Family): Promise<Crew> {
  const start: Readonly<Record<Member, () => Promise<FamilyWorker>>> = {
    orchestrator: () => family.orchestrator(), strategy_engine: () => family.worker('strategy_engine'), execution: () => family.worker('execution'), attic: () => family.worker('strategy_engine', 'attic'),
  };
  const members = new Map<Member, FamilyWorker>();
  let isDismissed = false;
  const keep = async (name: Member): Promise<void> => {
    while (!isDismissed) {
      const worker = members.get(name);
      if (!worker || worker.isGone) members.set(name, await start[name]());
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const keeping = (Object.keys(start) as Member[]).map(keep);
  const isWhole = (): boolean => members.size === Object.keys(start).length && [...members.values()].every((worker) => !worker.isGone);
  await until(isWhole, 'all parts to be up', END_MS);
  return {
    isWhole,
    kill: async (member) => members.get(member)?.kill(),
    async dismiss() {
      isDismissed = true;
      await Promise.all(keeping);
    },
  };
}

function draw(random: () => number): Target {
  let left = random();
  return TARGETS.find((target) => (left -= SHARE[target]) < 0) ?? 'execution';
}

async function killOne(family: Family, crew: Crew, target: Target): Promise<void> {
  if (target === 'postgres') {
    await family.book.kill();
    await family.book.start();
  } else await crew.kill(target);
  await until(() => crew.isWhole(), `all parts to be up after the end of ${target}`, END_MS);
}

/** People who ask for one family after the other, each under its key until it is accepted, and wait for its end; `stop` gives the ids. */
function openDemand(family: Family, random: () => number): { stop(): Promise<string[]> } {
  const asked: string[] = [];
  let isOver = false;
  const person = async (): Promise<void> => {
    while (!isOver) {
      const n = asked.length;
      const key = `family-${String(n).padStart(5, '0')}`;
      asked.push(`run_strategy:manual:${key}`);
      const kids = { slowMs: Math.round(random() * 150) };
      await until(() => family.ask('run_strategy', { kids, depth: n % 10 === 0 ? 1 : 0 }, key), `${key} to be accepted`, END_MS);
      await until(async () => {
        await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
        return !['ENQUEUED', 'PENDING'].includes((await family.client.getWorkflow(`run_strategy:manual:${key}`))?.status ?? 'PENDING');
      }, `${key} to end`, END_MS);
    }
  };
  const people = Array.from({ length: PEOPLE }, person);
  return {
    async stop() {
      isOver = true;
      await Promise.all(people);
      return asked;
    },
  };
}

/** All runs that must be there: the families asked for and the children that their bodies start. */
function expectedRuns(families: readonly string[]): string[] {
  return families.flatMap((runId) => {
    const own = [runId, `${runId}/calculate_indicators`, `${runId}/execute_trades.buy`];
    return Number(runId.slice(-5)) % 10 === 0 ? [...own, `${runId}/run_strategy`] : own;
  });
}

async function allRuns(family: Family): Promise<FamilyRun[]> {
  const found: FamilyRun[] = [];
  for (let offset = 0; ; offset += 500) {
    const page = await family.client.listWorkflows({ limit: 500, offset });
    for (const run of page) found.push({ ...run, steps: (await family.client.listWorkflowSteps(run.workflowID)) ?? [] });
    if (page.length < 500) return found;
  }
}

function judge(families: readonly string[], runs: readonly FamilyRun[], family: Family): Pick<FlowCampaignResult, 'runs' | 'steps' | 'repeated' | 'wrong'> {
  const effects = family.effects();
  const known = new Map(runs.map((run) => [run.workflowID, run]));
  const expected = expectedRuns(families);
  const wrong = expected.flatMap((runId) => {
    const run = known.get(runId);
    return run?.status === 'SUCCESS' ? [] : [`${runId}: ${run?.status ?? 'was lost'}${run?.error === undefined ? '' : ` (${describeError(run.error)})`}`];
  });
  const surplus = new Set(runs.map((run) => run.workflowID));
  for (const runId of expected) surplus.delete(runId);
  wrong.push(...[...surplus].map((runId) => `${runId}: nobody asked for it`), ...doubledSteps(runs, effects));
  // Each step's effect, by its key: there for every step of every run.
  const keys = new Set(effects.map((effect) => `${effect.runId} ${effect.step}`));
  for (const run of runs) {
    const names = run.workflowName === 'run_strategy' ? ['begin', 'end'] : ['first', 'second'];
    wrong.push(...names.filter((name) => !keys.has(`${run.workflowID} ${name}`)).map((name) => `${run.workflowID} ${name}: never happened`));
  }
  return { runs: runs.length, steps: keys.size, repeated: effects.length - keys.size, wrong };
}

/** Runs the campaign. @throws when a part does not come back, or runs do not end. */
export async function runFlowCampaign({ kills, seed, tell }: FlowCampaign): Promise<FlowCampaignResult> {
  const random = seeded(seed);
  const family = await startFamily('fatal');
  const done: Record<Target, number> = { strategy_engine: 0, execution: 0, attic: 0, orchestrator: 0, postgres: 0 };
  try {
    const crew = await startCrew(family);
    // A sequence of its own, so that a seed gives the same kills however long each takes.
    const demand = openDemand(family, seeded(seed + 1));
    let slowest = 0;
    for (let n = 1; n <= kills; n += 1) {
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS.least + random() * PAUSE_MS.span));
      const target = draw(random);
      const began = performance.now();
      await killOne(family, crew, target);
      const tookMs = performance.now() - began;
      slowest = Math.max(slowest, tookMs);
      done[target] += 1;
      tell(`${String(n).padStart(4)}  ${target.padEnd(16)} back after ${Math.round(tookMs)} ms`);
    }
    const families = await demand.stop();
    const count = expectedRuns(families).length;
    tell(`${families.length} families asked for; waiting for ${count} runs`);
    await until(async () => (await family.client.listWorkflows({ status: ['ENQUEUED', 'PENDING'], limit: 1 })).length === 0, 'all runs to end', END_MS);
    await crew.dismiss();
    return { kills: done, slowestRecoveryMs: Math.round(slowest), ...judge(families, await allRuns(family), family) };
  } finally {
    await family.stop();
  }
}

/** The campaign in a few lines. */
export function flowCampaignText(result: FlowCampaignResult): string {
  const kills = Object.entries(result.kills).map(([target, count]) => `${target} ${count}`).join(', ');
  return [
    `killed: ${kills}; slowest to be back: ${result.slowestRecoveryMs} ms`,
    `${result.runs} runs ended, ${result.steps} effects of steps, ${result.repeated} attempts were interrupted and made again`,
    result.wrong.length === 0 ? 'Every run ended once; no effect was lost or doubled.' : `WRONG (${result.wrong.length}):\n${result.wrong.slice(0, 30).join('\n')}`,
  ].join('\n');
}
