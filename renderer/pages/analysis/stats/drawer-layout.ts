/** How high the statistics stand and which tab is open, remembered in this browser. */
import * as z from 'zod';

/** Heights of the drawer's body in px. */
export const LAYOUT = { least: 160, most: 560, usual: 268 } as const;

/** The tabs. */
export const STATS_TABS = ['figures', 'drawdown', 'returns', 'rolling', 'correlation', 'seasonality'] as const;
/** One of them. */
export type StatsTab = (typeof STATS_TABS)[number];

const layoutSchema = z.object({ isOpen: z.boolean().catch(false), tab: z.enum(STATS_TABS).catch('figures'), height: z.number().catch(LAYOUT.usual) });
/** What is remembered. */
export type DrawerLayout = z.infer<typeof layoutSchema>;

const KEY = 'mainspring.stats';

/** Any saved value as a whole layout; heights within their limits. */
export function layoutOf(saved: unknown): DrawerLayout {
  const layout = layoutSchema.parse(typeof saved === 'object' && saved !== null ? saved : {});
  return { ...layout, height: Math.round(Math.min(LAYOUT.most, Math.max(LAYOUT.least, layout.height))) };
}

/** What was remembered; the usual when it cannot be read. */
export function readLayout(): DrawerLayout {
  try {
    return layoutOf(JSON.parse(localStorage.getItem(KEY) ?? '{}'));
  } catch (error) {
    console.warn('The saved height of the statistics could not be read; the usual one is taken', error);
    return layoutOf({});
  }
}

/** Remembers it, where the browser lets us. @returns it, within its limits */
export function writeLayout(layout: DrawerLayout): DrawerLayout {
  const next = layoutOf(layout);
  try {
    localStorage.setItem(KEY, JSON.stringify(next));
  } catch (error) {
    console.warn('The height of the statistics could not be remembered', error);
  }
  return next;
}
