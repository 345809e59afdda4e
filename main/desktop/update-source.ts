/** Updates of the installed Windows application through electron-updater: checksum and signature are verified, nothing is installed by itself. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { NsisUpdater, UpdateCheckResult } from 'electron-updater';
import { AppError } from '#app/domain/errors.ts';
import type { UpdateSource } from './updater.ts';

/** What of electron-updater is used. */
type Updater = Pick<
  NsisUpdater,
  'autoDownload' | 'autoInstallOnAppQuit' | 'allowDowngrade' | 'allowPrerelease' | 'disableWebInstaller' | 'disableDifferentialDownload' | 'logger' | 'downloadUpdate' | 'quitAndInstall' | 'on' | 'off'
> & { checkForUpdates(): Promise<Pick<UpdateCheckResult, 'isUpdateAvailable' | 'updateInfo'> | null> };

/** Where this installation stands. */
export type Installation = { readonly platform: NodeJS.Platform; readonly isPackaged: boolean; readonly resourcesFolder: string; readonly log: (level: 'info' | 'warn', text: string) => void };

/** Why there are no updates for this installation, for a person; null when there are. */
async function whyNone({ platform, isPackaged, resourcesFolder }: Installation): Promise<string | null> {
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

/** The port over an updater: it only ever does what it is told to. */
export function sourceOver(updater: Updater, log: Installation['log']): UpdateSource {
  Object.assign(updater, { autoDownload: false, autoInstallOnAppQuit: false, allowDowngrade: false, allowPrerelease: false, disableWebInstaller: true, disableDifferentialDownload: true } satisfies Partial<Updater>);
  // Refusals reach us as rejected promises; its own words are for the log.
  Object.assign(updater, { logger: { info: (text: unknown) => log('info', String(text)), warn: (text: unknown) => log('warn', String(text)), error: (text: unknown) => log('warn', String(text)) } });
  return {
    check: async () => {
      const result = await updater.checkForUpdates();
      return result?.isUpdateAvailable === true ? { version: result.updateInfo.version } : null;
    },
    download: async (onPercent) => {
      const tell = ({ percent }: { percent: number }): void => onPercent(percent);
      updater.on('download-progress', tell);
      try {
        await updater.downloadUpdate();
      } finally {
        updater.off('download-progress', tell);
      }
    },
    install: () => updater.quitAndInstall(true, true),
  };
}

/** Opens the source; the library is loaded only now. @throws AppError UPDATE_REFUSED with the reason why there are no updates here */
export async function openUpdateSource(installation: Installation): Promise<UpdateSource> {
  const reason = await whyNone(installation);
  if (reason !== null) throw new AppError('UPDATE_REFUSED', reason);
  const { NsisUpdater } = await import('electron-updater');
  return sourceOver(new NsisUpdater(), installation.log);
}
