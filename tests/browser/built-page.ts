/** The dashboard's files, built when its sources are other ones: by one process at a time, and put in place as a whole. */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'vite';
import { withSetupLock } from '../../scripts/lib/lock.mjs';
import { hashSources, isBuildFresh } from '../../scripts/lib/sources.mjs';

const ROOT = resolve(import.meta.dirname, '../..');
const DIST = join(ROOT, 'dist');
const PAGE = join(DIST, 'renderer');
/** Says which sources the page was made of; a name with a dot before it is never served. */
const MARKER = join(PAGE, '.sources');
/** What a build that was ended left behind. */
const LEFT = /^renderer\.(next|old)-\d+$/;

/** A page without a marker came with the whole build, which has one of its own. */
const isFresh = (hash: string): boolean => existsSync(join(PAGE, 'index.html')) && (existsSync(MARKER) ? readFileSync(MARKER, 'utf8') === hash : isBuildFresh());
const pageSources = (): string => hashSources(['app', 'renderer'], ['package-lock.json', 'tsconfig.base.json']);

async function buildBeside(hash: string): Promise<void> {
  for (const name of existsSync(DIST) ? readdirSync(DIST) : []) if (LEFT.test(name)) rmSync(join(DIST, name), { recursive: true });
  const [next, old] = [join(DIST, `renderer.next-${process.pid}`), join(DIST, `renderer.old-${process.pid}`)];
  // The test runner's own NODE_ENV would build React for development: another page than the one that people get, and a far slower one.
  const environment = process.env['NODE_ENV'];
  process.env['NODE_ENV'] = 'production';
  try {
    await build({ configFile: join(ROOT, 'renderer/vite.config.ts'), root: join(ROOT, 'renderer'), logLevel: 'error', build: { outDir: next, emptyOutDir: true } });
    writeFileSync(join(next, '.sources'), hash);
    if (existsSync(PAGE)) renameSync(PAGE, old);
    renameSync(next, PAGE);
  } finally {
    process.env['NODE_ENV'] = environment;
    for (const folder of [next, old]) rmSync(folder, { recursive: true, force: true });
  }
}

/** Builds the page unless the built one is of these very sources. Another process that builds is waited for: what it built is taken when it fits. */
export async function buildPage(): Promise<void> {
  if (isFresh(pageSources())) return;
  await withSetupLock(async () => {
    // Noted before the build: what changes while it runs is built by the next.
    const hash = pageSources();
    if (!isFresh(hash)) await buildBeside(hash);
  });
}
