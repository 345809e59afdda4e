/** Generated secrets: a port that the desktop seals with the system's key store, and a private file for headless use. */
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import * as z from 'zod';
import { AppError } from '#app/domain/errors.ts';

const VaultSchema = z.record(z.string(), z.string());
const SECRET_BYTES = 32;

/** Where secrets are kept. */
export type Secrets = {
  get(name: string): string | null;
  /** The stored secret of this name, or a new one (64 hex digits) that is stored before it is returned. */
  ensure(name: string): string;
};

/**
 * Secrets in one file that only its owner can read.
 * @throws AppError CONFIG_UNREADABLE (operator) when the file is damaged: the databases were created with these passwords.
 */
export function fileSecrets(file: string): Secrets {
  const secrets = read(file);
  return {
    get: (name) => secrets.get(name) ?? null,
    ensure: (name) => {
      const known = secrets.get(name);
      if (known !== undefined) return known;
      const secret = randomBytes(SECRET_BYTES).toString('hex');
      secrets.set(name, secret);
      write(file, secrets);
      return secret;
    },
  };
}

function read(file: string): Map<string, string> {
  if (!existsSync(file)) return new Map();
  try {
    return new Map(Object.entries(VaultSchema.parse(JSON.parse(readFileSync(file, 'utf8')))));
  } catch (error) {
    throw new AppError('CONFIG_UNREADABLE', `The secrets in ${file} cannot be read. Restore the file from a backup; without it the databases of this data folder cannot be opened.`, { cause: error });
  }
}

/** Written beside, forced to disk, renamed: after a power cut there is the old file or the new one, never half of one. */
function write(file: string, secrets: ReadonlyMap<string, string>): void {
  const handle = openSync(`${file}.new`, 'w', 0o600);
  try {
    writeSync(handle, JSON.stringify(Object.fromEntries(secrets), null, 2));
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(`${file}.new`, file);
}
