/** Does a version know the future? Asked after each save, and on demand. */
import type { LookAheadResult } from '#app/contracts/author.ts';
import { call, newKey } from '../../../data/client.ts';
import { createStore, useStore } from '../../../data/external-store.ts';

/** The newest look. `result` null: it runs, or could not, and `failure` says why. */
export type LookAheadState = { readonly projectId: string; readonly version: number; readonly isRunning: boolean; readonly result: LookAheadResult | null; readonly failure: unknown };

const state = createStore<LookAheadState | null>(null);

/** The newest look. */
export const useLookAhead = (): LookAheadState | null => useStore(state);
/** Hears each change of it. */
export const onLookAhead = (listener: () => void): (() => void) => state.subscribe(listener);
/** The newest look, outside of components. */
export const lookAheadNow = (): LookAheadState | null => state.get();

/** Looks. A newer look takes the place of an older one whose answer is still on its way. */
export async function checkLookAhead(projectId: string, version: number): Promise<void> {
  const started: LookAheadState = { projectId, version, isRunning: true, result: null, failure: null };
  state.set(started);
  const settle = (next: Partial<LookAheadState>): void => {
    if (state.get() === started) state.set({ ...started, isRunning: false, ...next });
  };
  await call('lookAheadCheck', { projectId, version }, { idempotencyKey: newKey() }).then((result) => settle({ result }), (failure: unknown) => settle({ failure }));
}
