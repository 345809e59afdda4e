/** Downloads that are kept only when their checksum is right. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { StepFailure } from './child.mjs';

const LONGEST_MS = 10 * 60_000;
const LARGEST_BYTES = 256 * 1_048_576;

/**
 * @param {Uint8Array} content
 * @param {string} wanted `sha256-<hex or base64>` or `sha512-<base64>`
 * @returns {boolean}
 */
export function hasChecksum(content, wanted) {
  const [algorithm = '', digest = ''] = [wanted.slice(0, 6), wanted.slice(7)];
  const hash = createHash(algorithm).update(content);
  return /^[0-9a-f]{64}$/.test(digest) ? hash.digest('hex') === digest : hash.digest('base64') === digest;
}

/**
 * A file from the cache, else from where it comes from; what is not the wanted one is never kept.
 * @param {{ cacheFile: string, checksum: string, title: string, remedy: string, get: () => Promise<Uint8Array> }} wanted
 * @returns {Promise<Buffer>}
 * @throws {StepFailure} with words: no network, or a damaged download
 */
export async function cached({ cacheFile, checksum, title, remedy, get }) {
  if (existsSync(cacheFile)) {
    const content = readFileSync(cacheFile);
    if (hasChecksum(content, checksum)) return content;
    process.stderr.write(`The kept copy of ${title} is damaged and fetched again.\n`);
    rmSync(cacheFile);
  }
  const content = Buffer.from(await get());
  if (!hasChecksum(content, checksum)) {
    throw new StepFailure(`The download of ${title} is damaged or not the pinned one (${content.length} bytes, wanted ${checksum}). Nothing was kept. Remedy: ${remedy}`);
  }
  mkdirSync(dirname(cacheFile), { recursive: true });
  const beside = `${cacheFile}.${process.pid}`;
  writeFileSync(beside, content);
  renameSync(beside, cacheFile);
  return content;
}

/**
 * @param {string} url
 * @param {string} remedy
 * @returns {Promise<Buffer>}
 * @throws {StepFailure} when it cannot be had
 */
export async function download(url, remedy) {
  try {
    const response = await fetch(url, { redirect: 'follow', signal: AbortSignal.timeout(LONGEST_MS) });
    if (!response.ok) throw new Error(`the server answers ${response.status}`);
    const chunks = [];
    let bytes = 0;
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length;
      if (bytes > LARGEST_BYTES) throw new Error(`it is larger than ${LARGEST_BYTES / 1_048_576} MB`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : '';
    throw new StepFailure(`${url} could not be downloaded: ${error instanceof Error ? error.message : String(error)}${cause}. Remedy: ${remedy}`);
  }
}
