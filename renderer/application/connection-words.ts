/** A test of the connection as the page tells it: how good it is, how old, and whether it still speaks of the keys that are kept. Pure. */
import type { KeyStatus } from '#app/contracts/broker-keys.ts';
import { connectionVerdict } from '#app/contracts/connection-test.ts';
import type { ConnectionTest } from '#app/contracts/connection-test.ts';
import { age } from '../ui/format.ts';

/** Older than this, a test is shown as old: accounts are blocked, networks change. */
export const TEST_FRESH_MS = 5 * 60_000;

/** Green: orders can be sent; amber: they can, and something is worth knowing; red: they cannot. */
export function toneOf(test: Pick<ConnectionTest, 'findings'>): 'good' | 'warn' | 'bad' {
  if (connectionVerdict(test) !== 'connected') return 'bad';
  return test.findings.length > 0 ? 'warn' : 'good';
}

/** Why a test must not be read as fresh: it is old, or other keys are kept by now; null = it is fresh. */
export function staleWords(test: Pick<ConnectionTest, 'at' | 'keysFrom' | 'keyEnding'>, keys: Pick<KeyStatus, 'isSet' | 'ending' | 'savedAt'>, now: number): string | null {
  // Typed keys that were not kept, and keys of the settings, are not those of the vault; the test says which it used.
  const wasReplaced = test.keysFrom === 'stored' && (!keys.isSet || keys.ending !== test.keyEnding || (keys.savedAt !== null && keys.savedAt > test.at));
  if (wasReplaced) return 'of earlier keys';
  return now - test.at > TEST_FRESH_MS ? 'old' : null;
}

const JUST_NOW_MS = 5_000;

/** How long ago; the first seconds are not counted. */
export function agoWords(ageMs: number | null): string {
  return ageMs === null || ageMs < JUST_NOW_MS ? 'just now' : `${age(ageMs)} ago`;
}

/** Which keys were asked with, and where. */
export function sourceWords({ keysFrom, keyEnding, host, isStandIn }: Pick<ConnectionTest, 'keysFrom' | 'keyEnding' | 'host' | 'isStandIn'>): string {
  const keys = { typed: 'the keys as typed', stored: 'the stored keys', settings: 'the keys in the settings' }[keysFrom];
  if (host === null) return keyEnding === null ? '' : `${keys} ••••${keyEnding}, nothing was sent`;
  return `${keys} ••••${keyEnding ?? ''} at ${host}${isStandIn ? ', a simulator on this computer' : ''}`;
}

