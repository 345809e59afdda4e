/** `npm run dist`: builds the product and its Windows installer into out/release, on Windows or Linux (docs/packaging.md). */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { buildInstaller, currentVersion, root } from './builder.ts';
import type { Built } from './builder.ts';
import { wrongFuses } from './fuses.ts';
import { findUnfit, hashesOf } from './runtime-fit.ts';
import { sizesOf } from './sizes.ts';

const HELP = `Usage: npm run dist -- [options]

Builds dist/, assembles the Windows databases, and packs everything into out/release/Mainspring-Setup-VERSION.exe.

  --electron-dist DIR     an unpacked Electron for Windows, or the folder with its zip (else it is downloaded)
  --feed URL              where installed applications look for updates (else MAINSPRING_UPDATE_FEED; without it: no updates)
  --vc-runtime DIR        folder with Microsoft's C++ libraries (on Windows: System32 is used)
  --redis-archive FILE    the pinned Redis archive, already downloaded
  --keep-runtime          use packaging/runtime/win32-x64 as it is
`;

/** What the person who builds must hear, without a stack. */
class DistFailure extends Error {}

const NETWORK = /ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|getaddrinfo|fetch failed|Could not resolve|Response code|status code 4\d\d/i;

function runStep(title: string, script: string, args: readonly string[]): void {
  process.stdout.write(`\n=== ${title}\n`);
  const { status } = spawnSync(process.execPath, [path.join(root, script), ...args], { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new DistFailure(`${title} failed; nothing was packed.`);
}

function feedFrom(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  const url = URL.parse(text);
  if (url?.protocol !== 'https:') throw new DistFailure(`The update feed must be an https address, not ${JSON.stringify(text)}.`);
  return url.href;
}

/** electron-builder's words, and what to do about the two failures that everybody meets. */
function explain(error: unknown, electronDist: string | undefined): DistFailure {
  const words = error instanceof Error ? error.message : String(error);
  const remedy = NETWORK.test(words)
    ? '\n\nRemedy: electron-builder downloads Electron, NSIS and 7-Zip from GitHub once. Without the network give it --electron-dist DIR (a folder with ' +
      "electron-vVERSION-win32-x64.zip), and set ELECTRON_BUILDER_NSIS_DIR, ELECTRON_BUILDER_NSIS_RESOURCES_DIR and ELECTRON_BUILDER_7ZIP_PATH to copies of its tools; behind a mirror set ELECTRON_MIRROR and ELECTRON_BUILDER_BINARIES_MIRROR."
    : '';
  return new DistFailure(`electron-builder failed${electronDist === undefined ? '' : ` (Electron from ${electronDist})`}: ${words}${remedy}`, { cause: error });
}

/** Reads back what must be true of a release. */
async function verify(built: Built, runtimeFolder: string): Promise<void> {
  const wrong = await wrongFuses(path.join(built.unpackedFolder, 'Mainspring.exe'));
  if (wrong.length > 0) throw new DistFailure(`These fuses of Mainspring.exe are not as designed: ${wrong.join(', ')}. Do not ship this.`);
  const changed = findUnfit(path.join(runtimeFolder, 'manifest.json'), hashesOf(path.join(built.unpackedFolder, 'resources', 'runtime')));
  if (changed.length > 0) throw new DistFailure(`The databases are not as their list says: ${changed.slice(0, 5).join('; ')}. An installed Mainspring would refuse to start them.`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      'electron-dist': { type: 'string' }, 'feed': { type: 'string' }, 'vc-runtime': { type: 'string' }, 'redis-archive': { type: 'string' },
      'keep-runtime': { type: 'boolean', default: false }, 'help': { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const updateFeed = feedFrom(values.feed ?? process.env['MAINSPRING_UPDATE_FEED']);
  const electronDist = values['electron-dist'] === undefined ? undefined : path.resolve(values['electron-dist']);
  if (electronDist !== undefined && !existsSync(electronDist)) throw new DistFailure(`${electronDist} does not exist.`);
  const runtimeFolder = path.join(root, 'packaging', 'runtime', 'win32-x64');
  if (values['keep-runtime'] && !existsSync(path.join(runtimeFolder, 'manifest.json'))) throw new DistFailure(`${runtimeFolder} is not there. Remedy: npm run dist without --keep-runtime`);
  runStep('Building the product', 'scripts/build.mjs', []);
  if (!values['keep-runtime']) {
    const passed = (['vc-runtime', 'redis-archive'] as const).flatMap((name) => (values[name] === undefined ? [] : [`--${name}`, path.resolve(values[name])]));
    runStep('Assembling the databases for Windows', 'scripts/bundle-windows.mjs', passed);
  }
  const unfit = findUnfit(path.join(runtimeFolder, 'manifest.json'), hashesOf(runtimeFolder));
  if (unfit.length > 0) throw new DistFailure(`packaging/runtime/win32-x64 cannot be released: ${unfit.slice(0, 5).join('; ')}.`);
  process.stdout.write('\n=== Packing\n');
  const built = await buildInstaller({
    outputFolder: path.join(root, 'out', 'release'), version: currentVersion(), runtimeFolder,
    ...(electronDist === undefined ? {} : { electronDist }), ...(updateFeed === undefined ? {} : { updateFeed }),
  }).catch((error: unknown) => {
    throw explain(error, electronDist);
  });
  await verify(built, runtimeFolder);
  process.stdout.write(`\n${sizesOf(built).join('\n')}\n\n${built.setupFile}\nsha256 ${createHash('sha256').update(readFileSync(built.setupFile)).digest('hex')}\n`);
  if (updateFeed === undefined) process.stdout.write('No update feed was given: this release never looks for updates.\n');
  if (process.env['WIN_CSC_LINK'] === undefined && process.env['CSC_LINK'] === undefined) process.stdout.write('Not signed: Windows SmartScreen will warn whoever starts it.\n');
}

try {
  await main();
} catch (error) {
  process.stderr.write(`\n${error instanceof DistFailure ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
}
