/** What leaves the application by a person's hand: the diagnostics, and the data folder in the file manager. */
import type { UnitIncident } from '#app/contracts/health.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import { collectDiagnostics, diagnosticsName } from '../diagnostics.ts';
import type { Host } from '../host.ts';
import { writeFileAtomically } from '../store/atomic-file.ts';
import { layoutOf } from '../store/data-folder.ts';
import type { Sealer } from '../store/secrets.ts';
import { readHistory } from '../store/unit-history.ts';
import type { HistoryQuestion } from '../store/unit-history.ts';
import type { Core } from './core.ts';
import type { Dialogs } from './dialogs.ts';
import type { Start } from './start.ts';

/** As many incidents as diagnostics show. */
const INCIDENTS_MAX = 200;

/** The acts on files. */
export type FileActs = { readonly saveDiagnostics: () => Promise<string | null>; readonly openDataFolder: () => Promise<void> };

/** What happened to the units, newest first: what runs tells it, else the store of the chosen market. @throws AppError DATA_FOLDER_IN_USE while another Mainspring runs there */
export function unitStory(host: Pick<Host, 'home' | 'state'>, question: HistoryQuestion): UnitIncident[] {
  const { stack, mode } = host.state();
  return stack?.history(question) ?? readHistory(layoutOf(host.home.dataDirOf(mode)).storeFile, question);
}

/** Builds them. */
export function fileActs({ electron, layout, core, dialogs, sealer }: Start & { readonly core: Core; readonly dialogs: Dialogs; readonly sealer: Sealer }): FileActs {
  const { host } = core;
  return {
    saveDiagnostics: async () => {
      const file = await dialogs.askWhereToSave(diagnosticsName(Date.now()));
      if (file === null) return null;
      const { stack, mode } = host.state();
      const bytes = await collectDiagnostics({
        homeDir: host.home.homeDir, dataDir: host.home.dataDirOf(mode), health: stack?.health() ?? null, history: unitStory(host, { unitId: null, limit: INCIDENTS_MAX }),
        version: layout.version, versions: { electron: process.versions['electron'], chromium: process.versions['chrome'] }, env: process.env, sealer, now: Date.now,
      });
      try {
        writeFileAtomically(file, bytes, { mode: 0o600 });
      } catch (error) {
        throw new AppError('DATA_FOLDER_UNUSABLE', `${file} cannot be written (${describeError(error)}). Choose another place.`, { cause: error });
      }
      return file;
    },
    openDataFolder: async () => {
      const problem = await electron.shell.openPath(host.home.homeDir);
      if (problem !== '') throw new AppError('DATA_FOLDER_UNUSABLE', `${host.home.homeDir} could not be opened: ${problem}`);
    },
  };
}
