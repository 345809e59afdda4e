/** The files of a project as one text and as one number: the same text has the same hash in every service. */
import { createHash } from 'node:crypto';
import type { ProjectFile } from '#app/contracts/author.ts';

/** Files in the order in which they are stored: by path, by the numbers of its characters (no language has a say in it). */
export function inOrder(files: readonly ProjectFile[]): ProjectFile[] {
  return files.map(({ path, text }) => ({ path, text })).sort((a, b) => (a.path < b.path ? -1 : Number(a.path > b.path)));
}

/** SHA-256 (hex) of the canonical JSON `[[path, text], ...]` of the files, sorted by path. */
export function hashOfFiles(files: readonly ProjectFile[]): string {
  return createHash('sha256').update(JSON.stringify(inOrder(files).map(({ path, text }) => [path, text]))).digest('hex');
}
