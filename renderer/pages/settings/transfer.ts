/** All settings as one file and back: without secrets, and looked at before anything counts. Pure. */
import * as z from 'zod';
import { settingChangesSchema, settingFacts, WRITABLE_KEYS } from '#app/contracts/configuration.ts';
import type { Configuration, SettingChanges } from '#app/contracts/configuration.ts';
import { flowNameSchema, flowSettingsSchema } from '#app/contracts/flows.ts';
import { riskLimitsSchema } from '#app/domain/limits.ts';
import type { RiskLimits } from '#app/domain/limits.ts';
import type { LimitChanges } from './draft.ts';

const fileSchema = z.strictObject({
  format: z.literal('mainspring-settings', 'is no file of settings that Mainspring wrote'), formatVersion: z.literal(1, 'was written by another version of Mainspring'), savedAt: z.number().int(),
  settings: settingChangesSchema, limits: riskLimitsSchema.nullable(), flows: z.partialRecord(flowNameSchema, flowSettingsSchema), look: z.record(z.string(), z.unknown()),
});
/** The file. `flows`: those that differ from their defaults; `look`: what this installation remembers of the pages' looks. */
export type SettingsFile = z.infer<typeof fileSchema>;

/** Makes the file. Secrets, and what stands in `.env` or in the environment, stay where they are. */
export function settingsFile(parts: { readonly configuration: Configuration; readonly limits: RiskLimits | null; readonly flows: SettingsFile['flows']; readonly look: Readonly<Record<string, unknown>>; readonly now: number }): SettingsFile {
  const { configuration, limits, flows, look, now } = parts;
  const saved = configuration.settings.filter(({ key, origin, value }) => origin === 'saved' && value !== null && settingFacts(key).kind !== 'secret');
  return { format: 'mainspring-settings', formatVersion: 1, savedAt: now, settings: Object.fromEntries(saved.map(({ key, value }) => [key, value])), limits, flows, look };
}

const MAX_FILE = 500_000;

/** Reads a file. @returns its content, or what is wrong with it in words */
export function readSettingsFile(text: string): { readonly file: SettingsFile } | { readonly problem: string } {
  if (text.length > MAX_FILE) return { problem: `The file is larger than ${MAX_FILE / 1_000} kB: it is none of Mainspring's.` };
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    return { problem: `The file cannot be read as JSON (${error instanceof Error ? error.message : String(error)}). Choose the file that "Export" has written.` };
  }
  const parsed = fileSchema.safeParse(raw);
  if (parsed.success) return { file: parsed.data };
  const [issue] = parsed.error.issues;
  return { problem: `${issue?.path.join('.') || 'The file'}: ${issue?.message ?? 'cannot be read'}. Nothing was changed.` };
}

/** What a file would change here: settings that are not locked and differ; limits that differ. Secrets are left as they are. */
export function changesOf(file: SettingsFile, { settings }: Configuration, limits: RiskLimits | null): { readonly settings: SettingChanges; readonly limits: LimitChanges; readonly locked: readonly string[] } {
  const open = new Map(settings.map((setting) => [setting.key, setting]));
  const differing = WRITABLE_KEYS.filter((key) => settingFacts(key).kind !== 'secret' && (open.get(key)?.value ?? null) !== (file.settings[key] ?? null));
  const locked = differing.filter((key) => open.get(key)?.isLocked === true && file.settings[key] !== undefined);
  const free = differing.filter((key) => open.get(key)?.isLocked !== true && (open.get(key)?.origin === 'saved' || file.settings[key] !== undefined));
  const changed = file.limits === null || limits === null ? [] : Object.entries(file.limits).filter(([key, value]) => String(limits[key as keyof RiskLimits]) !== String(value));
  return { settings: Object.fromEntries(free.map((key) => [key, file.settings[key] ?? null])), limits: Object.fromEntries(changed.map(([key, value]) => [key, typeof value === 'boolean' ? value : String(value)])), locked };
}
