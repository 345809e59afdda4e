/** The list of what was put into the runtime folder: every file with its checksum, every part with where it came from. */
import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { AppError } from '#app/domain/errors.ts';

/** The parts that are shipped. */
export const RUNTIME_PARTS = ['postgres', 'redis'] as const;
/** One shipped part; its files lie in the folder of this name. */
export type RuntimePart = (typeof RUNTIME_PARTS)[number];

const PartSchema = z.strictObject({
  version: z.string().min(1),
  /** Address and checksum of what it was taken from. */
  source: z.string().min(1),
  /** Made for checks of the packaging; it cannot do the work. */
  isStandIn: z.boolean(),
  /** What was knowingly left out for a check, in words. */
  lacks: z.array(z.string()),
});
const FileSchema = z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/), bytes: z.number().int().nonnegative() });
/** A path below the runtime folder with forward slashes; nothing can lead out of it. */
const NameSchema = z.string().refine((name) => name.split('/').every((step) => /^[^\\/:*?"<>|]+$/.test(step) && step !== '.' && step !== '..'), 'not a path below the folder');

const ManifestSchema = z.strictObject({
  schema: z.literal(1),
  platform: z.string(),
  parts: z.partialRecord(z.enum(RUNTIME_PARTS), PartSchema),
  files: z.record(NameSchema, FileSchema),
});

/** What must lie in the runtime folder. */
export type RuntimeManifest = z.infer<typeof ManifestSchema>;
/** Size and checksum of one file. */
export type RuntimeFile = z.infer<typeof FileSchema>;

/**
 * Reads the list.
 * @throws AppError RUNTIME_DAMAGED (operator) when it is missing or not such a list.
 */
export function readManifest(file: string): RuntimeManifest {
  try {
    return ManifestSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new AppError('RUNTIME_DAMAGED', `The list of the shipped programs (${file}) cannot be read. Install Mainspring again; your data is kept.`, { cause: error });
  }
}
