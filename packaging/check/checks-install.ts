/** Setup on a real Windows API (Wine): refusals, installation, update, removal. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Pair } from './pair.ts';
import { APP_ID, expectInstalled, expectLink, placeFor, startStandIn, startsOf } from './house.ts';
import type { House } from './house.ts';
import { expectExit, expectSame, expectSameFiles, expectTrue } from './report.ts';
import type { Report } from './report.ts';
import { compile } from './stand-in.ts';
import { hashTree, waitUntil } from './wine.ts';

/** Setup's exit codes (packaging/installer/installer.nsi). */
const CODES = { done: 0, notUnpacked: 2, running: 3, inUse: 4, windows: 5, foreignFolder: 6, secondSetup: 7, path: 8 } as const;
/** Setup asks twice a second whether the program has stopped. */
const TWO_POLLS = { MAINSPRING_SETUP_STOP_POLLS: '2' };

const expectNothingInstalled = (house: House, folder = house.folder): void => expectSame('files', [...hashTree(folder).keys()], []);

/** What must not be installed, and says so with an exit code. */
export async function checkRefusals(report: Report, pair: Pair, house: House): Promise<void> {
  report.section('What Setup refuses');
  const { setupFile } = pair.newer;
  await report.check('a Windows before 10', async () => {
    expectExit('Setup', await house.setup(setupFile, []), CODES.windows);
    expectNothingInstalled(house);
  });
  await house.wine.run('winecfg', ['-v', 'win10']);
  await report.check('a Setup.exe that was damaged on its way, even when told not to look', async () => {
    const damaged = path.join(house.wine.drive, 'damaged.exe');
    const bytes = readFileSync(setupFile);
    const middle = Math.floor(bytes.length / 2);
    bytes.writeUInt8(bytes.readUInt8(middle) ^ 0x01, middle);
    writeFileSync(damaged, bytes);
    for (const args of [[], ['/NCRC']]) {
      const { code } = await house.setup(damaged, args);
      expectTrue(`exit code ${code}`, code !== CODES.done);
      expectNothingInstalled(house);
    }
    rmSync(damaged);
  });
  await report.check('a folder that holds something else, which it leaves alone', async () => {
    const foreign = path.join(house.wine.drive, 'Games');
    mkdirSync(path.join(foreign, 'resources'), { recursive: true });
    writeFileSync(path.join(foreign, 'resources', 'app.asar'), 'another program');
    copyFileSync(pair.program, path.join(foreign, 'Mainspring.exe'));
    const before = hashTree(foreign);
    const again = placeFor(house, 'refused');
    const refused = (args: readonly string[]) => house.setup(setupFile, [...args, `/D=${house.wine.onWindows(foreign)}`], { STAND_IN_FOLDER: house.wine.onWindows(again) });
    expectExit('Setup', await refused([]), CODES.foreignFolder);
    expectSame('started', startsOf(again), []);
    // The program has quit for this update.
    expectExit('Setup', await refused(['--updated', '--force-run']), CODES.foreignFolder);
    await waitUntil('the program to start again', () => startsOf(again).length === 1);
    expectSameFiles('Games', hashTree(foreign), before);
    rmSync(foreign, { recursive: true });
  });
  await report.check('the folder of the data, and one inside it', async () => {
    for (const folder of [house.data, path.join(house.data, 'program')]) {
      expectExit('Setup', await house.setup(setupFile, [`/D=${house.wine.onWindows(folder)}`]), CODES.foreignFolder);
      expectNothingInstalled(house, folder);
    }
  });
  await report.check('a folder whose path is too long for Windows', async () => {
    const folder = path.join(house.wine.drive, 'a'.repeat(100), 'b'.repeat(100));
    expectExit('Setup', await house.setup(setupFile, [`/D=${house.wine.onWindows(folder)}`]), CODES.path);
    expectNothingInstalled(house, folder);
  });
}

/** The first installation, into an empty Windows. */
export async function checkInstallation(report: Report, pair: Pair, house: House): Promise<void> {
  report.section(`Installing ${path.basename(pair.older.setupFile)}`);
  await report.check('silently: every file, byte by byte, registry entries and shortcuts', async () => {
    expectExit('Setup', await house.setup(pair.older.setupFile, []), CODES.done);
    await expectInstalled(house, pair.older);
    expectLink(house, house.desktopLink, house.folder);
  });
  await report.check('the shortcuts get the identity of the program, in the layout that Windows reads', async () => {
    const file = path.join(house.wine.drive, 'identity.exe');
    compile('identity.nsi', { OUT_FILE: file, APP_ID, INSTALLER_FOLDER: path.join(import.meta.dirname, '..', 'installer') });
    expectExit('identity.exe', await house.wine.run(file, []), 42);
    rmSync(file);
  });
  await report.check('the installed program starts', async () => {
    const running = await startStandIn(house, path.join(house.folder, 'Mainspring.exe'), 'first');
    expectSame('started with', startsOf(running.folder), ['']);
    await running.end();
  });
  await report.check('the same again repairs a damaged file', async () => {
    writeFileSync(path.join(house.folder, 'resources', 'app.asar'), 'damaged');
    rmSync(path.join(house.folder, 'ffmpeg.dll'));
    expectExit('Setup', await house.setup(pair.older.setupFile, []), CODES.done);
    await expectInstalled(house, pair.older);
  });
}

