/** Shows the window's menu anew when it changes. */
import type { ShellPhase } from '#app/contracts/shell.ts';
import type { PreferencesStore } from '../store/preferences.ts';
import { windowMenu } from './app-menu.ts';
import type { MenuActs } from './app-menu.ts';
import type { Start } from './start.ts';

/** Returns the function that shows the menu of a phase; nothing happens while it stays the same. */
export function menuShower({ start: { electron }, preferences, acts }: { readonly start: Pick<Start, 'electron'>; readonly preferences: Pick<PreferencesStore, 'read'>; readonly acts: MenuActs }): (phase: ShellPhase) => void {
  const { Menu, app } = electron;
  let shown = '';
  return (phase) => {
    const { isWelcomeDone } = preferences.read();
    const next = `${phase} ${isWelcomeDone}`;
    if (next === shown) return;
    shown = next;
    Menu.setApplicationMenu(Menu.buildFromTemplate(windowMenu({ phase, isWelcomeDone, isPackaged: app.isPackaged }, acts)));
  };
}
