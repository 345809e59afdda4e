/** Words about a test of the connection: how good, how old, of which keys. */
import { describe, expect, it } from 'vitest';
import type { ConnectionTest } from '#app/contracts/connection-test.ts';
import { agoWords, sourceWords, staleWords, TEST_FRESH_MS, toneOf } from './connection-words.ts';

const NOW = 1_800_000_000_000;
const test = { at: NOW - 1_000, keysFrom: 'stored', keyEnding: 'ABCD' } as const;
const kept = { isSet: true, ending: 'ABCD', savedAt: NOW - 60_000 };
const finding = (kind: ConnectionTest['findings'][number]['kind']): Pick<ConnectionTest, 'findings'> => ({ findings: [{ kind, problem: 'p', remedy: 'r' }] });

describe('a test of the connection', () => {
  it('is fresh for five minutes and with the keys that it was made with', () => {
    expect(staleWords(test, kept, NOW)).toBeNull();
    expect(staleWords(test, kept, NOW - 1_000 + TEST_FRESH_MS)).toBeNull();
    expect(staleWords(test, kept, NOW + TEST_FRESH_MS)).toBe('old');
    expect(staleWords(test, { ...kept, ending: 'WXYZ' }, NOW)).toBe('of earlier keys');
    expect(staleWords(test, { ...kept, savedAt: NOW - 500 }, NOW)).toBe('of earlier keys');
    expect(staleWords(test, { isSet: false, ending: null, savedAt: null }, NOW)).toBe('of earlier keys');
  });
  it('with typed keys, or those of the settings, does not grow old by what is kept', () => {
    for (const keysFrom of ['typed', 'settings'] as const) expect(staleWords({ ...test, keysFrom }, { isSet: false, ending: null, savedAt: null }, NOW)).toBeNull();
  });
  it('does not count its first seconds', () => {
    expect([null, 0, 4_999, 12_000, 3_600_000].map(agoWords)).toEqual(['just now', 'just now', 'just now', '12 s ago', '60 min ago']);
  });
  it('is green, amber or red', () => {
    expect([toneOf({ findings: [] }), toneOf(finding('clock_off')), toneOf(finding('trading_blocked')), toneOf(finding('no_network'))]).toEqual(['good', 'warn', 'bad', 'bad']);
  });
  it('names its keys and where it asked', () => {
    const asked = { keysFrom: 'stored', keyEnding: 'ABCD', host: 'api.alpaca.markets', isStandIn: false } as const;
    expect([sourceWords(asked), sourceWords({ ...asked, keysFrom: 'settings', host: '127.0.0.1:8787', isStandIn: true }), sourceWords({ ...asked, keysFrom: 'typed', host: null }), sourceWords({ ...asked, keyEnding: null, host: null })]).toEqual([
      'the stored keys ••••ABCD at api.alpaca.markets', 'the keys in the settings ••••ABCD at 127.0.0.1:8787, a simulator on this computer', 'the keys as typed ••••ABCD, nothing was sent', '',
    ]);
  });
});
