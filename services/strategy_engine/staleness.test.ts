/** A memory of the book, and changes that come while it is read. */
import { describe, expect, it } from 'vitest';
import { Staleness } from './staleness.ts';

describe('staleness', () => {
  it('begins stale, and ends with the reads', async () => {
    const memory = new Staleness();
    expect(memory.isStale).toBe(true);
    await memory.renew(() => Promise.resolve());
    expect(memory.isStale).toBe(false);
    memory.mark();
    expect(memory.isStale).toBe(true);
  });

  it('keeps a change that is told while the reads are on their way', async () => {
    const memory = new Staleness();
    await memory.renew(() => {
      memory.mark();
      return Promise.resolve();
    });
    expect(memory.isStale).toBe(true);
  });

  it('is stale again after reads that failed', async () => {
    const memory = new Staleness();
    await expect(memory.renew(() => Promise.reject(new Error('gone')))).rejects.toThrow('gone');
    expect(memory.isStale).toBe(true);
  });
});
