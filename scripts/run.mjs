/** Runs one program of the repository under the pinned Node, after the set-up: `node scripts/run.mjs FILE [arguments]`. */
import { inRoot, toolEnvironment } from './lib/places.mjs';
import { runForeground, StepFailure } from './lib/child.mjs';
import { endWith, ensureSetup } from './setup.mjs';

try {
  const [file, ...args] = process.argv.slice(2);
  if (file === undefined) throw new StepFailure('Usage: node scripts/run.mjs FILE [arguments]');
  const node = await ensureSetup();
  process.exitCode = await runForeground(node, [inRoot(file), ...args], toolEnvironment(node));
} catch (error) {
  endWith(error);
}
