/** Exports page by page: one header, every page once, and words where there is nothing. */
import { describe, expect, it } from 'vitest';
import { exportWishSchema } from '#app/contracts/bulk.ts';
import { exportPieces, type ExportPages } from './exports-door.ts';

const wish = (query: Record<string, string>) => exportWishSchema.parse({ timeframe: '1Day', ...query });
/** Two pages of a bar for AAA, one for BBB, none for others. */
const pages: ExportPages = ({ symbol, after }) => Promise.resolve(symbol === 'AAA' ? { text: `AAA,${after ?? 'first'}\n`, bars: 1, next: after === null ? 7 : null } : { text: symbol === 'BBB' ? 'BBB\n' : '', bars: symbol === 'BBB' ? 1 : 0, next: null });
async function textOf(query: Record<string, string>): Promise<string> {
  let text = '';
  for await (const piece of exportPieces(wish(query), pages)) text += piece;
  return text;
}

describe('an export', () => {
  it('has one header, then every page of every symbol once', async () => {
    expect(await textOf({ symbols: 'ZZZ, aaa,BBB,aaa' })).toBe('symbol,time,open,high,low,close,volume\nAAA,first\nAAA,7\nBBB\n');
  });

  it('says so when there is nothing', async () => {
    await expect(textOf({ symbols: 'ZZZ' })).rejects.toThrow('There are no 1Day bars of ZZZ');
  });

  it('refuses what is no symbol, timeframe or day', () => {
    expect(exportWishSchema.safeParse({ symbols: '../x', timeframe: '1Day' }).success).toBe(false);
    expect(exportWishSchema.safeParse({ symbols: 'AAA', timeframe: '2Day' }).success).toBe(false);
    expect(exportWishSchema.safeParse({ symbols: 'AAA', timeframe: '1Day', from: '2024-02-30' }).success).toBe(false);
  });
});
