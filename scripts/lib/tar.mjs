/** Reads the tar archives that npm packages are. */
import { gunzipSync } from 'node:zlib';

const BLOCK = 512;

/**
 * @param {Buffer} block
 * @param {number} start
 * @param {number} end
 */
function textOf(block, start, end) {
  const text = block.toString('utf8', start, end);
  const stop = text.indexOf('\0');
  return stop < 0 ? text : text.slice(0, stop);
}

/** @param {Buffer} content of a pax header: lines of `length key=value` */
const paxPath = (content) => /(?:^|\n)\d+ path=(.*)\n/.exec(content.toString('utf8'))?.[1];

/**
 * The regular files of a packed npm package.
 * @param {Buffer} archive gzip
 * @returns {Map<string, Buffer>} by path, without the first folder (`package/`)
 * @throws {Error} when it is damaged
 */
export function readNpmArchive(archive) {
  const tar = gunzipSync(archive);
  /** @type {Map<string, Buffer>} */
  const files = new Map();
  /** @type {string | undefined} */
  let longName;
  for (let at = 0; at + BLOCK <= tar.length; ) {
    const header = tar.subarray(at, at + BLOCK);
    if (header[0] === 0) break;
    const size = Number.parseInt(textOf(header, 124, 136).trim() || '0', 8);
    const content = tar.subarray(at + BLOCK, at + BLOCK + size);
    if (!Number.isInteger(size) || content.length !== size) throw new Error('The archive ends in the middle of a file');
    const type = String.fromCharCode(header[156] ?? 0);
    const prefix = textOf(header, 345, 500);
    const name = longName ?? (prefix === '' ? '' : `${prefix}/`) + textOf(header, 0, 100);
    longName = undefined;
    if (type === 'x') longName = paxPath(content);
    else if (type === 'L') longName = textOf(content, 0, size);
    else if (type === '0' || type === '\0') files.set(name.replace(/^[^/]*\//, ''), content);
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}
