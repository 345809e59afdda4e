/** What the page looks like, remembered over reloads (this browser) and restarts (the gateway). */
import * as z from 'zod';
import { curveRangeSchema } from '#app/contracts/http.ts';
import { LOOKED_STEPS } from '../frame/first-steps.ts';
import { PAGE_PATHS } from '../frame/pages.ts';
import { setFormats } from '../ui/format.ts';
import { call, hasAccess } from './client.ts';
import { createStore, useStore } from './external-store.ts';

/** Tabs of the portfolio page. */
export const PORTFOLIO_TABS = ['positions', 'orders', 'fills', 'days', 'strategies', 'allocation'] as const;

/** Views of the flows page. */
export const FLOW_VIEWS = ['flows', 'timeline', 'runs'] as const;

const uiStateSchema = z.object({
  scheme: z.enum(['light', 'dark', 'system']).catch('system'),
  palette: z.enum(['standard', 'colour_blind']).catch('standard'),
  density: z.enum(['comfortable', 'compact']).catch('comfortable'),
  numbers: z.enum(['comma', 'point', 'space']).catch('comma'),
  zone: z.enum(['market', 'local']).catch('market'),
  guide: z.enum(['open', 'folded', 'away']).catch('open'),
  lookedSteps: z.array(z.enum(LOOKED_STEPS)).catch([]),
  isNavigationNarrow: z.boolean().catch(false),
  page: z.enum(PAGE_PATHS).catch('/portfolio'),
  tab: z.enum(PORTFOLIO_TABS).catch('positions'),
  range: curveRangeSchema.catch('1D'),
  hasBenchmark: z.boolean().catch(true),
  orderScope: z.enum(['open', 'today', 'all']).catch('today'),
  isLogDense: z.boolean().catch(false),
  isDeniedShown: z.boolean().catch(false),
  flowsView: z.enum(FLOW_VIEWS).catch('flows'),
});
/** What the page remembers. */
export type UiState = z.infer<typeof uiStateSchema>;

const LOCAL_KEY = 'mainspring.ui';
const SAVE_AFTER_MS = 600;

/** Any saved value as a complete state: unknown fields dropped, broken ones at their default. */
export function readUiState(saved: unknown): UiState {
  return uiStateSchema.parse(typeof saved === 'object' && saved !== null && !Array.isArray(saved) ? saved : {});
}

function loadLocal(): UiState {
  try {
    return readUiState(JSON.parse(localStorage.getItem(LOCAL_KEY) ?? '{}'));
  } catch (error) {
    console.warn('The saved appearance could not be read; the default is used', error);
    return readUiState({});
  }
}

const store = createStore<UiState>(loadLocal());
setFormats(store.get());
// Before anything that watches the state is drawn again.
store.subscribe(() => setFormats(store.get()));
let timer: ReturnType<typeof setTimeout> | undefined;

/** Changes some of the state, here at once and on the gateway a moment later. */
export function setUiState(change: Partial<UiState>): void {
  store.update((now) => ({ ...now, ...change }));
  localStorage.setItem(LOCAL_KEY, JSON.stringify(store.get()));
  clearTimeout(timer);
  timer = setTimeout(() => {
    // While the gateway is away this window remembers by itself.
    if (!hasAccess()) return;
    call('saveUiState', { uiState: store.get() }).catch((error: unknown) => console.warn('The appearance was kept in this browser only', error));
  }, SAVE_AFTER_MS);
}

/** Takes over what the gateway remembers when this browser remembers nothing. */
export function adoptUiState(saved: Readonly<Record<string, unknown>>): void {
  if (localStorage.getItem(LOCAL_KEY) !== null || Object.keys(saved).length === 0) return;
  store.set(readUiState(saved));
  localStorage.setItem(LOCAL_KEY, JSON.stringify(store.get()));
}

/** The state now, outside React. */
export function uiState(): UiState {
  return store.get();
}
/** One field of the state. */
export function useUiState<K extends keyof UiState>(key: K): UiState[K] {
  return useStore(store, (value) => value[key]);
}
