/** How the dashboard's files are served: the same policy and types from the gateway and from the desktop shell. */

/** The page of a folder of page files. */
export const PAGE_FILE = '/index.html';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml', '.png': 'image/png',
  '.woff2': 'font/woff2', '.woff': 'font/woff', '.ttf': 'font/ttf', '.json': 'application/json', '.ico': 'image/x-icon', '.map': 'application/json', '.wasm': 'application/wasm',
};

/** The content type of a file by its extension (`.js`). */
export function contentTypeOf(extension: string): string {
  return TYPES[extension] ?? 'application/octet-stream';
}

/**
 * The page's Content-Security-Policy: own scripts only, no eval, no inline script, talk to the gateway at this port alone.
 * Without a port (the gateway is not known yet) the page can talk to nobody.
 */
export function pagePolicy(port: number | null): string {
  const gateway = port === null ? "'none'" : `http://127.0.0.1:${port} ws://127.0.0.1:${port}`;
  return [
    "default-src 'none'", "script-src 'self'", "style-src 'self' 'unsafe-inline'", "img-src 'self' data: blob:", "font-src 'self'", `connect-src ${gateway}`,
    "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "object-src 'none'",
  ].join('; ');
}
