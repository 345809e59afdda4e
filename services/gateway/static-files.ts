/** The dashboard's files: a closed list made at the start, so that no path can leave the folder. */
import { createReadStream, existsSync, readdirSync, statSync } from 'node:fs';
import type { ReadStream } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml', '.png': 'image/png',
  '.woff2': 'font/woff2', '.woff': 'font/woff', '.json': 'application/json', '.ico': 'image/x-icon', '.map': 'application/json',
};
const FILES_MAX = 2_000;

/** One file that may be served. */
export type StaticFile = { readonly path: string; readonly type: string; readonly bytes: number; /** Its name carries a hash of its content. */ readonly isImmutable: boolean };

/** The page's files by URL path. */
export type StaticFiles = {
  /** The file of a URL path; the page itself for a page path (no extension); null = 404. */
  find(urlPath: string): StaticFile | null;
  open(file: StaticFile): ReadStream;
  readonly isBuilt: boolean;
};

/** Lists `folder` (the built renderer). A missing folder gives an empty list: the gateway then says how to build it. */
export function openStaticFiles(folder: string): StaticFiles {
  const files = new Map<string, StaticFile>();
  if (existsSync(folder)) {
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).slice(0, FILES_MAX)) {
      const path = join(folder, name);
      const stat = statSync(path);
      if (!stat.isFile()) continue;
      const url = `/${relative(folder, path).split(sep).join('/')}`;
      files.set(url, { path, type: TYPES[extname(path)] ?? 'application/octet-stream', bytes: stat.size, isImmutable: url.startsWith('/assets/') });
    }
  }
  return {
    isBuilt: files.has('/index.html'),
    find: (urlPath) => files.get(urlPath) ?? (extname(urlPath) === '' ? (files.get('/index.html') ?? null) : null),
    open: (file) => createReadStream(file.path),
  };
}

/** The page's Content-Security-Policy: own scripts only, no eval, no inline script, talk to this gateway alone. */
export function pagePolicy(port: number): string {
  const own = `http://127.0.0.1:${port} ws://127.0.0.1:${port}`;
  return [
    "default-src 'none'", "script-src 'self'", "style-src 'self' 'unsafe-inline'", "img-src 'self' data: blob:", "font-src 'self'", `connect-src ${own}`,
    "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "object-src 'none'",
  ].join('; ');
}

/** The policy of everything that is not a page. */
export const API_POLICY = "default-src 'none'; frame-ancestors 'none'";
