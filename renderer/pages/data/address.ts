/** What the address of the data page carries: which tab, and about which symbol. */

/** The tabs, in the order in which data comes to be trusted. */
export const DATA_TABS = ['coverage', 'quality', 'universe', 'fill', 'files', 'storage'] as const;
/** One of the tabs. */
export type DataTab = (typeof DATA_TABS)[number];
/** The question in the address. */
export type DataSearch = { readonly tab?: DataTab; readonly symbol?: string };

/** Reads it; what is not understood is dropped. */
export function readDataSearch(search: Record<string, unknown>): DataSearch {
  const tab = DATA_TABS.find((candidate) => candidate === search['tab']);
  const symbol = typeof search['symbol'] === 'string' && /^[A-Z][A-Z0-9./]{0,14}$/.test(search['symbol']) ? search['symbol'] : undefined;
  return { ...(tab === undefined || tab === 'coverage' ? {} : { tab }), ...(symbol === undefined ? {} : { symbol }) };
}
