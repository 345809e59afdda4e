/** The composition root: from a data folder to a running stack, and back to nothing. */
import type { CommandAsk, CommandName, CommandOutput } from '#app/contracts/commands.ts';
import type { Mode } from '#app/contracts/config.ts';
import type { TapeSummary } from '#app/contracts/control.ts';
import type { LogLine, Notice, StackHealth, UnitHealth, UnitId, VerifyReport } from '#app/contracts/health.ts';
import type { UnitIncident } from '#app/contracts/health.ts';
import type { KillOutcome, KillWish } from '#app/contracts/kill.ts';
import type { Settings } from '#app/contracts/settings.ts';
import { AppError, describeError, invariant } from '#app/domain/errors.ts';
import { openArming } from './arming.ts';
import type { Arming } from './arming.ts';
import type { Accounts } from './broker/accounts.ts';
import { runCommand } from './command.ts';
import { watchDisk } from './disk-guard.ts';
import type { DiskGuard } from './disk-guard.ts';
import { openConfiguration } from './configuration.ts';
import type { ConfigurationKeeper } from './configuration.ts';
import { takeDoor } from './door-answers.ts';
import { gatherFacts, listeningUnits } from './facts.ts';
import { answerFlows } from './flows.ts';
import { openKillSwitch } from './kill.ts';
import type { KillSwitch } from './kill.ts';
import type { Layout } from './layout.ts';
import { openFolder, undoAll } from './open-folder.ts';
import type { FolderOptions, OpenFolder, Undo } from './open-folder.ts';
import { reservePorts } from './port-plan.ts';
import { answerRequest } from './requests.ts';
import { ARMED_WORKERS, configFor, extraWorkerConfigFor, isArmedWorker } from './runtime-config.ts';
import type { RunFacts } from './runtime-config.ts';
import { safeStates } from './states-for.ts';
import { openAudit } from './store/audit.ts';
import type { Audit } from './store/audit.ts';
import { freeBytes, libraryIn } from './store/data-folder.ts';
import { plainSealer } from './store/secrets.ts';
import { openPortClaims } from './supervisor/port-claims.ts';
import type { Spawner } from './supervisor/spawner.ts';
import { hasProcess, isServing } from './supervisor/state.ts';
import { Supervisor } from './supervisor/supervisor.ts';
import type { UnitDriver } from './supervisor/unit.ts';
import { buildUnits } from './units/build.ts';
import { verifyStack } from './verify.ts';

const STATES_EVERY_MS = 2_000;
const STATES_DELAY_MS = 50;
const STOP_LIMIT_MS = 60_000;
/** The operating system gives a session about five seconds to end. */
const STOP_AT_ONCE_LIMIT_MS = 4_500;

/** What the stack tells whoever started it. */
export type StackEvents = {
  readonly onUnit: (unit: UnitHealth) => void;
  readonly onNotice: (notice: Notice) => void;
  readonly onReplayDone: (tape: TapeSummary) => void;
  /** Somebody asked at the control door that everything stops. */
  readonly onStopAsked: () => void;
};

/** How to start. */
export type BootOptions = FolderOptions & {
  readonly layout: Layout;
  readonly spawner: Spawner;
  /** What the dashboard may ask about the broker's accounts; nothing unless told. */
  readonly accounts?: Accounts;
  /** This process goes on after the stack was stopped (the desktop). */
  readonly isResident?: boolean;
  /** Gives the start up before its first process, for example because the session of the operating system ends. */
  readonly signal?: AbortSignal;
  readonly events: StackEvents;
};

/** A started stack; its units may still be on their way. */
export type Stack = {
  readonly mode: Mode;
  readonly supervisor: Supervisor;
  health(): StackHealth;
  verify(): Promise<VerifyReport>;
  /** Where the gateway listens and the bearer token of this launch: for the window, never for a log. */
  access(): { readonly baseUrl: string; readonly token: string };
  /** A new one-time link to the dashboard, good for 15 minutes. */
  loginLink(): string;
  /**
   * Runs a command straight on the worker that owns it, past the gateway.
   * @throws AppError UNIT_TIMEOUT (temporary) when that worker is down; else its own refusal.
   */
  command<N extends CommandName>(name: N, input: CommandAsk<N>): Promise<CommandOutput<N>>;
  /** The last captured lines of a unit, or those after a sequence number. */
  unitLogs(unitId: UnitId, lines: number, afterSeq?: number): LogLine[];
  /** What happened to a unit (null: to all), newest first. */
  history(question: { readonly unitId: UnitId | null; readonly limit: number }): UnitIncident[];
  /** Until when (EpochMs) orders may go to the real account; null = disarmed. */
  armedUntil(): number | null;
  /** Arms the real account. @throws AppError INPUT_INVALID (phrase, minutes), LIVE_REFUSED (not live, or not up). */
  armLive(phrase: string, minutes: number): number;
  /** Disarms; nothing happens when it is disarmed. `reason` is shown to people. */
  disarmLive(reason: string): void;
  /** Pulls the kill switch. The same key again is the same pull. */
  kill(wish: KillWish): Promise<KillOutcome>;
  /** The computer is about to sleep. */
  suspended(): void;
  /** It woke after `pausedMs`. */
  resumed(pausedMs: number): void;
  /** Tells people something, and the record. */
  notice(level: Notice['level'], text: string): void;
  /** Stops everything in reverse order and lets the data folder go. Safe to call twice. */
  stop(reason: string, isAtOnce?: boolean): Promise<void>;
};

