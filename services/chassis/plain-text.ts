/** Text as PostgreSQL takes it: words of others may hold what neither `text` nor `jsonb` can store. */

/** Text without the letter zero and without halves of letters. plainText('a\0b') = 'ab' */
export function plainText(text: string): string {
  return text.replaceAll('\0', '').toWellFormed();
}

/** How JSON writes the letter zero and halves of letters; text that speaks of these escapes looks alike, and is only looked at more closely. */
const SUSPECT = /\\u(?:0000|d[89a-f])/;

/** A value as it is stored: its JSON, of which every text, the names too, is plain; and the value that this JSON says, the very same object where there was nothing to change. */
export function plainStored<T>(value: T): { readonly text: string; readonly value: T } {
  const asGiven = JSON.stringify(value);
  if (!SUSPECT.test(asGiven)) return { text: asGiven, value };
  const text = JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner === 'string') return plainText(inner);
    return typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? Object.fromEntries(Object.entries(inner).map(([name, field]) => [plainText(name), field])) : inner;
  });
  return text === asGiven ? { text, value } : { text, value: JSON.parse(text) as T };
}

/** JSON of which every text, the names too, is plain. */
export function plainJson(value: unknown): string {
  return plainStored(value).text;
}
