/** Keeps one stack for a person: starts, stops and changes markets one after the other, and says how far it is. */
import path from 'node:path';
import type { BrokerAccount, BrokerKeys, KeyPair } from '#app/contracts/broker-keys.ts';
import type { Mode } from '#app/contracts/config.ts';
import type { ConnectionTest } from '#app/contracts/connection-test.ts';
import type { Notice, UnitIncident } from '#app/contracts/health.ts';
import type { ShellPhase } from '#app/contracts/shell.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import { boot, isUp } from './boot.ts';
import type { BootOptions, Stack, StackEvents } from './boot.ts';
import { openAccounts } from './broker/accounts.ts';
import type { Accounts } from './broker/accounts.ts';
import { choiceOf, forgetBrokerKeys, storeBrokerKeys } from './broker-keys.ts';
import { openAudit } from './store/audit.ts';
import type { Audit } from './store/audit.ts';
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
  /** Asks the broker, with typed keys or (null) with those of the next start. A failed test is an answer. @throws AppError RATE_LIMITED, CONFIG_INVALID, CONFIG_UNREADABLE. */
  testConnection(account: BrokerAccount, typed: KeyPair | null): Promise<ConnectionTest>;
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
  return new StackHost(options);
}

class StackHost implements Host {
  readonly home: Home;
  private readonly options: HostOptions;
  private readonly audit: Audit;
  private readonly accounts: Accounts;
  private readonly listeners = new Set<() => void>();
  private now: HostState;
  private queue: Promise<void> = Promise.resolve();
  private keysQueue: Promise<unknown> = Promise.resolve();
  /** Ends every start that was asked for until now, also one that still waits in the queue. */
  private starts = new AbortController();

  constructor(options: HostOptions) {
    this.options = options;
    this.home = options.home;
    this.audit = openAudit(path.join(options.home.homeDir, 'logs'), (text) => options.log('error', text));
    this.accounts = openAccounts({ home: options.home, sealer: options.sealer, env: options.env, withVault: (task) => this.withKeys(task), monotonic: () => performance.now() });
    this.now = { phase: 'stopped', problem: null, stack: null, mode: options.mode };
  }

  state(): HostState {
    return this.now;
  }

  start(mode: Mode): Promise<void> {
    const { signal } = this.starts;
    return this.queued(async () => {
      if (this.now.stack !== null && this.now.mode === mode) return;
      if (this.now.stack !== null) await this.end(`the market changes to ${mode}`, false);
      await this.begin(mode, signal);
    });
  }

  stop(reason: string, isAtOnce = false): Promise<void> {
    // The session of the system ends in seconds: what runs is told now, before whatever waits in the queue.
    if (isAtOnce) {
      this.starts.abort();
      this.starts = new AbortController();
      this.now.stack?.stop(reason, true).catch((error: unknown) => this.options.log('error', describeError(error)));
    }
    return this.queued(() => this.end(reason, isAtOnce));
  }