/** What an update must survive. */
export async function checkTroubledUpdates(report: Report, pair: Pair, house: House): Promise<void> {
  report.section('Updates that cannot go on change nothing');
  const { setupFile } = pair.newer;
  await report.check('a database that does not end: Setup waits, gives up, and it runs on', async () => {
    const database = await startStandIn(house, path.join(house.folder, 'resources/runtime/postgres/bin/postgres.exe'), 'database');
    expectExit('Setup', await house.setup(setupFile, ['--updated'], TWO_POLLS), CODES.running);
    await expectInstalled(house, pair.older);
    expectSame('still running', database.child.exitCode, null);
    await database.end();
  });
  await report.check('a second Setup while the first one waits', async () => {
    const database = await startStandIn(house, path.join(house.folder, 'resources/runtime/postgres/bin/postgres.exe'), 'database');
    const asked = placeFor(house, 'asked');
    const first = house.setup(setupFile, ['--updated'], { STAND_IN_FOLDER: house.wine.onWindows(asked) });
    await waitUntil('the first Setup to ask the program to quit', () => startsOf(asked).includes('--quit'));
    const again = placeFor(house, 'second');
    expectExit('the second Setup', await house.setup(setupFile, ['--updated', '--force-run'], { STAND_IN_FOLDER: house.wine.onWindows(again) }), CODES.secondSetup);
    await waitUntil('the program to start again', () => startsOf(again).length === 1);
    await database.end();
    expectExit('the first Setup', await first, CODES.done);
    await expectInstalled(house, pair.newer);
    expectExit('back to the older version', await house.setup(pair.older.setupFile, []), CODES.done);
    await expectInstalled(house, pair.older);
  });
  await report.check('a file that a virus scanner holds: the old version comes back, byte by byte, and runs again', async () => {
    const held = path.join(house.folder, 'resources', 'runtime', 'postgres', 'share', 'timezone', 'America', 'New_York');
    const scanner = await startStandIn(house, pair.program, 'scanner', held);
    const again = placeFor(house, 'again');
    const ended = await house.setup(setupFile, ['--updated', '--force-run'], { STAND_IN_FOLDER: house.wine.onWindows(again) });
    await scanner.end();
    expectExit('Setup', ended, CODES.inUse);
    await waitUntil('the old version to start again', () => startsOf(again).length === 1);
    await expectInstalled(house, pair.older);
  });
  await report.check('a package that cannot be unpacked: what an interrupted update put aside is still there, and the program that was asked to quit runs again', async () => {
    const outgoing = path.join(house.folder, '.outgoing');
    const incoming = path.join(house.folder, '.incoming');
    mkdirSync(path.join(outgoing, 'resources'), { recursive: true });
    writeFileSync(path.join(outgoing, 'resources', 'app.asar'), 'the only old copy');
    // A file in the place of the folder: nothing can be unpacked there.
    writeFileSync(incoming, '');
    const running = await startStandIn(house, path.join(house.folder, 'Mainspring.exe'), 'asked-to-quit');
    // The command line as a person writes it: from outside, Wine would quote the quotes.
    const batch = path.join(house.wine.drive, 'setup.bat');
    const copy = path.join(house.wine.drive, 'Setup.exe');
    copyFileSync(setupFile, copy);
    writeFileSync(batch, `@start /wait "" "${house.wine.onWindows(copy)}" /S --data="D:\\my data\\"\r\n@exit %ERRORLEVEL%\r\n`);
    expectExit('cmd', await house.wine.run('cmd', ['/c', house.wine.onWindows(batch)], running.env), CODES.notUnpacked);
    for (const file of [batch, copy]) rmSync(file);
    await waitUntil('the program to start again', () => startsOf(running.folder).length === 3);
    expectSame('starts', startsOf(running.folder), ['', '--quit --data "D:\\my data\\\\"', '']);
    await running.end();
    expectSame('put aside', existsSync(path.join(outgoing, 'resources', 'app.asar')), true);
    rmSync(outgoing, { recursive: true });
    rmSync(incoming);
    await expectInstalled(house, pair.older);
  });
}
