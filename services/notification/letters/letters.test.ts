/** Letters: figures as people read them, foreign words as words, and the market unmistakable. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dollars, gain, moment, percent, priceText, shares, subjectOf } from './figures.ts';
import { fillsLetter, type FillRow } from './fills-letter.ts';
import { escapeHtml, renderHtml } from './html.ts';
import { letterSchema, type Letter } from './letter.ts';
import { alertLetter, noticeLetter, testLetter } from './notice-letter.ts';
import { extremes, summaryLetter } from './summary-letter.ts';
import { renderText } from './text.ts';

const AT = Date.parse('2026-03-04T21:00:00Z');
const fill = (changes: Partial<FillRow> = {}): FillRow => ({ fillId: 'f', at: AT, symbol: 'AAPL', side: 'buy', qty: '10', price: '101.5', value: '1015.00', fee: '0', strategyId: 'sma', ...changes });
const letter = (changes: Partial<Letter> = {}): Letter => ({ subject: 's', title: 't', severity: 'info', mode: 'live', at: AT, intro: [], sections: [], footer: 'f', ...changes });

describe('figures', () => {
  it('are exact, signed and never told by colour alone', () => {
    expect([dollars('1234567890123456.78'), dollars('-3.405'), dollars(null)]).toEqual(['$1,234,567,890,123,456.78', '−$3.41', '–']);
    expect([gain('12'), gain('-3.4'), gain('-0.00'), gain(null)]).toEqual([{ text: '▲ +$12.00', tone: 'gain' }, { text: '▼ −$3.40', tone: 'loss' }, { text: '$0.00', tone: null }, { text: '–', tone: null }]);
    expect([priceText('0.12345'), priceText('101.5'), shares('1000.500'), shares('-3'), percent(0.0123), percent(-0.5), percent(NaN)]).toEqual(['$0.1235', '$101.50', '1,000.5', '−3', '+1.23%', '−50.00%', '–']);
  });

  it('know their time in New York, also in summer', () => {
    expect([moment(AT), moment(Date.parse('2026-07-01T00:30:00Z'))]).toEqual(['Wed, Mar 4, 16:00 New York', 'Tue, Jun 30, 20:30 New York']);
  });

  it('leave no line break in a subject', () => {
    expect(subjectOf('live', 'A\r\nBcc: x@example.com\u2028\u202etrick')).toBe('[LIVE] A Bcc: x@example.com trick');
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
      expect(subjectOf('demo', text)).toMatch(/^\[DEMO\][^\r\n\0]{0,175}$/);
    }));
  });
});

describe('a letter as HTML', () => {
  it.each([['demo', 'DEMO', 'Simulated market, simulated money'], ['paper', 'PAPER', 'Real market, no real money'], ['live', 'LIVE', 'Real account, real money']] as const)('marks the market %s in words', (mode, tag, words) => {
    for (const page of [renderHtml(letter({ mode })), renderText(letter({ mode }))]) {
      expect(page).toContain(tag);
      expect(page).toContain(words);
    }
  });

  it('never lets foreign words become markup, wherever they stand', () => {
    fc.assert(fc.property(fc.string({ maxLength: 60 }), (word) => {
      const evil = `<img src=x onerror=a>${word}"'&`;
      const origin = { title: evil, source: evil, asOf: AT };
      const page = renderHtml(letter({
        subject: evil, title: evil, intro: [evil], footer: evil,
        sections: [
          { kind: 'figures', ...origin, figures: [{ label: evil, value: evil, tone: 'gain', note: evil }] }, { kind: 'lines', ...origin, lines: [evil], isCode: true }, { kind: 'lines', ...origin, lines: [evil], isCode: false },
          { kind: 'table', ...origin, columns: [{ label: evil, isNumber: false }], rows: [[{ text: evil, tone: null, note: evil }]], more: 3 },
        ],
      }));
      expect(page).not.toContain('<img');
      expect(page.split(escapeHtml(evil)).length - 1).toBe(21);
    }), { numRuns: 50 });
  });

  it('fetches nothing and runs nothing', () => {
    const page = renderHtml(summaryLetter({ day: { day: '2026-03-04', account: null, symbols: [], trades: { fills: 0, bought: '0', sold: '0', fees: '0' }, incidents: [], incidentsTotal: 0 }, failed: { flows: [], problem: null }, mode: 'live', writtenAt: AT }));
    expect(page).not.toMatch(/<(?:img|script|link|iframe|form)|url\(|https?:/i);
  });
});

describe('the letters', () => {
  it('tell one fill in a sentence and many in a table', () => {
    const sums = { bought: '1015.00', sold: '0.00', fees: '0.00' };
    expect(fillsLetter([fill()], sums, 'demo', AT)).toMatchObject({ subject: '[DEMO] Bought 10 AAPL at $101.50', intro: ['Bought 10 AAPL at $101.50 for the strategy sma.'] });
    const many = fillsLetter(Array.from({ length: 70 }, (_none, n) => fill({ symbol: `S${n % 6}`, strategyId: null })), sums, 'demo', AT);
    expect(many.title).toBe('70 fills in S0, S1, S2, S3 and 2 more');
    expect(many.sections[0]).toMatchObject({ more: 10 });
    expect(renderText(many)).toContain('and 10 more');
  });

  it('tell a notice with its facts and the last words of a part', () => {
    const told = noticeLetter({ notificationId: 'n', kind: 'health', severity: 'critical', title: 'execution has failed', body: 'It ended.', context: { unit: 'execution', reasons: ['x'], lastLines: ['Error: <no>'] } }, 'live', AT);
    expect(letterSchema.parse(told).sections.map((section) => section.title)).toEqual(['Facts', 'Its last words']);
    expect(renderHtml(told)).toContain('Error: &lt;no&gt;');
  });

  it('fit the schema by which they are kept', () => {
    for (const each of [testLetter('demo', AT, 'owner'), alertLetter({ alertId: 'a', severity: 'info', title: 't', body: 'one\n\ntwo', items: [{ label: 'l', value: 'v', note: '' }], context: {} }, 'paper', AT), fillsLetter([fill()], { bought: '0', sold: '0', fees: '0' }, 'demo', AT)]) expect(letterSchema.parse(each)).toEqual(each);
  });

  it('name the best and the worst only when something moved', () => {
    const symbol = (name: string, dayPnl: string | null): Parameters<typeof extremes>[0][number] => ({ symbol: name, qty: '1', avgPrice: null, lastPrice: null, value: null, dayPnl, fills: 0 });
    expect(extremes([symbol('A', '3'), symbol('B', '-2'), symbol('C', null), symbol('D', '9')])).toMatchObject({ best: { symbol: 'D' }, worst: { symbol: 'B' } });
    expect(extremes([symbol('A', '0'), symbol('C', null)])).toEqual({ best: null, worst: null });
  });
});
