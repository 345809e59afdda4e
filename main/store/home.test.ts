/** The home: a data folder for each market, older layouts, and which one is meant. */
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chooseHome, freshReplayDir, layoutOf, openHome, singleHome, usedDirs } from './data-folder.ts';
import { assertMarket, marketIn, noteMarket, settingsFileOf } from './market-mark.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'ms-home-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function used(dataDir: string, minutesAgo: number): void {
  mkdirSync(dataDir, { recursive: true });
  const { storeFile } = layoutOf(dataDir);
  writeFileSync(storeFile, '');
  const at = Date.now() / 1_000 - minutesAgo * 60;
  utimesSync(storeFile, at, at);
}

/** As initdb leaves it once it is whole. */
function database(dataDir: string, name = '18'): void {
  mkdirSync(path.join(dataDir, 'postgres', name), { recursive: true });
  writeFileSync(path.join(dataDir, 'postgres', name, 'PG_VERSION'), '18\n');
}

describe('a home', () => {
  it('is MAINSPRING_HOME or the place of the platform, and holds a folder for each market', () => {
    expect(chooseHome({ MAINSPRING_HOME: '/x/y' })).toBe(path.resolve('/x/y'));
    const home = openHome(folder);
    expect([home.dataDirOf('demo'), home.dataDirOf('paper'), home.dataDirOf('live')]).toEqual(['demo', 'paper', 'live'].map((mode) => path.join(folder, mode)));
    expect([home.olderMarket, home.envFile, home.keysFile, home.libraryDir]).toEqual([null, path.join(folder, '.env'), path.join(folder, 'keys.json'), path.join(folder, 'library')]);
  });

  it('that was a data folder itself goes on holding that market', () => {
    used(folder, 1);
    expect(openHome(folder)).toMatchObject({ olderMarket: null });
    database(folder);
    expect(openHome(folder)).toMatchObject({ olderMarket: 'paper' });
    writeFileSync(path.join(folder, 'simulator.sqlite'), '');
    const home = openHome(folder);
    expect([home.olderMarket, home.dataDirOf('demo'), home.dataDirOf('paper')]).toEqual(['demo', folder, path.join(folder, 'paper')]);
  });

  it('named by --data is one folder for everything', () => {
    const home = singleHome(folder);
    expect([home.dataDirOf('demo'), home.dataDirOf('live'), home.olderMarket, home.libraryDir]).toEqual([folder, folder, null, path.join(folder, 'library')]);
  });

  it('knows which of its folders were used, the last one first, replays of both layouts included', () => {
    const home = openHome(folder);
    expect(usedDirs(home)).toEqual([]);
    const replay = freshReplayDir(home, new Date('2026-01-02T03:04:05.678Z'));
    expect(path.relative(folder, replay)).toBe(path.join('replays', '2026-01-02-030405'));
    used(home.dataDirOf('demo'), 30);
    used(replay, 10);
    used(home.dataDirOf('paper'), 20);
    const older = path.join(`${folder}-replays`, 'one');
    used(older, 40);
    expect(usedDirs(home)).toEqual([replay, home.dataDirOf('paper'), home.dataDirOf('demo'), older]);
    // What runs writes beside the store.
    writeFileSync(`${layoutOf(home.dataDirOf('demo')).storeFile}-wal`, '');
    expect(usedDirs(home)[0]).toBe(home.dataDirOf('demo'));
    rmSync(`${folder}-replays`, { recursive: true });
  });
});

describe('the market of a data folder', () => {
  it('is noted at its first start with the place of its settings, and held to', () => {
    const dataDir = path.join(folder, 'paper');
    mkdirSync(dataDir);
    expect(marketIn(dataDir)).toBeNull();
    assertMarket(dataDir, 'live');
    noteMarket(dataDir, 'paper', path.join(folder, '.env'));
    expect([marketIn(dataDir), settingsFileOf(dataDir)]).toEqual(['paper', path.join(folder, '.env')]);
    assertMarket(dataDir, 'paper');
    expect(() => assertMarket(dataDir, 'live')).toThrow(/holds the book of the paper account, and this start would trade the live account/);
    expect(() => assertMarket(dataDir, 'demo')).toThrow(/a folder of its own/);
  });

  it('is free for any market when a start ended before the note and before the databases', () => {
    used(folder, 1);
    database(folder, '18.new');
    expect(marketIn(folder)).toBeNull();
    assertMarket(folder, 'live');
    database(folder);
    expect(marketIn(folder)).toBe('paper');
    expect(() => assertMarket(folder, 'live')).toThrow(/holds the book of the paper account/);
  });

  it('is never noted over another one, whoever noted that since it was asked about', () => {
    assertMarket(folder, 'paper');
    noteMarket(folder, 'demo', path.join(folder, '.env'));
    expect(() => noteMarket(folder, 'paper', path.join(folder, '.env'))).toThrow(expect.objectContaining({ code: 'DATA_FOLDER_UNUSABLE' }) as Error);
    noteMarket(folder, 'demo', path.join(folder, 'elsewhere', '.env'));
    expect([marketIn(folder), settingsFileOf(folder)]).toEqual(['demo', path.join(folder, 'elsewhere', '.env')]);
  });

  it('is not guessed when the note is damaged', () => {
    writeFileSync(path.join(folder, 'market.json'), '{"market":"dem');
    expect(() => marketIn(folder)).toThrow(expect.objectContaining({ code: 'CONFIG_UNREADABLE' }) as Error);
  });
});
