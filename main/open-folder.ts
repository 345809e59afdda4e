/** Everything before the first process: settings, the data folder with its lock and vault, leftovers of an earlier run. */
import type { MarketChoice } from '#app/contracts/broker-keys.ts';
import type { SettingEntry } from '#app/contracts/env-text.ts';
import type { ReplaySettings } from '#app/contracts/config.ts';
import type { Notice, UnitId } from '#app/contracts/health.ts';
import type { Settings } from '#app/contracts/settings.ts';
import { openControlStore } from './store/control-store.ts';
import type { ControlStore } from './store/control-store.ts';
import { layoutOf, nearestExisting, prepareDataFolder } from './store/data-folder.ts';
import type { DataFolder } from './store/data-folder.ts';
import { assertMarket, noteMarket } from './store/market-mark.ts';
import { entriesOf, readSettings } from './store/read-settings.ts';
import { lookAtSaved, readSaved } from './store/saved-settings.ts';
import { openSecrets, plainSealer } from './store/secrets.ts';
import type { Sealer, Secrets } from './store/secrets.ts';
import { openLogs } from './supervisor/logs.ts';
import type { Logs } from './supervisor/logs.ts';
import { reapOrphans } from './supervisor/orphans.ts';
import { openRunFiles } from './supervisor/run-files.ts';
import type { RunFiles } from './supervisor/run-files.ts';
import { assertNotElevated } from './supervisor/windows-process-info.ts';
import { assertReach, findRunAs } from './units/run-as.ts';
import type { RunAs } from './units/run-as.ts';

/** Which folder, and what is told about it. `env` is where settings beside the file come from. */
export type FolderOptions = {
  readonly dataDir: string;
  /** Where strategies travel between the markets of a home; inside of the data folder unless told. */
  readonly libraryDir?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where the settings are; `.env` in the data folder unless told. */
  readonly envFile?: string;
  /** The market that was chosen, with its keys; the demo unless told. Broker keys in the settings win. */
  readonly choice?: MarketChoice;
  readonly replay: ReplaySettings | null;
  /** How the vault of the data folder is sealed; not at all unless told. */
  readonly sealer?: Sealer;
  /** These units alone, for tools that need a part of the stack; none of them may speak to a broker. */
  readonly only?: readonly UnitId[];
};

/** Things that must be let go again, last first. */
export type Undo = (() => Promise<void> | void)[];

/**
 * Lets everything go. An act that fails does not keep the ones after it, such as the lock of the folder, from being done.
 * @throws the first failure once all were tried; every further one goes to `tell`.
 */
export async function undoAll(undo: Undo, tell: (failure: unknown) => void): Promise<void> {
  const failures: unknown[] = [];
  for (let act = undo.pop(); act; act = undo.pop()) {
    try {
      await act();
    } catch (error) {
      failures.push(error);
    }
  }
  const [first, ...others] = failures;
  for (const failure of others) tell(failure);
  if (failures.length > 0) throw first;
}

/** An open data folder, ours alone. `early` is what people should be told of it. */
export type OpenFolder = {
  readonly folder: DataFolder;
  readonly store: ControlStore;
  readonly secrets: Secrets;
  readonly settings: Settings;
  /** What the settings were read from, and where. */
  readonly sources: { readonly envFile: string; readonly entries: readonly SettingEntry[]; readonly isWithoutBroker: boolean };
  readonly logs: Logs;
  readonly runFiles: RunFiles;
  readonly runAs: RunAs | null;
  readonly early: readonly { readonly level: Notice['level']; readonly unit: UnitId | null; readonly text: string }[];
};

/** Opens the data folder. @throws AppError (operator) with a message for people; what was taken until then is in `undo`. */
export async function openFolder(options: FolderOptions, undo: Undo): Promise<OpenFolder> {
  const folder = layoutOf(options.dataDir);
  const runAs = findRunAs();
  assertReach(runAs, folder.dataDir, nearestExisting(folder.dataDir));
  prepareDataFolder(folder);
  const envFile = options.envFile ?? folder.envFile;
  const isTool = options.only !== undefined;
  const sealer = options.sealer ?? plainSealer;
  const read = { envFile, env: options.env, isWithoutBroker: options.replay !== null || isTool, saved: isTool ? lookAtSaved(envFile) : (await readSaved(envFile, sealer)).entries };
  const { settings, warnings } = readSettings({ ...read, ...(options.choice ? { choice: options.choice } : {}) });
  if (settings.postgres.externalHost === null) await assertNotElevated();
  if (!isTool) assertMarket(folder.dataDir, settings.mode);
  const { store, replaced } = openControlStore(folder.storeFile, Date.now());
  undo.push(() => store.close());
  if (!isTool) noteMarket(folder.dataDir, settings.mode, envFile);
  const secrets = await openSecrets(folder.vaultFile, sealer);
  const logs = openLogs(folder.logFolder, Date.now);
  undo.push(() => logs.flushSync());
  const runFiles = openRunFiles(folder.runFolder, store.instanceId);
  const leftovers = await reapOrphans(runFiles);
  const early: OpenFolder['early'] = [
    ...warnings.map((text) => ({ level: 'warn' as const, unit: null, text })),
    ...(replaced === null ? [] : [{ level: 'warn' as const, unit: null, text: `The control store was damaged and begins anew; the old file is ${replaced}` }]),
    ...leftovers.map(({ unit, pid }) => ({ level: 'info' as const, unit: null, text: `A leftover of an earlier run was ended: ${unit} (process ${pid})` })),
  ];
  return { folder, store, secrets, settings, sources: { envFile, entries: entriesOf(read).entries, isWithoutBroker: read.isWithoutBroker }, logs, runFiles, runAs, early };
}
