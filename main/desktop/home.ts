/** Which home this start is for, and its preferences even where they cannot be kept. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { describeError } from '#app/domain/errors.ts';
import { chooseHome, makeHome, openHome, singleHome } from '../store/data-folder.ts';
import type { Home } from '../store/data-folder.ts';
import { DEFAULTS, openPreferences } from '../store/preferences.ts';
import type { PreferencesStore, Stored } from '../store/preferences.ts';
import type { Wishes } from './argv.ts';
import type { ShellLog } from './shell-log.ts';

/** The home of this start. `profileFolder` is Chromium's: the key that seals the secrets lies in it, so both live and go together; null when the home cannot be made. */
export type ShellHome = {
  readonly home: Home;
  readonly profileFolder: string | null;
  /** Chromium's minidumps: they may hold anything that was in memory, so they lie apart from all that goes into diagnostics. */
  readonly dumpFolder: string;
  /** Our own words about crashes. */
  readonly crashFolder: string;
};

/** Chooses the home and makes it. A home that cannot be made is told by the start that needs it, in the window. */
export function openShellHome({ dataDir }: Wishes, env: NodeJS.ProcessEnv): ShellHome {
  const home = dataDir === null ? openHome(chooseHome(env)) : singleHome(dataDir);
  const folders = { home, dumpFolder: path.join(home.homeDir, 'crashes'), crashFolder: path.join(home.homeDir, 'logs', 'crashes') };
  const profileFolder = path.join(home.homeDir, 'shell');
  try {
    makeHome(home);
    for (const folder of [profileFolder, folders.dumpFolder]) mkdirSync(folder, { recursive: true, mode: 0o700 });
    return { ...folders, profileFolder };
  } catch (error) {
    process.stderr.write(`${describeError(error)}\n`);
    return { ...folders, profileFolder: null };
  }
}

/** The preferences; where the file cannot be read or written they last as long as this process. */
export function keepPreferences(file: string, log: ShellLog): PreferencesStore {
  let stored: Stored = DEFAULTS;
  let store: PreferencesStore | null = null;
  try {
    store = openPreferences(file);
    stored = store.read();
    if (store.warning !== null) log('warn', store.warning);
  } catch (error) {
    log('error', `The preferences cannot be read (${describeError(error)}); they begin anew for this time.`);
  }
  return {
    warning: store?.warning ?? null,
    read: () => stored,
    update: (change) => {
      stored = { ...stored, ...change };
      try {
        if (store !== null) stored = store.update(change);
      } catch (error) {
        log('error', `The preferences cannot be written (${describeError(error)}); they last until Mainspring ends.`);
      }
      return stored;
    },
  };
}
