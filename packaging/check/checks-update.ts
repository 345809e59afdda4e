/** A good update, a move to another folder, and removal without a trace. */
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Pair } from './pair.ts';
import { APP_ID, expectInstalled, expectLink, KEY_APP, KEY_RUN, KEY_TOAST, KEY_UNINSTALL, placeFor, startStandIn, startsOf, UNINSTALLER } from './house.ts';
import type { House } from './house.ts';
import { expectExit, expectSame, expectSameFiles, expectTrue } from './report.ts';
import type { Report } from './report.ts';
import { hashTree, waitUntil } from './wine.ts';

/** What a person has after a while: data, an open-at-login entry, no icon on the desktop. */
export async function liveIn(house: House): Promise<void> {
  for (const name of ['demo/pg/base', 'paper', 'live/logs']) mkdirSync(path.join(house.data, name), { recursive: true });
  writeFileSync(path.join(house.data, 'preferences.json'), '{"mode":"demo"}');
  writeFileSync(path.join(house.data, 'demo/pg/base/16384'), 'orders and fills');
  writeFileSync(path.join(house.data, 'live/logs/execution.log'), 'a line\n');
  await house.wine.run('reg', ['add', `HKCU\\${KEY_RUN}`, '/v', APP_ID, '/d', 'Mainspring.exe', '/f']);
  await house.wine.run('reg', ['add', `HKCU\\${KEY_TOAST}\\LocalServer32`, '/ve', '/d', 'Mainspring.exe', '/f']);
  rmSync(house.desktopLink);
}

/** The update as electron-updater starts it, with the program running. */
export async function checkUpdate(report: Report, pair: Pair, house: House): Promise<void> {
  report.section(`Updating to ${path.basename(pair.newer.setupFile)}`);
  const data = hashTree(house.data);
  const foreign = path.join(house.folder, 'resources', 'runtime', 'redis', 'my-notes.txt');
  await report.check('the running program is asked to quit by its data folder, and started again afterwards', async () => {
    writeFileSync(foreign, 'not from us');
    // A crash of an earlier Setup left this behind.
    mkdirSync(path.join(house.folder, '.incoming', 'resources'), { recursive: true });
    writeFileSync(path.join(house.folder, '.incoming', 'resources', 'half'), 'half');
    const running = await startStandIn(house, path.join(house.folder, 'Mainspring.exe'), 'program');
    const ended = await house.setup(pair.newer.setupFile, ['--updated', '--force-run', '--data=D:\\my data'], running.env);
    expectExit('Setup', ended, 0);
    await waitUntil('the program to start again', () => startsOf(running.folder).length === 3);
    // On Wine everybody is administrator: Explorer starts the program, and takes no arguments.
    expectSame('starts', startsOf(running.folder), ['', '--quit --data "D:\\my data"', '']);
    await running.end();
  });
  await report.check('a file of the person in the folder stays, files of the old version alone are gone', () => {
    expectTrue('the person\'s file is gone', existsSync(foreign));
    expectTrue('a stale file is left', !existsSync(path.join(house.folder, 'resources/runtime/redis/old-only')));
    rmSync(foreign);
  });
  await report.check('every file is the new version\'s, byte by byte', () => expectInstalled(house, pair.newer));
  const database = path.join(house.folder, 'resources/runtime/postgres/bin/postgres.exe');
  if (existsSync(path.join(path.dirname(database), 'initdb.exe'))) {
    await report.check('the installed PostgreSQL is whole: it runs', async () => {
      const { code, output } = await house.wine.run(database, ['--version']);
      expectTrue(`exit code ${code}: ${output}`, code === 0 && /postgres \(PostgreSQL\) \d+/.test(output));
    });
  }
  await report.check('data and login item are kept, the icon that was deleted does not come back', async () => {
    expectSameFiles('data', hashTree(house.data), data);
    expectSame('login item', (await house.wine.registry(KEY_RUN))?.get(APP_ID), 'Mainspring.exe');
    expectTrue('the desktop icon is back', !existsSync(house.desktopLink));
  });
}

