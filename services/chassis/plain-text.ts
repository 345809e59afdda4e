/** Text as PostgreSQL takes it: words of others may hold what neither `text` nor `jsonb` can store. */

/** Text without the letter zero and without halves of letters. plainText('a\0b') = 'ab' */
export function plainText(text: string): string {
  return text.replaceAll('\0', '').toWellFormed();
}

/** JSON of which every text, the names too, is plain. */
export function plainJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner === 'string') return plainText(inner);
    return typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? Object.fromEntries(Object.entries(inner).map(([name, field]) => [plainText(name), field])) : inner;
  });
}
