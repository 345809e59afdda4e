/** Makes a clone ready to run, from nothing: packages, PostgreSQL, Redis. Plain Node >= 18; does nothing when all is there. */
import { pathToFileURL } from 'node:url';
import { findNode, inRoot, isAtLeast } from './lib/places.mjs';
import { StepFailure } from './lib/child.mjs';
import { withSetupLock } from './lib/lock.mjs';
import { arePackagesInstalled, completePostgres, installPackages } from './lib/packages.mjs';
import { ensureRedis, isRedisReady } from './lib/system.mjs';

const OLDEST_NODE = [18, 0];

/**
 * Ensures that everything which comes from outside is present.
 * @returns {Promise<string>} the Node to run the product with
 * @throws {StepFailure} with a remedy
 */
export async function ensureSetup() {
  if (!isAtLeast(process.versions.node, OLDEST_NODE)) {
    throw new StepFailure(`This is Node ${process.versions.node}. Remedy: install Node 18 or newer (24 is best) and try again.`);
  }
  if (!arePackagesInstalled() || !isRedisReady()) {
    await withSetupLock(async () => {
      if (!arePackagesInstalled()) await installPackages();
      await ensureRedis();
    });
  }
  await completePostgres();
  const node = findNode();
  if ('problem' in node) throw new StepFailure(node.problem);
  return node.path;
}

/**
 * Ends the program: an expected failure prints its message only, anything else its stack.
 * @param {unknown} error
 */
export function endWith(error) {
  process.stderr.write(`\n${error instanceof StepFailure ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await ensureSetup().then(
    (node) => process.stdout.write(`Ready: ${inRoot()} runs under ${node}\n`),
    endWith,
  );
}
