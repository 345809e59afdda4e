/** Bar replay: the page as if it were an earlier day, one bar after the other. */
import { createStore, useStore } from '../../data/external-store.ts';

/** Bars a second that a replay can run at. */
export const REPLAY_SPEEDS = [1, 2, 5, 10, 25] as const;

/** A replay. `at`: open of the newest bar that may be seen, epoch ms. */
export type Replay = { readonly at: number; readonly isPlaying: boolean; readonly speed: (typeof REPLAY_SPEEDS)[number] };
const replay = createStore<Replay | null>(null);

/** The replay; null: the present. */
export function useReplay(): Replay | null {
  return useStore(replay);
}
/** The replay now, outside React. */
export function replayNow(): Replay | null {
  return replay.get();
}
/** Begins one at a bar. */
export function startReplay(at: number): void {
  replay.set({ at, isPlaying: false, speed: 2 });
}
/** Changes it, if one is on. */
export function changeReplay(change: Partial<Replay>): void {
  replay.update((now) => (now === null ? null : { ...now, ...change }));
}
/** Back to the present. */
export function endReplay(): void {
  replay.set(null);
}
