/** Corporate actions in the words of a chart. */
import { describe, expect, it } from 'vitest';
import { actionMarks, actionText } from './bars-actions.ts';

describe('an action in words', () => {
  it.each([
    ['forward_split', { new_rate: '4', old_rate: '1' }, 'Split 4:1'], ['forward_split', { new_rate: '3.0', old_rate: '2' }, 'Split 3:2'], ['reverse_split', { new_rate: '1', old_rate: '10' }, 'Reverse split 1:10'],
    ['reverse_split', { old_rate: 'x' }, 'Reverse split ?:?'], ['cash_dividend', { rate: '0.24' }, 'Dividend $0.24'], ['cash_dividend', { rate: '1.5', special: true }, 'Dividend $1.50, special'], ['cash_dividend', {}, 'Dividend'],
    ['stock_dividend', { rate: '0.05' }, 'Stock dividend of 0.05 shares a share'], ['spin_off', { new_symbol: 'GEV' }, 'Spin-off of GEV'], ['name_change', { new_symbol: 'META' }, 'Renamed to META'], ['worthless_removal', {}, 'Worthless removal'],
  ])('%s %o reads "%s"', (kind, terms, text) => {
    expect(actionText(kind, terms)).toBe(text);
  });

  it('has the factor of its own day alone, of shares or of what was paid out', async () => {
    const rows = [{ ex_date: '2024-07-08', kind: 'cash_dividend', terms: { rate: '1' } }, { ex_date: '2024-06-10', kind: 'forward_split', terms: { new_rate: '4', old_rate: '1' } }, { ex_date: '2024-06-10', kind: 'cash_dividend', terms: { rate: '2' } }, { ex_date: '2020-01-02', kind: 'name_change', terms: {} }];
    const asked: unknown[] = [];
    const book = { query: <Row>(_text: string, params: readonly unknown[] = []) => { asked.push(params); return Promise.resolve(rows as Row[]); } };
    const day = (text: string): number => Date.parse(`${text}T12:00:00Z`) / 86_400_000 - 0.5;
    const factors = [{ day: day('2024-06-09'), price: 0.98 * 0.9, split: 0.25 }, { day: day('2024-07-07'), price: 0.98, split: 1 }];
    const marks = await actionMarks(book, 'X', { from: Date.UTC(2020, 0, 1, 6), to: Date.UTC(2024, 11, 1, 6), factors });
    expect(marks.map(({ exDate, text, factor }) => [exDate, text, Number(factor.toFixed(12))])).toEqual([['2020-01-02', 'Renamed', 1], ['2024-06-10', 'Dividend $2.00', 0.9], ['2024-06-10', 'Split 4:1', 0.25], ['2024-07-08', 'Dividend $1.00', 0.98]]);
    expect(asked).toEqual([['X', '2020-01-01', '2024-12-01', 2_000]]);
  });
});
