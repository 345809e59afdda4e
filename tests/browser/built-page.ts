/** The dashboard's files, built when a source is newer than they are. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'vite';

const ROOT = resolve(import.meta.dirname, '../..');

/** Builds the page unless the built one is newer than every source. */
export async function buildPage(): Promise<void> {
  const built = join(ROOT, 'dist/renderer/index.html');
  const newest = Math.max(...['renderer', 'app'].flatMap((room) => readdirSync(join(ROOT, room), { recursive: true, encoding: 'utf8' }).map((name) => statSync(join(ROOT, room, name)).mtimeMs)));
  if (existsSync(built) && statSync(built).mtimeMs >= newest) return;
  // The test runner's own NODE_ENV would build React for development: another page than the one that people get, and a far slower one.
  const environment = process.env['NODE_ENV'];
  process.env['NODE_ENV'] = 'production';
  try {
    await build({ configFile: join(ROOT, 'renderer/vite.config.ts'), root: join(ROOT, 'renderer'), logLevel: 'error' });
  } finally {
    process.env['NODE_ENV'] = environment;
  }
}
