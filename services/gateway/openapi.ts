/** OpenAPI 3.1 of the gateway, derived from the contract. */
import { HTTP, IDEMPOTENCY_HEADER, TOKEN_HEADER } from '#app/contracts/http.ts';
import type { RouteContract } from '#app/contracts/route.ts';
import { openApiOf } from '#chassis/openapi.ts';

/** The whole document. */
export function openApi(version: string): Record<string, unknown> {
  return openApiOf<RouteContract>(HTTP, {
    info: { title: 'Mainspring gateway', version, description: 'Loopback only. Exact numbers are decimal text; instants are epoch milliseconds.' },
    securitySchemes: {
      bearer: { type: 'http', scheme: 'bearer' },
      cookie: { type: 'apiKey', in: 'cookie', name: 'mainspring_<port>' },
      pageToken: { type: 'apiKey', in: 'header', name: TOKEN_HEADER },
    },
    securityOf: (route) => (route.auth === 'cookie' ? [{ cookie: [] }, { bearer: [] }] : [{ cookie: [], pageToken: [] }, { bearer: [] }]),
    headersOf: (route) => (route.movesMoney ? [{ name: IDEMPOTENCY_HEADER, in: 'header', required: true, schema: { type: 'string', pattern: '^[A-Za-z0-9._-]{8,64}$' } }] : []),
  });
}
