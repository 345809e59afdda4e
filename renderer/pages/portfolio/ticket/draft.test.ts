/** The ticket: what is typed becomes the order that was meant, and what is wrong stands at its field. */
import { describe, expect, it } from 'vitest';
import { EMPTY_DRAFT, fittingTimes, readDraft, settle, sharesOf } from './draft.ts';
import type { Draft } from './draft.ts';
import { exitsOf, placeOnLine, stopAt, targetAt } from './exits.ts';

const draft = (change: Partial<Draft> = {}): Draft => ({ ...EMPTY_DRAFT, symbol: 'aapl', amount: '10', ...change });
const ticket = (change: Partial<Draft>, last: string | null = '100') => readDraft(draft(change), last);

describe('an order alone', () => {
  it('takes from each type only the fields that it needs', () => {
    const prices = { limitPrice: '101', stopPrice: '102', trail: '2' };
    const terms = (type: Draft['type']) => { const { ticket: made } = ticket({ ...prices, type }); return [made?.limitPrice, made?.stopPrice, made?.trailPercent]; };
    expect([terms('market'), terms('limit'), terms('stop'), terms('stop_limit'), terms('trailing_stop')]).toEqual([[null, null, null], ['101', null, null], [null, '102', null], ['101', '102', null], [null, null, '2']]);
    expect(ticket({ type: 'trailing_stop', trail: '1.5', trailUnit: 'dollars' }).ticket).toMatchObject({ symbol: 'AAPL', trailPrice: '1.5', trailPercent: null, orderClass: 'simple' });
  });
  it('says at each field what is missing or wrong, in words', () => {
    expect(ticket({ symbol: '', amount: '' }).errors).toEqual({ symbol: 'Which symbol?', amount: 'How many shares?' });
    expect(ticket({ amount: '1e3' }).errors.amount).toBe('Needs a number greater than zero');
    expect(ticket({ type: 'limit', limitPrice: 'x' }).errors.limitPrice).toContain('decimal number');
    expect(ticket({ type: 'limit' }).errors).toEqual({ limitPrice: 'A limit order needs a limit price' });
    expect(ticket({ type: 'limit', limitPrice: '100.005' }).errors.limitPrice).toContain('finer than the exchange takes');
    expect(ticket({ type: 'stop', stopPrice: '99' }).errors.stopPrice).toBe('A stop to buy must lie above the price now, 100');
    expect(ticket({ type: 'stop', stopPrice: '99', side: 'sell' }).errors).toEqual({});
  });
});

describe('an amount in dollars', () => {
  it('buys whole shares at the order’s own price, or at the last one', () => {
    expect(sharesOf(draft({ unit: 'dollars', amount: '1050' }), '100')).toBe('10');
    expect(sharesOf(draft({ unit: 'dollars', amount: '1050', type: 'limit', limitPrice: '50' }), '100')).toBe('21');
    expect(sharesOf(draft({ unit: 'dollars', amount: '1050' }), null)).toBeNull();
  });
  it('buys a part of one share for less, where the order can have parts', () => {
    expect(sharesOf(draft({ unit: 'dollars', amount: '25' }), '100')).toBe('0.25');
    expect(ticket({ unit: 'dollars', amount: '25', plan: 'exits', stopLoss: '90' }).errors.amount).toBe('Less than one share');
    expect(fittingTimes(draft({ amount: '0.5' }), '100')).toEqual(['day']);
  });
});

