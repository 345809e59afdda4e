/** When `npm start` opens a window, and when it stays in the terminal. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chooseProgram, findElectron } from './desktop.mjs';

const electron = '/opt/electron';
const linux = { platform: 'linux', env: { DISPLAY: ':0' }, isRoot: false, electron };

describe('npm start', () => {
  it.each([
    ['on Windows', { ...linux, platform: 'win32', env: {} }],
    ['on a Mac', { ...linux, platform: 'darwin', env: {} }],
    ['under X11', linux],
    ['under Wayland', { ...linux, env: { WAYLAND_DISPLAY: 'wayland-0' } }],
  ])('opens the window %s', (_where, system) => {
    expect(chooseProgram(['start'], system)).toEqual({ kind: 'desktop', electron, options: [] });
  });

  it.each([
    ['no Electron was downloaded', { ...linux, electron: null }],
    ['there is no screen', { ...linux, env: {} }],
    ['the screen is named by an empty variable', { ...linux, env: { DISPLAY: '' } }],
    ['root asks on Linux: the sandbox would refuse', { ...linux, isRoot: true }],
  ])('stays in the terminal when %s', (_why, system) => {
    expect(chooseProgram(['start'], system)).toEqual({ kind: 'headless' });
  });

  it.each([['--headless'], ['--json'], ['--keep'], ['--replay', 'bars'], ['--data', 'here', '--headless'], ['--help']])('stays in the terminal with %s', (...options) => {
    expect(chooseProgram(['start', ...options], linux)).toEqual({ kind: 'headless' });
  });

  it.each([['--data', 'my folder'], ['--data=my folder'], ['--hidden']])('opens the window with %s', (...options) => {
    expect(chooseProgram(['start', ...options], linux)).toEqual({ kind: 'desktop', electron, options });
  });

  it.each(['stop', 'status', 'verify', 'logs', 'doctor', 'help'])('%s is never a window', (verb) => {
    expect(chooseProgram([verb], linux)).toEqual({ kind: 'headless' });
  });
});

describe('Electron', () => {
  it('is found where ELECTRON_OVERRIDE_DIST_PATH says, and nowhere when it is not there', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ms-electron-'));
    try {
      const env = { ELECTRON_OVERRIDE_DIST_PATH: folder };
      expect(findElectron(env, 'win32')).toBeNull();
      writeFileSync(join(folder, 'electron.exe'), '');
      expect(findElectron(env, 'win32')).toBe(join(folder, 'electron.exe'));
      mkdirSync(join(folder, 'Electron.app/Contents/MacOS'), { recursive: true });
      writeFileSync(join(folder, 'Electron.app/Contents/MacOS/Electron'), '');
      expect(findElectron(env, 'darwin')).toBe(join(folder, 'Electron.app/Contents/MacOS/Electron'));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
