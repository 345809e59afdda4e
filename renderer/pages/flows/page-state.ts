/** What the flows page holds while it is open, so that other parts can point into it: the filter of its runs, and what is searched. */
import type { RunFilter } from '../../data/flow-queries.ts';
import { createStore, useStore } from '../../data/external-store.ts';
import { FLOW_VIEWS, setUiState } from '../../data/ui-state.ts';

/** How far back the list of runs reaches; `all` = to the beginning. */
export type RunAge = '1h' | '1d' | '7d' | 'all';
/** What the list of runs is filtered by. */
export type RunChoice = Pick<RunFilter, 'flow' | 'owner' | 'states' | 'trigger'> & { readonly reach: RunAge };

const choice = createStore<RunChoice>({ reach: 'all' });
const search = createStore('');

/** The filter now. */
export const useRunChoice = (): RunChoice => useStore(choice);
/** Narrows or widens it; undefined = any. */
export function setRunChoice(change: { readonly [K in keyof RunChoice]?: RunChoice[K] | undefined }): void {
  const next = { ...choice.get(), ...change };
  choice.set(Object.fromEntries(Object.entries(next).filter(([, value]) => value !== undefined)) as RunChoice);
}
/** What is searched. */
export const useFlowSearch = (): string => useStore(search);
/** Searches. */
export function setFlowSearch(text: string): void {
  search.set(text);
}
/** 1, 2 and 3 choose the view; true = the key was one of them. */
export function chooseView(key: string): boolean {
  const view = FLOW_VIEWS[Number(key) - 1];
  if (view !== undefined) setUiState({ flowsView: view });
  return view !== undefined;
}
/** Shows the runs of one flow on the page. */
export function showRunsOf(flow: RunChoice['flow']): void {
  choice.set({ reach: 'all', ...(flow === undefined ? {} : { flow }) });
  search.set('');
  setUiState({ flowsView: 'runs' });
}
