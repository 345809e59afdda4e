/** The library folder: one file per version, written once, by which strategies written in one market are found in the others. The book stays what counts in each market. */
import type { Dirent } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { authorProfileSchema, filesHashSchema, MAX_PROJECT_VERSIONS, MAX_PROJECTS, projectFilesSchema, projectIdSchema, projectNameSchema, signatureSchema } from '#app/contracts/author.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import { hashOfFiles } from '#chassis/project-files.ts';

/** A version as it travels. `savedAt`: epoch ms. */
export const travellingSchema = z.strictObject({
  format: z.literal('mainspring-version'), formatVersion: z.literal(1), projectId: projectIdSchema, version: z.number().int().min(1).max(MAX_PROJECT_VERSIONS), name: projectNameSchema, templateId: z.string().nullable(),
  hash: filesHashSchema, note: z.string().max(500), restoredFrom: z.number().int().nullable(), signature: signatureSchema.nullable(), savedBy: z.string().max(200), savedAt: z.number().int(), files: projectFilesSchema,
});
/** A version as it travels. */
export type Travelling = z.infer<typeof travellingSchema>;

const profileFileSchema = z.strictObject({ format: z.literal('mainspring-author'), formatVersion: z.literal(1), updatedAt: z.number().int(), profile: authorProfileSchema });
/** The profile as it travels. `updatedAt`: epoch ms. */
export type TravellingProfile = Pick<z.infer<typeof profileFileSchema>, 'profile' | 'updatedAt'>;

/** JSON of a million characters may take six bytes for each of them. */
const MAX_FILE_BYTES = 8_000_000;
const PART = '.part';
/** `4-3fa9c1d2e4b5.json`: the version, and the beginning of its hash. Other files under the same number have another name, so that nothing is ever written over. */
const NAMED = /^([1-9]\d{0,3})-([0-9a-f]{12})\.json$/;

/** A version by its place. */
export type Shelf = { readonly projectId: string; readonly version: number; readonly hashStart: string; readonly file: string };

const projectsIn = (folder: string): string => path.join(folder, 'projects');
const profileIn = (folder: string): string => path.join(folder, 'author.json');

/** Where a version lies. */
export function fileOf(folder: string, { projectId, version, hash }: Pick<Travelling, 'projectId' | 'version' | 'hash'>): string {
  return path.join(projectsIn(folder), projectId, `${version}-${hash.slice(0, 12)}.json`);
}

/** After a power cut there is the whole file or none. @throws system errors: no room, no rights */
async function writeWhole(file: string, content: object): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const beside = `${file}.${randomBytes(6).toString('hex')}${PART}`;
  try {
    const handle = await open(beside, 'wx', 0o600);
    try {
      await handle.writeFile(`${JSON.stringify(content, null, 1)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(beside, file);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  await flushFolder(path.dirname(file));
}

/** The new name reaches the disk with its folder. Windows journals names and cannot open folders. */
async function flushFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Writes a version. The same name is the same files: what is there already stays. */
export async function writeVersion(folder: string, version: Travelling): Promise<void> {
  const file = fileOf(folder, version);
  if ((await stat(file).catch(whenMissing)) === null) await writeWhole(file, version);
}

/** Writes the profile over the one before. */
export async function writeProfile(folder: string, { profile, updatedAt }: TravellingProfile): Promise<void> {
  await writeWhole(profileIn(folder), { format: 'mainspring-author', formatVersion: 1, updatedAt, profile });
}

function whenMissing(error: unknown): null {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
  throw error;
}

async function listed(folder: string): Promise<Dirent[]> {
  return (await readdir(folder, { withFileTypes: true }).catch(whenMissing)) ?? [];
}

/** What lies in the folder, without reading any file; leftovers of writes that were cut off are removed. `strange`: names that we did not give. @throws system errors */
export async function listShelves(folder: string): Promise<{ readonly shelves: readonly Shelf[]; readonly strange: readonly string[] }> {
  const shelves: Shelf[] = [];
  const strange: string[] = [];
  for (const entry of (await listed(projectsIn(folder))).slice(0, 2 * MAX_PROJECTS)) {
    const own = path.join(projectsIn(folder), entry.name);
    if (!entry.isDirectory() || !projectIdSchema.safeParse(entry.name).success) {
      strange.push(own);
      continue;
    }
    for (const { name } of (await listed(own)).slice(0, 2 * MAX_PROJECT_VERSIONS)) {
      const [, version = '', hashStart = ''] = NAMED.exec(name) ?? [];
      if (version !== '') shelves.push({ projectId: entry.name, version: Number(version), hashStart, file: path.join(own, name) });
      else if (name.endsWith(PART)) await sweep(path.join(own, name));
      else strange.push(path.join(own, name));
    }
  }
  return { shelves, strange };
}

/** No write takes an hour: what is younger may be another market's, at this moment. */
async function sweep(file: string): Promise<void> {
  const found = await stat(file).catch(whenMissing);
  if (found !== null && Date.now() - found.mtimeMs > 3_600_000) await rm(file, { force: true });
}

async function readJson<S extends z.ZodType>(file: string, schema: S): Promise<z.infer<S> | null> {
  const found = await stat(file).catch(whenMissing);
  if (found === null) return null;
  const damaged = (why: string, cause?: unknown): AppError => new AppError('JOURNAL_CORRUPT', `${file} ${why}. It is left as it is; bring it back from a backup, or move it away`, { cause });
  if (found.size > MAX_FILE_BYTES) throw damaged('is larger than any that we write');
  let raw: unknown;
  try {
    raw = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw damaged(`is damaged (${describeError(error)})`, error);
  }
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw damaged(`is not as we write it (${[...(issue?.path ?? []), issue?.message].join(' ')})`);
}

/** Reads a version and proves that it is the one that its name says. Null when it is gone. @throws AppError JOURNAL_CORRUPT; system errors */
export async function readTravelling({ file, projectId, version, hashStart }: Shelf): Promise<Travelling | null> {
  const found = await readJson(file, travellingSchema);
  if (found === null) return null;
  const isOwn = found.projectId === projectId && found.version === version && found.hash.startsWith(hashStart) && hashOfFiles(found.files) === found.hash;
  if (!isOwn) throw new AppError('JOURNAL_CORRUPT', `${file} was changed by hand: its files are not those that its name and hash say. It is left as it is; to use them, import them as a new strategy`);
  return found;
}

/** Reads the profile; null when there is none. @throws AppError JOURNAL_CORRUPT; system errors */
export async function readTravellingProfile(folder: string): Promise<TravellingProfile | null> {
  return readJson(profileIn(folder), profileFileSchema);
}
