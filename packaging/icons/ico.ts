/** Writes Windows icon files: several pictures of one icon in one file. */

/** One picture of an icon. */
export type Picture = {
  /** Width and height in pixels, 1..256. */ readonly size: number;
  /** The same picture as PNG. */ readonly png: Uint8Array;
  /** Straight (not premultiplied) RGBA, rows from the top. */ readonly rgba: Uint8Array;
};

const HEADER_BYTES = 6;
const ENTRY_BYTES = 16;
const BITMAP_HEADER_BYTES = 40;
/** From this size on the picture is stored as PNG, as Windows itself does; older readers know only bitmaps below it. */
const SMALLEST_PNG = 256;

/** A bitmap as icons want it: 32 bits, rows from the bottom, and a mask of one bit per pixel whose rows fill 4 bytes. */
function toBitmap({ size, rgba }: Picture): Buffer {
  const maskRow = Math.ceil(size / 32) * 4;
  const bitmap = Buffer.alloc(BITMAP_HEADER_BYTES + size * size * 4 + maskRow * size);
  bitmap.writeUInt32LE(BITMAP_HEADER_BYTES, 0);
  bitmap.writeInt32LE(size, 4);
  bitmap.writeInt32LE(size * 2, 8); // Colours and mask together.
  bitmap.writeUInt16LE(1, 12);
  bitmap.writeUInt16LE(32, 14);
  bitmap.writeUInt32LE(size * size * 4 + maskRow * size, 20);
  const maskStart = BITMAP_HEADER_BYTES + size * size * 4;
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1) {
      const from = ((size - 1 - row) * size + column) * 4;
      const to = BITMAP_HEADER_BYTES + (row * size + column) * 4;
      const [red = 0, green = 0, blue = 0, alpha = 0] = rgba.subarray(from, from + 4);
      bitmap.set([blue, green, red, alpha], to);
      const maskByte = maskStart + row * maskRow + (column >> 3);
      if (alpha === 0) bitmap.writeUInt8(bitmap.readUInt8(maskByte) | (0x80 >> (column & 7)), maskByte);
    }
  }
  return bitmap;
}

/**
 * @param pictures at least one; each size once
 * @returns the file's bytes
 * @throws RangeError when a picture does not have the pixels that its size says, or is larger than an icon may be
 */
export function writeIco(pictures: readonly Picture[]): Buffer {
  const sorted = [...pictures].sort((a, b) => a.size - b.size);
  for (const { size, rgba } of sorted) {
    if (size < 1 || size > 256 || rgba.length !== size * size * 4) throw new RangeError(`A picture of ${rgba.length} bytes is not ${size} x ${size} pixels of an icon.`);
  }
  const images = sorted.map((picture) => (picture.size >= SMALLEST_PNG ? Buffer.from(picture.png) : toBitmap(picture)));
  const header = Buffer.alloc(HEADER_BYTES + ENTRY_BYTES * sorted.length);
  header.writeUInt16LE(1, 2);
  header.writeUInt16LE(sorted.length, 4);
  let offset = header.length;
  for (const [index, { size }] of sorted.entries()) {
    const at = HEADER_BYTES + ENTRY_BYTES * index;
    const length = images[index]?.length ?? 0;
    header.writeUInt8(size % 256, at); // 256 is written as 0.
    header.writeUInt8(size % 256, at + 1);
    header.writeUInt16LE(1, at + 4);
    header.writeUInt16LE(32, at + 6);
    header.writeUInt32LE(length, at + 8);
    header.writeUInt32LE(offset, at + 12);
    offset += length;
  }
  return Buffer.concat([header, ...images]);
}
