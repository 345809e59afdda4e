/** Updates: off until somebody asks for them, never installed while an order is open, every failure in words. */
import type { UpdateStatus } from '#app/contracts/shell.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import { count } from './words.ts';

const FIRST_LOOK_MS = 60_000;
const LOOK_EVERY_MS = 24 * 3_600_000;

/** Where updates come from. */
export type UpdateSource = {
  /** The version that is offered; null when there is nothing newer. */
  check(): Promise<{ readonly version: string } | null>;
  /** Fetches and verifies what `check` found. `onPercent` 0 to 100. */
  download(onPercent: (percent: number) => void): Promise<void>;
  /** The downloaded file is still there and still the published one. @throws Error when not */
  verify(): Promise<void>;
  /** Starts the installer; resolves once it runs. @throws Error when it did not start */
  install(): Promise<void>;
};

/** What the updater is made of. */
export type UpdaterPorts = {
  /** Opens the source at its first use; its refusal (AppError) says why there are no updates for this installation. */
  readonly openSource: () => Promise<UpdateSource>;
  /** Did the person ask for updates? */
  readonly isWanted: () => boolean;
  /** Open orders as they are known now; null = not known; 0 while nothing runs. */
  readonly openOrders: () => number | null;
  /** Stops everything in order before the installer runs. */
  readonly stop: (reason: string) => Promise<void>;
  /** The installer runs: ends this process. */
  readonly leave: () => void;
  /** The installer did not start: goes on as before `stop`. */
  readonly stay: () => void;
  readonly onChange: () => void;
  readonly log: (level: 'info' | 'warn', text: string) => void;
};

/** The updates of this installation. */
export type Updater = {
  status(): UpdateStatus;
  /** The person's choice changed, or the application has started. */
  follow(): void;
  /** Looks now; downloads only when updates are wanted. Never throws: what went wrong is in the status. */
  check(): Promise<UpdateStatus>;
  /**
   * Stops everything, starts the installer and ends this process. @throws AppError ORDERS_OPEN (denied) while orders are open or unknown,
   * UPDATE_REFUSED (denied) without a sound download, or when the installer did not start: then all that ran runs again
   */
  install(): Promise<void>;
  close(): void;
};

/** What the failure of a look or a download means for a person. */
export function updateFailure(error: unknown): string {
  const text = describeError(error);
  if (/sha512|checksum mismatch/i.test(text)) return 'The download was damaged on its way (its checksum is not the published one). It was thrown away and nothing was installed; it is fetched again at the next look.';
  if (/not signed|ERR_UPDATER_INVALID_SIGNATURE/i.test(text)) return 'The download is not signed by the makers of Mainspring. It was thrown away and nothing was installed.';
  if (/ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ERR_INTERNET_DISCONNECTED|ERR_NAME_NOT_RESOLVED|ERR_CONNECTION|ERR_NETWORK/i.test(text)) return 'The update server cannot be reached. Trading is not affected; it is tried again later.';
  if (/ENOSPC/.test(text)) return 'There is not enough room on the disk for the update.';
  if (/\b404\b|ERR_UPDATER_CHANNEL_FILE_NOT_FOUND/.test(text)) return 'The update server has no list of versions now. It is asked again later.';
  return `The update failed: ${text.split('\n')[0] ?? text}`;
}

/** What it means for a person that a downloaded installer was not started. */
function installFailure(error: unknown): string {
  const text = describeError(error);
  if (/ENOENT/.test(text)) return 'The downloaded file is gone; a virus scanner may have removed it. It is fetched again at the next look.';
  if (/checksum mismatch/i.test(text)) return 'The downloaded file is no longer the published one. It was thrown away and is fetched again at the next look.';
  return `Windows or a virus scanner did not let it run (${text.split('\n')[0] ?? text}). Try again later, or install the new version by hand.`;
}

type Stage = { readonly state: 'none' | 'checking' | 'downloading' | 'ready' | 'failed' | 'unavailable'; readonly version: string | null; readonly percent: number | null; readonly message: string | null };
const RESTING: Stage = { state: 'none', version: null, percent: null, message: null };

