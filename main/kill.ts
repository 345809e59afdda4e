/** The kill switch: stops execution in memory first, then brings the book, the broker and the positions after; what cannot be done yet is tried again. */
import type { CommandAsk, CommandName, CommandOutput } from '#app/contracts/commands.ts';
import type { ToWorker } from '#app/contracts/control.ts';
import type { UnitId } from '#app/contracts/health.ts';
import type { KillOutcome, KillWish, Latch } from '#app/contracts/kill.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import { newPull, readPulls, stepsOf, type KillStep, type Pull } from './kill-pulls.ts';
import type { ControlStore } from './store/control-store.ts';

/** Who must know of a pull. */
export const LATCHED_WORKERS = ['execution', 'risk_management'] as const satisfies readonly UnitId[];

const KEPT = 'kill';
/** Execution answers within milliseconds; after this it counts as not answering. */
const ANSWER_LIMIT_MS = 1_500;
/** How long a person waits for what follows; the rest is reported as under way. */
const STEPS_LIMIT_MS = 3_000;
const RETRY_MS = 2_000;
/** Orders and positions are touched only while the wish is fresh; the trading state is kept until the book has it. */
const FRESH_MS = 15 * 60_000;

/** What the kill switch works with. `wall` is EpochMs, `monotonic` milliseconds. */
export type KillPorts = {
  readonly store: Pick<ControlStore, 'kept' | 'keep'>;
  readonly send: (unit: UnitId, message: Extract<ToWorker, { type: 'latch' | 'unlatch' }>) => void;
  readonly hasProcess: (unit: UnitId) => boolean;
  readonly command: <N extends CommandName>(name: N, input: CommandAsk<N>) => Promise<CommandOutput<N>>;
  readonly tell: (level: 'warn' | 'error', text: string) => void;
  readonly wall: () => number;
  readonly monotonic: () => number;
};

/** The kill switch of one run. */
export type KillSwitch = {
  /**
   * Pulls it. The same key again is the same pull: it is carried on with.
   * @throws AppError UNIT_TIMEOUT (temporary) when neither execution nor the book has answered in time; both are told again until they do.
   */
  pull(wish: KillWish): Promise<KillOutcome>;
  /** Pulls that the book may not have: for workers that start. */
  latches(): readonly Latch[];
  /** A worker answers. */
  latched(unit: UnitId, key: string, isStored: boolean): void;
  close(): void;
};

const WORDS: Readonly<Record<KillStep, string>> = { state: 'Trading state in the book', cancel: 'Cancels of all open orders', flatten: 'Exits of all positions' };

/** Refusals that a repetition may outlast. */
function mayPass(error: AppError): boolean {
  return error.family === 'temporary' || error.family === 'conflict' || error.family === 'unknown';
}

