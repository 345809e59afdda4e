/** What a rule makes of some words. */

/** How the symbols are ordered. */
export type Rank = { readonly formula: string; readonly direction: 'asc' | 'desc' };

/** What was read: a filter, a group of sectors, exchanges or industries (joined with their neighbours), an order, or something that no data is here for; and what was assumed. `isWeak`: a bare word that means this only where all around it is understood. */
export type Found =
  | { readonly kind: 'filter'; readonly formula: string; readonly note?: string; readonly isWeak?: true }
  | { readonly kind: 'group'; readonly of: 'sector' | 'exchange' | 'industry'; readonly name: string; readonly isNot?: boolean }
  | { readonly kind: 'lacking'; readonly note: string }
  | { readonly kind: 'rank'; readonly rank: Rank; readonly formula?: string; readonly note?: string };
