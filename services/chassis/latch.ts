/** The kill switch as this worker knows it: told at its start and by the supervisor's messages, held in memory until the book has it. */
import type { FromWorker } from '#app/contracts/control.ts';
import type { Latch } from '#app/contracts/kill.ts';
import { mayTrade } from '#app/domain/trading-state.ts';
import type { Logger } from './log.ts';

/** The kill switch, as a worker asks for it. */
export type KillLatch = {
  /** The strictest pull that the book may not hold yet; null = the book alone decides. */
  now(): Latch | null;
  /** May an order leave, as far as the latch is concerned? Asked in memory, right before each commit and each POST. */
  allows(isReducing: boolean): boolean;
  /** Hears every pull once, and at once those that came before it listened. A listener that cancels may be called while the book does not answer. */
  onLatch(listener: (latch: Latch) => void): void;
  /** The book holds this pull (or a later state): tells the supervisor, which tells everybody. */
  stored(key: string): void;
};

/** The latch with its inlets, for the chassis alone. */
export type KillLatchKeeper = KillLatch & { tell(latch: Latch): void; release(key: string): void };

/** What the keeper needs. `configured`: pulls from before this start. */
export type LatchParts = { readonly configured: readonly Latch[]; readonly log: Logger; readonly send: (message: Extract<FromWorker, { type: 'latched' }>) => void };

/** Keeps the pulls by their keys. The strictest holds: a weaker one that follows does not open what an earlier one closed. */
export function createLatch({ configured, log, send }: LatchParts): KillLatchKeeper {
  const pulls = new Map<string, Latch>();
  const listeners: ((latch: Latch) => void)[] = [];
  const now = (): Latch | null => {
    let strictest: Latch | null = null;
    for (const pull of pulls.values()) if (strictest === null || (strictest.state === 'REDUCING' && pull.state === 'HALTED')) strictest = pull;
    return strictest;
  };
  const tell = (latch: Latch): void => {
    const isNew = !pulls.has(latch.key);
    pulls.set(latch.key, latch);
    // Said before anybody reacts: from here on `allows` says no.
    send({ type: 'latched', key: latch.key, isStored: false });
    if (!isNew) return;
    log.warn({ key: latch.key, state: latch.state, isCanceling: latch.isCanceling, reason: latch.reason, actor: latch.actor }, 'The kill switch was pulled');
    for (const listener of listeners) listener(latch);
  };
  for (const latch of configured) tell(latch);
  return {
    tell, now,
    release: (key) => {
      if (pulls.delete(key)) log.info({ key }, 'The book holds the kill switch');
    },
    allows: (isReducing) => {
      const latch = now();
      return latch === null || mayTrade(latch.state, isReducing);
    },
    onLatch(listener) {
      listeners.push(listener);
      for (const latch of [...pulls.values()]) listener(latch);
    },
    stored: (key) => send({ type: 'latched', key, isStored: true }),
  };
}
