/** Positions, money and findings in words and parts. */
import { describe, expect, it } from 'vitest';
import { windowOf } from '../../../ui/use-row-window.ts';
import { isAbout } from '../books/findings-list.tsx';
import { slippageOf } from '../money/slippage.ts';
import { isTakeable, partOf, protectionWords } from './holding.ts';

describe('protection', () => {
  const words = (qty: string, stopQty: string, targetQty = '0') => protectionWords({ qty, protection: { stopQty, stopPrice: '95', targetQty, targetPrice: '110' } });
  it('says where it lies, for how many shares, and when it is missing', () => {
    expect(words('10', '10', '10')).toEqual({ stop: 'stop 95.00', target: 'target 110.00', isMissing: false, isShort: false });
    expect(words('10', '4')).toEqual({ stop: 'stop 95.00 (4 of 10)', target: '', isMissing: false, isShort: true });
    expect(words('-10', '0', '10')).toMatchObject({ stop: '', isMissing: true, isShort: false });
  });
});

describe('a part of a position', () => {
  it('is whole shares of a whole holding, and never nothing', () => {
    expect([partOf('10', 25), partOf('-10', 75), partOf('3', 25), partOf('1.5', 50), partOf('7', 100)]).toEqual(['2', '7', '1', '0.75', '7']);
  });
  it('is at most what is held', () => {
    expect([isTakeable('10', '-10'), isTakeable('10.1', '10'), isTakeable('0', '10'), isTakeable('', '10'), isTakeable('1e1', '10')]).toEqual([true, false, false, false, false]);
  });
});

describe('slippage', () => {
  it('is positive when the fill was worse than decided, on both sides', () => {
    expect([slippageOf({ side: 'buy', price: '101', referencePrice: '100' }), slippageOf({ side: 'sell', price: '99', referencePrice: '100' }), slippageOf({ side: 'sell', price: '1', referencePrice: '0' })].map((part) => (part === null ? null : Math.round(part * 10_000)))).toEqual([100, 100, null]);
  });
});

describe('a finding', () => {
  it('stands beside the position that it is about', () => {
    expect([isAbout({ subject: 'AAPL' }, 'AAPL'), isAbout({ subject: 'momentum/AAPL' }, 'AAPL'), isAbout({ subject: 'AAPLX' }, 'AAPL')]).toEqual([true, true, false]);
  });
});

describe('a long table', () => {
  it('draws what is in sight and some around it, and keeps its height', () => {
    const rows = windowOf(10_000, 29, { top: -29_000, height: 900 });
    expect([rows.start, rows.end, rows.above + (rows.end - rows.start) * 29 + rows.below]).toEqual([976, 1_056, 290_000]);
    expect(windowOf(100, 29, { top: -29_000, height: 900 })).toEqual({ start: 0, end: 100, above: 0, below: 0 });
    expect(windowOf(1_000, 29, { top: -99_999, height: 900 }).end).toBe(1_000);
  });
});
