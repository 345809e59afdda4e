/** Programs of the operating system that no npm package carries: Redis, and Chromium for the tests. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { runtimeRedisDir } from './places.mjs';
import { runStep, StepFailure } from './child.mjs';

const OTHER_BIN_FOLDERS = ['/usr/bin', '/usr/local/bin', '/opt/homebrew/bin'];
/** The packages that make a Redis run on a Debian or Ubuntu where nothing was installed. */
const REDIS_DEBS = ['redis-server', 'redis-tools', 'liblzf1', 'libjemalloc2', 'libatomic1'];

/**
 * @param {string} name
 * @returns {string | undefined} the program's full path
 */
export function findProgram(name) {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...OTHER_BIN_FOLDERS];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** The Redis that `mainspring` will use. */
const findRedis = () => findProgram('redis-server') ?? [join(runtimeRedisDir, 'redis-server')].find((path) => existsSync(path));

/** A Redis of the user's own, elsewhere: then none is needed here. */
function isRedisExternal() {
  const host = process.env['REDIS_HOST'] ?? (process.env['REDIS_URL'] ?? '').replace(/^rediss?:\/\/(?:[^@/]*@)?/, '').replace(/[:/].*$/, '');
  return host !== '' && !/^(127\.|localhost$|\[?::1)/.test(host);
}

/** Debian and its children, as the distribution says of itself. */
function isDebian() {
  if (process.platform !== 'linux' || !existsSync('/etc/os-release')) return false;
  return /^ID(?:_LIKE)?=.*\b(?:debian|ubuntu)\b/m.test(readFileSync('/etc/os-release', 'utf8'));
}

/** @returns {string[] | undefined} the words before a command that make it run as root, none when we cannot */
function asRoot() {
  if (process.getuid?.() === 0) return [];
  const sudo = findProgram('sudo');
  const isSilent = sudo !== undefined && spawnSync(sudo, ['-n', 'true'], { stdio: 'ignore' }).status === 0;
  return isSilent ? [sudo, '-n'] : undefined;
}

/**
 * Installs Debian packages without letting them start a service: the product starts its own, on its own terms.
 * @param {string} title
 * @param {string[]} names
 * @param {string[]} rootPrefix
 */
async function aptInstall(title, names, rootPrefix) {
  const script = `
    set -e
    export DEBIAN_FRONTEND=noninteractive
    if [ ! -e /usr/sbin/policy-rc.d ]; then
      printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d
      chmod 755 /usr/sbin/policy-rc.d
      trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    fi
    apt-get -q update
    apt-get -q install -y --no-install-recommends ${names.join(' ')}
  `;
  const [command = 'sh', ...args] = [...rootPrefix, 'sh', '-c', script];
  await runStep(title, command, args);
}

/** Debian enables the service for the next boot; nobody asked for that. */
function keepServiceOff(/** @type {string} */ name, /** @type {string[]} */ rootPrefix) {
  const systemctl = findProgram('systemctl');
  if (systemctl === undefined) return;
  const [command = systemctl, ...args] = [...rootPrefix, systemctl, 'disable', name];
  const result = spawnSync(command, args, { stdio: 'ignore' });
  if (result.status !== 0) process.stderr.write(`Note: the service ${name} may start at the next boot (systemctl disable ${name}).\n`);
}

/** Unpacks Redis below node_modules, for a user who may not install anything. */
async function unpackRedis() {
  const folder = mkdtempSync(join(tmpdir(), 'mainspring-redis-'));
  try {
    await runStep('Downloading Redis', 'apt-get', ['-q', 'download', ...REDIS_DEBS], { cwd: folder });
    rmSync(runtimeRedisDir, { recursive: true, force: true });
    mkdirSync(runtimeRedisDir, { recursive: true });
    for (const deb of readdirSync(folder).filter((name) => name.endsWith('.deb'))) {
      await runStep(`Unpacking ${deb}`, 'dpkg', ['-x', join(folder, deb), runtimeRedisDir]);
    }
    const libraries = join(runtimeRedisDir, 'usr', 'lib');
    const triplets = existsSync(libraries) ? readdirSync(libraries).map((name) => join(libraries, name)) : [];
    const wrapper = join(runtimeRedisDir, 'redis-server');
    const quoted = /** @param {string} text */ (text) => `'${text.replaceAll("'", `'\\''`)}'`;
    writeFileSync(
      wrapper,
      `#!/bin/sh\n# Runs the unpacked Redis with the libraries beside it; exec keeps the pid.\n` +
        `export LD_LIBRARY_PATH=${quoted([libraries, ...triplets].join(':'))}\nexec ${quoted(join(runtimeRedisDir, 'usr', 'bin', 'redis-server'))} "$@"\n`,
    );
    chmodSync(wrapper, 0o755);
    const version = spawnSync(wrapper, ['--version'], { encoding: 'utf8' });
    if (version.status !== 0) {
      rmSync(runtimeRedisDir, { recursive: true, force: true });
      throw new StepFailure(`The unpacked Redis does not run: ${version.stderr.trim()}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Is there a Redis, or none needed? */
export const isRedisReady = () => isRedisExternal() || findRedis() !== undefined;

/** Makes sure that a Redis server can be started. */
export async function ensureRedis() {
  if (isRedisReady()) return;
  if (process.platform === 'darwin') throw new StepFailure('Redis is missing. Remedy: brew install redis');
  if (!isDebian()) {
    throw new StepFailure(
      'Redis is missing, and this system has no apt-get. Remedy: install the package redis (or valkey with a redis-server command) ' +
        'of your system, or set REDIS_HOST to a server of yours.',
    );
  }
  const rootPrefix = asRoot();
  if (rootPrefix === undefined) return unpackRedisOrExplain();
  await aptInstall('Installing Redis', ['redis-server'], rootPrefix);
  keepServiceOff('redis-server', rootPrefix);
}

/** @returns {Promise<void>} */
async function unpackRedisOrExplain() {
  try {
    await unpackRedis();
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    throw new StepFailure(`${error.message}\nRemedy: sudo apt-get install redis-server (the service itself may stay off).`);
  }
}

/** @returns {string | undefined} the Chromium (or Chrome) that the browser tests drive */
export const findChromium = () =>
  process.env['MAINSPRING_CHROMIUM'] ?? findProgram('chromium') ?? findProgram('chromium-browser') ?? findProgram('google-chrome');

/** Makes sure that the browser tests have a Chromium; a system where we may not install one gets a message. */
export async function ensureChromium() {
  if (findChromium() !== undefined) return;
  const rootPrefix = isDebian() ? asRoot() : undefined;
  if (rootPrefix === undefined) {
    throw new StepFailure('Chromium is missing, the browser tests need it. Remedy: install it (Debian: sudo apt-get install chromium), or set MAINSPRING_CHROMIUM to one.');
  }
  await aptInstall('Installing Chromium for the browser tests', ['chromium'], rootPrefix);
}

/** The compiler of installers, and a Windows to install into: without their plug-ins and 32-bit halves. */
const PACKAGING_PROGRAMS = [
  { name: 'makensis', deb: 'nsis', paths: ['/usr/bin/makensis'] },
  { name: 'Wine (64 bits)', deb: 'wine64', paths: ['/usr/lib/wine/wine64', '/usr/bin/wine64', '/opt/wine-stable/bin/wine64'] },
];

/** Makes sure that installers can be built and tried here; a system where we may not install the tools gets a message. */
export async function ensurePackagingTools() {
  const missing = PACKAGING_PROGRAMS.filter(({ paths }) => !paths.some((path) => existsSync(path)));
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name).join(' and ');
  const debs = missing.map(({ deb }) => deb);
  const rootPrefix = isDebian() ? asRoot() : undefined;
  if (rootPrefix === undefined) {
    throw new StepFailure(`${names} missing: the installer is built and tried with them, on Debian or Ubuntu. Remedy there: sudo apt-get install ${debs.join(' ')}`);
  }
  await aptInstall(`Installing ${names} for the packaging checks`, debs, rootPrefix);
}
