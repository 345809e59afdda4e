/** A small validator for the part of OpenAPI that the broker's description uses; for contract tests. */

/** A schema object of OpenAPI 3.0. */
export type OpenApiSchema = {
  readonly type?: string; readonly required?: readonly string[]; readonly properties?: Readonly<Record<string, OpenApiSchema>>; readonly items?: OpenApiSchema; readonly enum?: readonly unknown[];
  readonly nullable?: boolean; readonly format?: string; readonly $ref?: string; readonly additionalProperties?: OpenApiSchema | boolean;
  readonly allOf?: readonly OpenApiSchema[]; readonly anyOf?: readonly OpenApiSchema[]; readonly oneOf?: readonly OpenApiSchema[];
};
/** Schemas by name. */
export type OpenApiSchemas = Readonly<Record<string, OpenApiSchema>>;

const FORMATS: Readonly<Record<string, RegExp>> = {
  uuid: /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, date: /^\d{4}-\d{2}-\d{2}$/, 'date-time': /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/,
};
const MAX_DEPTH = 30;

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

type Place = { readonly schemas: OpenApiSchemas; readonly path: string; readonly depth: number };

const below = (place: Place, step: string): Place => ({ ...place, path: `${place.path}${step}`, depth: place.depth + 1 });

function checkObject(place: Place, schema: OpenApiSchema, value: Readonly<Record<string, unknown>>): string[] {
  const missing = (schema.required ?? []).filter((key) => !(key in value)).map((key) => `${place.path}.${key} is missing`);
  const wrong = Object.entries(value).flatMap(([key, member]) => {
    const known = schema.properties?.[key] ?? (typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined);
    return known ? checkAt(below(place, `.${key}`), known, member) : [];
  });
  return [...missing, ...wrong];
}

function checkAt(place: Place, schema: OpenApiSchema, value: unknown): string[] {
  const { schemas, path } = place;
  if (place.depth > MAX_DEPTH) return [`${path} is nested too deeply`];
  if (schema.$ref !== undefined) {
    const target = schemas[schema.$ref.split('/').at(-1) ?? ''];
    return target ? checkAt(below(place, ''), target, value) : [`${path}: no schema ${schema.$ref}`];
  }
  if (value === null) return schema.nullable ? [] : [`${path} is null`];
  for (const part of schema.allOf ?? []) {
    const found = checkAt(below(place, ''), part, value);
    if (found.length > 0) return found;
  }
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices && !choices.some((choice) => checkAt(below(place, ''), choice, value).length === 0)) return [`${path} fits no alternative`];
  const type = typeOf(value);
  if (schema.type !== undefined && schema.type !== type && !(schema.type === 'number' && type === 'integer')) return [`${path} is ${type}, not ${schema.type}`];
  if (schema.enum && !schema.enum.includes(value)) return [`${path} is ${JSON.stringify(value)}, not one of ${JSON.stringify(schema.enum)}`];
  if (typeof value === 'string' && schema.format && FORMATS[schema.format]?.test(value) === false) return [`${path} is not a ${schema.format}: ${value}`];
  if (Array.isArray(value)) return schema.items ? value.flatMap((item, n) => checkAt(below(place, `[${n}]`), schema.items ?? {}, item)) : [];
  return typeof value === 'object' ? checkObject(place, schema, value as Readonly<Record<string, unknown>>) : [];
}

/** What is wrong with a value, as `path problem` lines; none = it conforms. Members that the schema does not know are let pass. */
export function check(schemas: OpenApiSchemas, schema: OpenApiSchema, value: unknown): string[] {
  return checkAt({ schemas, path: '$', depth: 0 }, schema, value);
}
