/** Where the program itself lies: run from sources or from the bundle. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import type { WorkerId } from '#app/contracts/health.ts';
import { AppError } from '#app/domain/errors.ts';

const PackageSchema = z.object({ name: z.literal('mainspring'), version: z.string() });

/** Where the parts of the program are. */
export type Layout = {
  readonly root: string;
  readonly version: string;
  readonly migrationsFolder: string;
  /** The file that runs a worker. */
  workerEntry(id: WorkerId): string;
};

/**
 * Finds the program from the address of one of its modules.
 * @throws AppError RUNTIME_MISSING (operator) when no package.json of ours lies above it.
 */
export function findLayout(moduleUrl: string): Layout {
  const file = fileURLToPath(moduleUrl);
  for (let folder = path.dirname(file); folder !== path.dirname(folder); folder = path.dirname(folder)) {
    const manifest = path.join(folder, 'package.json');
    if (!existsSync(manifest)) continue;
    const parsed = PackageSchema.safeParse(JSON.parse(readFileSync(manifest, 'utf8')));
    if (!parsed.success) continue;
    const isBundle = path.relative(folder, file).split(path.sep)[0] === 'dist';
    return {
      root: folder,
      version: parsed.data.version,
      migrationsFolder: path.join(folder, 'migrations'),
      workerEntry: (id) => (isBundle ? path.join(folder, 'dist', 'services', `${id}.mjs`) : path.join(folder, 'services', id, 'main.ts')),
    };
  }
  throw new AppError('RUNTIME_MISSING', `The program is incomplete: no package.json above ${file}. Install Mainspring again.`);
}
