/** `npm run dist:check`: the packaging proved offline (packaging/check), with its tools installed and dist/ built first. */
import { inRoot, toolEnvironment } from './lib/places.mjs';
import { runForeground } from './lib/child.mjs';
import { ensureBuilt } from './lib/built.mjs';
import { ensurePackagingTools } from './lib/system.mjs';
import { endWith, ensureSetup } from './setup.mjs';

try {
  const node = await ensureSetup();
  await ensurePackagingTools();
  await ensureBuilt(node);
  process.exitCode = await runForeground(node, [inRoot('packaging', 'check', 'main.ts'), ...process.argv.slice(2)], toolEnvironment(node));
} catch (error) {
  endWith(error);
}
