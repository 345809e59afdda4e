/** `mainspring flows`: what runs by the clock and on demand, seen and steered through the control door of the running stack. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { flowNameSchema } from '#app/contracts/flows.ts';
import type { DeploymentView, FlowName } from '#app/contracts/flows.ts';
import type { OrchestratorInput, OrchestratorName, OrchestratorOutput } from '#app/contracts/orchestrator.ts';
import { ORCHESTRATOR } from '#app/contracts/orchestrator.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import { errorCodeOf, FlowAnswerSchema } from '../flows.ts';
import { askDoor } from '../supervisor/door.ts';
import { refuse } from './arguments.ts';
import type { Command } from './arguments.ts';
import { tellNotRunning } from './ask.ts';
import { listText, logText, nextText, runsText, runText } from './flows-text.ts';
import type { Here } from './flows-text.ts';

const ASK_LIMIT_MS = 15_000;
const FOLLOW_EVERY_MS = 500;
const DEFAULT_ROWS = 30;
const MAX_ROWS = 1_000;
/** Exit code when nothing runs in the data folder (as of service scripts). */
const NOT_RUNNING = 3;

/** What a command works with. `ask` throws when nothing runs. */
type Session = { readonly command: Command; readonly rest: readonly string[]; ask<N extends OrchestratorName>(name: N, input: OrchestratorInput<N>): Promise<OrchestratorOutput<N>>; print(value: unknown, text: () => string): void; here(): Here };

class NothingRuns extends Error {}

function openSession(command: Command, door: string): Session {
  return {
    command,
    rest: command.words.slice(1),
    async ask<N extends OrchestratorName>(name: N, input: OrchestratorInput<N>) {
      const answer = await askDoor(door, 'flows', ASK_LIMIT_MS, { name, input });
      if (answer === null) throw new NothingRuns();
      const said = FlowAnswerSchema.parse(answer.result);
      if ('refusal' in said) throw new AppError(errorCodeOf(said.refusal.code), said.refusal.message);
      return ORCHESTRATOR[name].output.parse(said.output) as OrchestratorOutput<N>;
    },
    print: (value, text) => void process.stdout.write(command.isJson ? `${JSON.stringify(value, null, 2)}\n` : `${text()}\n`),
    here: () => ({ now: Date.now(), zone: Intl.DateTimeFormat().resolvedOptions().timeZone }),
  };
}

function flowOf(word: string | undefined): FlowName {
  const flow = flowNameSchema.safeParse(word);
  return flow.success ? flow.data : refuse(word === undefined ? 'Name a flow; "flows list" shows them.' : `"${word}" is no flow; "flows list" shows them.`);
}

function runOf(word: string | undefined): string {
  return word ?? refuse('Name a run; "flows runs" shows them.');
}

async function viewsOf({ ask, rest }: Session): Promise<DeploymentView[]> {
  const wanted = rest[0] === undefined ? null : flowOf(rest[0]);
  const { deployments } = await ask('deployments', {});
  return deployments.filter((view) => wanted === null || view.name === wanted);
}

function inputOf(text: string | null): unknown {
  if (text === null) return {};
  try {
    return JSON.parse(text);
  } catch (error) {
    return refuse(`--input is no JSON (${describeError(error)}): write for example --input '{"days": 5}'.`);
  }
}

/** Prints the run's log as it grows, until the run has ended; the exit code tells how. */
async function follow(session: Session, runId: string): Promise<number> {
  let afterSeq = 0;
  for (;;) {
    // The state before the lines: what a run says last is there when it has ended, or a moment later.
    const run = await session.ask('run', { runId });
    const { lines } = await session.ask('runLogs', { runId, afterSeq });
    for (const line of lines) process.stdout.write(session.command.isJson ? `${JSON.stringify(line)}\n` : `${logText(line)}\n`);
    afterSeq = lines.at(-1)?.seq ?? afterSeq;
    // A run whose worker is gone is CRASHED and goes on when that is back; one that is given up is CRASHED and has an end.
    if (run.endedAt !== null && lines.length === 0) {
      session.print({ runId, state: run.state, output: run.output, error: run.error }, () => `${run.state}${run.error === null ? '' : `: ${run.error}`}`);
      return run.state === 'COMPLETED' ? 0 : 1;
    }
    await pause(FOLLOW_EVERY_MS);
  }
}

