/** Tests over recorded market data and reference numbers, which lie beside the project and are never part of it. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe } from 'vitest';

/** A path beside the project, in `shared/` (or where MAINSPRING_SHARED says). */
export function sharedPath(name: string): string {
  const folder = process.env['MAINSPRING_SHARED'] ?? fileURLToPath(new URL('../../../shared', import.meta.url));
  return `${folder}/${name}`;
}

/** Adds the tests when all the files are at hand; says so when they are not. What they prove must also be proven, on smaller figures, by tests that need no file. */
export function describeRecorded(files: readonly string[], name: string, tests: () => void): void {
  const missing = files.filter((file) => !existsSync(file));
  if (missing.length === 0) describe(name, tests);
  else process.stderr.write(`not at hand, so not compared: ${name} (${missing.join(', ')})\n`);
}
