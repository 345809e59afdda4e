/** Secrets at rest: one vault file, sealed by the system's key store where there is one, else readable by its owner alone. */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, statSync } from 'node:fs';
import * as z from 'zod';
import { AppError } from '#app/domain/errors.ts';
import { writeFileAtomically } from './atomic-file.ts';
import { withFileLock } from './file-lock.ts';

const SECRET_BYTES = 32;
const FORMAT = 2;
const RESEAL_TRIES = 5;
const MAX_BYTES = 1_024 * 1_024;

/** Seals text so that it may lie on a disk. `system`: by the key store of the operating system; `file`: not at all, the file's rights protect it. */
export type Sealer = {
  readonly keptBy: 'system' | 'file';
  seal(text: string): Promise<string>;
  /** @throws when another user or computer sealed it, or it is damaged. */
  unseal(sealed: string): Promise<string>;
};

/** For headless use: nothing is sealed, the vault has the rights 0600. */
export const plainSealer: Sealer = { keptBy: 'file', seal: (text) => Promise.resolve(text), unseal: (sealed) => Promise.resolve(sealed) };

/** An open vault. Changes asked for in the same turn are written together; every promise resolves once its change is on the disk. */
export type Secrets = {
  readonly keptBy: 'system' | 'file';
  get(name: string): string | null;
  /** The stored secret of this name, or a new one (64 hex digits) that is on the disk before it is returned. */
  ensure(name: string): Promise<string>;
  put(name: string, value: string): Promise<void>;
  remove(name: string): Promise<void>;
  /** When it was put there (EpochMs); null when it is not there, or from a time when that was not noted. */
  savedAt(name: string): number | null;
};

const EntriesSchema = z.record(z.string(), z.object({ value: z.string(), savedAt: z.number().int().nullable() }));
type Entries = z.infer<typeof EntriesSchema>;
const SealedSchema = z.object({ format: z.literal(FORMAT), sealedBy: z.literal('system'), sealed: z.string() });
const PlainSchema = z.object({ format: z.literal(FORMAT), sealedBy: z.literal('file'), secrets: EntriesSchema });
/** The first format: names and values, nothing else. */
const FirstSchema = z.record(z.string(), z.string());
const NewerSchema = z.object({ format: z.number().gt(FORMAT) });
const VaultSchema = z.union([SealedSchema, PlainSchema, FirstSchema.transform((values) => ({ format: 1 as const, sealedBy: 'file' as const, secrets: entriesOf(values) }))]);

function entriesOf(values: Readonly<Record<string, string>>): Entries {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value, savedAt: null }]));
}

/** What was read: the secrets, the very text of the file (null: there is none), and whether it lies there as this sealer would write it. */
type Opened = { readonly entries: Entries; readonly text: string | null; readonly isAsSealed: boolean };

/**
 * Opens a vault; a missing one is empty. A plain one is sealed in place at once when the sealer can do that.
 * @throws AppError CONFIG_UNREADABLE (operator) when it is damaged, newer, or sealed for somebody else. It is never overwritten then.
 */
export async function openSecrets(file: string, sealer: Sealer): Promise<Secrets> {
  for (let left = RESEAL_TRIES; ; left -= 1) {
    const { entries, text, isAsSealed } = await read(file, sealer);
    const vault = vaultOver(file, sealer, { entries, text, mustWrite: !isAsSealed });
    if (isAsSealed) return vault.secrets;
    try {
      await vault.rewrite();
      return vault.secrets;
    } catch (error) {
      // Nobody asked for a change: whoever was first, most likely with the same seal, has left what is to be read now.
      if (!(error instanceof AppError && error.code === 'VERSION_CONFLICT') || left <= 1) throw error;
    }
  }
}

/** True when the vault's secrets lie there sealed by the system: only the desktop application of its owner can open it. */
export function isSealedVault(file: string): boolean {
  return existsSync(file) && SealedSchema.safeParse(parse(file, readText(file))).success;
}

