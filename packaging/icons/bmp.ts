/** Writes Windows bitmaps: 24 bits, as the installer's side picture must be. */

const FILE_HEADER_BYTES = 14;
const HEADER_BYTES = 40;

/** Pixels of a picture: straight RGBA, rows from the top; opaque, since a bitmap knows no transparency. */
export type Pixels = { readonly width: number; readonly height: number; readonly rgba: Uint8Array };

/**
 * @returns the file's bytes
 * @throws RangeError when there are not as many pixels as the size says
 */
export function writeBmp({ width, height, rgba }: Pixels): Buffer {
  if (rgba.length !== width * height * 4) throw new RangeError(`${rgba.length} bytes are not ${width} x ${height} pixels.`);
  const row = Math.ceil((width * 3) / 4) * 4;
  const start = FILE_HEADER_BYTES + HEADER_BYTES;
  const file = Buffer.alloc(start + row * height);
  file.write('BM', 0, 'latin1');
  file.writeUInt32LE(file.length, 2);
  file.writeUInt32LE(start, 10);
  file.writeUInt32LE(HEADER_BYTES, 14);
  file.writeInt32LE(width, 18);
  file.writeInt32LE(height, 22); // Positive: rows from the bottom.
  file.writeUInt16LE(1, 26);
  file.writeUInt16LE(24, 28);
  file.writeUInt32LE(row * height, 34);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const from = ((height - 1 - y) * width + x) * 4;
      file.set([rgba[from + 2] ?? 0, rgba[from + 1] ?? 0, rgba[from] ?? 0], start + y * row + x * 3);
    }
  }
  return file;
}
