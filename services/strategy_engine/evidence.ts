/** Days on paper, carried to other markets: one small file per files' hash in the library folder. Written by the engine that runs on paper, read by the gates of real money. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { AppError, describeError } from '#app/domain/errors.ts';

/** Most days that a file keeps; the oldest go. */
const MAX_DAYS = 400;
const MAX_BYTES = 200_000;
/** In place of the text of a file that is larger than any that we write. */
const TOO_LARGE = '';

const daySchema = z.strictObject({ day: z.iso.date(), strategyId: z.string().max(64), versionId: z.string().max(80), bars: z.number().int().min(0), notedAt: z.number().int(), parameters: z.string().regex(/^[0-9a-f]{32}$/).optional() });
const fileSchema = z.strictObject({ format: z.literal('mainspring-evidence'), formatVersion: z.literal(1), hash: z.string(), mode: z.literal('paper'), days: z.array(daySchema).max(MAX_DAYS), checksum: z.string() });

/** A day on which a deployment of the files ran on paper from open to close without an error. `bars`: that it has seen since it was deployed. `notedAt`: epoch ms. `parameters`: the hash of those that it ran with; left out in notes of before they were kept. */
export type EvidenceDay = z.infer<typeof daySchema>;
/** What was read. `problem`: in words, why a file does not count; then there are no days. */
export type Evidence = { readonly days: readonly EvidenceDay[]; readonly problem: string | null };

const NONE: Evidence = { days: [], problem: null };

function fileOf(libraryDir: string, hash: string): string {
  if (!/^[0-9a-f]{64}$/.test(hash)) throw new AppError('INPUT_INVALID', 'A hash of files has 64 hex digits');
  return path.join(libraryDir, 'evidence', `${hash}.json`);
}

/** Finds damage and careless edits. It is no security: who can write the file can write the sum, and who owns the PC may deploy what he likes. */
function checksumOf(hash: string, days: readonly EvidenceDay[]): string {
  return createHash('sha256').update(JSON.stringify([hash, days.map(({ day, strategyId, versionId, bars, notedAt, parameters }) => [day, strategyId, versionId, bars, notedAt, ...(parameters === undefined ? [] : [parameters])])])).digest('hex');
}

/** What stands in the file; null without one. @throws what the disk says: a file that cannot be read now is not one that holds nothing */
async function readText(file: string): Promise<string | null> {
  try {
    const { size } = await stat(file);
    return size > MAX_BYTES ? TOO_LARGE : await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

/** A day counts once for the same parameters. */
const keyOf = ({ day, parameters = '' }: EvidenceDay): string => `${day} ${parameters}`;
const inOrder = (days: readonly EvidenceDay[]): EvidenceDay[] => [...days].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));

function evidenceOf(text: string, hash: string): Evidence {
  const refused = (why: string): Evidence => ({ days: [], problem: `The note of its days on paper ${why}, so it does not count.` });
  if (text === TOO_LARGE) return refused('is larger than any that we write');
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    return refused(`is damaged (${describeError(error)})`);
  }
  const parsed = fileSchema.safeParse(raw);
  if (!parsed.success) return refused('is not one that we wrote');
  const { days, checksum } = parsed.data;
  if (parsed.data.hash !== hash) return refused('belongs to other files');
  if (checksum !== checksumOf(hash, days)) return refused('was changed by hand');
  return { days: inOrder([...new Map(days.map((day) => [keyOf(day), day])).values()]), problem: null };
}

/** Reads the days of a hash. A file that is damaged or was changed by hand counts for nothing, and says so; it never throws for what lies in the folder. */
export async function readEvidence(libraryDir: string | null, hash: string): Promise<Evidence> {
  if (libraryDir === null) return { days: [], problem: 'There is no library folder, so days on paper cannot be seen from here.' };
  const file = fileOf(libraryDir, hash);
  try {
    const text = await readText(file);
    return text === null ? NONE : evidenceOf(text, hash);
  } catch (error) {
    return { days: [], problem: `The note of its days on paper cannot be read: ${describeError(error)}` };
  }
}

/**
 * Adds days to the file of a hash; a day that is there stays. A damaged file is begun anew: its days did not count anyway. One that cannot be read now (another program holds it, a share is away)
 * is left alone. @returns whether something was added. @throws what the disk says
 */
export async function noteEvidence(libraryDir: string, hash: string, days: readonly EvidenceDay[]): Promise<boolean> {
  const file = fileOf(libraryDir, hash);
  const text = await readText(file);
  const before = text === null ? [] : evidenceOf(text, hash).days;
  const known = new Set(before.map(keyOf));
  const fresh = days.filter((day) => !known.has(keyOf(day)));
  if (fresh.length === 0) return false;
  const all = inOrder([...before, ...fresh]).slice(-MAX_DAYS);
  await mkdir(path.dirname(file), { recursive: true });
  const partial = `${file}.${randomUUID()}.part`;
  try {
    await writeFile(partial, `${JSON.stringify({ format: 'mainspring-evidence', formatVersion: 1, hash, mode: 'paper', days: all, checksum: checksumOf(hash, all) }, null, 1)}\n`, { flush: true });
    // Whoever reads sees the old file or the new one, never half of one.
    await rename(partial, file);
  } finally {
    await rm(partial, { force: true });
  }
  return true;
}
