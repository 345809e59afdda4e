/** Parquet files of bars: what comes out is, to the digit, what went in. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { BAR_FILE_NUMBERS, decimalText, escapeText, unscaled, writeBarFile, type BarFileShape } from './bar-parquet.ts';
import { describeBarFile, measureBarFile, readBarFileRows, readBarFileSeries } from './bar-parquet-read.ts';

const folder = mkdtempSync(join(tmpdir(), 'ms-parquet-'));
afterAll(() => rmSync(folder, { recursive: true }));
const label = { month: '2023-01', timeframe: '1Min' };

/** What the book is asked for before a month is written: the longest numbers of each column. */
function shapeOf(rows: readonly (readonly string[])[]): BarFileShape {
  const column = (at: number) => {
    const texts = rows.map((row) => row[at] ?? '0');
    const scale = Math.max(0, ...texts.map((text) => text.split('.')[1]?.length ?? 0));
    return { scale, digits: Math.max(1, ...texts.map((text) => (text.split('.')[0] ?? '').length)) + scale };
  };
  return Object.fromEntries(BAR_FILE_NUMBERS.map((name, n) => [name, column(3 + n)])) as BarFileShape;
}
async function written(name: string, rows: readonly (readonly string[])[], piece = 1_000) {
  const path = join(folder, name);
  const text = Buffer.from(rows.map((row) => `${row.join('\t')}\n`).join(''));
  const handle = await open(path, 'w');
  const result = await writeBarFile(handle, (async function* () { for (let at = 0; at < text.length; at += piece) yield await Promise.resolve(text.subarray(at, at + piece)); })(), { shape: shapeOf(rows), label });
  await handle.close();
  return { path, text, result };
}
async function textOf(path: string): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of readBarFileRows(path)) parts.push(part);
  return Buffer.concat(parts);
}
const minute = (n: number): string => String(1_672_756_200_000_000n + BigInt(n) * 60_000_000n);

describe('decimals', () => {
  it('are integers of their last digit, and the shortest text again', () => {
    expect([unscaled('1.5', 4), unscaled('12', 0), unscaled('0.000000001', 9)]).toEqual([15_000n, 12n, 1n]);
    expect([decimalText(15_000n, 4), decimalText(10n, 1), decimalText(1n, 9), decimalText(0n, 9), decimalText(1_200, 0)]).toEqual(['1.5', '1', '0.000000001', '0', '1200']);
    expect(() => unscaled('1.55', 1)).toThrow(/more decimals/);
  });
});

describe('a file of bars', () => {
  it('gives back every digit, microsecond and name, of any rows', async () => {
    const decimal = fc.tuple(fc.bigInt({ min: 1n, max: 999_999_999_999_999n }), fc.bigInt({ min: 0n, max: 999_999_999n })).map(([whole, fraction]) => decimalText(whole * 1_000_000_000n + fraction, 9));
    const cents = fc.integer({ min: 1, max: 99_999_999 }).map((value) => decimalText(value, 2));
    const row = fc.tuple(fc.constantFrom('AAPL', 'BRK.B', 'A\\B', 'SPY'), fc.oneof(decimal, cents), cents, cents, cents, fc.oneof(fc.constant('0'), decimal), fc.constantFrom('stream', 'a\tb', 'Ünicode'), fc.integer({ min: 0, max: 999_999 }));
    let file = 0;
    await fc.assert(fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 60 }), fc.integer({ min: 1, max: 500 }), async (drawn, piece) => {
      const sorted = [...drawn].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
      const rows = sorted.map(([symbol, open, high, low, close, volume, source, seen], n) => [escapeText(symbol), '1Min', minute(n), open, high, low, close, volume, escapeText(source), `${minute(n).slice(0, -6)}${String(seen).padStart(6, '0')}`]);
      const { path, text, result } = await written(`${file++}.parquet`, rows, piece);
      expect((await textOf(path)).toString()).toBe(text.toString());
      expect(await measureBarFile(path)).toMatchObject(result);
      for (const symbol of new Set(sorted.map(([name]) => name))) {
        const { bars } = await readBarFileSeries(path, symbol, createHash('sha256').update(readFileSync(path)).digest('hex'));
        const own = rows.filter((_, n) => sorted[n]?.[0] === symbol);
        expect([...bars.time]).toEqual(own.map((one) => Number(one[2]) / 1_000));
        for (const [n, name] of BAR_FILE_NUMBERS.entries()) expect([...bars[name]]).toEqual(own.map((one) => Number(one[3 + n])));
      }
    }), { numRuns: 60 });
  });

  it('keeps a symbol in groups of its own, and finds it where groups meet', async () => {
    const rows = ['AA', 'BB', 'CC', 'DD'].flatMap((symbol, s) => Array.from({ length: [5_000, 100, 70_000, 10][s] ?? 0 }, (_, n) => [symbol, '1Min', minute(n), '10.5', '11', '10', `${10 + (n % 90) / 100}`, String(n), s === 1 ? 'import' : 'rest', minute(n + 1)]));
    const { path, result } = await written('groups.parquet', rows);
    expect(result.rows).toBe(75_110);
    expect(await describeBarFile(path)).toMatchObject({ ...label, ...result });
    for (const [symbol, count] of [['AA', 5_000], ['BB', 100], ['CC', 70_000], ['DD', 10], ['AB', 0], ['ZZ', 0]] as const) {
      const { bars, sources } = await readBarFileSeries(path, symbol);
      expect([symbol, bars.time.length, bars.volume.at(-1) ?? null, sources]).toEqual([symbol, count, count === 0 ? null : count - 1, count === 0 ? [] : [symbol === 'BB' ? 'import' : 'rest']]);
    }
    expect((await measureBarFile(path)).bytes / rows.length).toBeLessThan(8);
  });

  it('is refused when it is another one, cut, or none of ours', async () => {
    const { path, text } = await written('sound.parquet', [['AA', '1Min', minute(1), '1', '1', '1', '1', '1', 'x', minute(2)]]);
    await expect(readBarFileSeries(path, 'AA', '0'.repeat(64))).rejects.toThrow(/not the one/);
    const bytes = readFileSync(path);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect((await readBarFileSeries(path, 'AA', sha256)).bars.time.length).toBe(1);
    const spoiled = join(folder, 'spoiled.parquet');
    for (const wrong of [bytes.subarray(0, bytes.length - 20), bytes.subarray(0, 3), text, Buffer.alloc(0)]) {
      writeFileSync(spoiled, wrong);
      await expect(measureBarFile(spoiled)).rejects.toThrow();
    }
    // Any other byte is another file.
    for (let at = 0; at < bytes.length; at += 101) {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ 4;
      writeFileSync(spoiled, flipped);
      await expect(readBarFileSeries(spoiled, 'AA', sha256)).rejects.toThrow(/not the one/);
    }
    await expect(written('open.parquet', [['AA', '1Min', minute(1), '1', '1', '1', '1', '1', 'x']])).rejects.toThrow(/fields/);
  });
});
