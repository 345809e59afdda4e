/** Questions that cross pushes on their way: what was pushed while an answer travelled holds, for the answer may have been read before it. */
import type { LiveBody } from '#app/contracts/live.ts';
import type { Merge } from './apply-push.ts';

/** A push, and whose answers must be asked for again after it. */
export type Heard = { readonly body: LiveBody; readonly isOutdated: (key: readonly unknown[]) => boolean };

/** Pushes that come faster than answers must not keep a page empty: the last answer is taken, and the next push corrects it. */
const ROUNDS_MAX = 3;

const underWay = new Set<Heard[]>();

/** Tells the questions that wait for their answer of a push. */
export function tellThoseUnderWay(heard: Heard): void {
  for (const list of underWay) list.push(heard);
}

/**
 * Asks, and gives the answer as the pushes that came meanwhile make it; asks once more when one of them says that the answer is wrong.
 * A query that is asked for the first time has no cached answer that a push could change: without this its rows would be missing until it is asked again.
 */
export async function askAmidPushes<Answer>(key: readonly unknown[], ask: () => Promise<Answer>, merge: Merge<Answer> | null): Promise<Answer> {
  for (let round = 1; ; round += 1) {
    const heard: Heard[] = [];
    underWay.add(heard);
    try {
      const answer = await ask();
      if (round === ROUNDS_MAX || !heard.some(({ isOutdated }) => isOutdated(key))) return merge === null ? answer : heard.reduce<Answer>((known, { body }) => merge(known, body, key), answer);
    } finally {
      underWay.delete(heard);
    }
  }
}
