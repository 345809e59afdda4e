/** Broker keys: which key belongs to which account, where it may be sent, and what may be told of it. */
import * as z from 'zod';
import type { Mode } from './config.ts';
import { LOOPBACK, splitUrl } from './setting-reader.ts';

/** The two accounts at Alpaca whose keys are kept, apart from each other. */
export const BrokerAccountSchema = z.enum(['paper', 'live']);
/** An account whose keys are kept. */
export type BrokerAccount = z.infer<typeof BrokerAccountSchema>;
/** What may be told of a stored key pair: never the pair. `savedAt` is EpochMs. */
export const KeyStatusSchema = z.object({ isSet: z.boolean(), /** The last four letters of the key id. */ ending: z.string().max(4).nullable(), savedAt: z.number().int().nullable() });
/** What may be told of a stored key pair. */
export type KeyStatus = z.infer<typeof KeyStatusSchema>;
/** Both accounts, and how secrets are kept: sealed by the system's key store, or in a file that only its owner can read. */
export const BrokerKeysSchema = z.object({ paper: KeyStatusSchema, live: KeyStatusSchema, keptBy: z.enum(['system', 'file']) });
/** What may be told of the broker keys. */
export type BrokerKeys = z.infer<typeof BrokerKeysSchema>;

/** Half a key pair as a person writes it; what cannot be a key at all is told when it is used. */
export const keyHalfSchema = z.string().trim().min(4).max(128);
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
export function judgeKeyId(account: BrokerAccount, keyId: string): Complaint | null {
  if (account === 'paper' && keyId.startsWith('AK')) return { problem: 'is a key for live trading (it begins with AK) but the account is the paper account', remedy: 'use a paper key (it begins with PK)' };
  if (account === 'live' && !keyId.startsWith('AK')) return { problem: 'is not a key for live trading (those begin with AK)', remedy: "copy the key of the live account from Alpaca's page" };
  return null;
}

/** True for the address of the real account. */
export function isLiveAddress(url: string): boolean {
  return splitUrl(url)?.host === LIVE_HOST;
}

/** Keys go to the broker's own address for that account, or to a stand-in on this computer; nowhere else. `url` has no trailing slash. */
export function judgeAddress(account: BrokerAccount, url: string): Complaint | null {
  const remedy = `write ALPACA_BASE_URL=${BROKER_URLS[account]}, or delete the line`;
  const parts = splitUrl(url);
  if (!parts || parts.path !== '' || parts.user !== '' || parts.password !== '') return { problem: 'is not an address', remedy };
  if (LOOPBACK.has(parts.host)) return parts.scheme === 'http' || parts.scheme === 'https' ? null : { problem: 'is not an address', remedy };
  const isBroker = parts.scheme === 'https' && parts.host.endsWith('.alpaca.markets');
  if (!isBroker) return { problem: `names ${parts.host}, and your keys would be sent there`, remedy };
  if (account === 'live' ? parts.host !== LIVE_HOST : parts.host === LIVE_HOST) return { problem: `is not the address of the ${account} account`, remedy };
  return null;
}
