/** The files of an import: those that were named and those in named folders, read as streams of whole lines in bounded memory. */
import { constants, type Stats } from 'node:fs';
import { lstat, open, readdir, realpath, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { createGunzip, createInflateRaw } from 'node:zlib';
import { AppError, describeError } from '#app/domain/errors.ts';
import { PADDING_BYTES } from '../research/csv-scan.ts';
import { zipEntries, zipEntryStart, type ZipEntry } from './import-zip.ts';

/** One file of bars, or one entry of a zip archive. `bytes`: as it lies there, packed or not; `changedMs`: when it was changed last. */
export type ImportSource = { readonly path: string; readonly entry: string | null; readonly bytes: number; readonly changedMs: number };

/** Files of an import; a folder with more is not what it seems. */
const MAX_FILES = 5_000;
const MAX_DEPTH = 5;
const READABLE = /\.(csv|txt)(\.gz)?$/i;
const ZIP = /\.zip$/i;
/** Files begin in so many ways as gzip does. */
const GZIP = [0x1f, 0x8b] as const;
/** More than any file of bars; a packed file that goes on for longer was made to fill the disk. */
const MAX_UNPACKED = 64 * 1024 ** 3;
const NEWLINE = 0x0a;
/** Bars of a window are written in one transaction. */
export const WINDOW_BYTES = 8 * 1024 * 1024;

function unusable(file: string, error: unknown): AppError {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  const why = code === 'ENOENT' ? 'there is no such file or folder' : code === 'EACCES' || code === 'EPERM' ? 'Mainspring may not read it: change its rights, or copy it to a folder of yours' : `it cannot be read (${describeError(error)})`;
  return new AppError('INPUT_INVALID', `${file}: ${why}`, { context: { file }, cause: error });
}

async function sourcesOfFile(file: string, info: Stats): Promise<ImportSource[]> {
  if (!info.isFile()) throw new AppError('INPUT_INVALID', `${file}: it is neither a file nor a folder`);
  const facts = { path: file, changedMs: Math.trunc(info.mtimeMs) };
  if (!ZIP.test(file)) return [{ ...facts, entry: null, bytes: info.size }];
  const entries = (await zipEntries(file)).filter(({ name, packedBytes }) => packedBytes > 0 && READABLE.test(name) && !/\.gz$/i.test(name));
  if (entries.length === 0) throw new AppError('INPUT_INVALID', `${file}: the archive holds no .csv or .txt`);
  return entries.map(({ name, packedBytes }) => ({ ...facts, entry: name, bytes: packedBytes }));
}

/** Files below a folder that was named. Links that lead out of it are left alone: only what was named is read. */
async function walk(folder: string, { root, depth, most }: { root: string; depth: number; most: number }, found: ImportSource[]): Promise<void> {
  const names = (await readdir(folder)).sort();
  for (const name of names) {
    const place = path.join(folder, name);
    const info = await lstat(place);
    if (info.isSymbolicLink()) {
      const target = await realpath(place).catch(() => null);
      if (target === null || !target.startsWith(root + path.sep)) continue;
    }
    const meant = info.isSymbolicLink() ? await stat(place) : info;
    if (meant.isDirectory()) {
      if (depth < MAX_DEPTH && !info.isSymbolicLink()) await walk(place, { root, depth: depth + 1, most }, found);
    } else if (meant.isFile() && (READABLE.test(name) || ZIP.test(name))) found.push(...(await sourcesOfFile(place, meant)));
    if (found.length > most) throw new AppError('INPUT_TOO_LARGE', `${root} holds more than ${most} files. Import its folders one after the other`);
  }
}

/** All files that are meant, `most` of them at the most, those of folders in the order of their names. @throws AppError INPUT_INVALID, saying which path and what to do; INPUT_TOO_LARGE */
export async function collectSources(paths: readonly string[], most = MAX_FILES): Promise<ImportSource[]> {
  const found: ImportSource[] = [];
  for (const place of paths) {
    if (!path.isAbsolute(place)) throw new AppError('INPUT_INVALID', `${place}: write the whole path, beginning with the drive or /`);
    try {
      const info = await stat(place);
      if (!info.isDirectory()) found.push(...(await sourcesOfFile(place, info)));
      else {
        const before = found.length;
        await walk(place, { root: await realpath(place), depth: 0, most }, found);
        if (found.length === before) throw new AppError('INPUT_INVALID', `${place}: the folder holds no .csv, .txt, .csv.gz or .zip`);
      }
    } catch (error) {
      throw error instanceof AppError ? error : unusable(place, error);
    }
  }
  if (found.length > most) throw new AppError('INPUT_TOO_LARGE', `${found.length} files are more than ${most}. Import them in parts`);
  return found;
}

async function isGzip(handle: FileHandle): Promise<boolean> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
  return bytesRead === 2 && GZIP.every((byte, n) => buffer[n] === byte);
}

/** The file is the one that was told, and still as it was: what is cut off, written to or put in its place while it is read would be taken for all of it. */
async function checkSame(handle: FileHandle, { path: file, entry, bytes, changedMs }: ImportSource): Promise<void> {
  const info = await handle.stat();
  if (!info.isFile()) throw new AppError('INPUT_INVALID', `${file}: it is neither a file nor a folder`);
  // Those of the system that are made while they are read have no length either, and some of them no end.
  if (info.size === 0) throw new AppError('INPUT_INVALID', `${file}: it is empty`);
  if (Math.trunc(info.mtimeMs) !== changedMs || (entry === null && info.size !== bytes)) throw new AppError('INPUT_INVALID', `${file}: it was changed while it was read. Import it again: what is known stays as it is`);
}

