/** What electron-builder made: fuses, archive, integrity, update information. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { wrongFuses } from '../fuses.ts';
import { readTree } from '../install-list.ts';
import { readArchive } from './asar.ts';
import type { Archive } from './asar.ts';
import { FEED } from './pair.ts';
import type { Pair } from './pair.ts';
import { expectSame, expectTrue } from './report.ts';
import type { Report } from './report.ts';

/** Optional parts of libraries that are asked for inside functions which never run (scripts/build.mjs), and the module that the text of strategies imports. */
const NEVER_ASKED = /^(mainspring|pg-native|bufferutil|utf-8-validate|winston|winston-transport|@opentelemetry\/.*|electron|original-fs)$/;
const IMPORTED = /(?:^|[;}\s])(?:import|export)(?:[\w$*{},\s]*from)?\s*["']([^"'./][^"']*)["']/g;

/** The packages that the built processes import at their top. */
function bareImports(archive: Archive): string[] {
  const names = [...archive.files.values()].filter(({ name, bytes }) => /^dist\/(main|services)\/[^/]+\.mjs$/.test(name) && bytes !== null)
    .flatMap(({ bytes }) => [...(bytes?.toString('utf8') ?? '').matchAll(IMPORTED)].map(([, name]) => name ?? ''));
  return [...new Set(names)].filter((name) => /^(@[\w.-]+\/)?[\w.-]+(\/[\w./-]+)?$/.test(name) && !isBuiltin(name) && !NEVER_ASKED.test(name)).sort();
}

/** Every file that has to be in the archive. */
function expectedFiles(root: string): string[] {
  const below = (folder: string, wanted: RegExp): string[] => readTree(path.join(root, folder)).files.map(({ name }) => `${folder}/${name}`).filter((name) => wanted.test(name));
  return [
    'package.json', 'dist/runtime-manifest.json', 'dist/main/desktop.mjs', 'dist/main/preload.cjs', 'dist/renderer/index.html',
    'node_modules/better-sqlite3/package.json', 'node_modules/better-sqlite3/lib/index.js', 'node_modules/better-sqlite3/prebuilds/win32-x64.node',
    ...below('dist/services', /\.mjs$/), ...below('dist/renderer', /^(?!.*(\.map|(^|\/)\.sources)$)/), ...below('migrations', /\.sql$/), ...below('assets', /\.(png|ico)$/),
  ];
}

const ALLOWED = /^(package\.json|dist\/|migrations\/.*\.sql$|assets\/|node_modules\/better-sqlite3\/)/;
const FORBIDDEN = /\.map$|\.test\.|(^|\/)\.|\.(ts|tsx|pem|pfx|log)$/;

async function checkArchive(report: Report, pair: Pair, root: string): Promise<void> {
  const resources = path.join(pair.newer.unpackedFolder, 'resources');
  const archive = readArchive(path.join(resources, 'app.asar'));
  await report.check('the archive holds every process, page, migration and icon', () => {
    const missing = expectedFiles(root).filter((name) => !archive.files.has(name));
    expectTrue(`not in the archive: ${missing.slice(0, 8).join(', ')}`, missing.length === 0);
  });
  await report.check('and nothing else: no sources, source maps, tests, settings or other packages', () => {
    const foreign = [...archive.files.keys()].filter((name) => !ALLOWED.test(name) || FORBIDDEN.test(name));
    expectTrue(`in the archive: ${foreign.slice(0, 8).join(', ')}`, foreign.length === 0);
  });
  await report.check('every package that a process imports is inside', () => {
    const imported = bareImports(archive);
    expectTrue('no process imports better-sqlite3: the search is broken', imported.includes('better-sqlite3'));
    const missing = imported.filter((name) => !archive.files.has(`node_modules/${name}/package.json`));
    expectTrue(`imported but not packed: ${missing.join(', ')}`, missing.length === 0);
  });
  await report.check('only native code lies outside of it', () => {
    const unpacked = [...archive.files.values()].filter(({ isUnpacked }) => isUnpacked).map(({ name }) => name);
    expectSame('unpacked', unpacked, ['node_modules/better-sqlite3/prebuilds/win32-x64.node']);
    expectSame('on disk', readTree(path.join(resources, 'app.asar.unpacked')).files.map(({ name }) => name), unpacked);
  });
  await report.check('the executable carries the hash of the archive', () => {
    const text = readFileSync(path.join(pair.newer.unpackedFolder, 'Mainspring.exe')).toString('latin1');
    const [, file, value] = /\[\{"file":"([^"]*)","alg":"(?:sha256|SHA256)","value":"([0-9a-f]{64})"\}\]/.exec(text) ?? [];
    expectSame('integrity', { file, value }, { file: String.raw`resources\\app.asar`, value: archive.headerHash });
  });
  await report.check('the program to start is the desktop, in the version of the release', () => {
    const manifest = JSON.parse(archive.files.get('package.json')?.bytes?.toString('utf8') ?? '{}') as Record<string, unknown>;
    expectSame('package.json', [manifest['main'], manifest['version'], manifest['type']], ['dist/main/desktop.mjs', path.basename(pair.newer.setupFile).replace(/^Mainspring-Setup-(.*)\.exe$/, '$1'), 'module']);
  });
}

async function checkUpdateFiles(report: Report, pair: Pair): Promise<void> {
  await report.check('latest.yml names the Setup and its sha512', () => {
    expectTrue('there is no latest.yml', pair.newer.updateFile !== null && existsSync(pair.newer.updateFile));
    const text = readFileSync(pair.newer.updateFile ?? '', 'utf8');
    const sha512 = createHash('sha512').update(readFileSync(pair.newer.setupFile)).digest('base64');
    expectSame('sha512', /^sha512: (\S+)$/m.exec(text)?.[1], sha512);
    expectSame('path', /^path: (\S+)$/m.exec(text)?.[1], path.basename(pair.newer.setupFile));
  });
  await report.check('the application knows its update feed', () => {
    expectTrue('no feed in app-update.yml', readFileSync(path.join(pair.newer.unpackedFolder, 'resources', 'app-update.yml'), 'utf8').includes(FEED));
  });
}

/** Checks the unpacked application of the later version and what lies beside its Setup. */
export async function checkBuild(report: Report, pair: Pair, root: string): Promise<void> {
  report.section('What electron-builder made');
  const executable = path.join(pair.newer.unpackedFolder, 'Mainspring.exe');
  await report.check('the fuses of the executable are as designed, read back', async () => {
    expectSame('not as designed', await wrongFuses(executable), []);
    // The reading itself must be able to say no: the stand-in as it was made.
    expectTrue('an unflipped executable passes', (await wrongFuses(pair.program)).length > 4);
  });
  await report.check('the executable has our name, version and icon', () => {
    const bytes = readFileSync(executable);
    for (const words of ['Mainspring', 'The Mainspring authors']) expectTrue(`"${words}" is not in its resources`, bytes.includes(Buffer.from(words, 'utf16le')));
    const icon = readFileSync(path.join(root, 'assets', 'icon.ico'));
    const start = icon.readUInt32LE(6 + 12);
    expectTrue('the picture of 16 pixels is not in its resources', bytes.includes(icon.subarray(start, start + icon.readUInt32LE(6 + 8))));
  });
  await checkArchive(report, pair, root);
  await checkUpdateFiles(report, pair);
  await report.check('no archive of electron-builder is left, and the Setup is not larger than what it holds', () => {
    const left = readdirSync(path.dirname(pair.newer.setupFile)).filter((name) => name.endsWith('.7z'));
    expectSame('left', left, []);
    const total = readTree(pair.newer.unpackedFolder).files.reduce((sum, { bytes }) => sum + bytes, 0);
    expectTrue('the Setup is empty or did not compress', statSync(pair.newer.setupFile).size < total && statSync(pair.newer.setupFile).size > 100_000);
  });
}