function vaultOver(file: string, sealer: Sealer, opened: { entries: Entries; text: string | null; mustWrite: boolean }): { secrets: Secrets; rewrite: () => Promise<void> } {
  let saved = new Map(Object.entries(opened.entries));
  let text = opened.text;
  let mustWrite = opened.mustWrite;
  let changes: ((next: Map<string, Entries[string]>) => void)[] = [];
  let scheduled: Promise<void> | null = null;
  let last: Promise<void> = Promise.resolve();

  const writeAll = async (): Promise<void> => {
    scheduled = null;
    const batch = changes;
    changes = [];
    const next = new Map(saved);
    for (const change of batch) change(next);
    const isSame = next.size === saved.size && [...next].every(([name, entry]) => saved.get(name) === entry);
    if (isSame && !mustWrite) return;
    const written = await textOf(Object.fromEntries(next), sealer);
    await withFileLock(file, () => {
      const found = existsSync(file) ? readText(file) : null;
      if (found !== text) throw new AppError('VERSION_CONFLICT', `The secrets in ${file} were changed by another program meanwhile. Nothing was written: try again.`);
      writeFileAtomically(file, written, { mode: 0o600 });
    });
    saved = next;
    text = written;
    mustWrite = false;
  };
  /** A write begins after the one before it, also after one that failed: its callers have been told. */
  const change = (act: (next: Map<string, Entries[string]>) => void): Promise<void> => {
    changes.push(act);
    if (scheduled === null) {
      scheduled = last.then(writeAll, writeAll);
      last = scheduled;
    }
    return scheduled;
  };
  const get = (name: string): string | null => saved.get(name)?.value ?? null;

  const secrets: Secrets = {
    keptBy: sealer.keptBy,
    get,
    savedAt: (name) => saved.get(name)?.savedAt ?? null,
    put: (name, value) => change((next) => next.set(name, { value, savedAt: Date.now() })),
    remove: (name) => change((next) => next.delete(name)),
    ensure: async (name) => {
      const known = get(name);
      if (known !== null) return known;
      // Two who ask at the same time must get the same one.
      let value = '';
      await change((next) => {
        value = next.get(name)?.value ?? randomBytes(SECRET_BYTES).toString('hex');
        if (!next.has(name)) next.set(name, { value, savedAt: Date.now() });
      });
      return value;
    },
  };
  return { secrets, rewrite: () => change(() => undefined) };
}

async function textOf(secrets: Entries, sealer: Sealer): Promise<string> {
  if (sealer.keptBy === 'file') return JSON.stringify({ format: FORMAT, sealedBy: 'file', secrets }, null, 2);
  const sealed = await sealer.seal(JSON.stringify(secrets));
  // A seal that cannot be broken by us would lock our own databases away: try it before the old file is gone.
  if ((await sealer.unseal(sealed)) !== JSON.stringify(secrets)) throw new AppError('CONFIG_UNREADABLE', "The system's key store gave back something else than it was given; the secrets were not written. Restart the computer, then try again.");
  return JSON.stringify({ format: FORMAT, sealedBy: 'system', sealed }, null, 2);
}

function readText(file: string): string {
  try {
    const { size, mode } = statSync(file);
    if (size > MAX_BYTES) throw unreadable(file, null);
    // Somebody copied it with wider rights: close it again.
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) chmodSync(file, 0o600);
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw unreadable(file, error);
  }
}

function unreadable(file: string, cause: unknown): AppError {
  const remedy = 'Restore the file from a backup. Database passwords in it cannot be chosen again; if it holds only broker keys (keys.json), you may delete it and enter the keys again.';
  return new AppError('CONFIG_UNREADABLE', `The secrets in ${file} cannot be read. ${remedy}`, { cause });
}

function parse(file: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    // The parser's own words would repeat a piece of the file.
    throw unreadable(file, error instanceof SyntaxError ? null : error);
  }
}

async function read(file: string, sealer: Sealer): Promise<Opened> {
  if (!existsSync(file)) return { entries: {}, text: null, isAsSealed: true };
  const text = readText(file);
  const raw = parse(file, text);
  if (NewerSchema.safeParse(raw).success) throw new AppError('CONFIG_UNREADABLE', `The secrets in ${file} were written by a newer version of Mainspring. Install that version again.`);
  const vault = VaultSchema.safeParse(raw);
  if (!vault.success) throw unreadable(file, null);
  if (vault.data.sealedBy === 'file') return { entries: vault.data.secrets, text, isAsSealed: sealer.keptBy === 'file' };
  if (sealer.keptBy === 'file') {
    throw new AppError('CONFIG_UNREADABLE', `The secrets in ${file} are sealed by the key store of this system and can only be opened by the desktop application of the user who sealed them. Start Mainspring from its icon, or choose another data folder with --data.`);
  }
  return { entries: await unsealed(file, vault.data.sealed, sealer), text, isAsSealed: true };
}

async function unsealed(file: string, sealed: string, sealer: Sealer): Promise<Entries> {
  let text: string;
  try {
    text = await sealer.unseal(sealed);
  } catch (error) {
    // The sealer knows why, and says so.
    if (error instanceof AppError) throw error;
    throw new AppError('CONFIG_UNREADABLE', `The secrets in ${file} were sealed by another user or on another computer, or are damaged. Start Mainspring as the user who used this folder before, or restore the file from a backup.`, { cause: error });
  }
  const entries = EntriesSchema.safeParse(parse(file, text));
  if (!entries.success) throw unreadable(file, null);
  return entries.data;
}
