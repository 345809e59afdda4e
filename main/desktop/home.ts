/** Which home this start is for, and its preferences even where they cannot be kept. */
import path from 'node:path';
import { describeError } from '#app/domain/errors.ts';
import { chooseHome, makeHome, openHome, singleHome } from '../store/data-folder.ts';
import type { Home } from '../store/data-folder.ts';
import { DEFAULTS, openPreferences } from '../store/preferences.ts';
import type { PreferencesStore, Stored } from '../store/preferences.ts';
import type { Wishes } from './argv.ts';
import type { ShellLog } from './shell-log.ts';

/** The home of this start. `profileFolder` is Chromium's: the key that seals the secrets lies in it, so both live and go together; null when the home cannot be made. */
export type ShellHome = { readonly home: Home; readonly profileFolder: string | null; readonly crashFolder: string };

/** Chooses the home and makes it. A home that cannot be made is told by the start that needs it, in the window. */
export function openShellHome({ dataDir }: Wishes, env: NodeJS.ProcessEnv): ShellHome {
  const home = dataDir === null ? openHome(chooseHome(env)) : singleHome(dataDir);
  const crashFolder = path.join(home.homeDir, 'crashes');
  try {
    makeHome(home);
    return { home, profileFolder: path.join(home.homeDir, 'shell'), crashFolder };
  } catch (error) {
    process.stderr.write(`${describeError(error)}\n`);
    return { home, profileFolder: null, crashFolder };
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