/** Opens the kill switch; what an earlier run left undone is taken up. */
export function openKillSwitch(ports: KillPorts): KillSwitch {
  const kept = readPulls(ports.store.kept(KEPT));
  if (kept.isDamaged) ports.tell('error', 'A kill switch that was pulled before could not be read back. Look at the trading state before you trade.');
  let pulls: Pull[] = kept.pulls;
  const waiting = new Map<string, (() => void)[]>();
  const busy = new Map<string, Promise<void>>();
  /** How the steps of each pull of this run ended, or why they have not yet. */
  const words = new Map<string, Map<KillStep, string>>();

  const keep = (): void => {
    try {
      ports.store.keep(KEPT, pulls.length === 0 ? null : JSON.stringify(pulls));
    } catch (error) {
      // A full disk must not keep anybody from stopping.
      ports.tell('error', `The kill switch holds, but it could not be written down and would be forgotten by a restart: ${describeError(error)}`);
    }
  };
  const say = (key: string, step: KillStep, message: string): void => {
    const said = words.get(key) ?? new Map<KillStep, string>();
    words.set(key, said.set(step, message));
  };
  const done = (key: string, step: KillStep, message: string): void => {
    say(key, step, message);
    pulls = pulls.flatMap((pull) => {
      if (pull.latch.key !== key) return [pull];
      const left = pull.left.filter((one) => one !== step);
      return left.length === 0 ? [] : [{ ...pull, left }];
    });
    keep();
    if (step === 'state') for (const unit of LATCHED_WORKERS) ports.send(unit, { type: 'unlatch', key });
  };

  const act = async (pull: Pull, step: KillStep): Promise<string> => {
    const { key, state, reason, actor } = pull.latch;
    const who = { idempotencyKey: key, actor };
    switch (step) {
      case 'state':
        return `version ${(await ports.command('setTradingState', { ...who, state, reason })).version}: ${state}`;
      case 'cancel':
        return `${(await ports.command('cancelOrder', { ...who, clientOrderId: null })).requested.length} orders`;
      case 'flatten': {
        const { decisions } = await ports.command('flatten', { ...who, symbol: null });
        const exits = decisions.filter((decision) => decision.outcome === 'approved').length;
        return `${exits} exits sent, ${decisions.length - exits} follow or need none`;
      }
    }
  };
  const carryOut = async (key: string): Promise<void> => {
    for (const step of stepsOf(pulls.find(({ latch }) => latch.key === key)?.level ?? 'halt')) {
      const pull = pulls.find(({ latch }) => latch.key === key);
      if (!pull?.left.includes(step)) continue;
      // Positions are closed after the state allows it and the orders that hold them are being canceled.
      if (step === 'flatten' && pull.left.some((other) => other !== step)) return;
      if (step !== 'state' && ports.wall() - pull.latch.at > FRESH_MS) {
        ports.tell('error', `${WORDS[step]}: not done within 15 minutes of the kill switch, and given up. Look at the orders and positions, and pull it again if you still want it.`);
        done(key, step, 'given up');
        continue;
      }
      try {
        done(key, step, await act(pull, step));
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        say(key, step, error.message);
        if (mayPass(error)) continue;
        ports.tell('error', `${WORDS[step]}: refused. ${error.message}`);
        done(key, step, error.message);
      }
    }
  };
  const attempt = (key: string): Promise<void> => {
    const running = busy.get(key);
    if (running) return running;
    const next = carryOut(key).finally(() => busy.delete(key));
    busy.set(key, next);
    return next;
  };
  const timer = setInterval(() => {
    for (const { latch } of pulls) attempt(latch.key).catch((error: unknown) => ports.tell('error', `The kill switch met a defect: ${describeError(error)}`));
  }, RETRY_MS).unref();

  /** Tells execution and waits for its answer. `afterMs` null = none came; `isThere`: it runs. */
  const stopExecution = async (latch: Latch): Promise<{ readonly isThere: boolean; readonly afterMs: number | null }> => {
    const began = ports.monotonic();
    const isThere = ports.hasProcess('execution');
    let limit: NodeJS.Timeout | undefined;
    const answered = new Promise<boolean>((resolve) => {
      waiting.set(latch.key, [...(waiting.get(latch.key) ?? []), () => resolve(true)]);
      limit = setTimeout(() => resolve(false), ANSWER_LIMIT_MS);
    });
    for (const unit of LATCHED_WORKERS) ports.send(unit, { type: 'latch', latch });
    if (!isThere) {
      clearTimeout(limit);
      waiting.delete(latch.key);
      return { isThere, afterMs: null };
    }
    const isHeard = await answered;
    clearTimeout(limit);
    waiting.delete(latch.key);
    return { isThere, afterMs: isHeard ? Math.round(ports.monotonic() - began) : null };
  };
  const outcomeOf = (wish: KillWish, stoppedAfterMs: number | null): KillOutcome => {
    const left = pulls.find(({ latch }) => latch.key === wish.key)?.left ?? [];
    return {
      stoppedAfterMs,
      steps: stepsOf(wish.level).map((step) => {
        const ok = !left.includes(step);
        const message = words.get(wish.key)?.get(step);
        return { step: WORDS[step], ok, message: ok ? (message ?? 'done') : `${message === undefined ? '' : `${message} `}It is done as soon as that is possible.` };
      }),
    };
  };

  return {
    async pull(wish) {
      const known = pulls.find(({ latch }) => latch.key === wish.key);
      const pull = known ?? newPull(wish, ports.wall());
      if (!known) {
        pulls = [...pulls, pull];
        keep();
      }
      const stopped = stopExecution(pull.latch);
      ports.tell('warn', `Kill switch (${wish.level.replace('_', ' ')}) by ${wish.actor}: ${wish.reason}`);
      const { isThere, afterMs } = await stopped;
      let limit: NodeJS.Timeout | undefined;
      await Promise.race([attempt(wish.key), new Promise<void>((resolve) => (limit = setTimeout(resolve, STEPS_LIMIT_MS)))]);
      clearTimeout(limit);
      if (isThere && afterMs === null && pulls.some((one) => one.latch.key === wish.key && one.left.includes('state'))) {
        throw new AppError('UNIT_TIMEOUT', 'Neither execution nor the book has answered the kill switch yet. Both are told again until they do; to be sure at once, stop everything.');
      }
      return outcomeOf(wish, afterMs);
    },
    latches: () => pulls.filter((pull) => pull.left.includes('state')).map((pull) => pull.latch),
    latched(unit, key, isStored) {
      if (unit === 'execution') for (const resolve of waiting.get(key) ?? []) resolve();
      if (isStored && pulls.some((pull) => pull.latch.key === key && pull.left.includes('state'))) done(key, 'state', 'the book has it');
    },
    close: () => clearInterval(timer),
  };
}
