/** A picture for the author profile: read, cut to a square, made small, in the browser alone. */

/** Side of the stored picture at most, pixels. */
export const PICTURE_SIDE = 256;
/** Stored bytes at most; the contract's limit counts the characters of the data URI. */
export const PICTURE_BYTES = 200_000;
const FILE_BYTES = 20_000_000;
const KINDS: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/webp']);
/** From the best to the least that is still a face. */
const QUALITIES = [0.92, 0.8, 0.65, 0.5] as const;

/** What is wrong with a chosen file before it is read; null = nothing. Pure. */
export function fileProblem(file: { readonly type: string; readonly size: number; readonly name: string }): string | null {
  if (!KINDS.has(file.type)) return `${file.name} is not a PNG, JPEG or WebP picture. Choose one of these.`;
  if (file.size === 0) return `${file.name} is empty.`;
  return file.size > FILE_BYTES ? `${file.name} has ${Math.round(file.size / 1_000_000)} MB. Choose a picture of at most ${FILE_BYTES / 1_000_000} MB.` : null;
}

/** The square in the middle that is kept, and the side it is drawn with; never larger than it was. Pure. squareOf(400, 300) = { x: 50, y: 0, from: 300, to: 256 } */
export function squareOf(width: number, height: number): { readonly x: number; readonly y: number; readonly from: number; readonly to: number } {
  const from = Math.min(width, height);
  return { x: Math.floor((width - from) / 2), y: Math.floor((height - from) / 2), from, to: Math.min(from, PICTURE_SIDE) };
}

/** Bytes behind a base64 data URI. Pure. */
export function bytesOf(uri: string): number {
  const data = uri.slice(uri.indexOf(',') + 1);
  return Math.floor((data.length * 3) / 4) - (data.endsWith('==') ? 2 : data.endsWith('=') ? 1 : 0);
}

/**
 * The file as a small square picture in a data URI.
 * @throws Error in words for people when it is no picture, or cannot be made small enough
 */
export async function readPicture(file: File): Promise<string> {
  const problem = fileProblem(file);
  if (problem !== null) throw new Error(problem);
  const bitmap = await createImageBitmap(file).catch((error: unknown) => {
    throw new Error(`${file.name} cannot be read as a picture; it may be damaged. Open it in another program and save it anew.`, { cause: error });
  });
  try {
    const square = squareOf(bitmap.width, bitmap.height);
    const canvas = document.createElement('canvas');
    canvas.width = square.to;
    canvas.height = square.to;
    const context = canvas.getContext('2d');
    if (context === null) throw new Error('This browser does not draw pictures; choose one in another browser.');
    context.imageSmoothingQuality = 'high';
    context.drawImage(bitmap, square.x, square.y, square.from, square.from, 0, 0, square.to, square.to);
    // What may be see-through stays a PNG when it is small enough.
    const tries = [...(file.type === 'image/png' ? [canvas.toDataURL('image/png')] : []), ...QUALITIES.map((quality) => canvas.toDataURL('image/webp', quality))];
    const small = tries.find((uri) => bytesOf(uri) <= PICTURE_BYTES);
    if (small === undefined) throw new Error('This picture cannot be made small enough. Choose one with less detail.');
    return small;
  } finally {
    bitmap.close();
  }
}
