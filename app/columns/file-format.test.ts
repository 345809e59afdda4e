/** Column files: what goes in comes out to the last bit, and nothing else is ever taken for bars. */
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BAR_FIELDS, barColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { AppError } from '#app/domain/errors.ts';
import { decodeColumns, encodeColumns, fileBytes, readHeader, type SeriesLabel } from './file-format.ts';

const LABEL: SeriesLabel = { symbol: 'BRK.B', timeframe: '1Day', adjustment: 'split', source: 'book:42' };

function columnsOf(rows: readonly number[]): BarColumns {
  const bars = barColumns(rows.length);
  rows.forEach((value, n) => {
    bars.time[n] = 1_700_000_000_000 + n * 86_400_000;
    BAR_FIELDS.forEach((field, at) => (bars[field][n] = value + at / 8));
  });
  return bars;
}

const memoryOf = (bytes: Uint8Array): ArrayBuffer => bytes.slice().buffer;
function codeOf(run: () => unknown): string {
  try {
    run();
    return 'nothing';
  } catch (error) {
    return error instanceof AppError ? error.code : `a stray error: ${String(error)}`;
  }
}

describe('a column file', () => {
  it('gives back the very bits, the label and the length it was made with', () => {
    fc.assert(fc.property(fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { maxLength: 40 }), (values) => {
      const bars = columnsOf(values);
      const bytes = encodeColumns(LABEL, bars, crc32);
      expect(bytes.length).toBe(fileBytes(LABEL, values.length));
      const { header, bars: read } = decodeColumns(memoryOf(bytes), crc32);
      expect(header.label).toEqual(LABEL);
      expect(read.time).toEqual(bars.time);
      for (const field of BAR_FIELDS) expect(new BigUint64Array(read[field].slice().buffer)).toEqual(new BigUint64Array(bars[field].slice().buffer));
    }), { numRuns: 100 });
  });

  it('is read where it lies: the columns are views on the memory of the file, shared or not', () => {
    const bytes = encodeColumns(LABEL, columnsOf([1, 2, 3]), crc32);
    const shared = new SharedArrayBuffer(bytes.length);
    new Uint8Array(shared).set(bytes);
    const { bars } = decodeColumns(shared, crc32);
    expect(bars.close.buffer).toBe(shared);
    expect([...bars.open]).toEqual([1, 2, 3]);
  });

  it('can be looked at by its header alone', () => {
    const bytes = encodeColumns(LABEL, columnsOf([5, 6]), crc32);
    expect(readHeader(bytes.subarray(0, 256), crc32)).toMatchObject({ label: LABEL, bars: 2, first: 1_700_000_000_000, last: 1_700_086_400_000, fileBytes: bytes.length });
  });

  it('is refused when any one byte of it is another', () => {
    const whole = encodeColumns(LABEL, columnsOf([1.5, 2.25, 3]), crc32);
    fc.assert(fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const bytes = whole.slice();
      bytes[at] = (bytes[at] ?? 0) ^ change;
      expect(codeOf(() => decodeColumns(memoryOf(bytes), crc32))).toBe('COLUMNS_DAMAGED');
    }), { numRuns: 300 });
  });

  it('is refused when it is cut short, longer than it says, or something else', () => {
    const whole = encodeColumns(LABEL, columnsOf([1.5, 2.25, 3]), crc32);
    for (let length = 0; length < whole.length; length += 1) expect(codeOf(() => decodeColumns(memoryOf(whole.subarray(0, length)), crc32))).toBe('COLUMNS_DAMAGED');
    expect(codeOf(() => decodeColumns(memoryOf(new Uint8Array([...whole, 0])), crc32))).toBe('COLUMNS_DAMAGED');
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(codeOf(() => decodeColumns(memoryOf(bytes), crc32))).toBe('COLUMNS_DAMAGED');
    }), { numRuns: 200 });
  });

  it('is refused whatever its header says, even with checksums that are right', () => {
    const whole = encodeColumns(LABEL, columnsOf([1.5, 2.25, 3]), crc32);
    fc.assert(fc.property(fc.integer({ min: 8, max: 39 }), fc.uint8Array({ minLength: 1, maxLength: 8 }), (at, forged) => {
      const bytes = whole.slice();
      bytes.set(forged.subarray(0, 40 - at), at);
      new DataView(bytes.buffer).setUint32(44, 0, true);
      const headerBytes = Math.min(new DataView(bytes.buffer).getUint32(12, true), bytes.length);
      new DataView(bytes.buffer).setUint32(44, crc32(bytes.subarray(0, headerBytes)), true);
      const isSame = bytes.every((byte, n) => n >= 44 && n < 48 ? true : byte === whole[n]);
      expect(codeOf(() => decodeColumns(memoryOf(bytes), crc32))).toBe(isSame ? 'nothing' : 'COLUMNS_DAMAGED');
    }), { numRuns: 300 });
  });

  it('is not made of columns that a reader could not rely on', () => {
    const backwards = columnsOf([1, 2]);
    backwards.time[1] = backwards.time[0] ?? 0;
    const broken = columnsOf([1, 2]);
    broken.low[1] = NaN;
    for (const bars of [backwards, broken]) expect(codeOf(() => encodeColumns(LABEL, bars, crc32))).toBe('INVARIANT_BROKEN');
    expect(codeOf(() => encodeColumns({ ...LABEL, symbol: 'Å' }, columnsOf([1]), crc32))).toBe('INVARIANT_BROKEN');
  });
});
