/** A form out of a flow's JSON Schema: which fields, with what in them, and what is wrong with what was typed. Pure. */
import { figureOf, wordsOf } from './result-shape.ts';

/** One field. `text` also for dates and patterns; `json` for what has no better field. */
export type Field = {
  readonly name: string; readonly label: string; readonly help: string | null; readonly isRequired: boolean; /** What the flow takes when the field is left empty; undefined = nothing. */ readonly fallback: unknown; readonly isNullable: boolean;
} & (
  | { readonly kind: 'text'; readonly minLength: number; readonly maxLength: number | null; readonly pattern: string | null; readonly format: string | null }
  | { readonly kind: 'number'; readonly isInteger: boolean; readonly min: number | null; readonly max: number | null; readonly isMinOut: boolean; readonly isMaxOut: boolean }
  | { readonly kind: 'switch' }
  | { readonly kind: 'choice'; readonly options: readonly (string | number)[] }
  | { readonly kind: 'list'; readonly itemPattern: string | null; readonly options: readonly string[] | null; readonly min: number; readonly max: number | null }
  | { readonly kind: 'json' }
);

/** What stands in the fields: text, or a list of words. */
export type FormDraft = Readonly<Record<string, string | readonly string[]>>;

type Schema = Readonly<Record<string, unknown>>;

const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null && !Array.isArray(value);
const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);
const numberOf = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null);

/** The schema without its "or null", and whether it had one. */
function unwrap(schema: Schema): { readonly inner: Schema; readonly isNullable: boolean } {
  const branches = Array.isArray(schema['anyOf']) ? schema['anyOf'].filter(isSchema) : null;
  if (branches === null) return { inner: schema, isNullable: false };
  const real = branches.filter((branch) => branch['type'] !== 'null');
  const [only] = real;
  return only && real.length === 1 ? { inner: { ...schema, anyOf: undefined, ...only }, isNullable: real.length < branches.length } : { inner: schema, isNullable: real.length < branches.length };
}

/** JavaScript's own bounds of an integer say nothing to people. */
function bound(value: unknown): number | null {
  const number = numberOf(value);
  return number === null || Math.abs(number) >= Number.MAX_SAFE_INTEGER ? null : number;
}

function kindOf(schema: Schema): Field extends infer F ? (F extends Field ? Omit<F, 'name' | 'label' | 'help' | 'isRequired' | 'fallback' | 'isNullable'> : never) : never {
  const options = Array.isArray(schema['enum']) ? schema['enum'].filter((value): value is string | number => typeof value === 'string' || typeof value === 'number') : null;
  if (options !== null && options.length > 0) return { kind: 'choice', options };
  switch (schema['type']) {
    case 'boolean': return { kind: 'switch' };
    case 'string': return { kind: 'text', minLength: numberOf(schema['minLength']) ?? 0, maxLength: numberOf(schema['maxLength']), pattern: textOf(schema['pattern']), format: textOf(schema['format']) };
    case 'integer': case 'number': return {
      kind: 'number', isInteger: schema['type'] === 'integer', min: bound(schema['minimum'] ?? schema['exclusiveMinimum']), max: bound(schema['maximum'] ?? schema['exclusiveMaximum']),
      isMinOut: schema['minimum'] === undefined && schema['exclusiveMinimum'] !== undefined, isMaxOut: schema['maximum'] === undefined && schema['exclusiveMaximum'] !== undefined,
    };
    case 'array': {
      const items = isSchema(schema['items']) ? schema['items'] : {};
      if (items['type'] !== 'string') return { kind: 'json' };
      const words = Array.isArray(items['enum']) ? items['enum'].filter((value): value is string => typeof value === 'string') : null;
      return { kind: 'list', itemPattern: textOf(items['pattern']), options: words, min: numberOf(schema['minItems']) ?? 0, max: numberOf(schema['maxItems']) };
    }
    default: return { kind: 'json' };
  }
}

/** The fields of a flow's input, in the order in which it names them. */
export function fieldsOf(inputSchema: Schema): Field[] {
  const properties = isSchema(inputSchema['properties']) ? inputSchema['properties'] : {};
  const required = new Set(Array.isArray(inputSchema['required']) ? inputSchema['required'] : []);
  return Object.entries(properties).flatMap(([name, schema]) => {
    if (!isSchema(schema)) return [];
    const { inner, isNullable } = unwrap(schema);
    const fallback = schema['default'] ?? inner['default'];
    return [{ name, label: inner['type'] === 'boolean' ? figureOf(name, true).label : wordsOf(name), help: textOf(schema['description']) ?? textOf(inner['description']), isRequired: required.has(name) && fallback === undefined, fallback, isNullable, ...kindOf(inner) }];
  });
}

function typed(field: Field, value: unknown): string | readonly string[] {
  if (field.kind === 'list') return Array.isArray(value) ? value.map(String) : [];
  if (value === undefined || value === null) return '';
  return typeof value === 'object' || field.kind === 'json' ? JSON.stringify(value) : String(value as string | number | boolean);
}

