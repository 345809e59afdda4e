/** `mainspring doctor`: looks for what could keep it from starting, and says what to do. Changes nothing. */
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import path from 'node:path';
import type { MarketChoice } from '#app/contracts/broker-keys.ts';
import type { PortWishes } from '#app/contracts/settings.ts';
import { WORKER_IDS } from '#app/contracts/health.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import { choiceOf } from '../broker-keys.ts';
import type { Layout } from '../layout.ts';
import { LEAST_FREE_BYTES, freeBytes, layoutOf, nearestExisting } from '../store/data-folder.ts';
import type { DataFolder } from '../store/data-folder.ts';
import { marketOfSettings, readSettings } from '../store/read-settings.ts';
import { lookAtSaved, savedFileOf, sealedKeys } from '../store/saved-settings.ts';
import { isSealedVault, plainSealer } from '../store/secrets.ts';
import { isHeld } from '../supervisor/door.ts';
import { isOurs } from '../supervisor/orphans.ts';
import { reserve } from '../supervisor/ports.ts';
import { openRunFiles } from '../supervisor/run-files.ts';
import { assertNotElevated } from '../supervisor/windows-process-info.ts';
import { findPostgres } from '../units/postgres-binaries.ts';
import { judgePidFile } from '../units/postgres-files.ts';
import { findRedis } from '../units/redis.ts';
import { assertReach, findRunAs } from '../units/run-as.ts';
import { megabytes, table } from './format.ts';
import type { Place } from './place.ts';

/** One finding: `bad` keeps it from starting, `note` is only worth knowing. */
export type Finding = { readonly what: string; readonly level: 'ok' | 'note' | 'bad'; readonly detail: string };

const LEAST_NODE = [22, 13] as const;

type Env = Readonly<Record<string, string | undefined>>;
type Check = () => Promise<Finding> | Finding;

const ok = (what: string, detail: string): Finding => ({ what, level: 'ok', detail });
const note = (what: string, detail: string): Finding => ({ what, level: 'note', detail });
const bad = (what: string, detail: string): Finding => ({ what, level: 'bad', detail });

async function guarded(what: string, check: Check): Promise<Finding> {
  try {
    return await check();
  } catch (error) {
    return bad(what, error instanceof AppError ? error.message : describeError(error));
  }
}

function checkNode(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isFit = major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1]);
  return isFit ? ok('Node', `${process.version} on ${process.platform}-${process.arch}`) : bad('Node', `${process.version} is too old: ${LEAST_NODE.join('.')} or newer is needed. Start through "npm start", which brings its own.`);
}

function checkFolder(folder: DataFolder): Finding {
  const nearest = nearestExisting(folder.dataDir);
  if (!statSync(nearest).isDirectory()) return bad('Data folder', `${nearest} is not a folder. Choose another one with --data or MAINSPRING_HOME.`);
  try {
    accessSync(nearest, constants.W_OK | constants.X_OK);
  } catch (error) {
    return bad('Data folder', `${nearest} cannot be written (${describeError(error)}). Choose another one with --data or MAINSPRING_HOME.`);
  }
  assertReach(findRunAs(), folder.dataDir, nearest);
  return ok('Data folder', nearest === folder.dataDir ? folder.dataDir : `${folder.dataDir} will be created`);
}

function checkDisk(folder: DataFolder): Finding {
  const free = freeBytes(nearestExisting(folder.dataDir));
  return free >= LEAST_FREE_BYTES ? ok('Disk', `${megabytes(free)} free`) : bad('Disk', `${megabytes(free)} free, ${megabytes(LEAST_FREE_BYTES)} are needed. Delete something, or choose a folder on another disk.`);
}

/** Settings that are wrong or cannot be read have a line of their own; what needs them is not looked at. */
function isWrongSettings(error: unknown): boolean {
  return error instanceof AppError && (error.code === 'CONFIG_INVALID' || error.code === 'CONFIG_UNREADABLE');
}

/** What was saved in the application: whether it can be read, and whether a start from here can open its secrets. */
function checkSaved(envFile: string): Finding {
  const file = savedFileOf(envFile);
  const saved = lookAtSaved(envFile);
  const sealed = sealedKeys(envFile);
  if (sealed.length > 0) return note('Saved settings', `${sealed.join(', ')} in ${file} can be opened by the desktop application alone: start that, or write them into ${envFile} and delete them there.`);
  return ok('Saved settings', saved.length === 0 ? 'none' : `${saved.map(({ key }) => key).join(', ')}, in ${file}`);
}

function canReadSaved(envFile: string): boolean {
  try {
    lookAtSaved(envFile);
    return true;
  } catch (error) {
    if (isWrongSettings(error)) return false;
    throw error;
  }
}

async function checkPorts(isRunning: boolean, settings: () => { settings: { ports: PortWishes } }): Promise<Finding> {
  if (isRunning) return ok('Ports', 'in use by the running system');
  const held: string[] = [];
  let wishes: PortWishes;
  try {
    wishes = settings().settings.ports;
  } catch (error) {
    if (isWrongSettings(error)) return note('Ports', 'not looked at while the settings are wrong');
    throw error;
  }
  for (const [unit, port] of Object.entries(wishes)) {
    const reservation = await reserve(port);
    if (reservation) await reservation.release();
    else held.push(`${port} (${unit})`);
  }
  return held.length === 0 ? ok('Ports', 'all free') : note('Ports', `held by other programs: ${held.join(', ')}. Free ones will be used instead.`);
}

