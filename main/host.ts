/** Keeps one stack for a person: starts, stops and changes markets one after the other, and says how far it is. */
import path from 'node:path';
import type { KeyPair } from '#app/contracts/broker-keys.ts';
import type { Mode } from '#app/contracts/config.ts';
import type { Notice, UnitIncident } from '#app/contracts/health.ts';
import type { BrokerAccount, BrokerKeys, ShellPhase } from '#app/contracts/shell.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import { boot, isUp } from './boot.ts';
import type { BootOptions, Stack, StackEvents } from './boot.ts';
import { choiceOf, forgetBrokerKeys, readBrokerKeys, storeBrokerKeys } from './broker-keys.ts';
import { openAudit } from './store/audit.ts';
import { layoutOf } from './store/data-folder.ts';
import type { Home } from './store/data-folder.ts';
import { marketOfSettings } from './store/read-settings.ts';
import type { Sealer } from './store/secrets.ts';
import { readHistory } from './store/unit-history.ts';
import type { HistoryQuestion } from './store/unit-history.ts';

/** What a host is made of. `log` is the application's own log; `onStopAsked` decides what a `mainspring stop` at the door means. */
export type HostOptions = Pick<BootOptions, 'layout' | 'env' | 'spawner'> & {
  readonly home: Home;
  readonly sealer: Sealer;
  /** The market that is chosen before the first start. */
  readonly mode: Mode;
  readonly log: (level: Notice['level'], text: string) => void;
  readonly events: Partial<StackEvents>;
};

/** How far it is. `stack` is there from the moment its units begin until they have ended. */
export type HostState = {
  readonly phase: ShellPhase;
  /** Why the last start failed; null when it did not. */
  readonly problem: { readonly message: string; readonly code: string } | null;
  readonly stack: Stack | null;
  readonly mode: Mode;
};

/** One stack at a time, for one person. */
export type Host = {
  readonly home: Home;
  state(): HostState;
  /** Starts in a market; what runs in another one is stopped first. Two starts are one. Never throws: a refused start is the phase `failed`. */
  start(mode: Mode): Promise<void>;
  /** Resolves when nothing runs. `isAtOnce`: the session of the operating system ends. */
  stop(reason: string, isAtOnce?: boolean): Promise<void>;
  /** Stops what runs, then starts in the same market. */
  restart(reason: string): Promise<void>;
  /** Called after each change of the state; returns the function that ends it. */
  onChange(listener: () => void): () => void;
  brokerKeys(): Promise<BrokerKeys>;
  /** Counts from the next start on. @throws AppError INPUT_INVALID, CONFIG_UNREADABLE. */
  setBrokerKeys(account: BrokerAccount, pair: KeyPair): Promise<BrokerKeys>;
  removeBrokerKeys(account: BrokerAccount): Promise<BrokerKeys>;
  /** Until when (EpochMs). @throws AppError INPUT_INVALID (phrase, minutes), LIVE_REFUSED (denied). */
  armLive(phrase: string, minutes: number): { readonly armedUntil: number };
  disarmLive(): void;
  /** What happened to the units of the chosen market, newest first; also while nothing runs. */
  history(question: HistoryQuestion): UnitIncident[];
};

const NOTHING = (): void => undefined;

