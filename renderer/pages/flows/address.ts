/** What the address of the flows page carries: /flows?run=… opens a run. */

/** The part of the address after the question mark. */
export type FlowsSearch = { readonly run?: string };

/** Reads it; anything else is dropped. */
export function readFlowsSearch(search: Record<string, unknown>): FlowsSearch {
  const { run } = search;
  return typeof run === 'string' && run !== '' ? { run } : {};
}
