/** Files that leave the application by a person's hand: the diagnostics, and the data folder in the file manager. */
import { AppError } from '#app/domain/errors.ts';
import type { Core } from './core.ts';
import type { Dialogs } from './dialogs.ts';
import type { Start } from './start.ts';

/** The acts on files. */
export type FileActs = { readonly saveDiagnostics: () => Promise<string | null>; readonly openDataFolder: () => Promise<void> };

/** Builds them. */
export function fileActs({ start: { electron, place }, dialogs }: { readonly start: Start; readonly core: Core; readonly dialogs: Dialogs }): FileActs {
  return {
    saveDiagnostics: async () => {
      const file = await dialogs.askWhereToSave(`mainspring-diagnostics-${new Date().toISOString().slice(0, 10)}.zip`);
      if (file === null) return null;
      throw new AppError('RUNTIME_MISSING', 'Diagnostics are not part of this build.');
    },
    openDataFolder: async () => {
      const problem = await electron.shell.openPath(place.home.homeDir);
      if (problem !== '') throw new AppError('DATA_FOLDER_UNUSABLE', `${place.home.homeDir} could not be opened: ${problem}`);
    },
  };
}
