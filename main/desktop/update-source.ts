/** Updates of the installed Windows application through electron-updater: checksum and signature are verified, nothing is installed by itself. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { NsisUpdater, UpdateCheckResult } from 'electron-updater';
import { AppError } from '#app/domain/errors.ts';
import type { UpdateSource } from './updater.ts';

/** What of electron-updater is used. */
type Updater = Pick<
  NsisUpdater,
  'autoDownload' | 'autoInstallOnAppQuit' | 'allowDowngrade' | 'allowPrerelease' | 'disableWebInstaller' | 'disableDifferentialDownload' | 'logger' | 'downloadUpdate' | 'on' | 'off'
> & { checkForUpdates(): Promise<Pick<UpdateCheckResult, 'isUpdateAvailable' | 'updateInfo'> | null> };

/** Starts a Setup that replaces us; resolves once it runs. @throws Error when the system did not start it */
export type StartSetup = (file: string) => Promise<void>;

/** Where this installation stands. */
export type Installation = { readonly platform: NodeJS.Platform; readonly isPackaged: boolean; readonly resourcesFolder: string; readonly log: (level: 'info' | 'warn', text: string) => void; readonly startSetup: StartSetup };

/** Why there are no updates for this installation, for a person; null when there are. */
async function whyNone({ platform, isPackaged, resourcesFolder }: Omit<Installation, 'startSetup'>): Promise<string | null> {
  if (!isPackaged) return 'Mainspring runs from its sources here; update those.';
  if (platform !== 'win32') return 'Mainspring updates itself on Windows only.';
  let feed: string;
  try {
    feed = await readFile(path.join(resourcesFolder, 'app-update.yml'), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return 'This build of Mainspring has no update server. Get new versions where you got this one.';
  }
  // Without a name to check the signature against, whoever holds the server could run a program here.
  return /^publisherName:/m.test(feed) ? null : 'This build of Mainspring is not signed, so it cannot tell a genuine update from a forged one. Get new versions where you got this one.';
}

async function sha512Of(file: string): Promise<string> {
  const hash = createHash('sha512');
  await pipeline(createReadStream(file), hash);
  return hash.digest('base64');
}

/** The port over an updater: it only ever does what it is told to. */
export function sourceOver(updater: Updater, { log, startSetup }: Pick<Installation, 'log' | 'startSetup'>): UpdateSource {
  Object.assign(updater, { autoDownload: false, autoInstallOnAppQuit: false, allowDowngrade: false, allowPrerelease: false, disableWebInstaller: true, disableDifferentialDownload: true } satisfies Partial<Updater>);
  // Refusals reach us as rejected promises; its own words are for the log.
  Object.assign(updater, { logger: { info: (text: unknown) => log('info', String(text)), warn: (text: unknown) => log('warn', String(text)), error: (text: unknown) => log('warn', String(text)) } });
  let published: ReadonlySet<string> = new Set();
  let setup: string | null = null;
  /** Time passed since the download: the file may have been removed or changed. */
  const sound = async (): Promise<string> => {
    if (setup === null) throw new Error('there is no downloaded update');
    const found = await sha512Of(setup);
    if (!published.has(found)) {
      // The library would take it for its download again: it looks at the name only.
      await rm(setup, { force: true });
      throw new Error(`sha512 checksum mismatch, ${setup} had ${found}`);
    }
    return setup;
  };
  return {
    check: async () => {
      const result = await updater.checkForUpdates();
      if (result?.isUpdateAvailable !== true) return null;
      const { version, files } = result.updateInfo;
      published = new Set(files.map(({ sha512 }) => sha512));
      return { version };
    },
    download: async (onPercent) => {
      const tell = ({ percent }: { percent: number }): void => onPercent(percent);
      updater.on('download-progress', tell);
      try {
        const files = await updater.downloadUpdate();
        setup = files.find((file) => file.toLowerCase().endsWith('.exe')) ?? null;
      } finally {
        updater.off('download-progress', tell);
      }
    },
    verify: async () => void (await sound()),
    // The library's own way ends this process even when no Setup was started.
    install: async () => startSetup(await sound()),
  };
}

/** Opens the source; the library is loaded only now. @throws AppError UPDATE_REFUSED with the reason why there are no updates here */
export async function openUpdateSource(installation: Installation): Promise<UpdateSource> {
  const reason = await whyNone(installation);
  if (reason !== null) throw new AppError('UPDATE_REFUSED', reason);
  const { NsisUpdater } = await import('electron-updater');
  return sourceOver(new NsisUpdater(), installation);
}
