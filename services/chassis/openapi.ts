/** OpenAPI 3.1 out of a table of routes, so that no description of an API is written twice. */
import * as z from 'zod';
import { httpErrorSchema, pathParameters } from '#app/contracts/http.ts';

type Json = Record<string, unknown>;

/** One route of a table. `path` has `:name` parameters that are fields of `input`; a GET carries the rest as query, others as JSON body. */
export type DescribedRoute = { readonly method: 'GET' | 'POST' | 'PUT'; readonly path: string; readonly summary: string; readonly input: z.ZodType; readonly output: z.ZodType };

/** What a document says beside its routes. `securityOf` and `headersOf` are asked for each route. */
export type OpenApiOptions<R extends DescribedRoute> = {
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly securitySchemes: Json;
  securityOf(route: R): readonly Json[];
  headersOf(route: R): readonly Json[];
};

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _dialect, ...json } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json;
  return json;
}

function operation<R extends DescribedRoute>(name: string, route: R, options: OpenApiOptions<R>): Json {
  const input = schemaOf(route.input, 'input');
  const properties = (input['properties'] ?? {}) as Record<string, Json>;
  const required = new Set((input['required'] as string[] | undefined) ?? []);
  const inPath = pathParameters(route.path);
  const rest = Object.entries(properties).filter(([field]) => !inPath.includes(field));
  const parameter = (field: string, where: string): Json => ({ name: field, in: where, required: where === 'path' || required.has(field), schema: properties[field] ?? {} });
  const error = (description: string): Json => ({ description, content: { 'application/json': { schema: schemaOf(httpErrorSchema, 'output') } } });
  const body = { type: 'object', properties: Object.fromEntries(rest), required: rest.map(([field]) => field).filter((field) => required.has(field)) };
  return {
    operationId: name,
    summary: route.summary,
    security: options.securityOf(route),
    parameters: [...inPath.map((field) => parameter(field, 'path')), ...(route.method === 'GET' ? rest.map(([field]) => parameter(field, 'query')) : []), ...options.headersOf(route)],
    ...(route.method === 'GET' ? {} : { requestBody: { required: body.required.length > 0, content: { 'application/json': { schema: body } } } }),
    responses: {
      200: { description: 'Done', content: { 'application/json': { schema: schemaOf(route.output, 'output') } } },
      400: error('The input is wrong; fix it, do not retry'), 401: error('Not signed in'), 409: error('A rule said no, or someone was first'), 503: error('Not now; retry with backoff'),
    },
  };
}

/** The whole document of a table of routes. */
export function openApiOf<R extends DescribedRoute>(routes: Readonly<Record<string, R>>, options: OpenApiOptions<R>): Json {
  const paths: Record<string, Json> = {};
  for (const [name, route] of Object.entries(routes)) {
    const path = route.path.replaceAll(/:([A-Za-z]+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(name, route, options) };
  }
  return { openapi: '3.1.0', info: options.info, paths, components: { securitySchemes: options.securitySchemes } };
}
