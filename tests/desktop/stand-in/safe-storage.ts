/** `safeStorage`: real encryption under a key file that stands for the system's key store. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { SafeStorage } from 'electron';
import { app, standInFolder } from './app.ts';

/** What kind of key store the system has: `MAINSPRING_STAND_IN_KEYRING` chooses it; its file lies in the stand-in's folder. */
type Keyring = 'system' | 'basic_text' | 'unavailable';

const keyring = (process.env['MAINSPRING_STAND_IN_KEYRING'] ?? 'system') as Keyring;
const keyFile = join(standInFolder(), 'keyring');
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

function key(): Buffer {
  app.assertReady('safeStorage cannot be used');
  if (keyring === 'unavailable') throw new Error('Encryption is not available');
  if (!existsSync(keyFile)) {
    mkdirSync(dirname(keyFile), { recursive: true });
    writeFileSync(keyFile, randomBytes(KEY_BYTES), { mode: 0o600 });
  }
  return readFileSync(keyFile);
}

/** Stands in for `safeStorage`: the asynchronous half, the other one is going. */
export const safeStorage = {
  isAsyncEncryptionAvailable: () => Promise.resolve(keyring !== 'unavailable'),
  getSelectedStorageBackend: () => (keyring === 'system' ? 'gnome_libsecret' : 'basic_text'),
  async encryptStringAsync(text) {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', key(), nonce);
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Promise.resolve(Buffer.concat([nonce, cipher.getAuthTag(), sealed]));
  },
  async decryptStringAsync(sealed) {
    const decipher = createDecipheriv('aes-256-gcm', key(), sealed.subarray(0, NONCE_BYTES));
    decipher.setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    const result = decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
    return Promise.resolve({ result, shouldReEncrypt: false });
  },
} satisfies Pick<SafeStorage, 'isAsyncEncryptionAvailable' | 'getSelectedStorageBackend' | 'encryptStringAsync' | 'decryptStringAsync'>;
