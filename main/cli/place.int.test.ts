/** Where a command works: the market that is meant, the folder that runs, and nothing touched by those who only look. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { layoutOf } from '../store/data-folder.ts';
import { openPreferences } from '../store/preferences.ts';
import { openDoor } from '../supervisor/door.ts';
import { homeOf, placeInUse, placeOfStart, placeToExamine } from './place.ts';

const KEYS = { ALPACA_API_KEY: 'PKPLANTED123', ALPACA_SECRET_KEY: 'planted-secret' };
let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'ms-place-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function used(dataDir: string, minutesAgo: number): void {
  mkdirSync(path.dirname(layoutOf(dataDir).door), { recursive: true });
  const at = Date.now() / 1_000 - minutesAgo * 60;
  writeFileSync(layoutOf(dataDir).storeFile, '');
  utimesSync(layoutOf(dataDir).storeFile, at, at);
}

describe('a start', () => {
  it('belongs to the chosen market, and to another one when keys in the settings say so', () => {
    const home = homeOf(null, { MAINSPRING_HOME: folder });
    expect(placeOfStart(home, false, {})).toMatchObject({ mode: 'demo', dataDir: path.join(folder, 'demo'), notes: [] });
    openPreferences(home.preferencesFile).update({ mode: 'live' });
    expect(placeOfStart(home, false, {})).toMatchObject({ mode: 'live', dataDir: path.join(folder, 'live') });
    expect(placeOfStart(home, false, KEYS)).toMatchObject({ mode: 'paper', dataDir: path.join(folder, 'paper') });
    writeFileSync(home.envFile, 'ALPACA_API_KEY=PKPLANTED123\nALPACA_SECRET_KEY=x y\n');
    expect(() => placeOfStart(home, false, {})).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }) as Error);
    expect(placeToExamine(home, {})).toMatchObject({ mode: 'live' });
  });

  it('of a replay gets a fresh folder unless one is named', () => {
    const home = homeOf(null, { MAINSPRING_HOME: folder });
    expect(path.dirname(placeOfStart(home, true, KEYS).dataDir)).toBe(path.join(folder, 'replays'));
    expect(placeOfStart(homeOf(folder, {}), true, KEYS)).toMatchObject({ mode: 'demo', dataDir: folder });
    expect(placeOfStart(homeOf(folder, {}), false, KEYS)).toMatchObject({ mode: 'paper', dataDir: folder });
  });

  it('in an older home goes on with its market, and says so', () => {
    used(folder, 1);
    writeFileSync(path.join(folder, 'simulator.sqlite'), '');
    const home = homeOf(null, { MAINSPRING_HOME: folder });
    expect(placeOfStart(home, false, {})).toMatchObject({ mode: 'demo', dataDir: folder, notes: [expect.stringContaining('used as it is')] });
    expect(placeOfStart(home, false, KEYS)).toMatchObject({ mode: 'paper', dataDir: path.join(folder, 'paper'), notes: [] });
    expect(path.dirname(placeOfStart(home, true, {}).dataDir)).toBe(path.join(folder, 'replays'));
  });

  it('tells of damaged preferences; looking leaves them alone', () => {
    const home = homeOf(null, { MAINSPRING_HOME: folder });
    writeFileSync(home.preferencesFile, 'damaged');
    expect(placeToExamine(home, {})).toMatchObject({ mode: 'demo', notes: [] });
    expect(readdirSync(folder)).toEqual(['preferences.json']);
    expect(placeOfStart(home, false, {}).notes).toEqual([expect.stringContaining('were damaged')]);
    expect(existsSync(home.preferencesFile)).toBe(false);
  });
});

describe('a verb for what runs', () => {
  it('takes the folder that runs, else the one that was used last, else the demo', async () => {
    const home = homeOf(null, { MAINSPRING_HOME: folder });
    expect(await placeInUse(home)).toBe(path.join(folder, 'demo'));
    used(home.dataDirOf('paper'), 50);
    used(home.dataDirOf('demo'), 10);
    expect(await placeInUse(home)).toBe(home.dataDirOf('demo'));
    const door = await openDoor(layoutOf(home.dataDirOf('paper')).door, () => Promise.resolve({}));
    try {
      expect(await placeInUse(home)).toBe(home.dataDirOf('paper'));
    } finally {
      await door.close();
    }
  });
});
