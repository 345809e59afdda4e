/** Reads Electron's archives: their list, their header's hash (the one that the executable carries), a file's bytes. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

type Node = { readonly files?: Readonly<Record<string, Node>>; readonly size?: number; readonly offset?: string; readonly unpacked?: boolean };

/** One file of an archive; `unpacked` ones lie beside it. */
export type ArchivedFile = { readonly name: string; readonly size: number; readonly isUnpacked: boolean; readonly bytes: Buffer | null };

/** An archive: its files by name with forward slashes, and the sha256 of its header. */
export type Archive = { readonly files: ReadonlyMap<string, ArchivedFile>; readonly headerHash: string };

/** Chromium pickles: four lengths stand before the header's text. */
const LENGTHS_BYTES = 16;

/** @throws SyntaxError when the file is not an archive */
export function readArchive(file: string): Archive {
  const bytes = readFileSync(file);
  const header = bytes.subarray(LENGTHS_BYTES, LENGTHS_BYTES + bytes.readUInt32LE(12)).toString('utf8');
  const start = 8 + bytes.readUInt32LE(4);
  const files = new Map<string, ArchivedFile>();
  const walk = (node: Node, prefix: string): void => {
    for (const [key, child] of Object.entries(node.files ?? {})) {
      const name = `${prefix}${key}`;
      if (child.files !== undefined) {
        walk(child, `${name}/`);
        continue;
      }
      const size = child.size ?? 0;
      const isUnpacked = child.unpacked === true;
      const offset = start + Number(child.offset ?? 0);
      files.set(name, { name, size, isUnpacked, bytes: isUnpacked ? null : bytes.subarray(offset, offset + size) });
    }
  };
  walk(JSON.parse(header) as Node, '');
  return { files, headerHash: createHash('sha256').update(header).digest('hex') };
}
