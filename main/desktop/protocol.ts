/** Serves the window's page: files of one folder at `app://mainspring`, and nothing beyond it. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Protocol } from 'electron';
import { contentTypeOf, PAGE_FILE, pagePolicy } from '#app/contracts/page.ts';
import { isOwnAddress, SCHEME } from './scheme.ts';

/** Plain names between slashes. No percent signs: what must be decoded could decode to a way out. A name never begins with a dot. */
const PLAIN_PATH = /^(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$/;

/** What is served. */
export type PageOptions = {
  /** The built dashboard. */
  readonly folder: string;
  /** Where the gateway listens: the page may talk to that port alone; null while none is known. */
  readonly gatewayPort: () => number | null;
};

function headersFor(type: string, port: number | null): Record<string, string> {
  return {
    'content-type': type,
    'content-security-policy': pagePolicy(port),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    // A new version has new files under old names.
    'cache-control': 'no-cache',
  };
}

function refuse(status: number, text: string): Response {
  return new Response(text, { status, headers: headersFor('text/plain; charset=utf-8', null) });
}

/** The file in the folder for a URL path; the page itself for a page's path (no extension); null = there is nothing like that. */
export function fileFor(folder: string, urlPath: string): string | null {
  const wanted = path.posix.extname(urlPath) === '' ? PAGE_FILE : urlPath;
  if (urlPath !== '/' && !PLAIN_PATH.test(urlPath)) return null;
  const file = path.join(folder, ...wanted.split('/'));
  return file.startsWith(folder + path.sep) ? file : null;
}

/** Answers one request of the page. */
export async function servePage(request: Pick<Request, 'method' | 'url'>, { folder, gatewayPort }: PageOptions): Promise<Response> {
  if (request.method !== 'GET') return refuse(405, 'Only GET');
  const file = isOwnAddress(request.url) ? fileFor(folder, new URL(request.url).pathname) : null;
  if (file === null) return refuse(404, 'Not found');
  try {
    return new Response(await readFile(file), { headers: headersFor(contentTypeOf(path.extname(file)), gatewayPort()) });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'EISDIR' && code !== 'ENOTDIR') throw error;
    return refuse(404, file.endsWith(path.join(PAGE_FILE)) ? 'The dashboard is missing from this installation. Install Mainspring again.' : 'Not found');
  }
}

/** Puts the page behind the scheme; once, when the application is ready. */
export function handleScheme(protocol: Pick<Protocol, 'handle'>, options: PageOptions): void {
  protocol.handle(SCHEME, (request) => servePage(request, options));
}