/** Installed into another folder, whose name has spaces and umlauts, the program moves. */
export async function checkMove(report: Report, pair: Pair, house: House): Promise<string> {
  report.section('Moving to a folder with spaces and umlauts');
  const spaced = path.join(house.programs, 'Müller & Söhne', 'Handel €');
  await report.check('installs there, removes the other one, and the shortcuts follow', async () => {
    const ended = await house.setup(pair.newer.setupFile, ['--force-run', `/D=${house.wine.onWindows(spaced)}`], { STAND_IN_FOLDER: house.wine.onWindows(placeFor(house, 'moved')) });
    expectExit('Setup', ended, 0);
    await expectInstalled(house, pair.newer, spaced);
    expectLink(house, house.desktopLink, spaced);
    expectSame('left in the old folder', [...hashTree(house.folder).keys()], []);
    expectTrue('the old folder is still there', !existsSync(house.folder));
  });
  await report.check('and runs from there', async () => {
    await waitUntil('the program to start', () => startsOf(path.join(house.wine.drive, 'stand-in', 'moved')).length === 1);
  });
  return spaced;
}

/** Nothing but data may be left, and with /DELETEDATA not even that. */
export async function checkRemoval(report: Report, pair: Pair, house: House, { folder, before }: { folder: string; before: Snapshot }): Promise<void> {
  report.section('Removing');
  const data = hashTree(house.data);
  await report.check('the uninstaller waits for a running program, too', async () => {
    const running = await startStandIn(house, path.join(folder, 'Mainspring.exe'), 'program');
    const ended = await house.wine.run(path.join(folder, UNINSTALLER), ['/S', `_?=${house.wine.onWindows(folder)}`], { ...running.env, STAND_IN_FOLDER: house.wine.onWindows(placeFor(house, 'deaf')), MAINSPRING_SETUP_STOP_POLLS: '2' });
    expectExit('the uninstaller', ended, 3);
    await expectInstalled(house, pair.newer, folder);
    await running.end();
  });
  await report.check('silently: a file of the person and the data stay, and what a link leads to; all else is gone', async () => {
    const elsewhere = path.join(house.wine.drive, 'elsewhere');
    mkdirSync(path.join(elsewhere, 'photos'), { recursive: true });
    writeFileSync(path.join(elsewhere, 'photos', 'summer.jpg'), 'not ours');
    const updates = path.join(path.dirname(house.data), 'mainspring-updater');
    mkdirSync(path.join(updates, 'pending'), { recursive: true });
    writeFileSync(path.join(updates, 'pending', 'Setup.exe'), 'downloaded');
    // Wine shows it as Windows shows a junction, but for removing it.
    symlinkSync(elsewhere, path.join(updates, 'link'));
    const notes = path.join(folder, 'resources', 'my-notes.txt');
    writeFileSync(notes, 'not from us');
    await house.uninstall(folder);
    expectSame('left', [...hashTree(folder).keys()], ['resources/my-notes.txt']);
    rmSync(folder, { recursive: true });
    expectSame('elsewhere', [...hashTree(elsewhere).keys()], ['photos/summer.jpg']);
    expectSame('downloads', existsSync(updates) ? readdirSync(updates).filter((name) => name !== 'link') : [], []);
    for (const place of [updates, elsewhere]) rmSync(place, { recursive: true, force: true });
    expectSameFiles('data', hashTree(house.data), data);
    for (const key of [KEY_APP, KEY_UNINSTALL, KEY_TOAST]) expectSame(key, await house.wine.registry(key), null);
    expectSame('login item', (await house.wine.registry(KEY_RUN))?.has(APP_ID) ?? false, false);
    expectTrue('a shortcut is left', !existsSync(house.startMenuLink) && !existsSync(house.desktopLink));
  });
  await report.check('installed again and removed with /DELETEDATA: Windows is as it was before, file by file and key by key', async () => {
    expectExit('Setup', await house.setup(pair.newer.setupFile, []), 0);
    await expectInstalled(house, pair.newer);
    expectSameFiles('data', hashTree(house.data), data);
    mkdirSync(path.join(house.data, 'demo', ...'a deep tree of folders'.split(' '), 'empty'), { recursive: true });
    await house.uninstall(house.folder, ['/DELETEDATA']);
    await waitUntil('the folder to be gone', () => !existsSync(house.folder));
    expectTrue('data is left', !existsSync(house.data));
    const after = await takeSnapshot(house);
    expectSameFiles('files', after.files, before.files);
    expectSame('registry', after.registry.filter((line) => !before.registry.includes(line)), []);
  });
}

/** The person's files and settings on that Windows. */
export type Snapshot = { readonly files: ReadonlyMap<string, string>; readonly registry: readonly string[] };

/** What Wine itself writes while programs run. */
const NOT_OURS = /^AppData\/Local\/Temp\/|^Temp\//;

/** Reads the person's files and settings. */
export async function takeSnapshot(house: House): Promise<Snapshot> {
  const registry = await house.wine.registrySnapshot();
  return { files: new Map([...hashTree(house.wine.home)].filter(([name]) => !NOT_OURS.test(name))), registry };
}