/** What stands in the fields for an input; a field that it leaves out is empty. */
export function draftOf(fields: readonly Field[], input: Readonly<Record<string, unknown>> = {}): FormDraft {
  return Object.fromEntries(fields.map((field) => [field.name, typed(field, input[field.name])]));
}

function readNumber(field: Field & { kind: 'number' }, text: string): { value: number } | { error: string } {
  const value = Number(text);
  if (!Number.isFinite(value)) return { error: 'Write a number' };
  if (field.isInteger && !Number.isInteger(value)) return { error: 'Write a whole number' };
  if (field.min !== null && (field.isMinOut ? value <= field.min : value < field.min)) return { error: `At least ${field.isMinOut ? 'more than ' : ''}${field.min}` };
  if (field.max !== null && (field.isMaxOut ? value >= field.max : value > field.max)) return { error: `At most ${field.isMaxOut ? 'less than ' : ''}${field.max}` };
  return { value };
}

function matches(pattern: string, value: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(value);
  } catch (error) {
    // A pattern that only the server understands is the server's to check.
    if (error instanceof SyntaxError) return true;
    throw error;
  }
}

/** What a pattern asks for, as far as it can be said. */
function askFor(field: Field & { kind: 'text' }): string {
  return field.format === 'date' ? 'Write a day as 2026-03-09' : `Does not have the form that is asked for${field.help === null ? '' : ': see below'}`;
}

function readText(field: Field & { kind: 'text' }, text: string): { value: string } | { error: string } {
  if (text.length < field.minLength) return { error: `At least ${field.minLength} characters` };
  if (field.maxLength !== null && text.length > field.maxLength) return { error: `At most ${field.maxLength} characters` };
  if (field.pattern !== null && !matches(field.pattern, text)) return { error: askFor(field) };
  return { value: text };
}

function readList(field: Field & { kind: 'list' }, words: readonly string[]): { value: readonly string[] } | { error: string } {
  if (words.length < field.min) return { error: `At least ${field.min}` };
  if (field.max !== null && words.length > field.max) return { error: `At most ${field.max}` };
  const { itemPattern } = field;
  const wrong = itemPattern === null ? undefined : words.find((word) => !matches(itemPattern, word));
  return wrong === undefined ? { value: words } : { error: `“${wrong}” does not have the form that is asked for` };
}

function readJson(text: string): { value: unknown } | { error: string } {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (error) {
    return { error: error instanceof Error ? `Not JSON: ${error.message}` : 'Not JSON' };
  }
}

function readField(field: Field, given: string | readonly string[]): { value: unknown } | { error: string } {
  const text = typeof given === 'string' ? given.trim() : '';
  switch (field.kind) {
    case 'list': return readList(field, typeof given === 'string' ? [] : given);
    case 'number': return readNumber(field, text);
    case 'switch': return { value: text === 'true' };
    case 'choice': return field.options.some((option) => String(option) === text) ? { value: field.options.find((option) => String(option) === text) } : { error: 'Choose one of the options' };
    case 'json': return readJson(text);
    case 'text': return readText(field, text);
  }
}

/** The input that the fields make; empty fields are left out, so that the flow's own defaults hold. Errors by field's name. */
export function readDraft(fields: readonly Field[], draft: FormDraft): { readonly input: Record<string, unknown>; readonly errors: Readonly<Record<string, string>> } {
  const input: Record<string, unknown> = {};
  const errors: Record<string, string> = {};
  for (const field of fields) {
    const given = draft[field.name] ?? '';
    const isEmpty = typeof given === 'string' ? given.trim() === '' : given.length === 0;
    if (isEmpty) {
      if (field.isRequired) errors[field.name] = 'This is needed';
      continue;
    }
    const read = readField(field, given);
    if ('error' in read) errors[field.name] = read.error;
    else input[field.name] = read.value;
  }
  return { input, errors };
}

/** A refusal's issues; where it has none, those that its words name: "input.days: too large; input.month: …". */
export function issuesOf(error: { readonly message: string; readonly issues?: readonly { readonly path: string; readonly message: string }[] } | null): readonly { readonly path: string; readonly message: string }[] {
  if (error === null) return [];
  if (error.issues !== undefined && error.issues.length > 0) return error.issues;
  const named = error.message.split('; ').map((part) => /^((?:input\.)?[A-Za-z]\w*(?:\.\w+)*): (.+)$/.exec(part));
  return named.every((match) => match !== null) ? named.map((match) => ({ path: match[1] ?? '', message: match[2] ?? '' })) : [];
}

/** The server's refusal, by field: an issue names its field by the first step of its path, with or without the word `input` in front. The rest is told together. */
export function refusalByField(fields: readonly Field[], issues: readonly { readonly path: string; readonly message: string }[]): { readonly byField: Readonly<Record<string, string>>; readonly rest: readonly string[] } {
  const byField: Record<string, string> = {};
  const rest: string[] = [];
  for (const { path, message } of issues) {
    const [head, next] = path.split('.');
    const name = head === 'input' ? next : head;
    if (name !== undefined && fields.some((field) => field.name === name)) byField[name] ??= message;
    else rest.push(path === '' || path === 'input' ? message : `${path}: ${message}`);
  }
  return { byField, rest };
}
