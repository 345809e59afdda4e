/** Where Node keeps what it has compiled of our sources: the tests start hundreds of workers, and each would compile them anew. */
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { compiledFolder, root } from '../../scripts/lib/places.mjs';

const WORKERS = ['simulator', 'execution', 'risk_management', 'strategy_engine', 'data_ingestion', 'analytics', 'gateway', 'orchestrator', 'notification'] as const;
/** Each change of a source leaves what was compiled before: the folder is emptied once a day. */
const EMPTIED_AFTER_MS = 24 * 3_600_000;

/** Compiles the workers once a day. Without a supervisor each ends by itself, and only what ends by itself leaves what it compiled. */
export async function compileWorkers(): Promise<void> {
  const marker = join(compiledFolder, 'workers');
  const made = statSync(marker, { throwIfNoEntry: false });
  if (made !== undefined && Date.now() - made.mtimeMs < EMPTIED_AFTER_MS) return;
  rmSync(compiledFolder, { recursive: true, force: true });
  mkdirSync(marker, { recursive: true });
  for (const worker of WORKERS) {
    const child = spawn(process.execPath, [join(root, 'services', worker, 'main.ts')], { stdio: 'ignore', env: { ...process.env, NODE_COMPILE_CACHE: compiledFolder } });
    await new Promise((resolve, reject) => child.once('exit', resolve).once('error', reject));
  }
}

/** Lets a data folder that has not been used yet keep its compiled code where all others have theirs. */
export function shareCompiled(dataDir: string): void {
  // Links want a right of their own on Windows.
  if (process.platform === 'win32') return;
  mkdirSync(join(dataDir, 'cache'), { mode: 0o700 });
  mkdirSync(compiledFolder, { recursive: true });
  symlinkSync(compiledFolder, join(dataDir, 'cache', 'node'));
}
