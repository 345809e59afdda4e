/** Every secret value of an installation, for one purpose: to be found and taken out of what leaves this computer. */
import { existsSync, readFileSync } from 'node:fs';
import { parseEnvText } from '#app/contracts/env-text.ts';
import { splitUrl } from '#app/contracts/setting-reader.ts';
import { readSaved, savedFileOf } from './saved-settings.ts';
import type { Sealer } from './secrets.ts';

/** Settings whose values are secrets; many services put theirs into the address of the webhook. */
export const SECRET_SETTINGS: ReadonlySet<string> = new Set(['POSTGRES_PASSWORD', 'ALPACA_API_KEY', 'ALPACA_SECRET_KEY', 'SMTP_PASSWORD', 'WEBHOOK_URL', 'WEBHOOK_SECRET']);

/** Values that were found, and files whose secrets could not be read (so that only their looks can give them away). */
export type KnownSecrets = { readonly values: readonly string[]; readonly unread: readonly string[] };

/** Where to look. */
export type SecretPlaces = { readonly vaults: readonly string[]; readonly envFiles: readonly string[]; readonly env: Readonly<Record<string, string | undefined>>; readonly sealer: Sealer };

/** Every text in a JSON value, whatever its form: a vault of any version. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}

/** The words in which vaults describe themselves. */
const FORM: ReadonlySet<string> = new Set(['system', 'file']);

async function secretsOfVault(file: string, sealer: Sealer): Promise<string[]> {
  const raw: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const sealed: unknown = typeof raw === 'object' && raw !== null ? Reflect.get(raw, 'sealed') : null;
  if (typeof sealed !== 'string') return textsIn(raw).filter((text) => !FORM.has(text));
  return textsIn(JSON.parse(await sealer.unseal(sealed)));
}

function secretOfSetting(key: string, value: string): string[] {
  if (SECRET_SETTINGS.has(key)) return [value];
  const password = key === 'REDIS_URL' ? (splitUrl(value)?.password ?? '') : '';
  if (password === '') return [];
  try {
    return [password, decodeURIComponent(password)];
  } catch (error) {
    if (error instanceof URIError) return [password];
    throw error;
  }
}

/** Gathers them. Never throws for a file that cannot be read: it is named instead. */
export async function findKnownSecrets({ vaults, envFiles, env, sealer }: SecretPlaces): Promise<KnownSecrets> {
  const values: string[] = [];
  const unread: string[] = [];
  const attempt = async (file: string, read: () => Promise<string[]> | string[]): Promise<void> => {
    if (!existsSync(file)) return;
    try {
      values.push(...(await read()));
    } catch {
      // Why is of no interest here, and the error could repeat a piece of the file.
      unread.push(file);
    }
  };
  for (const file of vaults) await attempt(file, () => secretsOfVault(file, sealer));
  for (const file of envFiles) await attempt(file, () => parseEnvText(readFileSync(file, 'utf8'), file).entries.flatMap(({ key, value }) => secretOfSetting(key, value)));
  for (const file of envFiles) await attempt(savedFileOf(file), async () => Object.entries((await readSaved(file, sealer)).values).flatMap(([key, value]) => secretOfSetting(key, value)));
  for (const [key, value] of Object.entries(env)) if (value !== undefined && value !== '') values.push(...secretOfSetting(key, value));
  return { values, unread };
}
