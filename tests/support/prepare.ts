/** What the test files of a run share, made before the first of them begins. */
import { compileWorkers } from './compiled.ts';
import { preparedCluster } from './servers.ts';

/** Called by vitest once for a run. */
export async function setup(): Promise<void> {
  await Promise.all([preparedCluster(), compileWorkers()]);
}
