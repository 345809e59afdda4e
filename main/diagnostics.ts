/** Everything that helps to find a fault, in one zip without a single secret: versions, settings, health, history, the ends of all logs. */
import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync, readdirSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { strToU8, zipSync } from 'fflate';
import type { Zippable } from 'fflate';
import { ModeSchema } from '#app/contracts/config.ts';
import { parseEnvText } from '#app/contracts/env-text.ts';
import type { StackHealth, UnitIncident } from '#app/contracts/health.ts';
import { SETTING_KEYS } from '#app/contracts/setting-reader.ts';
import { describeError } from '#app/domain/errors.ts';
import { MASK, redactor } from './redact.ts';
import { freeBytes, layoutOf, nearestExisting } from './store/data-folder.ts';
import { lookAtSaved, savedFileOf } from './store/saved-settings.ts';
import { SECRET_SETTINGS, findKnownSecrets } from './store/known-secrets.ts';
import type { KnownSecrets } from './store/known-secrets.ts';
import { plainSealer } from './store/secrets.ts';
import type { Sealer } from './store/secrets.ts';
import { reserve } from './supervisor/ports.ts';

/** Lines of each log that go along. */
export const LOG_LINES = 2_000;
const LOG_TAIL_BYTES = 1_024 * 1_024;
const ALL_LOGS_BYTES = 32 * 1_024 * 1_024;
const CRASH_FILES = 20;
const LOG_NAME = /\.log(\.1)?$/;

/** What is collected, and from where. `health` is null while nothing runs. */
export type DiagnosticsOptions = {
  readonly homeDir: string;
  readonly dataDir: string;
  readonly health: StackHealth | null;
  readonly history: readonly UnitIncident[];
  readonly version: string;
  /** What else the program knows of itself (Electron, Chromium). */
  readonly versions?: Readonly<Record<string, string | undefined>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Opens sealed vaults, only to know what must be taken out. */
  readonly sealer?: Sealer;
  readonly now: () => number;
};

/** The name that the file should have. `now` is EpochMs. */
export function diagnosticsName(now: number): string {
  return `mainspring-diagnostics-${new Date(now).toISOString().slice(0, 16).replace('T', '-').replace(':', '')}.zip`;
}

type Redact = (text: string) => string;

function secretsOf({ homeDir, dataDir, env, sealer = plainSealer }: DiagnosticsOptions): Promise<KnownSecrets> {
  const folders = [...new Set([homeDir, dataDir, ...ModeSchema.options.map((mode) => path.join(homeDir, mode))])];
  return findKnownSecrets({
    vaults: folders.flatMap((folder) => [layoutOf(folder).vaultFile, path.join(folder, 'keys.json')]),
    envFiles: folders.map((folder) => layoutOf(folder).envFile), env, sealer,
  });
}

/** JSON of a value, every text in it made safe; its form stays that of JSON. */
function safeJson(value: unknown, redact: Redact): string {
  return JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'string' ? redact(inner) : inner), 2);
}

function aboutOf({ version, versions, now }: DiagnosticsOptions, { values, unread }: KnownSecrets): unknown {
  return {
    at: new Date(now()).toISOString(), mainspring: version, node: process.versions.node, ...versions,
    platform: process.platform, release: os.release(), system: os.version(), arch: process.arch, cpus: os.cpus().length, cpu: os.cpus()[0]?.model ?? '',
    memoryBytes: os.totalmem(), freeMemoryBytes: os.freemem(), uptimeSeconds: Math.round(os.uptime()), timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    secrets: { takenOut: values.length, vaultsThatCouldNotBeOpened: unread },
  };
}

/** What was saved in the application; a file that cannot be read is told as that. */
function savedOf(envFile: string, shown: (key: string, value: string) => string): Record<string, string> | string {
  try {
    return Object.fromEntries(lookAtSaved(envFile).map(({ key, value }) => [key, shown(key, value)]));
  } catch (error) {
    return describeError(error);
  }
}

/** The settings by key; a secret is only told to be there, and of a key that means nothing not even the value. */
function settingsOf({ homeDir, dataDir, env }: DiagnosticsOptions): unknown {
  const shown = (key: string, value: string): string => (SECRET_SETTINGS.has(key) ? MASK : key in SETTING_KEYS ? value : '[unknown key]');
  const files = [...new Set([homeDir, dataDir])].map((folder) => layoutOf(folder).envFile).filter((file) => existsSync(file) || existsSync(savedFileOf(file)));
  return {
    files: files.map((file) => {
      const { entries, problems } = parseEnvText(existsSync(file) ? readFileSync(file, 'utf8') : '', file);
      return { file, settings: Object.fromEntries(entries.map(({ key, value }) => [key, shown(key, value)])), problems: problems.map(({ key, remedy }) => ({ key, remedy })) };
    }),
    saved: files.map((file) => ({ file: savedFileOf(file), settings: savedOf(file, shown) })),
    environment: Object.fromEntries(Object.keys(SETTING_KEYS).flatMap((key) => (env[key] ? [[key, shown(key, env[key])]] : []))),
  };
}

