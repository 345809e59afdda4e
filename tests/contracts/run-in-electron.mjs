/** Runs the contract of the spawners inside a real Electron: `node tests/contracts/run-in-electron.mjs [path of the Electron program]`. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';

const here = import.meta.dirname;
const folder = mkdtempSync(path.join(tmpdir(), 'ms-electron-'));

/** Where the program lies: the folder that is named for the package, else its own. Not asked of the package itself: that would download it. */
function findElectron() {
  const inside = { win32: 'electron.exe', darwin: 'Electron.app/Contents/MacOS/Electron' }[process.platform] ?? 'electron';
  return path.join(process.env.ELECTRON_OVERRIDE_DIST_PATH ?? path.join(here, '..', '..', 'node_modules', 'electron', 'dist'), inside);
}

const program = process.argv[2] ?? findElectron();
if (!existsSync(program)) {
  process.stderr.write('There is no Electron program here. Name it: node tests/contracts/run-in-electron.mjs C:\\path\\to\\electron.exe\n');
  process.exit(2);
}
const main = path.join(folder, 'main.mjs');
await build({ entryPoints: [path.join(here, 'electron-main.ts')], outfile: main, bundle: true, platform: 'node', format: 'esm', target: 'node24', external: ['electron'], logLevel: 'warning' });
const env = { ...process.env, npm_node_execpath: process.execPath, MAINSPRING_SUBJECT: path.join(here, '..', 'support', 'spawn-subject.mjs') };
delete env.ELECTRON_RUN_AS_NODE;
// Electron as root on Linux refuses its sandbox; there is no page here to put into one.
const flags = process.platform === 'linux' && process.getuid?.() === 0 ? ['--no-sandbox'] : [];
const { status } = spawnSync(program, [...flags, main], { stdio: 'inherit', env });
rmSync(folder, { recursive: true, force: true });
process.exit(status ?? 2);
