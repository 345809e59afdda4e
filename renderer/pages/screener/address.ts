/** What the address of the screener carries: the saved screen that is open, and the past day that is looked at. */
import { isDay } from './past.ts';

/** The part of the address after the question mark. */
export type ScreenerSearch = { readonly screen?: string; readonly asOf?: string };

/** Reads it; anything else is dropped. */
export function readScreenerSearch(search: Record<string, unknown>): ScreenerSearch {
  const { screen, asOf } = search;
  return { ...(typeof screen === 'string' && screen !== '' && screen.length <= 64 ? { screen } : {}), ...(typeof asOf === 'string' && isDay(asOf) ? { asOf } : {}) };
}