  restart(reason: string): Promise<void> {
    const { signal } = this.starts;
    return this.queued(async () => {
      await this.end(reason, false);
      await this.begin(this.now.mode, signal);
    });
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  brokerKeys(): Promise<BrokerKeys> {
    return this.accounts.keys();
  }

  setBrokerKeys(account: BrokerAccount, pair: KeyPair): Promise<BrokerKeys> {
    return this.changeKeys(account, `Keys for the ${account} account were stored`, () => storeBrokerKeys(this.home, this.options.sealer, account, pair));
  }

  removeBrokerKeys(account: BrokerAccount): Promise<BrokerKeys> {
    return this.changeKeys(account, `The keys of the ${account} account were removed`, () => forgetBrokerKeys(this.home, this.options.sealer, account));
  }

  testConnection(account: BrokerAccount, typed: KeyPair | null): Promise<ConnectionTest> {
    return this.accounts.test(account, typed);
  }

  armLive(phrase: string, minutes: number): { readonly armedUntil: number } {
    const { stack, phase } = this.now;
    if (stack === null || phase !== 'running') throw new AppError('LIVE_REFUSED', 'Live trading is armed while everything runs. Start it, wait until all parts are up, then try again.');
    const armedUntil = stack.armLive(phrase, minutes);
    this.become({});
    return { armedUntil };
  }

  disarmLive(): void {
    this.now.stack?.disarmLive('asked for by a person');
    this.become({});
  }

  history(question: HistoryQuestion): UnitIncident[] {
    return this.now.stack?.history(question) ?? readHistory(layoutOf(this.home.dataDirOf(this.now.mode)).storeFile, question);
  }

  private become(next: Partial<HostState>): void {
    this.now = { ...this.now, ...next };
    for (const listener of [...this.listeners]) tellListener(listener);
  }

  private note(text: string): void {
    this.options.log('info', text);
    this.audit.record({ level: 'info', text });
  }

  /** One after the other; each task tells its own failure, so the next one need not know of it. */
  private queued(task: () => Promise<void>): Promise<void> {
    this.queue = this.queue.then(task, task);
    return this.queue;
  }

  private fail(error: unknown, what: string): void {
    const isKnown = error instanceof AppError && error.family !== 'bug';
    const problem = { message: isKnown ? error.message : `Mainspring met an error that it does not know: ${describeError(error)}`, code: error instanceof AppError ? error.code : 'INVARIANT_BROKEN' };
    this.options.log('error', `${what} (${problem.code}): ${problem.message}`);
    this.become({ phase: 'failed', problem, stack: null });
  }

  private async begin(mode: Mode, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    this.become({ phase: 'starting', problem: null, mode });
    try {
      const stack = await boot({ ...(await this.bootOptions(mode)), signal });
      this.become({ stack });
      this.note(`Started in the ${mode} market, data in ${this.home.dataDirOf(mode)}`);
      void stack.supervisor.until(() => isUp(stack.supervisor) || this.now.stack !== stack).then(() => {
        if (this.now.stack === stack && this.now.phase === 'starting') this.become({ phase: 'running' });
      });
    } catch (error) {
      if (!signal.aborted) {
        this.fail(error, 'The start failed');
        return;
      }
      this.note(`The start was given up: ${describeError(error)}`);
      this.become({ phase: 'stopped', problem: null });
    }
  }

  /** @throws AppError CONFIG_INVALID (operator) when keys in the settings decide another market than the chosen one. */
  private async bootOptions(mode: Mode): Promise<BootOptions> {
    const { home, env, layout, spawner, sealer, events, log } = this.options;
    const decided = marketOfSettings(home.envFile, env);
    if (decided !== null && decided !== mode) {
      throw new AppError('CONFIG_INVALID', `The ${mode} market was chosen, but broker keys in ${home.envFile} or in the environment say ${decided}. Delete the lines ALPACA_API_KEY and ALPACA_SECRET_KEY there; keys entered in the application are kept safer.`);
    }
    return {
      layout, env, spawner, sealer,
      dataDir: home.dataDirOf(mode),
      libraryDir: home.libraryDir,
      envFile: home.envFile,
      choice: decided === null ? await this.withKeys(() => choiceOf(home, sealer, mode)) : { mode, keys: null },
      accounts: this.accounts,
      replay: null,
      isResident: true,
      events: {
        onUnit: events.onUnit ?? NOTHING,
        onNotice: (notice) => {
          log(notice.level, notice.text);
          events.onNotice?.(notice);
        },
        onReplayDone: events.onReplayDone ?? NOTHING,
        onStopAsked: events.onStopAsked ?? (() => void this.stop('asked at the control door')),
      },
    };
  }

  private async end(reason: string, isAtOnce: boolean): Promise<void> {
    const { stack } = this.now;
    if (stack === null) {
      this.become({ phase: 'stopped', problem: null });
      return;
    }
    this.become({ phase: 'stopping' });
    try {
      await stack.stop(reason, isAtOnce);
      this.note(`Stopped: ${reason}`);
      this.become({ phase: 'stopped', stack: null, problem: null });
    } catch (error) {
      this.fail(error, 'The stop was not complete');
    }
  }

  /** The vault is opened by one at a time: opening it may seal it anew. Each task tells its own failure. */
  private withKeys<T>(task: () => Promise<T>): Promise<T> {
    const work = this.keysQueue.then(task, task);
    this.keysQueue = work;
    return work;
  }

  private async changeKeys(account: BrokerAccount, text: string, change: () => Promise<BrokerKeys>): Promise<BrokerKeys> {
    const keys = await this.withKeys(change);
    if (account === 'live') this.now.stack?.disarmLive('the keys of the live account were changed');
    this.note(text);
    this.now.stack?.notice('info', text);
    this.become({});
    return keys;
  }
}
