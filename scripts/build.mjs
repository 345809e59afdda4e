/** Builds the product into dist/: one self-contained file per process, and the dashboard. Run under the pinned Node. */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { build as bundle } from 'esbuild';
import { build as buildPages } from 'vite';
import { writeLicences } from './lib/licences.mjs';
import { inRoot } from './lib/places.mjs';
import { hashSources } from './lib/sources.mjs';

const WORKERS = [
  'data_ingestion', 'strategy_engine', 'execution', 'risk_management', 'analytics', 'notification',
  'orchestrator', 'gateway', 'simulator',
];

/** Name of the file in dist/ (without its ending) -> its first source. */
const ENTRIES = Object.fromEntries([
  ['main/headless', 'main/headless.ts'],
  ['main/desktop', 'main/desktop/main.ts'],
  ...WORKERS.map((id) => [`services/${id}`, `services/${id}/main.ts`]),
  // Started by path: beside the services that start them.
  ['services/research-worker', 'services/research/search-worker.ts'],
  ['services/research-screener', 'services/research/screen-worker.ts'],
  ['services/research-sandbox', 'services/research/sandbox/inside.ts'],
]);

/** Stay outside and are shipped beside the bundles. */
const BESIDE = ['electron', 'better-sqlite3'];

/** Optional parts of libraries that are not installed: they are asked for inside functions that we never call. */
const ABSENT = [
  'pg-native', 'bufferutil', 'utf-8-validate', 'winston', 'winston-transport',
  ...['context-async-hooks', 'core', 'exporter-logs-otlp-proto', 'exporter-trace-otlp-proto', 'sdk-logs', 'sdk-trace-base'].map((name) => `@opentelemetry/${name}`),
];

/** CommonJS packages inside a module still call `require` for Node's own modules. */
const REQUIRE_BANNER = "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);";

/** While rooms are being written, a missing one may be left out; a product is never built like that. */
const isPartial = process.env['MAINSPRING_PARTIAL'] === '1';

/**
 * @param {string} path
 * @returns {boolean} is it there? A missing one is an error unless the build is partial.
 */
function isThere(path) {
  if (existsSync(inRoot(path))) return true;
  if (!isPartial) throw new Error(`${path} is missing; nothing was built.`);
  process.stderr.write(`Partial build: ${path} does not exist yet, left out.\n`);
  return false;
}

/**
 * How processes are bundled. Whitespace and syntax are shrunk (it is memory in each of ten processes), names are kept:
 * stack traces in the logs stay readable without loading source maps.
 * @param {Record<string, string>} entryPoints
 * @param {string} outdir
 */
export function processBundle(entryPoints, outdir) {
  return /** @type {const} @satisfies {import('esbuild').BuildOptions} */ ({
    entryPoints,
    outdir,
    metafile: true,
    outExtension: { '.js': '.mjs' },
    absWorkingDir: inRoot(),
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    minifyWhitespace: true,
    minifySyntax: true,
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'none',
    external: [...BESIDE, ...ABSENT],
    banner: { js: REQUIRE_BANNER },
    logLevel: 'warning',
  });
}

/**
 * @param {string} outdir
 * @returns {Promise<string[]>} the files it was made of
 */
async function buildProcesses(outdir) {
  const present = ABSENT.filter((name) => existsSync(inRoot('node_modules', name)));
  // In a clone it would be found in node_modules; an installed application has none, and its workers would end at once.
  if (present.length > 0) throw new Error(`Installed, and yet left out of the bundles: ${present.join(', ')} (ABSENT in scripts/build.mjs)`);
  const entryPoints = Object.fromEntries(Object.entries(ENTRIES).filter(([, source]) => isThere(source)).map(([name, source]) => [name, inRoot(source)]));
  const { metafile } = await bundle(processBundle(entryPoints, outdir));
  return Object.keys(metafile.inputs);
}

/**
 * The bridge between page and shell runs sandboxed: one CommonJS file that may ask for `electron` and nothing else;
 * a Node module in it would not be found here, nor there.
 * @param {string} outdir
 */
async function buildPreload(outdir) {
  if (!isThere('main/desktop/preload.ts')) return;
  await bundle({
    entryPoints: { 'main/preload': inRoot('main/desktop/preload.ts') },
    outdir,
    outExtension: { '.js': '.cjs' },
    absWorkingDir: inRoot(),
    bundle: true,
    platform: 'browser',
    target: 'chrome140',
    format: 'cjs',
    minifySyntax: true,
    legalComments: 'none',
    external: ['electron'],
    logLevel: 'warning',
  });
}

/**
 * @param {string} outDir
 * @returns {Promise<string[]>} the modules it was made of
 */
async function buildDashboard(outDir) {
  if (!isThere('renderer/vite.config.ts')) return [];
  const built = await buildPages({
    configFile: inRoot('renderer', 'vite.config.ts'),
    root: inRoot('renderer'),
    logLevel: 'warn',
    build: { outDir, emptyOutDir: true },
  });
  const outputs = [built].flat().flatMap((part) => ('output' in part ? part.output : []));
  return outputs.flatMap((part) => (part.type === 'chunk' ? part.moduleIds : part.originalFileNames.map((name) => inRoot('renderer', name))));
}

/** Builds beside dist/ and swaps at the end, so that dist/ is always one whole build. */
async function main() {
  const started = performance.now();
  const next = inRoot(`dist.next-${process.pid}`);
  const old = inRoot(`dist.old-${process.pid}`);
  const hash = hashSources();
  try {
    mkdirSync(next, { recursive: true });
    // Both must end before the folder is removed, whichever fails.
    const results = await Promise.allSettled([buildProcesses(next), buildPreload(next), buildDashboard(`${next}/renderer`)]);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    writeLicences(`${next}/licences.json`, results.flatMap((result) => (result.status === 'fulfilled' ? result.value ?? [] : [])));
    writeFileSync(`${next}/.sources`, isPartial ? 'partial' : hash);
    if (existsSync(inRoot('dist'))) renameSync(inRoot('dist'), old);
    renameSync(next, inRoot('dist'));
  } finally {
    for (const folder of [next, old]) rmSync(folder, { recursive: true, force: true });
  }
  process.stdout.write(`Built dist/ in ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
