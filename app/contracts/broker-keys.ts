/** Broker keys: which key belongs to which account, and where it may be sent. */
import type { Mode } from './config.ts';
import { LOOPBACK, splitUrl } from './setting-reader.ts';

/** A key pair at Alpaca. Secret, both halves. */
export type KeyPair = { readonly keyId: string; readonly secretKey: string };

/** The market that was chosen outside of the settings, with the keys kept for it (null: none are kept, or none are needed). */
export type MarketChoice = { readonly mode: Mode; readonly keys: KeyPair | null };

/** What a setting is, and what to do instead; null when all is well. Never repeats a key. */
export type Complaint = { readonly problem: string; readonly remedy: string };

/** The broker's address of each account. */
export const BROKER_URLS = { paper: 'https://paper-api.alpaca.markets', live: 'https://api.alpaca.markets' } as const;

const LIVE_HOST = 'api.alpaca.markets';
const KEY_SHAPE = /^[A-Za-z0-9/+=_-]{4,128}$/;

/** True for text that could be half a key pair. */
export function isKeyShaped(text: string): boolean {
  return KEY_SHAPE.test(text);
}

/** Alpaca's key ids begin with AK for the real account and with PK for the paper account; a key on the wrong side is refused before it is sent anywhere. */
export function judgeKeyId(account: 'paper' | 'live', keyId: string): Complaint | null {
  if (account === 'paper' && keyId.startsWith('AK')) return { problem: 'is a key for live trading (it begins with AK) but the account is the paper account', remedy: 'use a paper key (it begins with PK)' };
  if (account === 'live' && !keyId.startsWith('AK')) return { problem: 'is not a key for live trading (those begin with AK)', remedy: "copy the key of the live account from Alpaca's page" };
  return null;
}

/** True for the address of the real account. */
export function isLiveAddress(url: string): boolean {
  return splitUrl(url)?.host === LIVE_HOST;
}

/** Keys go to the broker's own address for that account, or to a stand-in on this computer; nowhere else. `url` has no trailing slash. */
export function judgeAddress(account: 'paper' | 'live', url: string): Complaint | null {
  const remedy = `write ALPACA_BASE_URL=${BROKER_URLS[account]}, or delete the line`;
  const parts = splitUrl(url);
  if (!parts || parts.path !== '' || parts.user !== '' || parts.password !== '') return { problem: 'is not an address', remedy };
  if (LOOPBACK.has(parts.host)) return null;
  const isBroker = parts.scheme === 'https' && parts.host.endsWith('.alpaca.markets');
  if (!isBroker) return { problem: `names ${parts.host}, and your keys would be sent there`, remedy };
  if (account === 'live' ? parts.host !== LIVE_HOST : parts.host === LIVE_HOST) return { problem: `is not the address of the ${account} account`, remedy };
  return null;
}
