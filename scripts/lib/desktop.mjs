/** Window or terminal: what `npm start` opens on this computer. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inRoot } from './places.mjs';

/** Where Electron's package keeps its program, when it was downloaded: the package itself is without. */
const PROGRAMS = /** @type {Record<string, string>} */ ({ win32: 'electron.exe', darwin: 'Electron.app/Contents/MacOS/Electron' });

/**
 * Electron's program: below ELECTRON_OVERRIDE_DIST_PATH, else in the installed package.
 * @param {Readonly<Record<string, string | undefined>>} env
 * @param {string} platform
 * @returns {string | null} null when it was not downloaded (`npx install-electron` does that)
 */
export function findElectron(env, platform) {
  const folder = env['ELECTRON_OVERRIDE_DIST_PATH'] || inRoot('node_modules', 'electron', 'dist');
  const named = inRoot('node_modules', 'electron', 'path.txt');
  const program = join(folder, existsSync(named) ? readFileSync(named, 'utf8').trim() : (PROGRAMS[platform] ?? 'electron'));
  return existsSync(program) ? program : null;
}

/** The only options that the window understands; with any other one a terminal was meant. */
const WINDOW_OPTIONS = /^--(data=.*|hidden)$/;

/**
 * @param {readonly string[]} options
 * @returns {boolean} would the window understand all of them?
 */
function isForWindow(options) {
  return options.every((option, at) => WINDOW_OPTIONS.test(option) || option === '--data' || options[at - 1] === '--data');
}

/**
 * @param {{ platform: string, env: Readonly<Record<string, string | undefined>>, isRoot: boolean }} system
 * @returns {boolean} can a window be shown? Chromium's sandbox refuses root on Linux.
 */
function hasScreen({ platform, env, isRoot }) {
  if (platform === 'win32' || platform === 'darwin') return true;
  return !isRoot && Boolean(env['DISPLAY'] || env['WAYLAND_DISPLAY']);
}

/**
 * What a command opens: the desktop application for a plain `start` where there are a screen and an Electron, else the terminal.
 * @param {readonly string[]} args the whole command line
 * @param {{ platform: string, env: Readonly<Record<string, string | undefined>>, isRoot: boolean, electron: string | null }} system
 * @returns {{ kind: 'desktop', electron: string, options: readonly string[] } | { kind: 'headless' }}
 */
export function chooseProgram(args, system) {
  const [verb, ...options] = args;
  if (verb !== 'start' || system.electron === null || !isForWindow(options) || !hasScreen(system)) return { kind: 'headless' };
  return { kind: 'desktop', electron: system.electron, options };
}
