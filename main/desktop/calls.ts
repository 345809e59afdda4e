/** What each call of the page does. Long things begin and are told by the status; refusals are AppErrors in words for people. */
import type { Mode } from '#app/contracts/config.ts';
import type { UnitId } from '#app/contracts/health.ts';
import type { KillOutcome, KillWish } from '#app/contracts/kill.ts';
import type { About, Preferences, ShellOutput, ShellStatus } from '#app/contracts/shell.ts';
import { AppError } from '#app/domain/errors.ts';
import type { Stack } from '../boot.ts';
import type { Host } from '../host.ts';
import type { PreferencesStore } from '../store/preferences.ts';
import type { ShellHandlers } from './ipc.ts';
import type { ShellLink } from './open-external.ts';
import type { Standing } from './quit.ts';
import { stopQuestion } from './quit.ts';
import { gatewayOf } from './status.ts';
import type { Updater } from './updater.ts';

/** Who acted, where it is written down. */
const ACTOR = 'desktop';

/** What the calls act on. */
export type CallParts = {
  readonly host: Host;
  readonly preferences: PreferencesStore;
  readonly updater: Updater;
  readonly status: () => ShellStatus;
  readonly standing: () => Standing;
  /** The page is there and listens. */
  readonly onPage: () => void;
  /** Makes the system follow a changed choice. @throws AppError when it cannot */
  readonly applyPreferences: (next: Preferences) => void;
  /** The choices as the system sees them. */
  readonly readPreferences: () => Preferences;
  /** What happened to the units, newest first. */
  readonly history: (question: { readonly unitId: UnitId | null; readonly limit: number }) => ShellOutput<'unitHistory'>['incidents'];
  readonly saveDiagnostics: () => Promise<string | null>;
  readonly openDataFolder: () => Promise<void>;
  readonly openLink: (link: ShellLink) => Promise<void>;
  readonly about: () => Promise<About>;
};

const DONE = { accepted: true } as const;

function running(host: Host): Stack {
  const { stack } = host.state();
  if (stack === null) throw new AppError('UNIT_TIMEOUT', 'Nothing runs now. Start Mainspring first.');
  return stack;
}

/** Pulls the kill switch, past the gateway. @throws AppError UNIT_TIMEOUT when nobody answers */
export async function pullKillSwitch(host: Host, wish: Omit<KillWish, 'actor'>): Promise<KillOutcome> {
  return running(host).kill({ ...wish, actor: ACTOR });
}

/** @throws AppError ORDERS_OPEN when something is at stake and the person has not said that they know */
function assertSure(standing: Standing, isSure: boolean): void {
  const question = isSure ? null : stopQuestion(standing);
  if (question !== null) throw new AppError('ORDERS_OPEN', `${question.message} ${question.detail}`);
}

async function assertKeys(host: Host, mode: Mode): Promise<void> {
  if (mode === 'demo' || (await host.brokerKeys())[mode].isSet) return;
  throw new AppError('CONFIG_INVALID', `There are no keys for the ${mode} account yet. Enter them first.`);
}

function marketCalls({ host, preferences, standing }: CallParts): Pick<ShellHandlers, 'setMode' | 'finishWelcome' | 'armLive' | 'disarmLive' | 'brokerKeys' | 'setBrokerKeys' | 'removeBrokerKeys' | 'testConnection'> {
  const begin = (mode: Mode): typeof DONE => {
    preferences.update({ mode, isWelcomeDone: true });
    void host.start(mode);
    return DONE;
  };
  return {
    setMode: async ({ mode, isSure }) => {
      await assertKeys(host, mode);
      if (mode !== host.state().mode) assertSure(standing(), isSure);
      return begin(mode);
    },
    finishWelcome: async ({ mode }) => {
      if (preferences.read().isWelcomeDone) throw new AppError('VERSION_CONFLICT', 'The welcome is done already. Change the market in the application settings.');
      await assertKeys(host, mode);
      return begin(mode);
    },
    armLive: ({ phrase, minutes }) => host.armLive(phrase, minutes),
    disarmLive: () => {
      host.disarmLive();
      return DONE;
    },
    brokerKeys: () => host.brokerKeys(),
    setBrokerKeys: ({ account, keyId, secretKey }) => host.setBrokerKeys(account, { keyId, secretKey }),
    removeBrokerKeys: ({ account }) => host.removeBrokerKeys(account),
    testConnection: ({ account, typed }) => host.testConnection(account, typed),
  };
}

function unitCalls({ host, history }: CallParts): Pick<ShellHandlers, 'startUnit' | 'stopUnit' | 'restartUnit' | 'unitLogs' | 'unitHistory'> {
  const command = (wish: 'start' | 'stop' | 'restart') => ({ unitId }: { unitId: UnitId }): typeof DONE => {
    running(host).supervisor.command(unitId, wish, 'asked for in the window');
    return DONE;
  };
  return {
    startUnit: command('start'),
    stopUnit: command('stop'),
    restartUnit: command('restart'),
    unitLogs: ({ unitId, lines, afterSeq }) => ({ lines: host.state().stack?.unitLogs(unitId, lines, afterSeq) ?? [] }),
    unitHistory: (question) => ({ incidents: history(question) }),
  };
}

function applicationCalls(parts: CallParts): Pick<ShellHandlers, 'preferences' | 'setPreferences' | 'checkUpdate' | 'installUpdate' | 'about' | 'openDataFolder' | 'openLink' | 'saveDiagnostics'> {
  const { preferences, updater } = parts;
  return {
    preferences: () => parts.readPreferences(),
    setPreferences: (change) => {
      const given = Object.entries(change).filter(([, value]) => value !== undefined);
      const next: Preferences = { ...parts.readPreferences(), ...(Object.fromEntries(given) as Partial<Preferences>) };
      parts.applyPreferences(next);
      preferences.update({ application: next });
      updater.follow();
      return parts.readPreferences();
    },
    checkUpdate: () => updater.check(),
    installUpdate: async () => {
      await updater.install();
      return DONE;
    },
    about: () => parts.about(),
    openDataFolder: async () => {
      await parts.openDataFolder();
      return DONE;
    },
    openLink: async ({ link }) => {
      await parts.openLink(link);
      return DONE;
    },
    saveDiagnostics: async () => ({ path: await parts.saveDiagnostics() }),
  };
}

/** The handlers of all calls. */
export function createCalls(parts: CallParts): ShellHandlers {
  const { host, preferences } = parts;
  return {
    access: () => gatewayOf(host),
    status: () => {
      parts.onPage();
      return parts.status();
    },
    start: () => {
      if (!preferences.read().isWelcomeDone) throw new AppError('CONFIG_INVALID', 'Choose a market first.');
      void host.start(host.state().mode);
      return DONE;
    },
    stop: () => {
      void host.stop('asked for in the window');
      return DONE;
    },
    restart: () => {
      void host.restart('asked for in the window');
      return DONE;
    },
    kill: ({ level, reason, idempotencyKey }) => pullKillSwitch(host, { level, reason, key: idempotencyKey }),
    ...unitCalls(parts),
    ...marketCalls(parts),
    ...applicationCalls(parts),
  };
}
