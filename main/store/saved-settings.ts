/** Settings that were written in the application: one small file beside `.env`, secrets sealed where the system can do that. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { SETTING_FACTS } from '#app/contracts/configuration.ts';
import type { SettingEntry } from '#app/contracts/env-text.ts';
import { AppError } from '#app/domain/errors.ts';
import { writeFileAtomically } from './atomic-file.ts';
import { withFileLock } from './file-lock.ts';
import type { Sealer } from './secrets.ts';

const FORMAT = 1;
const MAX_BYTES = 256 * 1_024;
/** What stands for a sealed value where nobody can open it, for those who only look: it has the form of one. */
const SEALED_VALUES: Readonly<Record<string, string>> = { WEBHOOK_URL: 'https://sealed.invalid/', REDIS_URL: 'redis://sealed.invalid:6379' };
const SEALED_VALUE = 'sealed-by-the-system';

const ValueSchema = z.union([z.strictObject({ value: z.string() }), z.strictObject({ sealed: z.string() })]);
const FileSchema = z.strictObject({ format: z.literal(FORMAT), savedAt: z.number().int(), settings: z.record(z.string(), ValueSchema) });
type SavedFile = z.infer<typeof FileSchema>;

/** Values by key. */
export type SavedValues = Readonly<Record<string, string>>;

/** Where saved settings lie: beside the file that a person writes. */
export function savedFileOf(envFile: string): string {
  return path.join(path.dirname(envFile), 'settings.json');
}

const NOTHING: SavedFile = { format: FORMAT, savedAt: 0, settings: {} };

/** @throws AppError CONFIG_UNREADABLE (operator): it is left as it is. */
function load(file: string): SavedFile {
  if (!existsSync(file)) return NOTHING;
  const damaged = (cause?: unknown): AppError => new AppError('CONFIG_UNREADABLE', `${file} holds the settings that were saved in the application, and cannot be read. Put a copy of it back, or delete it: then the defaults count, and .env.`, { cause });
  try {
    if (statSync(file).size > MAX_BYTES) throw damaged();
    return FileSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw error instanceof AppError ? error : damaged(error);
  }
}

function entriesOf(file: string, values: SavedValues): SettingEntry[] {
  return Object.entries(values).filter(([key]) => Object.hasOwn(SETTING_FACTS, key)).map(([key, value]) => ({ key, value, source: file }));
}

/** The saved settings as entries, for those who only look: a sealed secret is there, and not told. @throws AppError CONFIG_UNREADABLE */
export function lookAtSaved(envFile: string): SettingEntry[] {
  const file = savedFileOf(envFile);
  return entriesOf(file, Object.fromEntries(Object.entries(load(file).settings).map(([key, saved]) => [key, 'value' in saved ? saved.value : (SEALED_VALUES[key] ?? SEALED_VALUE)])));
}

/** Which saved settings are sealed: only the desktop application of their owner can open them. @throws AppError CONFIG_UNREADABLE */
export function sealedKeys(envFile: string): string[] {
  return Object.entries(load(savedFileOf(envFile)).settings).flatMap(([key, saved]) => ('sealed' in saved ? [key] : []));
}

/** The saved settings with their secrets. @throws AppError CONFIG_UNREADABLE, also when another user or computer sealed them */
export async function readSaved(envFile: string, sealer: Sealer): Promise<{ readonly entries: SettingEntry[]; readonly values: SavedValues; readonly savedAt: number | null }> {
  const file = savedFileOf(envFile);
  const { settings, savedAt } = load(file);
  const values: Record<string, string> = {};
  for (const [key, saved] of Object.entries(settings)) values[key] = 'value' in saved ? saved.value : await unsealed(file, saved.sealed, sealer);
  return { entries: entriesOf(file, values), values, savedAt: savedAt === 0 ? null : savedAt };
}

async function unsealed(file: string, sealed: string, sealer: Sealer): Promise<string> {
  try {
    if (sealer.keptBy === 'system') return await sealer.unseal(sealed);
  } catch (error) {
    throw new AppError('CONFIG_UNREADABLE', `A secret in ${file} was sealed by another user or on another computer. Delete that file, or enter the secret again in the application.`, { cause: error });
  }
  throw new AppError('CONFIG_UNREADABLE', `${file} holds a secret that only the desktop application of its owner can open. Start the application, or delete that file and write the setting into .env.`);
}

/** The refusal of a change that was made of settings which are not the newest any more. */
export const savedMeanwhile = (): AppError => new AppError('VERSION_CONFLICT', 'The settings were saved by another window or program meanwhile. Look at them again, then change what still differs.');

/** Replaces all saved settings. `before`: when what is replaced was saved; another program that wrote meanwhile is not overwritten. @throws AppError VERSION_CONFLICT */
export async function writeSaved(envFile: string, values: SavedValues, how: { readonly sealer: Sealer; readonly isSecret: (key: string) => boolean; readonly before: number | null; readonly at: number }): Promise<void> {
  const file = savedFileOf(envFile);
  const settings: Record<string, z.infer<typeof ValueSchema>> = {};
  for (const [key, value] of Object.entries(values)) settings[key] = how.isSecret(key) && how.sealer.keptBy === 'system' ? { sealed: await how.sealer.seal(value) } : { value };
  await withFileLock(file, () => {
    const { savedAt } = load(file);
    if (savedAt !== (how.before ?? 0)) throw savedMeanwhile();
    writeFileAtomically(file, `${JSON.stringify({ format: FORMAT, savedAt: Math.max(how.at, savedAt + 1), settings } satisfies SavedFile, null, 2)}\n`, { mode: 0o600 });
  });
}
