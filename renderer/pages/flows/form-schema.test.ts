/** A form from a schema: made from what zod itself writes, so that both ends agree. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { draftOf, fieldsOf, issuesOf, readDraft, refusalByField } from './form-schema.ts';

const input = z.object({
  symbols: z.array(z.string().regex(/^[A-Z]+$/)).max(3).optional().describe('Tickers'), days: z.number().int().min(1).max(90).default(14).describe('How far back'), threshold: z.number().gt(0).optional(),
  mode: z.enum(['fast', 'exact']).default('fast'), isDry: z.boolean().default(true), month: z.string().regex(/^\d{4}-\d{2}$/), note: z.string().max(5).nullable().default(null), extra: z.record(z.string(), z.number()).optional(),
}).strict();
const fields = fieldsOf(z.toJSONSchema(input, { io: 'input' }) as Record<string, unknown>);
const read = (change: Record<string, string | readonly string[]>): ReturnType<typeof readDraft> => readDraft(fields, { ...draftOf(fields), month: '2026-01', ...change });

describe('fields of a schema', () => {
  it('have the kind, the bounds and the words that it gives them', () => {
    expect(fields.map((field) => [field.name, field.kind, field.isRequired, field.fallback])).toEqual([
      ['symbols', 'list', false, undefined], ['days', 'number', false, 14], ['threshold', 'number', false, undefined], ['mode', 'choice', false, 'fast'],
      ['isDry', 'switch', false, true], ['month', 'text', true, undefined], ['note', 'text', false, null], ['extra', 'json', false, undefined],
    ]);
    expect(fields[1]).toMatchObject({ label: 'Days', help: 'How far back', min: 1, max: 90, isInteger: true });
    expect(fields[6]).toMatchObject({ isNullable: true, maxLength: 5 });
  });
  it('are none for a flow without parameters', () => {
    expect(fieldsOf(z.toJSONSchema(z.object({}).strict(), { io: 'input' }) as Record<string, unknown>)).toEqual([]);
  });
});

describe('what is typed', () => {
  it('is left out where it is empty, so that the defaults of the flow hold', () => {
    expect(read({})).toEqual({ input: { month: '2026-01' }, errors: {} });
  });
  it('becomes an input that the flow takes', () => {
    const made = read({ symbols: ['AAPL', 'KO'], days: '30', threshold: '0.5', mode: 'exact', isDry: 'false', note: 'hi', extra: '{"a":1}' });
    expect(made.errors).toEqual({});
    expect(input.parse(made.input)).toEqual({ symbols: ['AAPL', 'KO'], days: 30, threshold: 0.5, mode: 'exact', isDry: false, month: '2026-01', note: 'hi', extra: { a: 1 } });
  });
  it('is refused field by field, in words', () => {
    const { errors } = read({ symbols: ['AAPL', 'x1'], days: '91', threshold: '0', mode: 'slow', month: 'January', note: 'far too long', extra: '{' });
    expect(Object.keys(errors).sort()).toEqual(['days', 'extra', 'mode', 'month', 'note', 'symbols', 'threshold']);
    expect(errors['days']).toBe('At most 90');
    expect(read({ days: '1.5' }).errors['days']).toBe('Write a whole number');
    expect(read({ month: ' ' }).errors['month']).toBe('This is needed');
  });
  it('comes back from an input as it was', () => {
    const given = { symbols: ['KO'], days: 3, isDry: false, month: '2025-12', extra: { a: 1 } };
    expect(readDraft(fields, draftOf(fields, given)).input).toEqual(given);
  });
});

describe('a refusal of the server', () => {
  it('stands beside the field that it names, with or without the word input', () => {
    expect(refusalByField(fields, [{ path: 'input.month', message: 'no such month' }, { path: 'symbols.0', message: 'unknown' }, { path: 'nothing', message: 'not known' }, { path: '', message: 'too many' }])).toEqual({ byField: { month: 'no such month', symbols: 'unknown' }, rest: ['nothing: not known', 'too many'] });
  });
  it('is read from its words where it lists no issues', () => {
    expect(issuesOf({ message: 'input.month: no such month; input.symbols.0: unknown', issues: [] })).toEqual([{ path: 'input.month', message: 'no such month' }, { path: 'input.symbols.0', message: 'unknown' }]);
    expect([issuesOf({ message: 'The orchestrator does not answer' }), issuesOf(null)]).toEqual([[], []]);
    expect(refusalByField(fields, issuesOf({ message: 'input: Unrecognized key: "bogus"' }))).toEqual({ byField: {}, rest: ['Unrecognized key: "bogus"'] });
  });
});