type Act = (session: Session) => Promise<number>;

const ACTS: Readonly<Record<string, Act>> = {
  async list(session) {
    const views = await viewsOf(session);
    session.print({ deployments: views }, () => listText(views, session.here()));
    return 0;
  },
  async next(session) {
    const views = await viewsOf(session);
    session.print(views.map(({ name, scheduleText, nextRunsAt }) => ({ name, scheduleText, nextRunsAt })), () => nextText(views, session.here()));
    return 0;
  },
  async runs(session) {
    const { command, rest } = session;
    const limit = Math.min(MAX_ROWS, Math.max(1, command.lines ?? DEFAULT_ROWS));
    const page = await session.ask('runs', { limit, ...(rest[0] === undefined ? {} : { flow: flowOf(rest[0]) }), ...(command.states === null ? {} : { states: command.states.toUpperCase() }) });
    session.print(page, () => runsText(page.runs, session.here()));
    return 0;
  },
  async show(session) {
    const run = await session.ask('run', { runId: runOf(session.rest[0]) });
    session.print(run, () => runText(run, session.here()));
    return 0;
  },
  async run(session) {
    const flow = flowOf(session.rest[0]);
    const { runId } = await session.ask('runFlow', { flow, input: inputOf(session.command.input), idempotencyKey: `cli-${randomUUID()}` });
    if (!session.command.isJson || !session.command.isFollowing) session.print({ runId }, () => `Started ${runId}`);
    return session.command.isFollowing ? follow(session, runId) : 0;
  },
  async cancel(session) {
    const runId = runOf(session.rest[0]);
    await session.ask('cancelRun', { runId });
    session.print({ runId, accepted: true }, () => `Asked ${runId} to end.`);
    return 0;
  },
  async retry(session) {
    const [run, step] = session.rest;
    if (step !== undefined && !/^\d{1,6}$/.test(step)) refuse(`"${step}" is no step; "flows show RUN" numbers them.`);
    const { runId } = await session.ask('retryRun', { runId: runOf(run), idempotencyKey: `cli-${randomUUID()}`, ...(step === undefined ? {} : { fromStep: Number(step) }) });
    session.print({ runId }, () => `Started ${runId}`);
    return session.command.isFollowing ? follow(session, runId) : 0;
  },
  async pause(session) {
    const flow = flowOf(session.rest[0]);
    await session.ask('pauseFlow', { flow });
    session.print({ flow, isPaused: true }, () => `The schedule of ${flow} rests until "mainspring flows resume ${flow}".`);
    return 0;
  },
  async resume(session) {
    const flow = flowOf(session.rest[0]);
    await session.ask('resumeFlow', { flow });
    session.print({ flow, isPaused: false }, () => `The schedule of ${flow} goes on from now.`);
    return 0;
  },
  async logs(session) {
    const runId = runOf(session.rest[0]);
    if (session.command.isFollowing) return follow(session, runId);
    const { logs } = await session.ask('run', { runId });
    session.print(logs, () => (logs.length === 0 ? 'The run has said nothing.' : logs.map(logText).join('\n')));
    return 0;
  },
};

/** `flows ...`: exit 0 when it was done, 1 when a followed run did not complete, 3 when nothing runs. @throws AppError with what the orchestrator says. */
export async function runFlows(command: Command, place: { readonly door: string; readonly dataDir: string }): Promise<number> {
  const [word = 'list'] = command.words;
  const act = Object.hasOwn(ACTS, word) ? ACTS[word] : undefined;
  if (act === undefined) return refuse(`"flows ${word}" is not known: flows ${Object.keys(ACTS).join('|')}.`);
  if (command.words.length > (word === 'retry' ? 3 : 2)) refuse(`"${command.words.at(-1) ?? ''}" is one word too many.`);
  try {
    return await act(openSession(command, place.door));
  } catch (error) {
    if (!(error instanceof NothingRuns)) throw error;
    tellNotRunning(command.isJson, place.dataDir);
    return NOT_RUNNING;
  }
}
