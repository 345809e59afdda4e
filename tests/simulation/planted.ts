/** The planted defects: each is one way to lose or double an order or money, made in the source while it is loaded. */

/** A defect: in `file`, `find` (which must be there exactly once) becomes `replace`. */
export type Planted = { readonly name: string; readonly what: string; readonly changes: readonly { readonly file: string; readonly find: string; readonly replace: string }[] };

/** All of them. */
export const PLANTED: readonly Planted[] = [];
