/** Where a command works: the data folder that `--data` names, else the home's market that is meant. */
import type { Mode } from '#app/contracts/config.ts';
import { AppError } from '#app/domain/errors.ts';
import { chooseHome, freshReplayDir, layoutOf, openHome, singleHome, usedDirs } from '../store/data-folder.ts';
import type { Home } from '../store/data-folder.ts';
import { openPreferences, peekPreferences } from '../store/preferences.ts';
import { marketOfSettings } from '../store/read-settings.ts';
import { isHeld } from '../supervisor/door.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** A home, and the data folder in it that a command works on. `notes` are for people. */
export type Place = { readonly home: Home; readonly dataDir: string; readonly mode: Mode; readonly notes: readonly string[] };

/** The home: one data folder when it is named (an absolute path), else MAINSPRING_HOME or the platform's place. */
export function homeOf(dataDir: string | null, env: Env): Home {
  return dataDir === null ? openHome(chooseHome(env)) : singleHome(dataDir);
}

/** Where a start belongs: broker keys in the settings decide the market, else the one that was chosen; a replay gets a fresh folder unless one is named. @throws AppError CONFIG_INVALID. */
export function placeOfStart(home: Home, isReplay: boolean, env: Env): Place {
  const preferences = openPreferences(home.preferencesFile);
  const mode = isReplay ? 'demo' : (marketOfSettings(home.envFile, env) ?? preferences.read().mode);
  const named = home.dataDirOf(mode);
  const isNamed = named === home.homeDir && home.olderMarket === null;
  const notes = [
    ...(preferences.warning === null ? [] : [preferences.warning]),
    ...(home.olderMarket === mode && !isReplay ? [`${home.homeDir} holds the ${mode} market itself, from before each market had a folder of its own; it is used as it is`] : []),
  ];
  return { home, mode, notes, dataDir: isReplay && !isNamed ? freshReplayDir(home, new Date()) : named };
}

/** Where a start would belong, without touching anything; settings that are wrong decide nothing, they are told of elsewhere. */
export function placeToExamine(home: Home, env: Env): Place {
  const mode = marketOrNull(home, env) ?? peekPreferences(home.preferencesFile).mode;
  return { home, mode, dataDir: home.dataDirOf(mode), notes: [] };
}

function marketOrNull(home: Home, env: Env): Mode | null {
  try {
    return marketOfSettings(home.envFile, env);
  } catch (error) {
    if (error instanceof AppError && error.family === 'operator') return null;
    throw error;
  }
}

/** The folder of the home that somebody runs in, else the one that was used last, else the demo's. */
export async function placeInUse(home: Home): Promise<string> {
  const used = usedDirs(home);
  for (const dataDir of used) if (await isHeld(layoutOf(dataDir).door)) return dataDir;
  return used[0] ?? home.dataDirOf('demo');
}
