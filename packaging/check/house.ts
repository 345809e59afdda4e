/** The installed program as the checks see it: its places on the Windows of the check, and what must be true of them. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ChildProcess } from 'node:child_process';
import type { Built } from '../builder.ts';
import { expectSame, expectSameFiles, expectTrue } from './report.ts';
import { hashTree, waitForEnd, waitUntil } from './wine.ts';
import type { Ended, Wine } from './wine.ts';

export const UNINSTALLER = 'Uninstall Mainspring.exe';
export const KEY_APP = String.raw`Software\Mainspring`;
export const KEY_UNINSTALL = String.raw`Software\Microsoft\Windows\CurrentVersion\Uninstall\Mainspring`;
export const KEY_RUN = String.raw`Software\Microsoft\Windows\CurrentVersion\Run`;
/** The class that Windows starts when a notification is clicked: the program registers it, the uninstaller removes it. */
export const KEY_TOAST = String.raw`Software\Classes\CLSID\{6B1D0C5E-3F7A-4E57-9C1B-2A9D4E8F7B36}`;
/** AppUserModelID: the name of the login item too. */
export const APP_ID = 'app.mainspring.desktop';

/** Places and commands. */
export type House = {
  readonly wine: Wine;
  readonly programs: string;
  /** Where it is installed by default. */ readonly folder: string;
  readonly data: string;
  readonly startMenuLink: string;
  readonly desktopLink: string;
  setup(file: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Ended>;
  uninstall(folder: string, args?: readonly string[]): Promise<void>;
};

/** The places on that Windows. */
export function openHouse(wine: Wine): House {
  const local = path.join(wine.home, 'AppData', 'Local');
  return {
    wine,
    programs: path.join(local, 'Programs'),
    folder: path.join(local, 'Programs', 'Mainspring'),
    data: path.join(local, 'Mainspring'),
    startMenuLink: path.join(wine.home, 'AppData', 'Roaming', 'Microsoft', 'Windows', 'Start Menu', 'Programs', 'Mainspring.lnk'),
    desktopLink: path.join(wine.home, 'Desktop', 'Mainspring.lnk'),
    setup: (file, args, env) => wine.run(file, ['/S', ...args], env),
    uninstall: async (folder, args = []) => {
      await wine.run(path.join(folder, UNINSTALLER), ['/S', ...args]);
      // It goes on from a copy of itself, so that it can delete itself.
      await waitUntil('the uninstaller to be gone', () => !existsSync(path.join(folder, UNINSTALLER)));
    },
  };
}

/** Proves that `folder` holds exactly what was built, and that Windows knows it. */
export async function expectInstalled(house: House, built: Built, folder = house.folder): Promise<void> {
  const installed = new Map([...hashTree(folder)].filter(([name]) => name !== UNINSTALLER));
  expectSameFiles(folder, installed, hashTree(built.unpackedFolder));
  expectTrue('there is no uninstaller', existsSync(path.join(folder, UNINSTALLER)));
  const version = path.basename(built.setupFile).replace(/^Mainspring-Setup-(.*)\.exe$/, '$1');
  const place = house.wine.onWindows(folder);
  const values = await house.wine.registry(KEY_UNINSTALL);
  const { InstallDate, EstimatedSize, ...rest } = Object.fromEntries(values ?? []);
  expectSame('registry', rest, {
    DisplayIcon: `${place}\\Mainspring.exe,0`, DisplayName: 'Mainspring', DisplayVersion: version, InstallLocation: place, NoModify: '1', NoRepair: '1',
    Publisher: 'The Mainspring authors', QuietUninstallString: `"${place}\\${UNINSTALLER}" /S`, UninstallString: `"${place}\\${UNINSTALLER}"`,
  });
  expectTrue(`InstallDate is ${InstallDate}`, /^20\d{6}$/.test(InstallDate ?? ''));
  expectTrue(`EstimatedSize is ${EstimatedSize}`, Number(EstimatedSize) > 100);
  expectSame('InstallLocation', (await house.wine.registry(KEY_APP))?.get('InstallLocation'), place);
  expectLink(house, house.startMenuLink, folder);
}

/** Proves that a shortcut leads to the program in `folder`. */
export function expectLink(house: House, link: string, folder: string): void {
  expectTrue(`${link} is missing`, existsSync(link));
  const target = `${house.wine.onWindows(folder)}\\Mainspring.exe`;
  expectTrue(`${link} does not lead to ${target}`, readFileSync(link).includes(Buffer.from(target, 'utf16le')));
}

/** A stand-in that runs until it is asked to quit (by `--quit` when it listens to that). */
export type Running = { readonly child: ChildProcess; readonly folder: string; readonly env: NodeJS.ProcessEnv; end(): Promise<void> };

/** An empty folder in which stand-ins say that they were started. */
export function placeFor(house: House, name: string): string {
  const folder = path.join(house.wine.drive, 'stand-in', name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Starts a stand-in, and waits until it runs. `hold`: a file that it keeps open. */
export async function startStandIn(house: House, file: string, place: string, hold?: string): Promise<Running> {
  const folder = placeFor(house, place);
  writeFileSync(path.join(folder, 'stay'), '');
  const env = { STAND_IN_FOLDER: house.wine.onWindows(folder), ...(hold === undefined ? {} : { STAND_IN_HOLD: house.wine.onWindows(hold) }) };
  const name = path.basename(file);
  const child = house.wine.start(file, [], env);
  const ended = waitForEnd(child);
  const early = ended.then(({ code, output }) => {
    throw new Error(`${name} ended with exit code ${code} before it ran. It said: ${output.trim() || 'nothing'}`);
  });
  await Promise.race([waitUntil(`${name} to run`, () => existsSync(path.join(folder, 'running'))), early]);
  return {
    child, folder, env,
    end: async () => {
      writeFileSync(path.join(folder, 'quit'), '');
      await ended;
    },
  };
}

/** How often a stand-in was started, with which arguments. */
export function startsOf(folder: string): string[] {
  const file = path.join(folder, 'started.txt');
  return existsSync(file) ? readFileSync(file, 'utf16le').split('\r\n').slice(0, -1) : [];
}