/**
 * Takes the data folder and starts everything in it.
 * @throws AppError with family operator and a message for people when it cannot; nothing stays behind then.
 */
export async function boot(options: BootOptions): Promise<Stack> {
  const undo: Undo = [];
  try {
    return await begin(options, undo);
  } catch (error) {
    // Why it could not start is what people must read; what could not be let go is told beside.
    const tell = (failure: unknown): void => options.events.onNotice({ at: Date.now(), level: 'error', unit: null, text: `Not everything could be let go after the failed start: ${describeError(failure)}` });
    await undoAll(undo, tell).catch(tell);
    throw error;
  }
}

async function begin(options: BootOptions, undo: Undo): Promise<Stack> {
  const opened = await openFolder(options, undo);
  const { folder, store, settings, logs, runFiles, runAs } = opened;
  const claims = await openPortClaims(folder.claimsFolder, store.instanceId);
  undo.push(() => claims.releaseAll());
  const { reservations, moved } = await reservePorts(listeningUnits(settings), settings.ports, { store, claims });
  undo.push(async () => {
    await Promise.all([...reservations.values()].map((reservation) => reservation.release()));
  });
  const arming: { of: Arming | null } = { of: null };
  const armedUntil = (): number | null => arming.of?.armedUntil() ?? null;
  const kill: { of: KillSwitch | null } = { of: null };
  const counting = { settings };
  const facts = await gatherFacts({ ...opened, settingsNow: () => counting.settings, libraryDir: options.libraryDir ?? libraryIn(folder.dataDir), version: options.layout.version, replay: options.replay, reservations, armedUntil, latches: () => kill.of?.latches() ?? [] });
  const allDrivers = buildUnits({ layout: options.layout, spawner: options.spawner, folder, settings, logs, runFiles, reservations, runAs, facts });
  const drivers = options.only ? allDrivers.filter(({ spec }) => options.only?.includes(spec.id)) : allDrivers;
  const configuration: { of: ConfigurationKeeper | null } = { of: null };
  const supervised = supervise({ options, opened, facts, drivers, undo, kill, configuration });
  const audit = openAudit(folder.logFolder, (text) => supervised.supervisor.notice('error', null, text));
  configuration.of = configurationOf({ ...supervised, options, opened, audit, count: (next) => { counting.settings = next; } });
  arming.of = armingOf(supervised.supervisor, settings.mode, audit);
  kill.of = killSwitchOf({ ...supervised, opened, facts, audit });
  undo.push(() => kill.of?.close());
  const stack = stackOf({ ...supervised, opened, facts, arming: arming.of, kill: kill.of, audit, undo });
  const door = await takeDoor(folder.door, { ...stack, flows: (question) => answerFlows(facts, question), workerConfig: (service) => extraWorkerConfigFor(service, facts), onStopAsked: options.events.onStopAsked, isResident: options.isResident ?? false });
  undo.push(() => door.close());
  for (const { level, unit, text } of opened.early) stack.supervisor.notice(level, unit, text);
  for (const { unit, text } of moved) stack.supervisor.notice('warn', unit, text);
  if (settings.mode === 'live') stack.supervisor.notice('warn', null, 'This is the live account, and it is disarmed: no new position is opened with real money until a person arms it');
  if (options.signal?.aborted) throw new AppError('UNIT_START_FAILED', 'The start was given up before its first part: everything was asked to stop at once.');
  stack.supervisor.startAll();
  const disk = diskGuardOf({ ...supervised, opened, kill: kill.of, audit });
  undo.push(() => disk.close());
  return stack;
}

type Parts = { options: BootOptions; opened: OpenFolder; facts: RunFacts; drivers: UnitDriver[]; undo: Undo; kill: { readonly of: KillSwitch | null }; configuration: { readonly of: ConfigurationKeeper | null } };
type Supervised = { readonly supervisor: Supervisor; readonly health: () => StackHealth; readonly loginLink: () => string };

