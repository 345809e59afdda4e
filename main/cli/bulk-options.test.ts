/** What `import` and `export` understand, and what they refuse. */
import { describe, expect, it } from 'vitest';
import type { ImportView } from '#app/contracts/bulk.ts';
import { parseBulk } from './bulk-options.ts';
import { importText, progressText } from './bulk-text.ts';

const parse = (verb: 'import' | 'export', ...argv: string[]): ReturnType<typeof parseBulk> => parseBulk(verb, argv, (name) => `/here/${name}`);

describe('import', () => {
  it('takes files and how they are read', () => {
    expect(parse('import', 'a.csv', 'b', '--policy', 'replace', '--symbol', 'spy', '--columns', 'time=Datum,close=5', '--separator', 'tab', '--no-header', '--mode', 'demo')).toMatchObject({
      verb: 'import', mode: 'demo', isPreview: false, wish: { paths: ['/here/a.csv', '/here/b'], policy: 'replace', symbol: 'SPY', mapping: { columns: { time: 'Datum', close: 5 }, separator: '\t', hasHeader: false } },
    });
    expect(parse('import', 'a.csv', '--preview')).toMatchObject({ isPreview: true, dataDir: null, wish: { policy: 'keep' } });
    expect(parse('import', '--help')).toEqual({ verb: 'help' });
  });

  it('refuses what it does not understand, with the usage', () => {
    for (const argv of [[], ['a', '--policy', 'both'], ['a', '--timeframe', '2Day'], ['a', '--columns', 'price=1'], ['a', '--columns', 'time'], ['a', '--mode', 'real'], ['a', '--nonsense'], ['a', '--price-scale', 'x']]) {
      expect(() => parse('import', ...argv), argv.join(' ')).toThrow('mainspring import PATH');
    }
  });
});

describe('export', () => {
  it('takes symbols, a timeframe and days', () => {
    expect(parse('export', 'aapl', 'spy', '--timeframe', '1Day', '--from', '2020-01-31', '--out', 'x.csv')).toMatchObject({ verb: 'export', out: '/here/x.csv', query: { symbols: 'aapl,spy', timeframe: '1Day', from: '2020-01-31' } });
    for (const argv of [[], ['aapl'], ['aapl', '--timeframe', '1Day', '--from', '2020-02-30'], ['a/../b', '--timeframe', '1Day']]) expect(() => parse('export', ...argv), argv.join(' ')).toThrow('mainspring import PATH');
  });
});

describe('the end of an import', () => {
  const view: ImportView = {
    importId: 'i', wantedBy: 'test', wish: { paths: ['/x'], policy: 'keep' }, state: 'done', problem: null, filesTotal: 2, filesDone: 2, bytesTotal: 10, bytesDone: 5, current: null, rows: 1_234, stored: 1_000, known: 230, differing: 7, replaced: 0, refused: 4, actions: 1,
    series: 2, refusedFile: 'imports/i/refused.csv', quality: { series: 2, bars: 1_000, findings: 3, byKind: { jump: 3 }, worst: [{ symbol: 'AAA', findings: 3 }] }, createdAt: 0, startedAt: 1_000, updatedAt: 3_500, endedAt: 3_500,
  };
  it('is told in full', () => {
    const text = importText(view, [], '/data');
    for (const part of ['1,234 in 2.5 s', '230, 7 of them', '/data/imports/i/refused.csv', '3 findings in 1,000 bars', 'jump', 'AAA']) expect(text).toContain(part);
    expect(progressText(view)).toBe('50 %, 2 of 2 files, 1,234 rows read, 1,000 bars new');
  });
});
