/** Processes that wait for a strategy: started and rehearsed before somebody asks, given away once, never used for another project. */
import { startSandboxChild, type SandboxChild } from './child-spawner.ts';

const MAX_WAITING = 4;
/** From a taking to the next start, ms, where the taken one has not ended before: what starts and rehearses would take a core from the run that somebody waits for. */
const FOLLOW_MS = 5_000;

/** Sandboxes that are ready. Dispose of it when the worker drains: those that wait are ended. */
export type WarmSandboxes = Disposable & {
  /** One that waits, which is the taker's to end from now on; another is started when that one has ended, or after five seconds. Null where none of this kind waits. */
  take(kind?: 'process' | 'thread'): SandboxChild | null;
};

type Place = { readonly child: SandboxChild; hasEnded: boolean };

/** Keeps `count` processes ready, 1 to 4. */
export function warmSandboxes(count = 1, kind?: 'process' | 'thread'): WarmSandboxes {
  const places: Place[] = [];
  let isClosed = false;
  const start = (): void => {
    const place: Place = { child: startSandboxChild(kind), hasEnded: false };
    place.child.onEnd(() => {
      place.hasEnded = true;
    });
    places.push(place);
    // Its answer is for nobody: whoever takes the process counts its questions from 1 on.
    place.child.post({ id: 0, task: 'rehearse', ask: null });
  };
  const followOn = (taken: SandboxChild): void => {
    let hasFollowed = false;
    const follow = (): void => {
      clearTimeout(timer);
      if (hasFollowed || isClosed) return;
      hasFollowed = true;
      start();
    };
    const timer = setTimeout(follow, FOLLOW_MS).unref();
    taken.onEnd(follow);
  };
  for (let n = 0; n < Math.min(MAX_WAITING, Math.max(1, count)); n += 1) start();
  return {
    take(wanted) {
      if (isClosed || (wanted !== undefined && wanted !== kind)) return null;
      const place = places.shift();
      if (place === undefined) return null;
      if (!place.hasEnded) {
        followOn(place.child);
        return place.child;
      }
      start();
      return null;
    },
    [Symbol.dispose]() {
      isClosed = true;
      for (const { child } of places.splice(0)) child.kill();
    },
  };
}