/** The supervisor over the drivers, and the state of everything for whoever shows it. */
function supervise({ options, opened, facts, drivers, undo, kill, configuration }: Parts): Supervised {
  const { folder, store, settings, logs, runFiles } = opened;
  const safe = safeStates(facts);
  const startedAt = Date.now();
  let statesTimer: NodeJS.Timeout | null = null;
  let isOver = false;

  const health = (): StackHealth => {
    const units = supervisor.health();
    return {
      instanceId: store.instanceId,
      version: options.layout.version,
      mode: settings.mode,
      at: Date.now(),
      startedAt,
      healthy: !supervisor.isStopping && units.every((unit) => unit.state === 'ready' || unit.state === 'done'),
      stopping: supervisor.isStopping,
      dataDir: folder.dataDir,
      diskFreeBytes: freeBytesOrNull(folder.dataDir),
      units,
      notices: supervisor.recentNotices(),
    };
  };
  const loginLink = (): string => `${gatewayUrl(facts)}/login?token=${store.createLogin(Date.now())}`;
  const sendStates = (): void => {
    statesTimer = null;
    const stack = health();
    supervisor.send('gateway', { type: 'unitStates', stack });
    supervisor.send('notification', { type: 'unitStates', stack: safe(stack) });
  };
  const supervisor: Supervisor = new Supervisor({
    drivers,
    logs,
    runFiles,
    monotonic: () => performance.now(),
    wall: Date.now,
    random: Math.random,
    onRequest: (unit, request) =>
      answerRequest(unit, request, {
        supervisor: () => supervisor,
        logs,
        history: (question) => store.history(question),
        stackHealth: health,
        redeemLogin: (token) => store.redeemLogin(token, Date.now()),
        loginLink,
        replayDone: options.events.onReplayDone,
        kill: (wish) => killOf(kill).pull(wish),
        configuration: () => configurationFrom(configuration),
        accounts: options.accounts ?? null,
      }),
    onLatched: (unit, key, isStored) => kill.of?.latched(unit, key, isStored),
    onChange: (id, previous, exit) => {
      const unit = supervisor.health().find((entry) => entry.id === id);
      invariant(unit, 'A unit changed that is not there', { id });
      store.record({ at: Date.now(), unit: id, state: unit.state, reason: unit.reasons.join('; '), exit });
      if (!isOver) statesTimer ??= setTimeout(sendStates, STATES_DELAY_MS);
      if (settings.mode === 'live' && isArmedWorker(id) && isServing(unit.state) && !isServing(previous)) supervisor.send(id, { type: 'arming', armedUntil: facts.armedUntil() });
      options.events.onUnit(unit);
    },
    onNotice: options.events.onNotice,
  });
  const states = setInterval(sendStates, STATES_EVERY_MS);
  undo.push(() => {
    isOver = true;
    clearInterval(states);
    if (statesTimer) clearTimeout(statesTimer);
  });
  return { supervisor, health, loginLink };
}

