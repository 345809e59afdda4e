/** Sectors: the built-in list, and a person's file. */
import { describe, expect, it } from 'vitest';
import { SECTORS } from '#app/contracts/universe.ts';
import { symbolSchema } from '#app/domain/ids.ts';
import { SYNTHETIC_NAMES } from '../simulator/synthetic-names.ts';
import { SECTOR_ROWS } from './sectors.ts';
import { readSectorCsv } from './sector-csv.ts';

describe('the built-in list of sectors', () => {
  it('has symbols by names that the system can handle, in all sectors', () => {
    expect(SECTOR_ROWS.length).toBeGreaterThan(600);
    expect(SECTOR_ROWS.filter((row) => !symbolSchema.safeParse(row.symbol).success)).toEqual([]);
    expect(new Set(SECTOR_ROWS.map((row) => row.sector))).toEqual(new Set(SECTORS));
    expect(SECTOR_ROWS.find((row) => row.symbol === 'AAPL')).toEqual({ symbol: 'AAPL', sector: 'Information Technology', industry: 'Technology Hardware, Storage & Peripherals' });
  });
  it('knows every name of the demo market', () => {
    const known = new Set(SECTOR_ROWS.map((row) => row.symbol));
    expect(SYNTHETIC_NAMES.filter((name) => !known.has(name.symbol))).toEqual([]);
  });
});

describe('a file of sectors', () => {
  it('is read with or without a first line, quotes and industries', () => {
    expect(readSectorCsv('\uFEFFSymbol,Sector,Industry\r\naapl,information technology,"Phones, ""smart"" ones"\r\n\r\nBRK.B,Financials\r\nKO,,\n')).toEqual({
      rows: [{ symbol: 'AAPL', sector: 'Information Technology', industry: 'Phones, "smart" ones' }, { symbol: 'BRK.B', sector: 'Financials', industry: null }, { symbol: 'KO', sector: null, industry: null }], refused: [],
    });
  });
  it('tells each line that cannot be read, and reads the others', () => {
    const { rows, refused } = readSectorCsv('AAPL,Tech\nnot a ticker,Energy\nXOM,Energy\n"broken,Energy');
    expect(rows.map((row) => row.symbol)).toEqual(['XOM']);
    expect(refused.map((one) => one.reason.slice(0, 28))).toEqual(['Line 1: "Tech" is no sector;', 'Line 2: must be a ticker suc', 'Line 4: must be a ticker suc']);
  });
  it('has a limit', () => {
    expect(() => readSectorCsv(Array.from({ length: 2_001 }, (_, n) => `A${n},Energy`).join('\n'))).toThrow(/several files/);
    expect(readSectorCsv('')).toEqual({ rows: [], refused: [] });
  });
});