/** Opens a file without waiting for anybody: a pipe that stands in its place now has no writer, perhaps for ever. */
async function openFile(source: ImportSource): Promise<FileHandle> {
  const handle = await open(source.path, constants.O_RDONLY | ((constants.O_NONBLOCK as number | undefined) ?? 0));
  try {
    await checkSame(handle, source);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** A file's unpacked bytes from `skip` on. `packed` tells how far the file itself has been read. */
type Opened = { readonly bytes: Readable; readonly packed: () => number; readonly skip: number };

async function openSource(source: ImportSource, handle: FileHandle, skip: number): Promise<Opened> {
  if (source.entry !== null) {
    const entry: ZipEntry | undefined = (await zipEntries(source.path)).find(({ name }) => name === source.entry);
    if (!entry) throw new AppError('INPUT_INVALID', `${source.path}: ${source.entry} is not in the archive any more`);
    const start = await zipEntryStart(source.path, entry);
    const raw = handle.createReadStream({ autoClose: false, start, end: start + entry.packedBytes - 1 });
    return { bytes: entry.isStored ? raw : pipeErrors(raw, createInflateRaw()), packed: () => raw.bytesRead, skip };
  }
  if (await isGzip(handle)) {
    const raw = handle.createReadStream({ autoClose: false, start: 0 });
    return { bytes: pipeErrors(raw, createGunzip()), packed: () => raw.bytesRead, skip };
  }
  const raw = handle.createReadStream({ autoClose: false, start: skip });
  return { bytes: raw, packed: () => skip + raw.bytesRead, skip: 0 };
}

/** `pipe` with errors going along. It comes apart by itself when its reader stops; the file is closed by whoever opened it. */
function pipeErrors<T extends Readable & NodeJS.WritableStream>(raw: Readable, unpack: T): T {
  raw.on('error', (error) => unpack.destroy(error));
  raw.pipe(unpack);
  return unpack;
}

/** A piece of whole lines. `bytes` end with the newlines that the parser stops at; `start`, `end`: its place in the unpacked file; `packed`: how far the file itself was read. */
export type LineWindow = { readonly bytes: Uint8Array; readonly start: number; readonly end: number; readonly packed: number };

function windowOf(buffer: Buffer, length: number): Uint8Array {
  const window = new Uint8Array(length + PADDING_BYTES).fill(NEWLINE, length);
  window.set(buffer.subarray(0, length));
  return window;
}

/**
 * Reads a file from a place on, window by window; no more than two windows are held. The last line may lack its newline.
 * @throws AppError INPUT_INVALID for a file that cannot be read or unpacked, or has no lines; INPUT_TOO_LARGE
 */
export async function* lineWindows(source: ImportSource, skip: number, windowBytes: number): AsyncGenerator<LineWindow, void, undefined> {
  const name = source.entry === null ? source.path : `${source.path} > ${source.entry}`;
  let buffer = Buffer.allocUnsafe(windowBytes);
  let [held, at] = [0, skip];
  let handle: FileHandle | null = null;
  try {
    handle = await openFile(source);
    const opened = await openSource(source, handle, skip);
    let toSkip = opened.skip;
    let unpacked = skip - opened.skip;
    for await (const chunk of opened.bytes as AsyncIterable<Buffer>) {
      unpacked += chunk.length;
      if (unpacked > MAX_UNPACKED) throw new AppError('INPUT_TOO_LARGE', `${name}: unpacked it is longer than ${MAX_UNPACKED / 1024 ** 3} GB`);
      let rest = chunk;
      if (toSkip > 0) {
        rest = chunk.subarray(Math.min(toSkip, chunk.length));
        toSkip -= chunk.length - rest.length;
      }
      while (rest.length > 0) {
        const taken = rest.copy(buffer, held, 0, Math.min(rest.length, windowBytes - held));
        held += taken;
        rest = rest.subarray(taken);
        if (held < windowBytes) continue;
        const end = buffer.lastIndexOf(NEWLINE, held - 1) + 1;
        if (end === 0) throw new AppError('INPUT_INVALID', `${name}: it has a line of more than ${Math.floor(windowBytes / 1024)} KB; this is no CSV file of bars`);
        yield { bytes: windowOf(buffer, end), start: at, end: at + end, packed: opened.packed() };
        const next = Buffer.allocUnsafe(windowBytes);
        buffer.copy(next, 0, end, held);
        [buffer, held, at] = [next, held - end, at + end];
      }
    }
    await checkSame(handle, source);
    if (held > 0) yield { bytes: windowOf(buffer, held), start: at, end: at + held, packed: source.bytes };
  } catch (error) {
    if (error instanceof AppError) throw error;
    const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
    if (typeof code === 'string' && code.startsWith('Z_')) throw new AppError('INPUT_INVALID', `${name}: it is damaged and cannot be unpacked (${code})`, { cause: error });
    throw typeof code === 'string' && /^E[A-Z]+$/.test(code) ? unusable(name, error) : error;
  } finally {
    await handle?.close();
  }
}

/** The beginning of a file, whole lines of it, and whether that is all of it. */
export async function beginningOf(source: ImportSource, mostBytes: number): Promise<{ readonly bytes: Uint8Array; readonly isWhole: boolean }> {
  let first: LineWindow | null = null;
  for await (const window of lineWindows(source, 0, mostBytes)) {
    if (first !== null) return { bytes: first.bytes, isWhole: false };
    first = window;
  }
  if (first === null) throw new AppError('INPUT_INVALID', `${source.path}: it is empty`);
  return { bytes: first.bytes, isWhole: true };
}
