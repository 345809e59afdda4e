/** OpenAPI 3.1 of the gateway, derived from the contract. */
import * as z from 'zod';
import { HTTP, httpErrorSchema, IDEMPOTENCY_HEADER, pathParameters, ROUTE_NAMES, TOKEN_HEADER } from '#app/contracts/http.ts';
import type { RouteContract } from '#app/contracts/http.ts';

type JsonSchema = Record<string, unknown>;

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _dialect, ...json } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as JsonSchema;
  return json;
}

function operation(name: string, route: RouteContract): JsonSchema {
  const input = schemaOf(route.input, 'input');
  const properties = (input['properties'] ?? {}) as Record<string, JsonSchema>;
  const required = new Set((input['required'] as string[] | undefined) ?? []);
  const inPath = pathParameters(route.path);
  const rest = Object.entries(properties).filter(([field]) => !inPath.includes(field));
  const parameter = (field: string, where: string): JsonSchema => ({ name: field, in: where, required: where === 'path' || required.has(field), schema: properties[field] ?? {} });
  const error = (description: string): JsonSchema => ({ description, content: { 'application/json': { schema: schemaOf(httpErrorSchema, 'output') } } });
  return {
    operationId: name,
    summary: route.summary,
    security: route.auth === 'cookie' ? [{ cookie: [] }, { bearer: [] }] : [{ cookie: [], pageToken: [] }, { bearer: [] }],
    parameters: [
      ...inPath.map((field) => parameter(field, 'path')),
      ...(route.method === 'GET' ? rest.map(([field]) => parameter(field, 'query')) : []),
      ...(route.movesMoney ? [{ name: IDEMPOTENCY_HEADER, in: 'header', required: true, schema: { type: 'string', pattern: '^[A-Za-z0-9._-]{8,64}$' } }] : []),
    ],
    ...(route.method === 'GET' ? {} : { requestBody: { required: true, content: { 'application/json': { schema: { type: 'object', properties: Object.fromEntries(rest), required: rest.map(([field]) => field).filter((field) => required.has(field)) } } } } }),
    responses: {
      200: { description: 'Done', content: { 'application/json': { schema: schemaOf(route.output, 'output') } } },
      400: error('The input is wrong; fix it, do not retry'), 401: error('Not signed in'), 409: error('A rule said no, or someone was first'), 503: error('Not now; retry with backoff'),
    },
  };
}

/** The whole document. */
export function openApi(version: string): JsonSchema {
  const paths: Record<string, JsonSchema> = {};
  for (const name of ROUTE_NAMES) {
    const route: RouteContract = HTTP[name];
    const path = route.path.replaceAll(/:([A-Za-z]+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(name, route) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Mainspring gateway', version, description: 'Loopback only. Exact numbers are decimal text; instants are epoch milliseconds.' },
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        cookie: { type: 'apiKey', in: 'cookie', name: 'mainspring_<port>' },
        pageToken: { type: 'apiKey', in: 'header', name: TOKEN_HEADER },
      },
    },
  };
}
