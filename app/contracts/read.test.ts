/** Reading from outside: the same as zod, and a typed error where zod falls over. */
import * as z from 'zod';
import { describe, expect, it } from 'vitest';
import { readAs, tryRead } from './read.ts';

describe('reading from outside', () => {
  it.each(['{"length":{"toString":1,"valueOf":1}}', '{"length":{"toString":null,"valueOf":null}}'])('%s is refused by name', (text) => {
    for (const schema of [z.string().max(5), z.string().min(1), z.array(z.string()).max(3)]) {
      expect(tryRead(schema, JSON.parse(text)).success).toBe(false);
      expect(() => readAs(z.object({ a: schema }), { a: JSON.parse(text) as unknown })).toThrow(z.ZodError);
    }
  });

  it('refuses a length that only a program can make, too', () => {
    for (const length of [Symbol.iterator, [Symbol.iterator], Object.create(null) as object]) expect(tryRead(z.string().max(5), { length }).success).toBe(false);
  });

  it('reads what is right, and refuses what is wrong as zod does', () => {
    expect(readAs(z.string().transform(Number), '5')).toBe(5);
    expect(tryRead(z.string(), 5).error?.issues[0]?.code).toBe('invalid_type');
  });

  it('does not hide a defect of ours', () => {
    expect(() => tryRead(z.string().transform((text) => Reflect.get(Object(null), text) as never), 'x')).not.toThrow();
    expect(() => tryRead(z.unknown().transform(() => (undefined as unknown as { x: () => void }).x()), 1)).toThrow(TypeError);
  });
});
