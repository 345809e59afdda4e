/** Ensures that dist/ is built from the present sources. */
import { inRoot, root, toolEnvironment } from './places.mjs';
import { runStep } from './child.mjs';
import { withSetupLock } from './lock.mjs';
import { isBuildFresh } from './sources.mjs';

/**
 * @param {string} nodePath the pinned Node
 * @returns {Promise<void>}
 */
export async function ensureBuilt(nodePath) {
  if (isBuildFresh()) return;
  await withSetupLock(async () => {
    if (isBuildFresh()) return;
    await runStep('Building', nodePath, [inRoot('scripts', 'build.mjs')], { cwd: root, env: toolEnvironment(nodePath) });
  });
}
