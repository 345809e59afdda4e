/** Any sequence of fills, splits and entries: the shares and the lots add up to the account; first in first out and average cost realize the same once all is flat. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changeLots, splitLots, sumOfLots, type Lot } from './lots.ts';
import { addMoney, addQuantity, money, price, quantity, toText, ZERO_MONEY, ZERO_QUANTITY, type Money, type Quantity } from './numeric.ts';
import { bookEntry, bookFillOf, emptyBook, holdersOf, openingBook, type BookStep, type LedgerEntry, type SymbolBook } from './position-book.ts';
import { epochMs } from './time.ts';

const entry = (fields: Partial<LedgerEntry>): LedgerEntry =>
  ({ entryId: 'e', seq: 1, at: epochMs(1), kind: 'adjustment', symbol: 'A', strategyId: '', toStrategyId: null, cashChange: ZERO_MONEY, qtyChange: ZERO_QUANTITY, shareQty: ZERO_QUANTITY, price: null, ...fields });
const fill = (seq: number, [side, qty, at]: readonly ['buy' | 'sell', string, string], strategyId = '') =>
  ({ fillId: `f${seq}`, seq, at: epochMs(seq), symbol: 'A', side, qty: quantity(qty), price: price(at), fee: ZERO_MONEY, strategyId });
const shareTexts = (book: SymbolBook): Record<string, string> => Object.fromEntries([...book.shares].map(([id, share]) => [id, `${toText(share.qty)} @ ${share.avgPrice === null ? '-' : toText(share.avgPrice)} ${toText(share.realizedPnl)}`]));

type Step = { readonly kind: 'fill'; readonly side: 'buy' | 'sell'; readonly qty: number; readonly cents: number; readonly owner: string } | { readonly kind: 'split'; readonly to: number; readonly of: number } | { readonly kind: 'shares'; readonly qty: number; readonly cents: number; readonly owner: string } | { readonly kind: 'allocation'; readonly qty: number; readonly cents: number };
const owner = fc.constantFrom('', 'a', 'b');
const steps = fc.array(fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('fill' as const), side: fc.constantFrom('buy' as const, 'sell' as const), qty: fc.integer({ min: 1, max: 5_000 }), cents: fc.integer({ min: 100, max: 90_000 }), owner }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('split' as const), to: fc.integer({ min: 1, max: 20 }), of: fc.integer({ min: 1, max: 20 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('shares' as const), qty: fc.integer({ min: -900, max: 900 }).filter((qty) => qty !== 0), cents: fc.integer({ min: 100, max: 90_000 }), owner }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('allocation' as const), qty: fc.integer({ min: -900, max: 900 }).filter((qty) => qty !== 0), cents: fc.integer({ min: 100, max: 90_000 }) }) },
), { minLength: 1, maxLength: 30 });
const dollars = (cents: number): ReturnType<typeof price> => price((cents / 100).toFixed(2));
const shares = (thousandths: number): Quantity => quantity((thousandths / 1_000).toFixed(3));

function take(book: SymbolBook, step: Step, seq: number): BookStep {
  if (step.kind === 'fill') return bookFillOf(book, { ...fill(seq, [step.side, '1', '1'], step.owner), qty: shares(step.qty), price: dollars(step.cents) });
  if (step.kind === 'allocation') return bookEntry(book, entry({ entryId: `e${seq}`, seq, kind: 'allocation', strategyId: 'a', toStrategyId: '', shareQty: shares(step.qty), price: dollars(step.cents) }));
  if (step.kind === 'shares') return bookEntry(book, entry({ entryId: `e${seq}`, seq, kind: 'shares', strategyId: step.owner, qtyChange: shares(step.qty), price: dollars(step.cents) }));
  const qtyChange = book.account.qty.times(step.to).div(step.of).toDecimalPlaces(9).minus(book.account.qty) as Quantity;
  if (book.account.qty.isZero() || qtyChange.isZero()) return { ...book, closures: [] };
  return bookEntry(book, entry({ entryId: `e${seq}`, seq, kind: 'split', qtyChange }));
}

describe('any history', () => {
  it('keeps shares and lots equal to the account after every step', () => {
    fc.assert(fc.property(steps, (history) => {
      let book = emptyBook('A');
      history.forEach((step, index) => {
        book = take(book, step, index + 1);
        const held = [...book.shares.values()].reduce((sum, share) => addQuantity(sum, share.qty), ZERO_QUANTITY);
        expect(toText(held)).toBe(toText(book.account.qty));
        expect(toText(sumOfLots(book.lots))).toBe(toText(book.account.qty));
        expect(book.account.qty.isZero()).toBe(book.account.avgPrice === null);
      });
    }), { numRuns: 300 });
  });

  it('realizes the same first in first out, at average cost and over the shares, once everything is flat', () => {
    fc.assert(fc.property(fc.array(fc.record({ side: fc.constantFrom('buy' as const, 'sell' as const), qty: fc.integer({ min: 1, max: 5_000 }), cents: fc.integer({ min: 100, max: 90_000 }), owner }), { minLength: 1, maxLength: 25 }), fc.integer({ min: 100, max: 90_000 }), (fills, last) => {
      let book = emptyBook('A');
      let fifo: Money = ZERO_MONEY;
      let seq = 0;
      const book1 = (side: 'buy' | 'sell', qty: Quantity, cents: number, whose: string): void => {
        seq += 1;
        const step = bookFillOf(book, { ...fill(seq, [side, '1', '1'], whose), qty, price: dollars(cents) });
        for (const closure of step.closures) fifo = fifo.plus(closure.realizedPnl) as Money;
        book = step;
      };
      for (const one of fills) book1(one.side, shares(one.qty), one.cents, one.owner);
      for (const [whose, share] of [...book.shares]) if (!share.qty.isZero()) book1(share.qty.gt(0) ? 'sell' : 'buy', share.qty.abs() as Quantity, last, whose);
      const byShare = [...book.shares.values()].reduce((sum, share) => addMoney(sum, share.realizedPnl), ZERO_MONEY);
      // Averages are kept with nine digits: at most half a nano-dollar a share and step.
      expect(book.account.qty.isZero() && book.lots.length === 0).toBe(true);
      expect(fifo.minus(book.account.realizedPnl).abs().lt('0.00001')).toBe(true);
      expect(fifo.minus(byShare).abs().lt('0.00001')).toBe(true);
    }), { numRuns: 300 });
  });
});

describe('worked examples', () => {
  const lot = (lotId: string, qty: string, at: string): Lot => ({ lotId, openedSeq: 1, openedAt: epochMs(0), qty: quantity(qty), price: price(at) });
  it('closes the oldest lot first and crosses zero into a short one', () => {
    const first = changeLots([lot('x', '10', '5'), lot('y', '10', '7')], { id: 's', seq: 3, at: epochMs(9), change: quantity('-15'), price: price('8') });
    expect(first.closures.map((one) => [one.lotId, toText(one.qty), toText(one.realizedPnl), one.closedAt - one.openedAt])).toEqual([['x', '10', '30', 9], ['y', '5', '5', 9]]);
    const second = changeLots(first.lots, { id: 't', seq: 4, at: epochMs(10), change: quantity('-10'), price: price('6') });
    expect(second.closures.map((one) => toText(one.realizedPnl))).toEqual(['-5']);
    expect(second.lots).toEqual([{ lotId: 't', openedSeq: 4, openedAt: 10, qty: quantity('-5'), price: price('6') }]);
  });
  it('splits lots and shares at their cost, the rest by hand', () => {
    expect(splitLots([lot('x', '5', '30'), lot('y', '10', '60')], quantity('15'), quantity('30')).map((one) => [toText(one.qty), toText(one.price)])).toEqual([['10', '15'], ['20', '30']]);
    let book: SymbolBook = bookFillOf(emptyBook('A'), fill(1, ['buy', '10', '120'], 'sma'));
    expect(shareTexts(bookEntry(book, entry({ kind: 'split', qtyChange: quantity('20') })))).toEqual({ sma: '30 @ 40 0' });
    book = bookFillOf(book, fill(2, ['buy', '10', '120'], 'rsi'));
    book = bookFillOf(book, fill(3, ['buy', '10', '120'], 'low'));
    // 30 shares become 10, a third each: three and a third shares, cut, and a nano-share by hand.
    expect(Object.values(shareTexts(bookEntry(book, entry({ kind: 'split', qtyChange: quantity('-20') })))).map((text) => text.split(' ')[0])).toEqual(['3.333333333', '3.333333333', '3.333333333', '0.000000001']);
  });
  it('splits short positions alike', () => {
    const book = bookFillOf(emptyBook('A'), fill(1, ['sell', '10', '90'], 'sma'));
    expect(shareTexts(bookEntry(book, entry({ kind: 'split', qtyChange: quantity('-20') })))).toEqual({ sma: '-30 @ 30 0' });
  });
  it('moves shares without a trade at cost, and from holder to holder at a price', () => {
    const book = bookFillOf(openingBook({ symbol: 'A', qty: quantity('5'), avgPrice: price('10'), at: epochMs(0) }), fill(1, ['buy', '10', '20'], 'sma'));
    expect(shareTexts(bookEntry(book, entry({ kind: 'adjustment', qtyChange: quantity('-5'), price: price('15') })))).toEqual({ '': '0 @ - 0', sma: '10 @ 20 0' });
    expect(shareTexts(bookEntry(book, entry({ kind: 'allocation', strategyId: 'sma', toStrategyId: '', shareQty: quantity('10'), price: price('25') })))).toEqual({ '': '15 @ 20 0', sma: '0 @ - 50' });
  });
  it('says whose shares were sold elsewhere', () => {
    const held = new Map([['', quantity('5')], ['sma', quantity('10')]]);
    expect(holdersOf(held, quantity('-12')).map((one) => [one.strategyId, toText(one.change)])).toEqual([['', '-5'], ['sma', '-7']]);
    expect(holdersOf(held, quantity('-20')).map((one) => [one.strategyId, toText(one.change)])).toEqual([['', '-10'], ['sma', '-10']]);
    expect(holdersOf(held, quantity('3')).map((one) => [one.strategyId, toText(one.change)])).toEqual([['', '3']]);
    expect(holdersOf(new Map([['sma', quantity('-4')]]), quantity('6')).map((one) => [one.strategyId, toText(one.change)])).toEqual([['sma', '4'], ['', '2']]);
  });
  it('sells what the broker takes for money', () => {
    const book = bookFillOf(emptyBook('A'), fill(1, ['buy', '3.5', '20'], 'sma'));
    const after = bookEntry(book, entry({ kind: 'shares', strategyId: 'sma', qtyChange: quantity('-0.5'), price: price('30'), cashChange: money('15') }));
    expect([shareTexts(after), after.closures.map((one) => toText(one.realizedPnl))]).toEqual([{ sma: '3 @ 20 5' }, ['5']]);
  });
  it('opens nothing for a change of cash', () => {
    const book = bookFillOf(emptyBook('A'), fill(1, ['buy', '1', '1']));
    expect(bookEntry(book, entry({ kind: 'dividend', cashChange: money('3') })).account).toEqual(book.account);
  });
});
