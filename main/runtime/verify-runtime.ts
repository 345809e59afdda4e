/** Proves that a shipped part is what was shipped, before anything of it is started. */
import { createHash, hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { AppError } from '#app/domain/errors.ts';
import type { Layout } from '../layout.ts';
import { readManifest } from './manifest.ts';
import type { RuntimeFile, RuntimePart } from './manifest.ts';

const AT_ONCE = 4;
const CHUNK_BYTES = 1_048_576;
/** Windows looks for libraries beside a program first: one more of these is somebody else's code in our process. */
const PROGRAM = /\.(exe|dll|com|bat|cmd|sys|ocx|manifest|local)$/i;

/** Checksums of files that did not change since, by path. A restart then reads no file again. A program can set the time of a change back, but not the one that the system keeps for itself. */
const known = new Map<string, { readonly bytes: number; readonly modifiedNs: bigint; readonly changedNs: bigint; readonly sha256: string }>();

/** Where the shipped parts are, and the list of what they are. */
export type ShippedRuntime = { readonly runtimeFolder: string; readonly runtimeManifest: string };

/** Version and folder of a part that was found whole. */
export type VerifiedPart = { readonly folder: string; readonly version: string };

/**
 * Compares every file of a part with the list.
 * @throws AppError RUNTIME_DAMAGED (operator) naming the first file (by name) that is missing, different or not ours.
 */
export async function verifyPart(part: RuntimePart, { runtimeFolder, runtimeManifest }: ShippedRuntime): Promise<VerifiedPart> {
  const manifest = readManifest(runtimeManifest);
  const facts = manifest.parts[part];
  if (!facts) throw damaged(`This installation came without ${part}`, runtimeFolder);
  if (facts.isStandIn) throw damaged(`The ${part} of this installation is a stand-in for checks of the installer`, runtimeFolder);
  if (facts.lacks.length > 0) throw damaged(`The ${part} of this installation lacks ${facts.lacks.join(', ')}`, runtimeFolder);
  const wanted = new Map(Object.entries(manifest.files).filter(([name]) => name.startsWith(`${part}/`)));
  const folder = path.join(runtimeFolder, part);
  const present = await namesBelow(folder, part);
  const foreign = present.find((name) => PROGRAM.test(name) && !wanted.has(name));
  if (foreign !== undefined) throw damaged(`A program that is not ours lies in the installation: ${foreign}`, path.join(runtimeFolder, foreign));
  await checkAll(runtimeFolder, [...wanted].sort(([a], [b]) => (a < b ? -1 : 1)));
  return { folder, version: facts.version };
}

/**
 * A part of an installed application, compared with its list; null when the application came without databases (a clone), so that those of the computer are used.
 * @throws AppError RUNTIME_DAMAGED (operator)
 */
export function shippedPart(part: RuntimePart, { runtimeFolder, runtimeManifest }: Layout): Promise<VerifiedPart | null> {
  if (runtimeFolder === null || runtimeManifest === null) return Promise.resolve(null);
  return verifyPart(part, { runtimeFolder, runtimeManifest });
}

async function checkAll(runtimeFolder: string, files: readonly (readonly [string, RuntimeFile])[]): Promise<void> {
  let next = 0;
  let firstBad = files.length;
  let complaint: AppError | null = null;
  const work = async (): Promise<void> => {
    for (let index = next++; index < firstBad; index = next++) {
      const entry = files[index];
      if (!entry) return;
      const [name, wanted] = entry;
      const found = await complaintAbout(path.join(runtimeFolder, name), wanted);
      if (found !== null && index < firstBad) {
        firstBad = index;
        complaint = damaged(`${name} ${found}`, path.join(runtimeFolder, name));
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  if (complaint !== null) throw complaint as AppError;
}

/** What is wrong with a file, in words; null when it is as it was shipped. */
async function complaintAbout(file: string, wanted: RuntimeFile): Promise<string | null> {
  try {
    const { size, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
    if (Number(size) !== wanted.bytes) return `has ${size} bytes instead of ${wanted.bytes}`;
    const before = known.get(file);
    const isUnchanged = before?.bytes === wanted.bytes && before.modifiedNs === mtimeNs && before.changedNs === ctimeNs;
    const sha256 = isUnchanged ? before.sha256 : await checksumOf(file, wanted.bytes);
    known.set(file, { bytes: wanted.bytes, modifiedNs: mtimeNs, changedNs: ctimeNs, sha256 });
    return sha256 === wanted.sha256 ? null : 'was changed';
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'is missing';
    if (code === undefined) throw error;
    return `cannot be read (${code})`;
  }
}

/** Most files are small, and a stream costs more than their content. */
async function checksumOf(file: string, bytes: number): Promise<string> {
  if (bytes <= CHUNK_BYTES) return hash('sha256', await readFile(file), 'hex');
  const sum = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: CHUNK_BYTES }), sum);
  return sum.digest('hex');
}

async function namesBelow(folder: string, prefix: string): Promise<string[]> {
  let entries;
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    throw damaged(`The folder ${folder} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`, folder);
  }
  const names = await Promise.all(
    entries.map(async (entry) => {
      const name = `${prefix}/${entry.name}`;
      return entry.isDirectory() ? namesBelow(path.join(folder, entry.name), name) : [name];
    }),
  );
  return names.flat().sort();
}

function damaged(what: string, file: string): AppError {
  return new AppError('RUNTIME_DAMAGED', `${what}. It is not started. Install Mainspring again (your data is kept); an antivirus program may have changed or quarantined the file.`, { context: { file } });
}
