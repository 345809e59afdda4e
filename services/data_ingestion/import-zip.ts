/** The directory of a zip archive, read off its end: which files it holds and where they begin. Unpacking is zlib's. */
import { open, type FileHandle } from 'node:fs/promises';
import { AppError } from '#app/domain/errors.ts';

/** A file in an archive. `offset`: of its header in the archive. */
export type ZipEntry = { readonly name: string; readonly offset: number; readonly packedBytes: number; readonly isStored: boolean };

/** PKWARE, APPNOTE 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16. */
const [LOCAL, CENTRAL, END] = [0x04034b50, 0x02014b50, 0x06054b50];
const [LOCAL_BYTES, CENTRAL_BYTES, END_BYTES] = [30, 46, 22];
const MAX_COMMENT = 65_535;
const MAX_ENTRIES = 5_000;
const MAX_DIRECTORY_BYTES = 4 * 1024 * 1024;
const ENCRYPTED = 1;
const [STORED, DEFLATED] = [0, 8];
/** What a field holds when its value stands in the 64-bit extension. */
const ELSEWHERE = 0xffffffff;

function unusable(file: string, why: string): AppError {
  return new AppError('INPUT_INVALID', `${file}: ${why}. Unpack it, and import the files`);
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}

async function withFile<T>(file: string, act: (handle: FileHandle) => Promise<T>): Promise<T> {
  const handle = await open(file, 'r');
  try {
    return await act(handle);
  } finally {
    await handle.close();
  }
}

/** The directory's bytes and how many entries it has. */
async function directoryOf(file: string, handle: FileHandle): Promise<{ readonly bytes: Buffer; readonly count: number }> {
  const { size } = await handle.stat();
  const tailBytes = Math.min(size, END_BYTES + MAX_COMMENT);
  const tail = await readAt(handle, size - tailBytes, tailBytes);
  let at = tail.length - END_BYTES;
  while (at >= 0 && tail.readUInt32LE(at) !== END) at -= 1;
  if (at < 0) throw unusable(file, 'it is no zip archive, or a damaged one');
  const [count, bytes, offset] = [tail.readUInt16LE(at + 10), tail.readUInt32LE(at + 12), tail.readUInt32LE(at + 16)];
  if (offset === ELSEWHERE || bytes > MAX_DIRECTORY_BYTES || count > MAX_ENTRIES) throw unusable(file, 'the archive is too large to be read as it is');
  return { bytes: await readAt(handle, offset, bytes), count };
}

/** Every file of an archive, in its order. @throws AppError INPUT_INVALID for what is no archive, is damaged, encrypted or larger than 4 GB */
export function zipEntries(file: string): Promise<ZipEntry[]> {
  return withFile(file, async (handle) => {
    const { bytes, count } = await directoryOf(file, handle);
    const entries: ZipEntry[] = [];
    let at = 0;
    for (let n = 0; n < count; n += 1) {
      if (at + CENTRAL_BYTES > bytes.length || bytes.readUInt32LE(at) !== CENTRAL) throw unusable(file, 'its directory is damaged');
      const [flags, method, packedBytes] = [bytes.readUInt16LE(at + 8), bytes.readUInt16LE(at + 10), bytes.readUInt32LE(at + 20)];
      const [nameBytes, extraBytes, commentBytes, offset] = [bytes.readUInt16LE(at + 28), bytes.readUInt16LE(at + 30), bytes.readUInt16LE(at + 32), bytes.readUInt32LE(at + 42)];
      const name = bytes.toString('utf8', at + CENTRAL_BYTES, at + CENTRAL_BYTES + nameBytes);
      at += CENTRAL_BYTES + nameBytes + extraBytes + commentBytes;
      if (name.endsWith('/')) continue;
      if ((flags & ENCRYPTED) !== 0) throw unusable(file, `${name} is encrypted`);
      if (method !== STORED && method !== DEFLATED) throw unusable(file, `${name} is packed in a way that is not known here`);
      if (packedBytes === ELSEWHERE || offset === ELSEWHERE) throw unusable(file, `${name} is larger than 4 GB`);
      entries.push({ name, offset, packedBytes, isStored: method === STORED });
    }
    return entries;
  });
}

/** Where the packed bytes of an entry begin. @throws AppError INPUT_INVALID */
export function zipEntryStart(file: string, entry: ZipEntry): Promise<number> {
  return withFile(file, async (handle) => {
    const header = await readAt(handle, entry.offset, LOCAL_BYTES);
    if (header.length < LOCAL_BYTES || header.readUInt32LE(0) !== LOCAL) throw unusable(file, `${entry.name} is damaged`);
    return entry.offset + LOCAL_BYTES + header.readUInt16LE(26) + header.readUInt16LE(28);
  });
}