/** What each entry of the data folder takes, in bytes. */
function disk({ homeDir, dataDir }: DiagnosticsOptions): unknown {
  const sizeOf = (entry: string): number => {
    const stat = statSync(entry, { throwIfNoEntry: false });
    if (!stat?.isDirectory()) return stat?.size ?? 0;
    return readdirSync(entry).reduce((sum, name) => sum + sizeOf(path.join(entry, name)), 0);
  };
  const folders = [...new Set([homeDir, dataDir])].filter((folder) => existsSync(folder));
  return {
    freeBytes: freeBytes(nearestExisting(dataDir)),
    folders: Object.fromEntries(folders.map((folder) => [folder, Object.fromEntries(readdirSync(folder).map((name) => [name, sizeOf(path.join(folder, name))]))])),
  };
}

async function ports({ health }: DiagnosticsOptions): Promise<unknown> {
  if (health) return health.units.map(({ id, port, pid }) => ({ id, port, pid }));
  const wishes = Object.entries(SETTING_KEYS).filter(([key, value]) => key.endsWith('_PORT') && /^\d+$/.test(value));
  const looks: { setting: string; port: number; isFree: boolean }[] = [];
  for (const [setting, value] of wishes) {
    const reservation = await reserve(Number(value));
    looks.push({ setting, port: Number(value), isFree: reservation !== null });
    await reservation?.release();
  }
  return looks;
}

/** The last lines of a file, without reading more of it than a megabyte. */
function tailOf(file: string): string {
  const handle = openSync(file, 'r');
  try {
    const { size } = fstatSync(handle);
    const buffer = Buffer.alloc(Math.min(size, LOG_TAIL_BYTES));
    const read = readSync(handle, buffer, 0, buffer.length, Math.max(0, size - buffer.length));
    const lines = buffer.subarray(0, read).toString('utf8').split('\n');
    // The first line of a part may be the end of one, and the end of a secret that nobody would know any more.
    if (size > buffer.length) lines.shift();
    return lines.slice(-(LOG_LINES + 1)).join('\n');
  } finally {
    closeSync(handle);
  }
}

function logFiles({ homeDir, dataDir }: DiagnosticsOptions): string[] {
  const folders = [...new Set([path.join(homeDir, 'logs'), layoutOf(dataDir).logFolder])].filter((folder) => existsSync(folder));
  return folders.flatMap((folder) => {
    const names = readdirSync(folder).filter((name) => LOG_NAME.test(name)).sort();
    const crashes = path.join(folder, 'crashes');
    const newest = existsSync(crashes) ? readdirSync(crashes).sort().slice(-CRASH_FILES) : [];
    return [...names.map((name) => path.join(folder, name)), ...newest.map((name) => path.join(crashes, name))];
  });
}

const README = `What is in here
  about.json        versions, the computer, how many secrets were taken out
  health.json       every part at this moment (null: nothing ran)
  history.json      what happened to the parts, newest first
  settings.json     settings; passwords and keys are only told to be there
  preferences.json  choices about the application
  disk.json         free space, and what takes how much
  ports.json        ports in use, or whether the default ones are free
  logs/             the last ${LOG_LINES} lines of each log (PostgreSQL's too), and the last crash files

Passwords, keys and tokens were replaced by ${MASK}: every one that is kept on this computer, and everything that looks like one.
Orders, positions and symbols are in the logs. Your home folder is written as ~.
`;

/** Collects all of it into the bytes of a zip file. A part that cannot be collected says so in its place. */
export async function collectDiagnostics(options: DiagnosticsOptions): Promise<Uint8Array> {
  const known = await secretsOf(options);
  const mask = redactor(known.values);
  const home = os.homedir();
  // Last: the spelling of a folder is no secret, but whose it is need not be told.
  const redact: Redact = (text) => mask(text).replaceAll(home, '~').replaceAll(JSON.stringify(home).slice(1, -1), '~');
  const files: Zippable = { 'README.txt': strToU8(README) };
  const add = async (name: string, collect: () => unknown): Promise<void> => {
    try {
      files[name] = strToU8(safeJson(await collect(), redact));
    } catch (error) {
      files[name] = strToU8(redact(`could not be collected: ${describeError(error)}`));
    }
  };
  await add('about.json', () => aboutOf(options, known));
  await add('health.json', () => options.health);
  await add('history.json', () => options.history);
  await add('settings.json', () => settingsOf(options));
  await add('preferences.json', () => preferencesIn(options.homeDir));
  await add('disk.json', () => disk(options));
  await add('ports.json', () => ports(options));
  let room = ALL_LOGS_BYTES;
  for (const file of logFiles(options)) {
    const text = textOrComplaint(file);
    room -= text.length;
    if (room < 0) break;
    files[nameInZip(options, file)] = strToU8(redact(text));
  }
  return zipSync(files, { level: 6 });
}

function preferencesIn(homeDir: string): unknown {
  const file = path.join(homeDir, 'preferences.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as unknown) : null;
}

function textOrComplaint(file: string): string {
  try {
    return tailOf(file);
  } catch (error) {
    return `could not be read: ${describeError(error)}`;
  }
}

function nameInZip({ dataDir }: DiagnosticsOptions, file: string): string {
  const inData = path.relative(layoutOf(dataDir).logFolder, file);
  return inData.startsWith('..') ? `logs/home/${path.basename(file)}` : `logs/${inData.split(path.sep).join('/')}`;
}
