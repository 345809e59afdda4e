/** Rows that an import cannot use, kept aside as they are: nothing of a file is lost. */
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import path from 'node:path';

/** A refused row. `file`: as a person knows it; `reason` in words. */
export type RefusedRow = { readonly file: string; readonly line: number; readonly reason: string; readonly text: string };

const HEADER = 'file,line,reason,row\n';
const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;

/** Where refused rows of an import lie, below the data folder. */
export function refusedFile(folder: string, importId: string): string {
  return path.join(folder, importId, 'refused.csv');
}

/** Takes refused rows down. `bytes`: length of the file; the book has the length that belongs to what it holds. */
export type RefusedRows = { readonly bytes: number; add(rows: readonly RefusedRow[]): Promise<void>; close(): Promise<void> };

/** Opens the file of an import at the length that the book knows: what a process wrote before it died, and did not tell the book, is written again. The file is made with the first row. */
export function openRefused(file: string, knownBytes: number): RefusedRows {
  let handle: FileHandle | null = null;
  let bytes = knownBytes;
  const ensure = async (): Promise<FileHandle> => {
    if (handle !== null) return handle;
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    const opened = await open(file, knownBytes === 0 ? 'w+' : 'r+', 0o600);
    await opened.truncate(knownBytes);
    handle = opened;
    return opened;
  };
  return {
    get bytes() {
      return bytes;
    },
    async add(rows) {
      if (rows.length === 0) return;
      const to = await ensure();
      const text = Buffer.from(`${bytes === 0 ? HEADER : ''}${rows.map((row) => `${quoted(row.file)},${row.line},${quoted(row.reason)},${quoted(row.text)}\n`).join('')}`);
      await to.write(text, 0, text.length, bytes);
      await to.sync();
      bytes += text.length;
    },
    async close() {
      await handle?.close();
    },
  };
}
