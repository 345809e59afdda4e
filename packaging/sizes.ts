/** What an installer carries, in megabytes per part. */
import { statSync } from 'node:fs';
import type { Built } from './builder.ts';
import { readTree } from './install-list.ts';

const PARTS: readonly (readonly [string, RegExp])[] = [
  ['application (app.asar)', /^resources\/app\.asar$/],
  ['native code', /^resources\/app\.asar\.unpacked\//],
  ['PostgreSQL', /^resources\/runtime\/postgres\//],
  ['Redis', /^resources\/runtime\/redis\//],
  ['licences of both', /^resources\/runtime\/licences\//],
  ['Electron and the rest', /./],
];

const line = (title: string, files: number, bytes: number): string => `${title.padEnd(24)} ${String(files).padStart(5)} files ${(bytes / 1e6).toFixed(2).padStart(8)} MB`;

/** A line per part, and one for the Setup itself. */
export function sizesOf({ unpackedFolder, setupFile }: Built): string[] {
  const rest = new Set(readTree(unpackedFolder).files);
  const lines = PARTS.map(([title, pattern]) => {
    const own = [...rest].filter(({ name }) => pattern.test(name));
    for (const file of own) rest.delete(file);
    return line(title, own.length, own.reduce((sum, { bytes }) => sum + bytes, 0));
  });
  return [...lines, line('Setup', 1, statSync(setupFile).size)];
}
