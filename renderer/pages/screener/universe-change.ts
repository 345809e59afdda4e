/** What a new universe changes for a strategy. Pure. */
import { UNIVERSE_MAX } from '#app/contracts/screener.ts';

/** Symbols that come in, leave, stay because they were found, and stay because the strategy holds them; each in the order in which they were given. */
export type UniverseChange = { readonly enters: readonly string[]; readonly leaves: readonly string[]; readonly stays: readonly string[]; readonly held: readonly string[] };

/** What a strategy works on `before`, what was `found`, and what it holds. universeChange(['A', 'B', 'D'], ['B', 'C'], ['D']) = { enters: ['C'], leaves: ['A'], stays: ['B'], held: ['D'] } */
export function universeChange(before: readonly string[], found: readonly string[], holds: readonly string[]): UniverseChange {
  const [old, next] = [new Set(before), new Set(found.slice(0, UNIVERSE_MAX))];
  const held = [...new Set(holds)].filter((symbol) => !next.has(symbol));
  return { enters: [...next].filter((symbol) => !old.has(symbol)), leaves: [...old].filter((symbol) => !next.has(symbol) && !held.includes(symbol)), stays: [...next].filter((symbol) => old.has(symbol)), held };
}

/** Tickers in a text, in the order of their first mention, with what is none. symbolsIn('aapl, brk.b  $$') = { symbols: ['AAPL', 'BRK.B'], refused: ['$$'] } */
export function symbolsIn(text: string, isSymbol: (word: string) => boolean): { symbols: string[]; refused: string[] } {
  const words = [...new Set(text.split(/[\s,;]+/).map((word) => word.trim().toUpperCase()).filter((word) => word !== ''))];
  return { symbols: words.filter(isSymbol), refused: words.filter((word) => !isSymbol(word)) };
}
