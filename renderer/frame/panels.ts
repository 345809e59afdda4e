/** What slides over the page from the right, and the palette: one store, so that any part can open any of them. */
import { createStore, useStore } from '../data/external-store.ts';
import type { FlowName } from '#app/contracts/flows.ts';
import type { UnitId } from '#app/contracts/health.ts';
import type { Draft } from '../pages/portfolio/ticket/draft.ts';

/** Parts of the application's settings that a link may point at. */
export type ApplicationSection = 'market' | 'keys' | 'live' | 'updates';

/** What a flow's sheet shows: itself, the form that runs it, or its settings. */
export type FlowSheetView = 'about' | 'run' | 'settings';

/** At most one side sheet is open. */
export type Sheet =
  | { readonly kind: 'health' }
  | { readonly kind: 'ticket'; readonly start: Partial<Draft> }
  | { readonly kind: 'story'; /** Of a decision, or of an order. */ readonly id: string }
  | { readonly kind: 'reconciliation' }
  | { readonly kind: 'unit'; readonly unitId: UnitId }
  | { readonly kind: 'flow'; readonly flow: FlowName; readonly view: FlowSheetView; /** Parameters to begin with, of a run that is to be repeated. */ readonly input?: Readonly<Record<string, unknown>> }
  | { readonly kind: 'run'; readonly runId: string }
  | { readonly kind: 'report'; readonly reportId: string }
  | { readonly kind: 'application'; readonly section: ApplicationSection | null }
  | { readonly kind: 'profile' }
  | { readonly kind: 'about' };

const sheet = createStore<Sheet | null>(null);
const palette = createStore(false);

/** Opens a sheet in place of the one that is open. */
export function openSheet(next: Sheet): void {
  sheet.set(next);
}
/** Closes the open sheet. */
export function closeSheet(): void {
  sheet.set(null);
}
/** Is a sheet open? For those who are not drawn. */
export function isSheetOpen(): boolean {
  return sheet.get() !== null;
}
/** The open sheet. */
export function useSheet(): Sheet | null {
  return useStore(sheet);
}
/** Opens or closes the palette. */
export function setPalette(isOpen: boolean): void {
  palette.set(isOpen);
}
/** Is the palette open? */
export function usePalette(): boolean {
  return useStore(palette);
}