/** The disk may have been unplugged: people must be told of everything else all the same. */
function freeBytesOrNull(folder: string): number | null {
  try {
    return freeBytes(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return null;
  }
}

function gatewayUrl(facts: RunFacts): string {
  return `http://127.0.0.1:${facts.ports.get('gateway') ?? 0}`;
}

const UP: ReadonlySet<string> = new Set(['ready', 'degraded', 'done']);

/** Who hold the gates on the way to the broker: what is armed must be able to say no. */
const GATES = ['execution', 'risk_management'] as const satisfies readonly UnitId[];

/** True once every unit is up. */
export function isUp(supervisor: Supervisor): boolean {
  return !supervisor.isStopping && supervisor.unitIds.every((id) => UP.has(supervisor.statusOf(id).state));
}

function armingOf(supervisor: Supervisor, mode: Mode, audit: Audit): Arming {
  return openArming({
    mode,
    wall: Date.now,
    monotonic: () => performance.now(),
    isUp: () => !supervisor.isStopping && GATES.every((id) => UP.has(supervisor.statusOf(id).state)),
    apply: (armedUntil) => {
      for (const id of ARMED_WORKERS) supervisor.send(id, { type: 'arming', armedUntil });
    },
    tell: (text) => {
      audit.record({ level: 'warn', text });
      supervisor.notice('warn', null, text);
    },
  });
}

/** The settings are open before the first unit starts. */
function configurationFrom(configuration: { readonly of: ConfigurationKeeper | null }): ConfigurationKeeper {
  invariant(configuration.of, 'The settings are opened before anything runs');
  return configuration.of;
}

type ConfigurationParts = { readonly supervisor: Supervisor; readonly options: BootOptions; readonly opened: OpenFolder; readonly audit: Audit; readonly count: (settings: Settings) => void };

/** Settings as a person changes them while everything runs. What counts at the next start alone is saved and nothing else. */
function configurationOf({ supervisor, options, opened, audit, count }: ConfigurationParts): ConfigurationKeeper {
  const { sources, settings: started } = opened;
  return openConfiguration({
    envFile: sources.envFile, env: options.env, sealer: options.sealer ?? plainSealer, choice: options.choice, isWithoutBroker: sources.isWithoutBroker, now: Date.now,
    apply(next, { isLevelChanged, restarts }) {
      count({ ...started, logLevel: next.logLevel, logRetentionDays: next.logRetentionDays, notification: next.notification });
      if (isLevelChanged) for (const id of supervisor.unitIds) supervisor.send(id, { type: 'tuned', logLevel: next.logLevel });
      for (const id of restarts) supervisor.command(id, 'restart', 'its settings were changed');
    },
    note(text) {
      audit.record({ level: 'info', text });
      supervisor.notice('info', null, text);
    },
  }, sources.entries);
}

/** The kill switch is there before the first unit starts. */
function killOf(kill: { readonly of: KillSwitch | null }): KillSwitch {
  invariant(kill.of, 'The kill switch is opened before anything runs');
  return kill.of;
}

function killSwitchOf({ supervisor, opened, facts, audit }: { readonly supervisor: Supervisor; readonly opened: OpenFolder; readonly facts: RunFacts; readonly audit: Audit }): KillSwitch {
  return openKillSwitch({
    store: opened.store,
    send: (unit, message) => supervisor.send(unit, message),
    hasProcess: (unit) => supervisor.unitIds.includes(unit) && hasProcess(supervisor.statusOf(unit).state),
    command: (name, input) => runCommand(facts, name, input),
    tell: (level, text) => {
      audit.record({ level, text });
      supervisor.notice(level, null, text);
    },
    wall: Date.now,
    monotonic: () => performance.now(),
  });
}

/** Watches the disk from the moment everything is started. */
function diskGuardOf({ supervisor, opened, kill, audit }: { readonly supervisor: Supervisor; readonly opened: OpenFolder; readonly kill: KillSwitch; readonly audit: Audit }): DiskGuard {
  const tell = (level: Notice['level'], text: string): void => {
    audit.record({ level, text });
    supervisor.notice(level, null, text);
  };
  return watchDisk({
    freeBytes: () => freeBytesOrNull(opened.folder.dataDir),
    halt: (wish) => void kill.pull(wish).catch((error: unknown) => tell('error', `Trading could not be halted for the full disk: ${describeError(error)}`)),
    restartFailed: (reason) => {
      for (const id of supervisor.unitIds) if (supervisor.statusOf(id).state === 'failed') supervisor.command(id, 'start', reason);
    },
    tell, wall: Date.now,
  });
}

/** What the owner of the stack can do with it. */
function stackOf({ supervisor, health, loginLink, opened, facts, arming, kill, audit, undo }: Supervised & { opened: OpenFolder; facts: RunFacts; arming: Arming; kill: KillSwitch; audit: Audit; undo: Undo }): Stack {
  const { store, settings, logs } = opened;
  let ending: Promise<void> | null = null;
  return {
    mode: settings.mode,
    supervisor,
    health,
    loginLink,
    verify: () => verifyStack({ units: supervisor.health(), configFor: (unit) => configFor(unit, facts), now: Date.now }),
    access: () => ({ baseUrl: gatewayUrl(facts), token: facts.apiToken }),
    command: (name, input) => runCommand(facts, name, input),
    unitLogs: (unitId, lines, afterSeq) => logs.of(unitId).tail(lines, afterSeq),
    history: (question) => store.history(question),
    armedUntil: () => arming.armedUntil(),
    armLive: (phrase, minutes) => arming.arm(phrase, minutes),
    disarmLive: (reason) => arming.disarm(reason),
    kill: (wish) => kill.pull(wish),
    suspended: () => {
      arming.disarm('the computer goes to sleep');
      supervisor.suspended();
    },
    resumed: (pausedMs) => supervisor.resumed(pausedMs),
    notice: (level, text) => {
      audit.record({ level, text });
      supervisor.notice(level, null, text);
    },
    stop: (reason, isAtOnce = false) => {
      arming.disarm('everything is being stopped');
      const isHurried = isAtOnce && ending !== null;
      ending ??= supervisor.stopAll(reason, isAtOnce ? STOP_AT_ONCE_LIMIT_MS : STOP_LIMIT_MS, isAtOnce).then(() => undoAll(undo, (failure) => supervisor.notice('error', null, `Not everything could be let go: ${describeError(failure)}`)));
      // An orderly stop is under way already: everybody is asked now, and ended by force when the time is up.
      return isHurried ? Promise.all([ending, supervisor.stopAll(reason, STOP_AT_ONCE_LIMIT_MS, true)]).then(() => undefined) : ending;
    },
  };
}
