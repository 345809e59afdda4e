/** A fresh Windows to install into: a Wine prefix of its own, without a display, and what can be asked of it. */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const WINE_FOLDERS = ['/usr/lib/wine', '/usr/bin', '/opt/wine-stable/bin'];
const LONGEST_RUN_MS = 120_000;
const POLL_MS = 50;
const MOST_KILLS = 20;

function findIn(folders: readonly string[], names: readonly string[]): string {
  const found = folders.flatMap((folder) => names.map((name) => path.join(folder, name))).find((file) => existsSync(file));
  if (found === undefined) throw new Error(`${names.join(' or ')} is missing. Remedy: apt-get install wine64`);
  return found;
}

/** The outcome of a Windows program. */
export type Ended = { readonly code: number; readonly output: string };

/** A Windows of our own; `drive` is its C:, `home` the only person's folder on it. */
export type Wine = {
  readonly drive: string;
  readonly home: string;
  /**
   * Runs a program to its end. Arguments with spaces are joined by single spaces, unquoted, as NSIS wants its own; those
   * that begin with `--` are quoted as a whole, as Node passes them on Windows.
   */
  run(file: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Ended>;
  start(file: string, args: readonly string[], env?: NodeJS.ProcessEnv): ChildProcess;
  /** A file of ours as Windows writes it. */
  onWindows(file: string): string;
  /** The values of a key of HKEY_CURRENT_USER; null when it is not there. */
  registry(key: string): Promise<ReadonlyMap<string, string> | null>;
  /** Every line below HKEY_CURRENT_USER\Software. */
  registrySnapshot(): Promise<readonly string[]>;
  stop(): Promise<void>;
};

/** Waits for the end of a program, and keeps what it says. */
export function waitForEnd(child: ChildProcess): Promise<Ended> {
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return new Promise<Ended>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${child.spawnargs.join(' ')} did not end in ${LONGEST_RUN_MS / 1000} s.`));
    }, LONGEST_RUN_MS);
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code: code ?? -1, output });
    });
  });
}

const LONGEST_BOOT_MS = 120_000;

/**
 * A command before Wine's, under which Linux lays its memory out the same way each time; empty where that is not allowed. Wine
 * lies at a fixed address and needs another one close above it (0x7ffe0000, what Windows shares with every process): of a
 * thousand heaps that Linux puts where chance wants, some cover it, and the program does not start.
 */
function unshaken(): readonly string[] {
  const before = ['setarch', '--addr-no-randomize'];
  return spawnSync('setarch', ['--addr-no-randomize', 'true']).status === 0 ? before : [];
}

/** Command prompts end in `>`. */
async function waitForPrompt(shell: ChildProcess): Promise<void> {
  let said = '';
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      shell.kill('SIGKILL');
      reject(new Error(`Wine did not start in ${LONGEST_BOOT_MS / 1000} s: ${said}`));
    }, LONGEST_BOOT_MS);
    shell.once('error', reject);
    shell.once('close', (code) => reject(new Error(`Wine did not start (${code}): ${said}`)));
    shell.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (!said.trimEnd().endsWith('>')) return;
      clearTimeout(timer);
      resolve();
    });
  });
}

/** The values of the key itself in an exported file: `"name"="text"` with doubled backslashes, or `"name"=dword:hex`. */
function parseValues(lines: readonly string[], key: string): ReadonlyMap<string, string> | null {
  const start = lines.findIndex((line) => line.toLowerCase() === `[hkey_current_user\\${key}]`.toLowerCase());
  if (start < 0) return null;
  const values = new Map<string, string>();
  for (const line of lines.slice(start + 1)) {
    if (line.startsWith('[')) break;
    const [, name, text, number] = /^"(.+?)"=(?:"(.*)"|dword:([0-9a-f]+))$/.exec(line) ?? [];
    if (name !== undefined) values.set(name, number === undefined ? (text ?? '').replaceAll(/\\(.)/g, '$1') : String(Number.parseInt(number, 16)));
  }
  return values;
}

/**
 * Makes the prefix: 64-bit, no Mono, no browser, its folders inside `folder`. It says that it is Windows 7, as Wine does.
 * @throws Error when Wine is missing or does not start
 */
export async function makeWine(folder: string): Promise<Wine> {
  const wine = findIn(WINE_FOLDERS, ['wine64', 'wine']);
  const server = findIn(WINE_FOLDERS, ['wineserver64', 'wineserver']);
  const home = path.join(folder, 'home');
  mkdirSync(home, { recursive: true });
  const base = { ...process.env };
  for (const name of ['DISPLAY', 'WAYLAND_DISPLAY']) delete base[name];
  const env = { ...base, HOME: home, USER: 'trader', LOGNAME: 'trader', WINEPREFIX: path.join(folder, 'wine'), WINEARCH: 'win64', WINEDEBUG: 'fixme-all', WINEDLLOVERRIDES: 'mscoree,mshtml=;winemenubuilder.exe=d', LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' };
  const [command, ...before] = [...unshaken(), wine];
  const start: Wine['start'] = (file, args, extra = {}) =>
    spawn(command, [...before, file, ...args.flatMap((argument) => (argument.startsWith('--') ? [argument] : argument.split(' ')))], { env: { ...env, ...extra }, cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const run: Wine['run'] = (file, args, extra) => waitForEnd(start(file, args, extra));
  // Wine's own services end with its last program and take seconds to come back: this one keeps them. Its prompt also
  // says that the new Windows is complete; programs that start earlier may wait for each other for ever.
  const keeper = spawn(command, [...before, 'cmd'], { env, cwd: folder, stdio: ['pipe', 'pipe', 'ignore'] });
  await waitForPrompt(keeper);
  const drive = path.join(env.WINEPREFIX, 'drive_c');
  const users = readdirSync(path.join(drive, 'users')).filter((name) => name !== 'Public');
  // `reg query` prints in a code page that has no umlauts; an exported file is Unicode.
  const snapshot = async (): Promise<readonly string[]> => {
    const file = path.join(folder, 'registry.reg');
    rmSync(file, { force: true });
    const { code, output } = await run('reg', ['export', 'HKCU\\Software', file, '/y']);
    if (code !== 0) throw new Error(`reg export failed (${code}): ${output}`);
    return readFileSync(file, 'utf16le').split(/\r?\n/);
  };
  return {
    drive,
    home: path.join(drive, 'users', users[0] ?? 'trader'),
    run,
    start,
    onWindows: (file) => `C:\\${path.relative(drive, file).replaceAll('/', '\\')}`,
    registry: async (key) => parseValues(await snapshot(), key),
    registrySnapshot: snapshot,
    stop: async () => {
      keeper.stdin.end();
      await waitForEnd(keeper);
      // A program that ends last may have started the server anew: until it says that there is none.
      for (let tries = 0; tries < MOST_KILLS; tries += 1) {
        if (spawnSync(server, ['-k'], { env }).status !== 0) return;
        await waitForEnd(spawn(server, ['-w'], { env }));
      }
      throw new Error(`Wine in ${folder} does not stop.`);
    },
  };
}

/** Waits until `isTrue`; says what it waited for when it does not come. */
export async function waitUntil(what: string, isTrue: () => boolean, deadlineMs = 30_000): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!isTrue()) {
    if (performance.now() > end) throw new Error(`Waited ${deadlineMs / 1000} s for ${what}.`);
    await sleep(POLL_MS);
  }
}

/** Every file below a folder: its name relative to it -> sha256; links are not followed. */
export function hashTree(folder: string): ReadonlyMap<string, string> {
  if (!existsSync(folder)) return new Map();
  const files = readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
  return new Map(files.map((file) => [path.relative(folder, file).split(path.sep).join('/'), createHash('sha256').update(readFileSync(file)).digest('hex')]));
}
