/** A value outside React that components may watch. */
import { useSyncExternalStore } from 'react';

/** A watched value. */
export type Store<T> = { get(): T; set(next: T): void; update(change: (now: T) => T): void; subscribe(listener: () => void): () => void };

/** Creates a store; listeners hear each change of identity. */
export function createStore<T>(initial: T): Store<T> {
  let value = initial;
  const listeners = new Set<() => void>();
  const set = (next: T): void => {
    if (Object.is(next, value)) return;
    value = next;
    for (const listener of listeners) listener();
  };
  return {
    get: () => value,
    set,
    update: (change) => set(change(value)),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Watches a store, or a part of it; the part must keep its identity while it does not change. */
export function useStore<T, P = T>(store: Store<T>, select: (value: T) => P = (value) => value as unknown as P): P {
  return useSyncExternalStore(store.subscribe, () => select(store.get()));
}