/** A listener that throws is a defect, but not of the start or stop that it listens to. */
function tellListener(listener: () => void): void {
  try {
    listener();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

/** A host that runs nothing yet. */
export function createHost(options: HostOptions): Host {
  const { home, sealer, log, events } = options;
  const audit = openAudit(path.join(home.homeDir, 'logs'), (text) => log('error', text));
  const listeners = new Set<() => void>();
  let state: HostState = { phase: 'stopped', problem: null, stack: null, mode: options.mode };
  let queue: Promise<void> = Promise.resolve();
  let keysQueue: Promise<unknown> = Promise.resolve();

  const become = (next: Partial<HostState>): void => {
    state = { ...state, ...next };
    for (const listener of [...listeners]) tellListener(listener);
  };
  const note = (text: string): void => {
    log('info', text);
    audit.record({ level: 'info', text });
  };
  /** One after the other; each task tells its own failure, so the next one need not know of it. */
  const queued = (task: () => Promise<void>): Promise<void> => {
    queue = queue.then(task, task);
    return queue;
  };

  const fail = (error: unknown, what: string): void => {
    const isKnown = error instanceof AppError && error.family !== 'bug';
    const problem = { message: isKnown ? error.message : `Mainspring met an error that it does not know: ${describeError(error)}`, code: error instanceof AppError ? error.code : 'INVARIANT_BROKEN' };
    log('error', `${what} (${problem.code}): ${problem.message}`);
    become({ phase: 'failed', problem, stack: null });
  };
  const begin = async (mode: Mode): Promise<void> => {
    become({ phase: 'starting', problem: null, mode });
    try {
      const decided = marketOfSettings(home.envFile, options.env);
      if (decided !== null && decided !== mode) {
        throw new AppError('CONFIG_INVALID', `The ${mode} market was chosen, but broker keys in ${home.envFile} or in the environment say ${decided}. Delete the lines ALPACA_API_KEY and ALPACA_SECRET_KEY there; keys entered in the application are kept safer.`);
      }
      const stack = await boot({
        layout: options.layout,
        env: options.env,
        spawner: options.spawner,
        dataDir: home.dataDirOf(mode),
        envFile: home.envFile,
        choice: decided === null ? await choiceOf(home, sealer, mode) : { mode, keys: null },
        replay: null,
        sealer,
        isResident: true,
        events: {
          onUnit: events.onUnit ?? NOTHING,
          onNotice: (notice) => {
            log(notice.level, notice.text);
            events.onNotice?.(notice);
          },
          onReplayDone: events.onReplayDone ?? NOTHING,
          onStopAsked: events.onStopAsked ?? (() => void stop('asked at the control door')),
        },
      });
      become({ stack });
      note(`Started in the ${mode} market, data in ${home.dataDirOf(mode)}`);
      void stack.supervisor.until(() => isUp(stack.supervisor) || state.stack !== stack).then(() => {
        if (state.stack === stack && state.phase === 'starting') become({ phase: 'running' });
      });
    } catch (error) {
      fail(error, 'The start failed');
    }
  };
  const end = async (reason: string, isAtOnce: boolean): Promise<void> => {
    const { stack } = state;
    if (stack === null) {
      become({ phase: 'stopped', problem: null });
      return;
    }
    become({ phase: 'stopping' });
    try {
      await stack.stop(reason, isAtOnce);
      note(`Stopped: ${reason}`);
      become({ phase: 'stopped', stack: null, problem: null });
    } catch (error) {
      fail(error, 'The stop was not complete');
    }
  };
  const stop = (reason: string, isAtOnce = false): Promise<void> => {
    // The session of the system ends in seconds: what runs is told now, before whatever waits in the queue.
    if (isAtOnce && state.stack !== null) void state.stack.stop(reason, true).catch((error: unknown) => log('error', describeError(error)));
    return queued(() => end(reason, isAtOnce));
  };
  const onKeys = async (text: string, account: BrokerAccount, act: () => Promise<BrokerKeys>): Promise<BrokerKeys> => {
    const work = keysQueue.then(act, act);
    keysQueue = work;
    const keys = await work;
    if (account === 'live') state.stack?.disarmLive('the keys of the live account were changed');
    note(text);
    state.stack?.notice('info', text);
    become({});
    return keys;
  };

  return {
    home,
    state: () => state,
    start: (mode) =>
      queued(async () => {
        if (state.stack !== null && state.mode === mode) return;
        if (state.stack !== null) await end(`the market changes to ${mode}`, false);
        await begin(mode);
      }),
    stop,
    restart: (reason) =>
      queued(async () => {
        await end(reason, false);
        await begin(state.mode);
      }),
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    brokerKeys: () => readBrokerKeys(home, sealer),
    setBrokerKeys: (account, pair) => onKeys(`Keys for the ${account} account were stored`, account, () => storeBrokerKeys(home, sealer, account, pair)),
    removeBrokerKeys: (account) => onKeys(`The keys of the ${account} account were removed`, account, () => forgetBrokerKeys(home, sealer, account)),
    armLive: (phrase, minutes) => {
      if (state.stack === null || state.phase !== 'running') throw new AppError('LIVE_REFUSED', 'Live trading is armed while everything runs. Start it, wait until all parts are up, then try again.');
      const armedUntil = state.stack.armLive(phrase, minutes);
      become({});
      return { armedUntil };
    },
    disarmLive: () => {
      state.stack?.disarmLive('asked for by a person');
      become({});
    },
    history: (question) => state.stack?.history(question) ?? readHistory(layoutOf(home.dataDirOf(state.mode)).storeFile, question),
  };
}