async function checkLeftovers(folder: DataFolder, isRunning: boolean): Promise<Finding> {
  if (isRunning) return ok('Leftovers', 'it is running; nothing to look for');
  if (!existsSync(folder.runFolder)) return ok('Leftovers', 'none');
  const files = openRunFiles(folder.runFolder, '').list();
  const alive: string[] = [];
  for (const file of files) if (await isOurs(file)) alive.push(`${file.unit} (process ${file.pid})`);
  return alive.length === 0 ? ok('Leftovers', 'none') : note('Leftovers', `${alive.join(', ')} of an earlier run: the next start ends them.`);
}

async function checkUser(): Promise<Finding> {
  await assertNotElevated();
  const user = findRunAs();
  return ok('User', user ? `root; the databases run as ${user.name}` : 'the databases run as you');
}

function checkPrograms(layout: Layout): Finding {
  const missing = WORKER_IDS.filter((id) => !existsSync(layout.workerEntry(id)));
  return missing.length === 0 ? ok('Workers', `${WORKER_IDS.length} programs in ${layout.root}`) : bad('Workers', `missing: ${missing.join(', ')}. Run the set-up again (npm start builds them).`);
}

async function checkPidFile(folder: DataFolder, major: string, isRunning: boolean): Promise<Finding> {
  if (isRunning) return ok('postmaster.pid', 'in use by the running server');
  const verdict = await judgePidFile(path.join(folder.dataDir, 'postgres', major));
  if (verdict.kind === 'ask') return bad('postmaster.pid', `${verdict.why}. If it is not in use, stop that process or delete the file.`);
  return verdict.kind === 'moveAside' ? note('postmaster.pid', `stale (${verdict.why}); the next start moves it aside`) : ok('postmaster.pid', verdict.kind === 'none' ? 'none' : 'left by an earlier run; it does no harm');
}

/** The keys themselves are not shown: only whether the vault opens, and whether there are any. */
async function chosen({ home, mode }: Place, env: Env): Promise<{ choice: MarketChoice; keys: Finding }> {
  const demo: MarketChoice = { mode: 'demo', keys: null };
  try {
    if (marketOfSettings(home.envFile, env) !== null) return { choice: demo, keys: ok('Broker keys', 'in the settings') };
    const choice = await choiceOf(home, plainSealer, mode);
    const words = mode === 'demo' ? 'none are needed for the demo' : choice.keys === null ? `none are kept for the ${mode} market` : `kept in ${home.keysFile}`;
    return { choice, keys: ok('Broker keys', words) };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    // Wrong settings have a line of their own.
    if (isWrongSettings(error)) return { choice: demo, keys: note('Broker keys', 'not looked at while the settings are wrong') };
    const keys = isSealedVault(home.keysFile) ? note('Broker keys', `sealed by the desktop application, in ${home.keysFile}`) : bad('Broker keys', error.message);
    return { choice: demo, keys };
  }
}

/** Makes all checks. */
export async function examine(place: Place, layout: Layout, env: Env): Promise<Finding[]> {
  const { dataDir, home: { envFile } } = place;
  const folder = layoutOf(dataDir);
  const { choice, keys } = await chosen(place, env);
  const isRunning = await isHeld(folder.door);
  const settings = (): ReturnType<typeof readSettings> => readSettings({ envFile, env, choice });
  const postgres = (): ReturnType<typeof findPostgres> => findPostgres({ layout, copyFolder: path.join(dataDir, 'runtime'), runAs: null });
  return [
    ok('Running', isRunning ? 'yes' : 'no'),
    await guarded('Node', checkNode),
    await guarded('Workers', () => checkPrograms(layout)),
    await guarded('PostgreSQL', async () => {
      const found = await postgres();
      return ok('PostgreSQL', `${found.version}, ${found.postgres}`);
    }),
    await guarded('Redis', async () => ok('Redis', (await findRedis(layout)).file)),
    await guarded('User', checkUser),
    await guarded('Data folder', () => checkFolder(folder)),
    await guarded('Disk', () => checkDisk(folder)),
    await guarded('Settings', () => {
      if (!canReadSaved(envFile)) return note('Settings', 'not looked at while the saved settings cannot be read');
      const { warnings } = settings();
      return warnings.length > 0 ? note('Settings', warnings.join(' ')) : ok('Settings', `${existsSync(envFile) ? envFile : 'defaults'}, ${place.mode} mode`);
    }),
    await guarded('Saved settings', () => checkSaved(envFile)),
    keys,
    await guarded('Ports', () => checkPorts(isRunning, settings)),
    await guarded('postmaster.pid', async () => checkPidFile(folder, (await postgres()).major, isRunning)),
    await guarded('Leftovers', () => checkLeftovers(folder, isRunning)),
  ];
}

/** Prints the findings; exit 1 when something keeps it from starting. */
export async function runDoctor(place: Place, layout: Layout, isJson: boolean): Promise<number> {
  const findings = await examine(place, layout, process.env);
  const isFit = findings.every((finding) => finding.level !== 'bad');
  if (isJson) process.stdout.write(`${JSON.stringify({ fit: isFit, findings }, null, 2)}\n`);
  else {
    const marks = { ok: 'ok', note: 'note', bad: 'BAD' };
    process.stdout.write(`${table(findings.map((finding) => [finding.what, marks[finding.level], finding.detail]))}\n\n${isFit ? 'Nothing keeps it from starting.' : 'Repair the lines marked BAD, then start.'}\n`);
  }
  return isFit ? 0 : 1;
}
