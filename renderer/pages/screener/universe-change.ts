/** What a new universe changes for a strategy. Pure. */

/** Symbols that come in, leave and stay, each in the order in which they were given. */
export type UniverseChange = { readonly enters: readonly string[]; readonly leaves: readonly string[]; readonly stays: readonly string[] };

/** universeChange(['A', 'B'], ['B', 'C']) = { enters: ['C'], leaves: ['A'], stays: ['B'] } */
export function universeChange(before: readonly string[], after: readonly string[]): UniverseChange {
  const [old, next] = [new Set(before), new Set(after)];
  return { enters: [...next].filter((symbol) => !old.has(symbol)), leaves: [...old].filter((symbol) => !next.has(symbol)), stays: [...next].filter((symbol) => old.has(symbol)) };
}

/** Tickers in a text, in the order of their first mention, with what is none. symbolsIn('aapl, brk.b  $$') = { symbols: ['AAPL', 'BRK.B'], refused: ['$$'] } */
export function symbolsIn(text: string, isSymbol: (word: string) => boolean): { symbols: string[]; refused: string[] } {
  const words = [...new Set(text.split(/[\s,;]+/).map((word) => word.trim().toUpperCase()).filter((word) => word !== ''))];
  return { symbols: words.filter(isSymbol), refused: words.filter((word) => !isSymbol(word)) };
}
