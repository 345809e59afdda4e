/**
 * `npm run dist:check`: proves the packaging without Electron's binary, without the network and without Windows. The real
 * electron-builder packs the real product around a stand-in for Electron; the real Setup.exe is installed, updated and
 * removed on Wine. `--quick` (a stage of `npm test`) leaves the databases out and compresses less.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../builder.ts';
import { sizesOf } from '../sizes.ts';
import { checkBuild } from './checks-build.ts';
import { checkInstallation, checkRefusals, checkTroubledUpdates } from './checks-install.ts';
import { checkMove, checkRemoval, checkUpdate, liveIn, takeSnapshot } from './checks-update.ts';
import { KEY_TOAST, KEY_UNINSTALL, openHouse } from './house.ts';
import { buildPair } from './pair.ts';
import type { Pair } from './pair.ts';
import { makeReport } from './report.ts';
import type { Report } from './report.ts';
import { makeWine } from './wine.ts';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    /** A file for the counts, as JSON. */ report: { type: 'string' },
  },
});

/** The databases for Windows, with a stand-in for Redis where its archive is out of reach. */
function bundleRuntime(folder: string): string {
  const made = spawnSync(process.execPath, [path.join(root, 'scripts', 'bundle-windows.mjs'), '--stand-in-redis', '--without-vc-runtime', '--out', folder], { stdio: 'inherit' });
  if (made.status !== 0 || !existsSync(path.join(folder, 'manifest.json'))) throw new Error('The databases for Windows could not be bundled (scripts/bundle-windows.mjs).');
  return folder;
}

async function checkOnWindows(report: Report, pair: Pair, folder: string): Promise<void> {
  const wine = await makeWine(folder);
  try {
    const house = openHouse(wine);
    await checkRefusals(report, pair, house);
    // Every real Windows has them.
    for (const key of [KEY_UNINSTALL, KEY_TOAST]) await wine.run('reg', ['add', path.win32.dirname(`HKCU\\${key}`), '/f']);
    const before = await takeSnapshot(house);
    await checkInstallation(report, pair, house);
    await checkTroubledUpdates(report, pair, house);
    await liveIn(house);
    await checkUpdate(report, pair, house);
    const moved = await checkMove(report, pair, house);
    await checkRemoval(report, pair, house, { folder: moved, before });
  } finally {
    await wine.stop();
  }
}

const started = performance.now();
const report = makeReport((text) => void process.stdout.write(text));
const folder = mkdtempSync(path.join(tmpdir(), 'mainspring-packaging-'));
try {
  const pair = await buildPair(root, folder, options.quick ? null : bundleRuntime(path.join(folder, 'runtime')));
  report.section('What is packed');
  for (const line of sizesOf(pair.newer)) report.say(line);
  await checkBuild(report, pair, root);
  mkdirSync(path.join(folder, 'windows'));
  await checkOnWindows(report, pair, path.join(folder, 'windows'));
} catch (error) {
  await report.check('the check itself', () => {
    throw error;
  });
} finally {
  if (options.keep) process.stdout.write(`\nKept: ${folder}\n`);
  else rmSync(folder, { recursive: true, force: true });
}
const counts = report.counts();
process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed in ${((performance.now() - started) / 1000).toFixed(0)} s\n`);
if (options.report !== undefined) writeFileSync(options.report, JSON.stringify(counts));
process.exitCode = counts.failed === 0 ? 0 : 1;