describe('exits', () => {
  it('make a bracket of both and one-triggers-other of one', () => {
    expect(ticket({ plan: 'exits', takeProfit: '110', stopLoss: '95' }).ticket).toMatchObject({ orderClass: 'bracket', takeProfit: { limitPrice: '110' }, stopLoss: { stopPrice: '95', limitPrice: null } });
    expect(ticket({ plan: 'exits', stopLoss: '95', stopLimit: '94' }).ticket).toMatchObject({ orderClass: 'oto', takeProfit: null, stopLoss: { stopPrice: '95', limitPrice: '94' } });
    expect(ticket({ plan: 'exits' }).errors).toEqual({ plan: 'Give a take-profit, a stop-loss, or both' });
  });
  it('on the wrong side are refused at their field', () => {
    expect(Object.keys(ticket({ plan: 'exits', takeProfit: '90', stopLoss: '95' }).errors).sort()).toEqual(['stopLoss', 'takeProfit']);
    expect(ticket({ plan: 'exits', type: 'limit', limitPrice: '94', stopLoss: '95' }).errors.stopLoss).toContain('at least one cent below the entry');
    expect(Object.keys(ticket({ side: 'sell', plan: 'exits', takeProfit: '110', stopLoss: '95' }).errors).sort()).toEqual(['stopLoss', 'takeProfit']);
  });
  it('of what is held are one-cancels-other, or the one order that is left', () => {
    const protect = (change: Partial<Draft>) => ticket({ plan: 'protect', side: 'sell', ...change }).ticket;
    expect(protect({ takeProfit: '110', stopLoss: '95' })).toMatchObject({ orderClass: 'oco', type: 'limit', limitPrice: '110', takeProfit: null, stopLoss: { stopPrice: '95' } });
    expect(protect({ stopLoss: '95' })).toMatchObject({ orderClass: 'simple', type: 'stop', stopPrice: '95', limitPrice: null });
    expect(protect({ stopLoss: '95', stopLimit: '94' })).toMatchObject({ type: 'stop_limit', stopPrice: '95', limitPrice: '94' });
    expect(protect({ takeProfit: '110' })).toMatchObject({ orderClass: 'simple', type: 'limit', limitPrice: '110' });
    expect(ticket({ plan: 'protect', side: 'sell', stopLoss: '105' }).errors.stopLoss).toBe('The stop of a long position must lie below the price now, 100');
  });
  it('are told in dollars and R, for long and short', () => {
    expect(exitsOf(draft({ plan: 'exits', takeProfit: '110', stopLoss: '95' }), '100', null)).toEqual({ entry: 100, stop: 95, target: 110, riskUsd: 50, rewardUsd: 100, r: 2 });
    expect(exitsOf(draft({ plan: 'exits', side: 'sell', takeProfit: '90', stopLoss: '105' }), '100', null)).toMatchObject({ riskUsd: 50, rewardUsd: 100, r: 2 });
    expect(exitsOf(draft({ plan: 'protect', side: 'sell', stopLoss: '95' }), '100', '80')).toMatchObject({ entry: 80, riskUsd: -150, r: null });
    expect(exitsOf(draft(), null, null)).toBeNull();
  });
  it('are filled in by shortcuts, on the tick', () => {
    expect([stopAt(draft(), 118.37, 0.02), stopAt(draft({ side: 'sell' }), 100, 0.02), targetAt(draft({ stopLoss: '95' }), 100, 2), targetAt(draft(), 100, 2)]).toEqual(['116', '102', '110', '']);
  });
});

describe('choices that do not fit any more', () => {
  it('fall back to those that do', () => {
    expect(settle(draft({ plan: 'exits', type: 'stop', timeInForce: 'fok' }), '100')).toMatchObject({ type: 'limit', timeInForce: 'day' });
    expect(settle(draft({ type: 'market', isExtended: true }), '100').isExtended).toBe(false);
    expect(settle(draft({ type: 'limit', timeInForce: 'ioc' }), '100').timeInForce).toBe('ioc');
    expect(settle(draft({ amount: '0.5', timeInForce: 'gtc' }), '100').timeInForce).toBe('day');
  });
});

describe('the ladder', () => {
  it('keeps its ends free and does not divide by nothing', () => {
    const place = placeOnLine([95, 110, 100]);
    expect([place(95), place(110)].map((at) => Math.round(at * 100))).toEqual([10, 90]);
    expect(placeOnLine([5])(5)).toBe(0.5);
  });
});
