/** Where the program itself lies: run from sources, from the bundle, or installed. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import type { WorkerId } from '#app/contracts/health.ts';
import { AppError } from '#app/domain/errors.ts';

const PackageSchema = z.object({ name: z.literal('mainspring'), version: z.string() });

/** Where the parts of the program are. */
export type Layout = {
  /** May lie inside an archive (`app.asar`): only `fs` can read there. Never a working folder of a process. */
  readonly root: string;
  readonly version: string;
  readonly migrationsFolder: string;
  /** An installed application, not a clone: nothing on this computer stands in for a part that is missing. */
  readonly isPackaged: boolean;
  /** A real folder in which processes can be started. */
  readonly workFolder: string;
  /** Databases that came with the application; null: those of this computer are used. */
  readonly runtimeFolder: string | null;
  /** What must lie in `runtimeFolder`. */
  readonly runtimeManifest: string | null;
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
      ...runtimePlaces(folder),
      workerEntry: (id) => (isBundle ? path.join(folder, 'dist', 'services', `${id}.mjs`) : path.join(folder, 'services', id, 'main.ts')),
    };
  }
  throw new AppError('RUNTIME_MISSING', `The program is incomplete: no package.json above ${file}. Install Mainspring again.`);
}

/** Installed, the program is the archive `resources/app.asar`, and the databases lie beside it. */
function runtimePlaces(root: string): Pick<Layout, 'isPackaged' | 'workFolder' | 'runtimeFolder' | 'runtimeManifest'> {
  if (path.basename(root) !== 'app.asar') return { isPackaged: false, workFolder: root, runtimeFolder: null, runtimeManifest: null };
  const resources = path.dirname(root);
  const runtime = path.join(resources, 'runtime');
  const manifest = path.join(root, 'dist', 'runtime-manifest.json');
  // On Windows the databases are always ours: a folder that is gone is damage, not a reason to look elsewhere.
  const isOurs = process.platform === 'win32' || existsSync(runtime) || existsSync(manifest);
  return { isPackaged: true, workFolder: resources, runtimeFolder: isOurs ? runtime : null, runtimeManifest: isOurs ? manifest : null };
}
