/** Seals secrets with the key store of the operating system, through Electron. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { App, SafeStorage } from 'electron';
import * as z from 'zod';
import { AppError, describeError } from '#app/domain/errors.ts';
import { plainSealer } from '../store/secrets.ts';
import type { Sealer } from '../store/secrets.ts';

/** What of Electron the vault uses: the asynchronous half, the other one is to be removed. */
export type KeyStore = Pick<SafeStorage, 'isAsyncEncryptionAvailable' | 'encryptStringAsync' | 'decryptStringAsync' | 'getSelectedStorageBackend'>;

/** What else the vault needs of the system. */
export type KeyPorts = {
  readonly platform: NodeJS.Platform;
  /** Chromium's file `Local State` as it lies on the disk; null when it cannot be read. */
  readonly readLocalState: () => Promise<string | null>;
  readonly sleep: (ms: number) => Promise<void>;
};

/** How often a key that was just rotated may ask us to seal again before we take what it gave. */
const TURNS_MAX = 2;
/** A key store that is busy (the system just woke, the key is being fetched) is asked again after these waits. */
const BUSY_WAITS_MS = [250, 500, 1_000, 2_000, 4_000];
/** Chromium writes a new key to the disk within ten seconds. */
const KEY_LIMIT_MS = 15_000;
const KEY_LOOK_MS = 250;

const LocalStateSchema = z.object({ os_crypt: z.object({ encrypted_key: z.string().min(1) }) });

/** The ports for this system. Chromium's profile is where the application says. */
export function systemKeys(app: Pick<App, 'getPath'>): KeyPorts {
  const file = path.join(app.getPath('userData'), 'Local State');
  return { platform: process.platform, readLocalState: () => readFile(file, 'utf8').catch(() => null), sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) };
}

/** Does Chromium's `Local State` hold the key that seals (itself sealed by Windows)? */
export function holdsKey(localState: string | null): boolean {
  if (localState === null) return false;
  try {
    return LocalStateSchema.safeParse(JSON.parse(localState)).success;
  } catch {
    // Half a file: Chromium is writing it.
    return false;
  }
}

/** Asks again while the key store says that it is only busy: its refusal would pass for a seal of somebody else. */
async function patiently<T>(ask: () => Promise<T>, sleep: KeyPorts['sleep']): Promise<T> {
  let busy: unknown = null;
  for (const wait of [...BUSY_WAITS_MS, 0]) {
    try {
      return await ask();
    } catch (error) {
      if (!/temporarily unavailable/i.test(describeError(error))) throw error;
      busy = error;
      await sleep(wait);
    }
  }
  throw new AppError('CONFIG_UNREADABLE', "The system's key store is busy and did not open the secrets. Nothing is wrong with them: sign in to the system again, then start Mainspring again.", { cause: busy });
}

/** Why the system's key store cannot be used; null when it can. Only after the application is ready. */
async function whyNot(store: KeyStore, { platform, sleep }: KeyPorts): Promise<string | null> {
  try {
    // Without a key ring Chromium "seals" with a password that stands in its source: worse than saying so.
    if (platform === 'linux' && store.getSelectedStorageBackend() === 'basic_text') return 'this desktop has no key ring (GNOME Keyring or KWallet)';
    return (await patiently(() => store.isAsyncEncryptionAvailable(), sleep)) ? null : "the system's key store does not answer";
  } catch (error) {
    return `the system's key store failed (${describeError(error)})`;
  }
}

/** On Windows the key that seals lies in a file of Chromium's, written some seconds after it was made: a power cut before that would leave a vault without its key. */
async function keyOnDisk({ platform, readLocalState, sleep }: KeyPorts): Promise<void> {
  if (platform !== 'win32') return;
  for (let waited = 0; waited < KEY_LIMIT_MS && !holdsKey(await readLocalState()); waited += KEY_LOOK_MS) await sleep(KEY_LOOK_MS);
}

function systemSealer(store: KeyStore, ports: KeyPorts): Sealer {
  let isKeySafe: Promise<void> | null = null;
  const open = (bytes: Buffer): ReturnType<KeyStore['decryptStringAsync']> => patiently(() => store.decryptStringAsync(bytes), ports.sleep);
  return {
    keptBy: 'system',
    seal: async (text) => {
      const sealed = await patiently(() => store.encryptStringAsync(text), ports.sleep);
      // The first time only, before anything that needs the key is written.
      await (isKeySafe ??= keyOnDisk(ports));
      return sealed.toString('base64');
    },
    unseal: async (sealed) => {
      const bytes = Buffer.from(sealed, 'base64');
      let opened = await open(bytes);
      for (let turn = 1; opened.shouldReEncrypt && turn < TURNS_MAX; turn += 1) opened = await open(bytes);
      return opened.result;
    },
  };
}

/** The sealer for this computer, and why it is only a file's rights where that is so (a sentence for people; null when the system seals). */
export async function openSealer(store: KeyStore, ports: KeyPorts): Promise<{ readonly sealer: Sealer; readonly warning: string | null }> {
  const reason = await whyNot(store, ports);
  if (reason === null) return { sealer: systemSealer(store, ports), warning: null };
  return { sealer: plainSealer, warning: `Keys and passwords are kept in files that only you can read, not sealed: ${reason}.` };
}
