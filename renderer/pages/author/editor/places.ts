/** Where the editor is asked to go, where its cursor stands, and what is wrong in the files: what the parts around the editor know of it. */
import { createStore, useStore } from '../../../data/external-store.ts';
import type { Place } from '../open-project.ts';
import type { Problem } from './problem.ts';

const place = createStore<Place | null>(null);
const cursor = createStore<{ readonly line: number; readonly column: number }>({ line: 1, column: 1 });
const problems = createStore<readonly Problem[]>([]);

/** Where the editor shall go, as soon as that file is in front. */
export const placeNow = (): Place | null => place.get();
/** Sends the editor there. */
export const setPlace = (next: Place | null): void => place.set(next);
/** Hears of each place. */
export const onPlace = (listener: () => void): (() => void) => place.subscribe(listener);
/** Where the cursor stands, from 1. */
export const useCursor = (): { readonly line: number; readonly column: number } => useStore(cursor);
/** Notes where it stands. */
export const setCursor = (next: { readonly line: number; readonly column: number }): void => cursor.set(next);
/** What is wrong in the files. */
export const useProblems = (): readonly Problem[] => useStore(problems);
/** Notes it. */
export const setProblems = (next: readonly Problem[]): void => problems.set(next);
