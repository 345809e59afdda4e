/** A campaign against flows: families of runs while workers, the orchestrator and PostgreSQL are killed; every run ends once, no step's effect is doubled. */
import { performance } from 'node:perf_hooks';
import { doubledSteps, startFamily, type Family, type FamilyRun, type FamilyWorker } from '../flows-engine/family.ts';
import { seeded } from '../support/recorded-bars.ts';
import { until } from '../support/servers.ts';

/** What is killed. `attic` is a second worker of strategy_engine. */
const TARGETS = ['strategy_engine', 'execution', 'attic', 'orchestrator', 'postgres'] as const;
type Target = (typeof TARGETS)[number];
/** PostgreSQL takes seconds to come back and everything waits for it: it dies less often. */
const SHARE: Readonly<Record<Target, number>> = { strategy_engine: 0.32, execution: 0.24, attic: 0.18, orchestrator: 0.2, postgres: 0.06 };
const PAUSE_MS = { least: 80, span: 320 } as const;
const ASK_EVERY_MS = 60;
const END_MS = 90_000;

/** How to kill. */
export type FlowCampaign = { readonly kills: number; readonly seed: number; readonly tell: (line: string) => void };
/** What came of it. `wrong` is empty when all is well. `repeated`: attempts of steps beyond the first, which kills interrupted. */
export type FlowCampaignResult = { readonly kills: Readonly<Record<Target, number>>; readonly runs: number; readonly steps: number; readonly repeated: number; readonly slowestRecoveryMs: number; readonly wrong: readonly string[] };

type Crew = Record<Exclude<Target, 'postgres'>, FamilyWorker>;

const startOf = (family: Family): Readonly<Record<keyof Crew, () => Promise<FamilyWorker>>> => ({
  strategy_engine: () => family.worker('strategy_engine'), execution: () => family.worker('execution'), attic: () => family.worker('strategy_engine', 'attic'), orchestrator: () => family.orchestrator(),
});

function draw(random: () => number): Target {
  let left = random();
  return TARGETS.find((target) => (left -= SHARE[target]) < 0) ?? 'execution';
}

async function killOne(family: Family, crew: Crew, target: Target): Promise<void> {
  const start = startOf(family);
  if (target === 'postgres') {
    await family.book.kill();
    await family.book.start();
  } else await crew[target].kill();
  // The orchestrator ends by itself when the book is gone; the supervisor would start it again.
  for (const name of Object.keys(crew) as (keyof Crew)[]) {
    if (target === 'postgres' && name === 'orchestrator') await until(() => crew[name].isGone, 'the orchestrator to leave', 10_000).catch(() => undefined);
    while (crew[name].isGone) crew[name] = await start[name]();
  }
}

/** Asks for a family every few milliseconds, each under its key until it is accepted; returns the ids. */
function openDemand(family: Family, random: () => number): { stop(): Promise<string[]> } {
  const asked: Promise<string>[] = [];
  const ask = async (n: number, kids: { slowMs: number }): Promise<string> => {
    await until(() => family.ask('run_strategy', { kids, depth: n % 10 === 0 ? 1 : 0 }, `family-${String(n).padStart(5, '0')}`), `family ${n} to be accepted`, END_MS);
    return `run_strategy:manual:family-${String(n).padStart(5, '0')}`;
  };
  const timer = setInterval(() => asked.push(ask(asked.length, { slowMs: Math.round(random() * 40) })), ASK_EVERY_MS);
  return {
    stop() {
      clearInterval(timer);
      return Promise.all(asked);
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
    return run?.status === 'SUCCESS' ? [] : [`${runId}: ${run?.status ?? 'was lost'}${run?.error === undefined ? '' : ` (${String(run.error)})`}`];
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
    const orchestrator = await family.orchestrator();
    const [strategy, execution, attic] = await Promise.all([family.worker('strategy_engine'), family.worker('execution'), family.worker('strategy_engine', 'attic')]);
    const crew: Crew = { orchestrator, strategy_engine: strategy, execution, attic };
    const demand = openDemand(family, random);
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
