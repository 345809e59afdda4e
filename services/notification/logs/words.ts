/** The words of a line as a search finds them. */
const MAX_WORDS = 80;
const MAX_WORD = 60;

/** Words of letters and digits in lower case, each once, in the order of their coming; at most 80. wordsOf('Order ms-7 FAILED') = ['order', 'ms', '7', 'failed'] */
export function wordsOf(...texts: readonly string[]): string[] {
  const found = new Set<string>();
  for (const text of texts) {
    for (const [word] of text.toLowerCase().matchAll(/[\p{L}\p{N}]+/gu)) {
      found.add(word.slice(0, MAX_WORD));
      if (found.size >= MAX_WORDS) return [...found];
    }
  }
  return [...found];
}
