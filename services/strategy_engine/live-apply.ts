/** A batch of bars for authored strategies: each decides in its own process, all beside each other; none waits for another longer than one may take. */
import { AppError, describeError } from '#app/domain/errors.ts';
import { applyBars, type Failure, type Fleet, type Outcome, type Step } from './apply-bars.ts';
import { PORTFOLIO_CELL, type ClosedBar } from './cells.ts';
import type { Deployment } from './deployments.ts';
import type { Course, LogLine } from './live-book.ts';
import { RemoteHost } from './live-host.ts';
import { SLOW_MS, type LiveProcess, type Ran } from './live-process.ts';
import { signalOf, type NewSignal } from './signals.ts';

/** What a batch did, with the lines and the course of each strategy that saw bars. */
export type LiveOutcome = Outcome & { readonly lines: readonly LogLine[]; readonly courses: readonly Course[] };

/** Who runs them, and how long each may take. `isLive`: a batch that others wait for, where slow ones count. */
export type LiveRun = { readonly processOf: (deployment: Deployment) => Pick<LiveProcess, 'run' | 'current'>; readonly limitMs: number; readonly isLive: boolean };

type Done = { readonly deployment: Deployment; readonly steps: readonly Step[]; readonly signals: readonly { readonly step: Step; readonly signal: NewSignal }[]; readonly ran: Ran | null; readonly error: AppError | null; readonly failedAt: Step | null };

/** Errors that are of the strategy. What a view refuses (a price that is none) is the input of no person: it comes out of the strategy's process under its own code. */
const STRATEGY_CODES: ReadonlySet<string> = new Set(['STRATEGY_FAILED', 'INPUT_INVALID', 'STRATEGY_OUT_OF_TIME', 'STRATEGY_OUT_OF_MEMORY', 'STRATEGY_CODE_INVALID', 'STRATEGY_PARAMETERS_INVALID', 'PROJECT_NOT_FOUND']);

/** One strategy: what it says, or why it can say nothing. @throws what is no fault of the strategy, such as a lost database */
async function runOne(deployment: Deployment, steps: readonly Step[], { processOf, limitMs }: LiveRun): Promise<Done> {
  const process = processOf(deployment);
  let readAt: Step | null = null;
  try {
    const ran = await process.run(steps, limitMs);
    const signals: { step: Step; signal: NewSignal }[] = [];
    for (const { step, signal } of ran.said) {
      readAt = step;
      const bar = step.bars.get(signal.symbol);
      // A symbol without any bar has no price: there is nothing that could be traded.
      if (bar !== undefined) signals.push({ step, signal: signalOf(deployment, signal, { openTime: step.moment.openTime, bar }) });
    }
    return { deployment, steps, signals, ran, error: null, failedAt: null };
  } catch (error) {
    if (!(error instanceof AppError) || !STRATEGY_CODES.has(error.code)) throw error;
    return { deployment, steps, signals: [], ran: null, error, failedAt: readAt ?? process.current };
  }
}

/** Where in whose file something went wrong, as far as the sandbox could tell. */
function placeOf({ context }: AppError): string {
  const { path, line, column } = context;
  if (typeof line !== 'number') return '';
  return `${typeof path === 'string' ? path : 'strategy.ts'}:${line}${typeof column === 'number' ? `:${column}` : ''}: `;
}

function linesOf({ deployment, steps, ran, error, failedAt }: Done): LogLine[] {
  if (error !== null) return [{ deployment, barOpenTime: failedAt?.moment.openTime ?? null, symbol: failedAt === null || failedAt.cell.name === PORTFOLIO_CELL ? null : failedAt.cell.name, level: 'error', line: `${placeOf(error)}${describeError(error)}` }];
  const said = (ran?.lines ?? []).map(({ openTime, symbol, level, line }): LogLine => ({ deployment, barOpenTime: openTime, symbol, level, line }));
  if ((ran?.dropped ?? 0) > 0) said.push({ deployment, barOpenTime: steps.at(-1)?.moment.openTime ?? null, symbol: null, level: 'warn', line: `${ran?.dropped ?? 0} more lines of these bars are not kept` });
  return said;
}

/** Waits for every one, also when one of them throws: a batch that is repeated must not meet a process that is still at work for the one before. */
async function all<T>(works: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(works);
  return Promise.all(works);
}

/** The first bar of a batch on which a strategy was to speak; null where all of them were quiet. */
function firstLive(steps: readonly Step[]): number | null {
  const times = steps.filter(({ mode }) => mode === 'live').map(({ moment }) => moment.openTime);
  return times.length === 0 ? null : Math.min(...times);
}

/** Stored bars that went well say nothing of how a strategy does with those that others wait for. */
function coursesOf(done: readonly Done[], { isLive }: LiveRun): Course[] {
  return done.filter(({ error }) => isLive || error !== null).map(({ deployment, steps, error, ran }) => ({
    deployment, error, isSlow: isLive && ran !== null && ran.tookMs > SLOW_MS, missedFrom: error === null ? null : firstLive(steps),
  }));
}

/** Applies bars to authored strategies in the order given. A strategy that fails is as it was before the batch: nothing that it said in it counts. */
export async function applyLive(fleet: Fleet, bars: readonly ClosedBar[], run: LiveRun): Promise<LiveOutcome> {
  const steps: Step[] = [];
  const planned = applyBars({ ...fleet, defer: (step) => steps.push(step) }, bars);
  const orders = new Map(steps.map((step, n) => [step, n]));
  const done = await all(fleet.deployments.flatMap((deployment) => {
    const own = steps.filter((step) => step.cell.deployment === deployment);
    return own.length === 0 ? [] : [runOne(deployment, own, run)];
  }));
  const failures: Failure[] = done.flatMap(({ deployment, error }) => (error === null ? [] : [{ deployment, error }]));
  const moved = planned.moved.filter(({ deployment }) => !failures.some((failure) => failure.deployment === deployment));
  const states = new Map(done.map(({ deployment, ran }) => [deployment, ran?.states]));
  for (const { deployment, name, host } of moved) {
    const state = states.get(deployment)?.get(name);
    if (state !== undefined && host instanceof RemoteHost) host.become(state);
  }
  const placeIn = ({ step }: { readonly step: Step }): number => orders.get(step) ?? 0;
  const signals = done.flatMap((one) => one.signals).sort((a, b) => placeIn(a) - placeIn(b)).map(({ signal }) => signal);
  return {
    moved, failures, signals, applied: moved.reduce((sum, { version, expected }) => sum + version - expected, 0),
    lines: done.flatMap(linesOf), courses: coursesOf(done, run),
  };
}
