/** Versions and licences of what is shipped. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { AboutSchema } from '#app/contracts/shell.ts';
import type { About } from '#app/contracts/shell.ts';
import type { Layout } from '../layout.ts';

const LicencesSchema = AboutSchema.shape.licences;

async function readLicences(file: string): Promise<About['licences']> {
  try {
    return LicencesSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    // Run from sources there is no list; a damaged one is no reason to hide the versions.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError || error instanceof z.ZodError) return [];
    throw error;
  }
}

/** Reads what About shows. */
export async function readAbout(layout: Pick<Layout, 'root' | 'version'>, versions: Readonly<Record<string, string | undefined>>): Promise<About> {
  return {
    version: layout.version,
    electron: versions['electron'] ?? 'none',
    chromium: versions['chrome'] ?? 'none',
    node: versions['node'] ?? 'none',
    platform: `${process.platform} ${process.arch}`,
    licences: await readLicences(path.join(layout.root, 'dist', 'licences.json')),
  };
}
