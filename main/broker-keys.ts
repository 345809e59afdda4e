/** The broker keys of a home: put in, taken out for the market that needs them, never shown. */
import { judgeKeyId, isKeyShaped } from '#app/contracts/broker-keys.ts';
import type { Mode } from '#app/contracts/config.ts';
import type { BrokerAccount, BrokerKeys, KeyPair, KeyStatus, MarketChoice } from '#app/contracts/broker-keys.ts';
import { AppError } from '#app/domain/errors.ts';
import { makeHome } from './store/data-folder.ts';
import type { Home } from './store/data-folder.ts';
import { openSecrets } from './store/secrets.ts';
import type { Sealer, Secrets } from './store/secrets.ts';

const ENDING_LETTERS = 4;

function namesOf(account: BrokerAccount): { readonly keyId: string; readonly secretKey: string } {
  return { keyId: `alpaca.${account}.keyId`, secretKey: `alpaca.${account}.secretKey` };
}

function pairOf(secrets: Secrets, account: BrokerAccount): KeyPair | null {
  const names = namesOf(account);
  const keyId = secrets.get(names.keyId);
  const secretKey = secrets.get(names.secretKey);
  return keyId === null || secretKey === null ? null : { keyId, secretKey };
}

function statusOf(secrets: Secrets, account: BrokerAccount): KeyStatus {
  const pair = pairOf(secrets, account);
  if (pair === null) return { isSet: false, ending: null, savedAt: null };
  return { isSet: true, ending: pair.keyId.slice(-ENDING_LETTERS), savedAt: secrets.savedAt(namesOf(account).secretKey) };
}

function statusOfAll(secrets: Secrets): BrokerKeys {
  return { paper: statusOf(secrets, 'paper'), live: statusOf(secrets, 'live'), keptBy: secrets.keptBy };
}

/** What may be told of the stored keys. @throws AppError CONFIG_UNREADABLE (operator) when the vault cannot be opened. */
export async function readBrokerKeys(home: Home, sealer: Sealer): Promise<BrokerKeys> {
  return statusOfAll(await openSecrets(home.keysFile, sealer));
}

/**
 * Stores a key pair; the earlier one of that account is gone. It counts from the next start on.
 * @throws AppError INPUT_INVALID when the pair cannot be one of that account; CONFIG_UNREADABLE (operator) when the vault cannot be opened.
 */
export async function storeBrokerKeys(home: Home, sealer: Sealer, account: BrokerAccount, pair: KeyPair): Promise<BrokerKeys> {
  const given = { keyId: pair.keyId.trim(), secretKey: pair.secretKey.trim() };
  if (!isKeyShaped(given.keyId) || !isKeyShaped(given.secretKey)) throw new AppError('INPUT_INVALID', "The key has characters that no Alpaca key has, or is too short. Copy it again from Alpaca's page.");
  const complaint = judgeKeyId(account, given.keyId);
  if (complaint) throw new AppError('INPUT_INVALID', `The key id ${complaint.problem}: ${complaint.remedy}.`);
  makeHome(home);
  const secrets = await openSecrets(home.keysFile, sealer);
  const names = namesOf(account);
  // Both halves in one write: there is never half a pair on the disk.
  await Promise.all([secrets.put(names.keyId, given.keyId), secrets.put(names.secretKey, given.secretKey)]);
  return statusOfAll(secrets);
}

/** Removes the key pair of an account; none there is no error. */
export async function forgetBrokerKeys(home: Home, sealer: Sealer, account: BrokerAccount): Promise<BrokerKeys> {
  const secrets = await openSecrets(home.keysFile, sealer);
  const names = namesOf(account);
  await Promise.all([secrets.remove(names.keyId), secrets.remove(names.secretKey)]);
  return statusOfAll(secrets);
}

/** The key pair that is kept for an account, for a test of it; null = none. @throws AppError CONFIG_UNREADABLE (operator). */
export async function storedKeysOf(home: Home, sealer: Sealer, account: BrokerAccount): Promise<KeyPair | null> {
  return pairOf(await openSecrets(home.keysFile, sealer), account);
}

/** The chosen market with the keys of that account alone: paper never sees the live pair, nor the other way round. The demo does not open the vault. */
export async function choiceOf(home: Home, sealer: Sealer, mode: Mode): Promise<MarketChoice> {
  return { mode, keys: mode === 'demo' ? null : pairOf(await openSecrets(home.keysFile, sealer), mode) };
}
