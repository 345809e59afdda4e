/** What became of a message, in words. */
import { describe, expect, it } from 'vitest';
import { DELIVERY_STATES } from '#app/contracts/deliveries.ts';
import { stateWords, wayWords, weekWords } from './alert-words.ts';

const row = { attempts: 0, nextAttemptAt: null, isInDigest: false };

describe('a delivery in words', () => {
  it('has a word and a meaning for each state', () => {
    for (const status of DELIVERY_STATES) expect(stateWords({ ...row, status }, 0).meaning.length).toBeGreaterThan(20);
  });

  it('explains that an unknown one is not repeated', () => {
    expect(stateWords({ ...row, status: 'unknown', attempts: 1 }, 0)).toMatchObject({ tone: 'warn', meaning: expect.stringContaining('not sent again by itself') as unknown });
  });

  it('says when a delivery that did not get through is tried next', () => {
    expect(stateWords({ ...row, status: 'queued', attempts: 2, nextAttemptAt: 60_000 }, 0)).toMatchObject({ word: 'tried again', meaning: 'It did not get through 2 times and is tried again in 60 s, for a day in all.' });
    expect(stateWords({ ...row, status: 'queued' }, 0).word).toBe('waiting');
  });

  it('says that a digest has told of a held one', () => {
    expect(stateWords({ ...row, status: 'held', isInDigest: true }, 0).meaning).toContain('has told');
  });

  it('names the way and sums up the week', () => {
    expect(wayWords({ channel: 'email', recipient: 'a@example.com' })).toBe('E-mail to a@example.com');
    expect(wayWords({ channel: 'desktop', recipient: 'this computer' })).toBe('Desktop');
    expect(weekWords({ queued: 1, sending: 1, handing_over: 0, sent: 12, failed: 0, unknown: 1, held: 0 })).toBe('12 sent, 2 waiting, 1 unknown');
    expect(weekWords({ queued: 0, sending: 0, handing_over: 0, sent: 0, failed: 0, unknown: 0, held: 0 })).toBe('');
  });
});
