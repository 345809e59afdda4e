/** The icons in assets/ are exactly what the code draws, and each file is what Windows expects. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { drawIcons } from './draw.ts';
import { writeBmp } from './bmp.ts';
import { writeIco } from './ico.ts';
import { TRAY_STATES } from './mark.ts';

const assets = path.join(import.meta.dirname, '..', '..', 'assets');
const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .sort();

describe('the icons', () => {
  let drawn: ReadonlyMap<string, Uint8Array>;
  beforeAll(async () => {
    drawn = await drawIcons();
  });

  it('are the committed files, byte by byte', () => {
    // The record of the proofs lies there too, and is drawn by nobody.
    expect([...drawn.keys()].sort()).toEqual(filesBelow(assets).filter((name) => name !== 'proof.json'));
    for (const [name, bytes] of drawn) expect(Buffer.compare(bytes, readFileSync(path.join(assets, name))), name).toBe(0);
  });

  it('hold every size from 16 to 256 pixels in the application icon', () => {
    expect(entriesOf(drawn.get('icon.ico')).map(({ size }) => size)).toEqual([16, 20, 24, 32, 40, 48, 64, 128, 256]);
    expect(entriesOf(drawn.get('icon.ico')).at(-1)?.image.subarray(1, 4).toString()).toBe('PNG');
  });

  it.each(TRAY_STATES)('show %s in pixels that no other state shows, even without colours', (state) => {
    const shapes = TRAY_STATES.map((name) => lightPixels(drawn.get(`tray/${name}.ico`)));
    const own = shapes[TRAY_STATES.indexOf(state)];
    const closest = Math.min(...shapes.filter((shape) => shape !== own).map((shape) => distance(shape, own ?? [])));
    expect(closest).toBeGreaterThan(8);
  });
});

/** The pictures in an icon file, as its directory tells. */
function entriesOf(bytes: Uint8Array | undefined): { size: number; image: Buffer }[] {
  const file = Buffer.from(bytes ?? []);
  return Array.from({ length: file.readUInt16LE(4) }, (_, index) => {
    const at = 6 + 16 * index;
    const start = file.readUInt32LE(at + 12);
    return { size: file.readUInt8(at) || 256, image: file.subarray(start, start + file.readUInt32LE(at + 8)) };
  });
}

/** Is a pixel of the 16-pixel picture light? The badge's quarter only. */
function lightPixels(ico: Uint8Array | undefined): boolean[] {
  const pixels = entriesOf(ico)[0]?.image.subarray(40) ?? Buffer.alloc(0);
  return Array.from({ length: 256 }, (_, at) => {
    const [column, row] = [at % 16, 15 - Math.floor(at / 16)];
    return column >= 7 && row >= 7 && Math.max(...pixels.subarray(at * 4, at * 4 + 3)) > 110;
  });
}

const distance = (a: readonly boolean[], b: readonly boolean[]): number => a.filter((light, at) => light !== b[at]).length;

describe('writing an icon file', () => {
  const picture = { size: 1, png: new Uint8Array([1]), rgba: new Uint8Array([10, 20, 30, 0]) };

  it('turns rows bottom up, RGBA to BGRA, and masks what is clear', () => {
    const rgba = new Uint8Array([1, 2, 3, 255, 4, 5, 6, 255, 7, 8, 9, 255, 0, 0, 0, 0]);
    const file = writeIco([{ size: 2, png: new Uint8Array(), rgba }]);
    const colours = file.subarray(22 + 40);
    expect([...colours.subarray(0, 16)]).toEqual([9, 8, 7, 255, 0, 0, 0, 0, 3, 2, 1, 255, 6, 5, 4, 255]);
    expect([...colours.subarray(16)]).toEqual([0x40, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('refuses a picture whose pixels do not match its size', () => {
    expect(() => writeIco([{ ...picture, size: 2 }])).toThrow(RangeError);
    expect(() => writeIco([{ ...picture, size: 300, rgba: new Uint8Array(300 * 300 * 4) }])).toThrow(RangeError);
  });
});

describe('writing a bitmap', () => {
  it('turns rows bottom up, RGBA to BGR, and fills each row to four bytes', () => {
    const file = writeBmp({ width: 1, height: 2, rgba: new Uint8Array([1, 2, 3, 255, 4, 5, 6, 255]) });
    expect([file.subarray(0, 2).toString(), file.readUInt32LE(2), file.readInt32LE(18), file.readInt32LE(22)]).toEqual(['BM', file.length, 1, 2]);
    expect([...file.subarray(54)]).toEqual([6, 5, 4, 0, 3, 2, 1, 0]);
  });

  it('refuses a picture whose pixels do not match its size', () => {
    expect(() => writeBmp({ width: 2, height: 2, rgba: new Uint8Array(4) })).toThrow(RangeError);
  });
});
