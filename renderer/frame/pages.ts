/** The pages: the one list that navigation, palette, keyboard, router and the page's memory are made of. */

/** Every page. `keys`: what is typed to go there; `about`: words that the palette finds it by. */
export const PAGES = [
  { path: '/portfolio', name: 'Portfolio', keys: 'g p', about: 'account, positions, orders' },
  { path: '/analysis', name: 'Analysis', keys: 'g a', about: 'chart, indicators, drawings, why it traded' },
  { path: '/screener', name: 'Screener', keys: 'g s', about: 'filters, formulas, ranking, past dates' },
  { path: '/author', name: 'Author', keys: 'g w', about: 'write, back-test, optimise, deploy strategies' },
  { path: '/data', name: 'Data', keys: 'g d', about: 'universe, coverage, quality, imports, archive' },
  { path: '/flows', name: 'Flows', keys: 'g f', about: 'schedules, runs, timeline' },
  { path: '/logs', name: 'Logs', keys: 'g l', about: 'output of all parts, everything about an order' },
  { path: '/settings', name: 'Settings', keys: 'g o', about: 'accounts, limits, schedules, notifications, ports, appearance' },
  { path: '/health', name: 'Health', keys: 'g h', about: 'parts, checks' },
] as const satisfies readonly { path: `/${string}`; name: string; keys: `g ${string}`; about: string }[];

/** The address of a page. */
export type PagePath = (typeof PAGES)[number]['path'];

/** All addresses, for a schema. */
export const PAGE_PATHS = PAGES.map((page) => page.path) as [PagePath, ...PagePath[]];

/** Is this the address of a page? */
export function isPagePath(path: string): path is PagePath {
  return PAGES.some((page) => page.path === path);
}

/** Pages by the letter after `g`. */
export const JUMPS: ReadonlyMap<string, PagePath> = new Map(PAGES.map((page) => [page.keys.slice(2), page.path]));
