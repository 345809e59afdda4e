/** The kill switch in words: what each level does, and what came of a pull. Pure. */
import type { KillLevel, KillOutcome } from '#app/contracts/kill.ts';

/** The levels that the switch offers, the mildest first; HALT has a button of its own. */
export const OFFERED = ['stop_entries', 'cancel_all', 'flatten'] as const satisfies readonly KillLevel[];

/** What a level is called, and what it does. */
export const LEVEL_WORDS: Readonly<Record<KillLevel, readonly [name: string, about: string]>> = {
  stop_entries: ['Stop entries', 'No order that opens or adds goes out. Exits and open orders go on.'],
  halt: ['Halt', 'No order goes out. Open orders stay at the broker.'],
  cancel_all: ['Cancel everything', 'No order goes out, and every open order is canceled at the broker. Stops too: positions stay without them.'],
  flatten: ['Close everything', 'Entries stop, every open order is canceled, and every position is closed at market.'],
};

/** What came of it, first sentence: "Execution stopped after 38 ms." */
export function outcomeWords(outcome: Pick<KillOutcome, 'stoppedAfterMs'>): string {
  return outcome.stoppedAfterMs === null ? 'Execution does not answer; it obeys as soon as it runs, before it sends anything.' : `Execution stopped after ${Math.round(outcome.stoppedAfterMs)} ms.`;
}
