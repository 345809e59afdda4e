/** Starts with the system, where the person asked for it: hidden, in the tray. */
import type { App } from 'electron';
import { AppError } from '#app/domain/errors.ts';

/** What of Electron this uses. */
export type LoginItemApp = Pick<App, 'isPackaged' | 'getPath' | 'setLoginItemSettings' | 'getLoginItemSettings'>;

/** Can this installation start with the system at all? */
function isPossible(app: LoginItemApp, platform: NodeJS.Platform): boolean {
  return app.isPackaged && (platform === 'win32' || platform === 'darwin');
}

/** Electron quotes the arguments where they need it, but never the path; and it looks the entry up by its first word, so a path with a space must be quoted. */
function command(app: LoginItemApp, dataDir: string | null): { path: string; args: string[] } {
  return { path: `"${app.getPath('exe')}"`, args: ['--hidden', ...(dataDir === null ? [] : ['--data', dataDir])] };
}

/**
 * Registers or removes the start with the system. Windows keeps it in the registry's Run key under the application's user model id; the
 * uninstaller removes it by that name. @throws AppError INPUT_INVALID where that is not possible.
 */
export function setStartWithSystem(app: LoginItemApp, platform: NodeJS.Platform, choice: { readonly isWanted: boolean; readonly dataDir: string | null }): void {
  if (!isPossible(app, platform)) {
    if (!choice.isWanted) return;
    throw new AppError('INPUT_INVALID', 'Only the installed application can start with the system, on Windows and macOS.');
  }
  app.setLoginItemSettings({ openAtLogin: choice.isWanted, enabled: choice.isWanted, ...command(app, choice.dataDir) });
}

/** Does it start with the system, as the system sees it? A person may have switched it off in the task manager. Null where it is not possible. */
export function startsWithSystem(app: LoginItemApp, platform: NodeJS.Platform, dataDir: string | null): boolean | null {
  if (!isPossible(app, platform)) return null;
  const { openAtLogin, executableWillLaunchAtLogin } = app.getLoginItemSettings(command(app, dataDir));
  // On Windows the first does not know that a person switched the entry off in the task manager.
  return platform === 'win32' ? executableWillLaunchAtLogin : openAtLogin;
}
