/** Words of others, as the book can keep them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainJson, plainStored, plainText } from './plain-text.ts';

describe('plain text', () => {
  it('knows no letter zero and no half of a letter', () => {
    expect([plainText('a\0b'), plainText('a\ud83d'), plainText('\ude00a'), plainText('😀')]).toEqual(['ab', 'a\uFFFD', '\uFFFDa', '😀']);
  });

  it('leaves a plain value as it is, the very same object, also one that speaks of escapes', () => {
    for (const value of [{ a: ['x', 1, null, { b: '😀' }] }, { memory: '{"a":"\\u0000\\ud83d"}' }, { path: 'C:\\u0000' }, []]) {
      const stored = plainStored(value);
      expect(stored.value).toBe(value);
      expect(stored.text).toBe(JSON.stringify(value));
    }
  });

  it('makes every text of a value plain, names too, and says what the JSON says', () => {
    const { text, value } = plainStored({ 'a\0': ['\ud83d', { deep: 'x\0y' }], n: 1 });
    expect(value).toEqual({ a: ['\uFFFD', { deep: 'xy' }], n: 1 });
    expect(JSON.parse(text)).toEqual(value);
  });

  it('gives JSON without anything that jsonb refuses, whatever the words', () => {
    const words = fc.string({ unit: fc.constantFrom('a', '\0', '\ud83d', '\ude00', '\\', '"', 'u0000'), maxLength: 6 });
    fc.assert(fc.property(fc.dictionary(words, fc.array(words, { maxLength: 3 }), { maxKeys: 3 }), (value) => {
      for (const [name, texts] of Object.entries(JSON.parse(plainJson(value)) as Record<string, string[]>)) expect([name, ...texts].every((text) => text.isWellFormed() && !text.includes('\0'))).toBe(true);
    }));
  });
});
