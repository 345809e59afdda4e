/** Seals secrets with the key store of the operating system, through Electron. */
import type { SafeStorage } from 'electron';
import { describeError } from '#app/domain/errors.ts';
import { plainSealer } from '../store/secrets.ts';
import type { Sealer } from '../store/secrets.ts';

/** What of Electron the vault uses: the asynchronous half, the other one is to be removed. */
export type KeyStore = Pick<SafeStorage, 'isAsyncEncryptionAvailable' | 'encryptStringAsync' | 'decryptStringAsync' | 'getSelectedStorageBackend'>;

/** How often a key that was just rotated may ask us to seal again before we take what it gave. */
const TURNS_MAX = 2;

/** Why the system's key store cannot be used; null when it can. Only after the application is ready. */
async function whyNot(store: KeyStore, platform: NodeJS.Platform): Promise<string | null> {
  try {
    // Without a key ring Chromium "seals" with a password that stands in its source: worse than saying so.
    if (platform === 'linux' && store.getSelectedStorageBackend() === 'basic_text') return 'this desktop has no key ring (GNOME Keyring or KWallet)';
    return (await store.isAsyncEncryptionAvailable()) ? null : "the system's key store does not answer";
  } catch (error) {
    return `the system's key store failed (${describeError(error)})`;
  }
}

function systemSealer(store: KeyStore): Sealer {
  return {
    keptBy: 'system',
    seal: async (text) => (await store.encryptStringAsync(text)).toString('base64'),
    unseal: async (sealed) => {
      const bytes = Buffer.from(sealed, 'base64');
      let opened = await store.decryptStringAsync(bytes);
      for (let turn = 1; opened.shouldReEncrypt && turn < TURNS_MAX; turn += 1) opened = await store.decryptStringAsync(bytes);
      return opened.result;
    },
  };
}

/** The sealer for this computer, and why it is only a file's rights where that is so (a sentence for people; null when the system seals). */
export async function openSealer(store: KeyStore, platform: NodeJS.Platform): Promise<{ readonly sealer: Sealer; readonly warning: string | null }> {
  const reason = await whyNot(store, platform);
  if (reason === null) return { sealer: systemSealer(store), warning: null };
  return { sealer: plainSealer, warning: `Keys and passwords are kept in files that only you can read, not sealed: ${reason}.` };
}