/** Stops everything, starts the installer, leaves. A failure is kept in the status and told to whoever asked; the next look fetches anew what is not sound. */
async function replaceUs(source: UpdateSource, version: string, ports: Pick<UpdaterPorts, 'stop' | 'leave' | 'stay' | 'log'> & { readonly onFailed: (message: string) => void }): Promise<void> {
  const refuse = (what: string, error: unknown): never => {
    ports.log('warn', `${what}: ${describeError(error)}`);
    const message = `${what}. ${installFailure(error)}`;
    ports.onFailed(message);
    throw new AppError('UPDATE_REFUSED', message, { cause: error });
  };
  await source.verify().catch((error: unknown) => refuse('The update was not installed; nothing was stopped', error));
  await ports.stop(`the update to version ${version} is installed`);
  try {
    await source.install();
  } catch (error) {
    ports.stay();
    refuse('The installer of the update did not start; Mainspring goes on as before', error);
  }
  ports.leave();
}

/** Builds the updater; nothing is loaded or asked before it is wanted. */
export function createUpdater(ports: UpdaterPorts): Updater {
  let stage = RESTING;
  let source: UpdateSource | null = null;
  let running: Promise<void> | null = null;
  let installing: Promise<void> | null = null;
  let timer: NodeJS.Timeout | undefined;

  const become = (next: Partial<Stage>): void => {
    stage = { ...RESTING, ...next };
    ports.onChange();
  };
  const status = (): UpdateStatus => {
    if (stage.state !== 'ready') return ports.isWanted() || stage !== RESTING ? { ...stage } : { ...RESTING, state: 'off' };
    const open = ports.openOrders();
    if (open === 0) return { ...stage };
    return { ...stage, state: 'held', message: open === null ? 'It is not known now whether orders are open.' : `${count(open, 'order')} ${open === 1 ? 'is' : 'are'} open now.` };
  };
  const look = async (): Promise<void> => {
    become({ state: 'checking' });
    try {
      source ??= await ports.openSource();
      const found = await source.check();
      if (found === null) return become({ message: null });
      const { version } = found;
      if (!ports.isWanted()) return become({ version, message: `Version ${version} is there. Switch updates on to download it.` });
      become({ state: 'downloading', version, percent: 0 });
      await source.download((percent) => {
        if (Math.floor(percent) !== stage.percent) become({ state: 'downloading', version, percent: Math.floor(percent) });
      });
      ports.log('info', `Version ${version} was downloaded and waits to be installed`);
      return become({ state: 'ready', version, percent: 100 });
    } catch (error) {
      if (error instanceof AppError) return become({ state: 'unavailable', message: error.message });
      ports.log('warn', `The update failed: ${describeError(error)}`);
      return become({ state: 'failed', message: updateFailure(error) });
    }
  };
  const lookOnce = (): Promise<void> => {
    if (stage.state === 'ready') return Promise.resolve();
    running ??= look().finally(() => (running = null));
    return running;
  };
  const schedule = (delayMs: number): void => {
    clearTimeout(timer);
    if (!ports.isWanted() || stage.state === 'unavailable') return;
    timer = setTimeout(() => void lookOnce().then(() => schedule(LOOK_EVERY_MS)), delayMs);
    timer.unref();
  };

  return {
    status,
    follow: () => schedule(FIRST_LOOK_MS),
    check: async () => {
      await lookOnce();
      return status();
    },
    install: async () => {
      const now = status();
      if (now.state === 'held') throw new AppError('ORDERS_OPEN', `${now.message ?? ''} The update waits until none is.`);
      if (now.state !== 'ready' || source === null) throw new AppError('UPDATE_REFUSED', 'There is no downloaded update to install.');
      installing ??= replaceUs(source, now.version ?? '', { ...ports, onFailed: (message) => become({ state: 'failed', message }) }).finally(() => (installing = null));
      await installing;
    },
    close: () => clearTimeout(timer),
  };
}
