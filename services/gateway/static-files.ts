/** The dashboard's files: a closed list made at the start, so that no path can leave the folder. */
import { createReadStream, existsSync, readdirSync, statSync } from 'node:fs';
import type { ReadStream } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { contentTypeOf, PAGE_FILE } from '#app/contracts/page.ts';

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
      files.set(url, { path, type: contentTypeOf(extname(path)), bytes: stat.size, isImmutable: url.startsWith('/assets/') });
    }
  }
  return {
    isBuilt: files.has(PAGE_FILE),
    find: (urlPath) => files.get(urlPath) ?? (extname(urlPath) === '' ? (files.get(PAGE_FILE) ?? null) : null),
    open: (file) => createReadStream(file.path),
  };
}

/** The policy of everything that is not a page. */
export const API_POLICY = "default-src 'none'; frame-ancestors 'none'";
