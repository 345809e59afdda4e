/** What each kind of activity does to the ledger, and what is left to a person. */
import { describe, expect, it } from 'vitest';
import { money, price, quantity, toText } from '#app/domain/numeric.ts';
import { epochMs } from '#app/domain/time.ts';
import { planActivities, type ActivityFacts, type TheirActivity } from './activities.ts';

const activity = (activityId: string, type: string, fields: Partial<TheirActivity> = {}): TheirActivity =>
  ({ activityId, type, symbol: null, qty: null, price: null, netAmount: money('0'), day: '2026-01-05', at: epochMs(1), description: type, isExecuted: true, ...fields });
const facts: ActivityFacts = {
  held: new Map([['AAPL', new Map([['sma', quantity('10')]])], ['MSFT', new Map([['sma', quantity('6')], ['', quantity('4')]])], ['SHRT', new Map([['sma', quantity('-10')]])]]),
  sellersOn: new Map([['2026-01-05', ['sma']], ['2026-01-06', ['sma', '']]]),
};
const plan = (activities: TheirActivity[], known: string[] = []) => {
  const { entries, issues } = planActivities(activities, new Set(known), facts);
  return { entries: entries.map((one) => `${one.entryId} ${one.kind} ${one.strategyId || 'manual'} cash ${toText(one.cashChange)} shares ${toText(one.qtyChange)}`), issues: issues.map((one) => one.message) };
};

describe('activities', () => {
  it('gives a fee to the one who sold that day, a dividend to the one who held', () => {
    expect(plan([
      activity('a', 'FEE', { netAmount: money('-0.03') }), activity('b', 'FEE', { netAmount: money('-0.05'), day: '2026-01-06' }), activity('c', 'DIV', { symbol: 'AAPL', qty: quantity('10'), netAmount: money('2.4') }),
      activity('d', 'DIVNRA', { symbol: 'MSFT', netAmount: money('-1') }), activity('e', 'CSD', { netAmount: money('500') }), activity('f', 'NEWWORD', { netAmount: money('1') }),
    ])).toEqual({ issues: [], entries: [
      'a fee sma cash -0.03 shares 0', 'b fee manual cash -0.05 shares 0', 'c dividend sma cash 2.4 shares 0', 'd dividend manual cash -1 shares 0', 'e transfer manual cash 500 shares 0', 'f other manual cash 1 shares 0',
    ] });
  });
  it('books what is new, and only what was carried out', () => {
    expect(plan([activity('a', 'INT', { netAmount: money('1') }), activity('b', 'INT', { netAmount: money('1'), isExecuted: false }), activity('c', 'INT', { netAmount: money('1') })], ['a'])).toEqual({ issues: [], entries: ['c interest manual cash 1 shares 0'] });
    expect(plan([activity('a', 'INT', { isExecuted: false })], ['a']).issues).toHaveLength(1);
  });
  it.each([
    ['in one piece', [['s', '20']], ['s split manual cash 0 shares 20']],
    ['as out and in', [['s', '-10'], ['t', '30']], ['s split manual cash 0 shares 20', 't split manual cash 0 shares 0']],
    ['in reverse', [['s', '-9']], ['s split manual cash 0 shares -9']],
  ])('books a split %s', (_, parts, entries) => {
    expect(plan(parts.map(([id, qty]) => activity(id ?? '', 'SPLIT', { symbol: 'AAPL', qty: quantity(qty ?? '') }))).entries).toEqual(entries);
  });
  it('books the cash of a word that nobody knows, and says that its shares are not', () => {
    const found = plan([activity('n', 'NEWWORD', { symbol: 'AAPL', qty: quantity('5'), netAmount: money('-1') })]);
    expect(found.entries).toEqual(['n other manual cash -1 shares 0']);
    expect(found.issues[0]).toContain('its 5 shares are not booked');
  });
  it('splits a short position the other way', () => {
    expect(plan([activity('s', 'SPLIT', { symbol: 'SHRT', qty: quantity('-10') })]).entries).toEqual(['s split manual cash 0 shares -10']);
  });
  it('waits for the other half of a split', () => {
    const found = plan([activity('s', 'SPLIT', { symbol: 'AAPL', qty: quantity('-10') })]);
    expect(found.entries).toEqual([]);
    expect(found.issues[0]).toContain('turn 10 shares into 0');
  });
  it('takes shares that come without a trade at what the broker says they cost', () => {
    expect(planActivities([activity('s', 'SPIN', { symbol: 'KID', qty: quantity('3'), price: price('7') })], new Set(), facts).entries).toMatchObject([{ kind: 'shares', symbol: 'KID', strategyId: '', price: price('7') }]);
    expect(plan([activity('m', 'MA', { symbol: 'AAPL', qty: quantity('-10'), netAmount: money('900') })]).entries).toEqual(['m shares sma cash 900 shares -10']);
    expect(planActivities([activity('m', 'MA', { symbol: 'AAPL', qty: quantity('-10'), netAmount: money('900') })], new Set(), facts).entries[0]?.price).toEqual(price('90'));
    expect(plan([activity('c', 'MISC', { symbol: 'MSFT', qty: quantity('-0.5'), netAmount: money('20') })]).entries).toEqual(['c shares manual cash 20 shares -0.5']);
  });
});
