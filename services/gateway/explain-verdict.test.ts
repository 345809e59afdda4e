/** How stories end, case by case: what the book has counts before anything that was worked out. */
import { describe, expect, it } from 'vitest';
import { VERDICTS, type ExplainedBar, type ExplainedCheck } from '#app/contracts/explain.ts';
import type { DecisionView, OrderStory, OrderView, SignalView } from '#app/contracts/views.ts';
import { ORDER_STATUSES, type OrderStatus } from '#app/domain/order.ts';
import { endingOf, hindrances, unmetWords, wishWords, type Ending } from './explain-verdict.ts';

const T = 1_709_562_660_000;
const check = (leadsTo: string | null, name: string, isMet: boolean, [value, threshold]: readonly [number | null, number | null] = [null, null]): ExplainedCheck => ({ symbol: 'AAA', leadsTo, name, isMet, value, threshold });
const flat = { side: 'flat', weight: null } as const;
const REPLAY: NonNullable<ExplainedBar['replay']> = {
  barsReplayed: 40, wasAsked: true, checks: [check('Sell', 'RSI above the exit level', false, [44.1, 55]), check('Buy', 'RSI below the entry level', false, [44.1, 30])], checksLeftOut: 0, indicators: [], memory: { before: '{}', after: '{}' }, wish: { before: flat, after: flat }, named: null,
  position: { qty: 0, averagePrice: null, barsHeld: -1 }, said: [], agrees: 'same', notes: [],
};
const explained = (change: Partial<ExplainedBar> = {}): ExplainedBar => ({
  strategyId: 'rsi', name: 'RSI', kind: 'rsi_reversion', title: 'RSI reversion', timeframe: '1Min', versionId: 'rsi.v1', versionAt: 1, bar: { openTime: T, closeTime: T + 60_000, open: 1, high: 1, low: 1, close: 1, volume: 1, source: 'stream', tsSeen: T },
  barsInSpan: 1, nearest: { before: null, after: null }, isWatching: true, isDeployed: true, isEnabled: true, isRegular: true, isQuiet: false, isUnseen: false, warmUp: { seen: 40, needed: 15, isWarm: true }, replay: REPLAY, problem: null, tookMs: 1, ...change,
});
const replay = (change: Partial<typeof REPLAY>): Partial<ExplainedBar> => ({ replay: { ...REPLAY, ...change } });
const quietly = (change: Partial<ExplainedBar> = {}): Ending => endingOf({ explained: explained(change), signals: [], stories: [] });

const signal = (change: Partial<SignalView> = {}): SignalView => ({ signalId: 's', strategyId: 'rsi', strategyVersionId: 'rsi.v1', symbol: 'AAA', timeframe: '1Min', barOpenTime: T, tsMarket: T, target: 'long', weight: null, order: null, referencePrice: '1', atr: null, protection: null, reasons: [], raisedAt: T, ...change });
const story = (decision: Partial<DecisionView> | null, order: Partial<OrderView> | null): OrderStory => ({
  decision: decision as DecisionView | null, signal: signal(), events: [], fills: [], relatives: [],
  order: order === null ? null : ({ side: 'buy', symbol: 'AAA', qty: '10', filledQty: '4', avgFillPrice: '40.76', unknownSince: null, isClosed: false, reason: null, status: 'accepted', ...order } as OrderView),
});
const loudly = (...stories: OrderStory[]): Ending => endingOf({ explained: explained(), signals: [signal()], stories });

describe('before the strategy could look', () => {
  it.each<[string, Partial<ExplainedBar>, Ending['verdict'], RegExp]>([
    ['it does not watch', { isWatching: false }, 'not_watching', /does not watch/],
    ['no bar', { bar: null, replay: null }, 'no_bar', /no bar/],
    ['outside of the session', { isRegular: false, replay: null }, 'closed', /Outside of regular trading/],
    ['made later', { isDeployed: false }, 'not_deployed', /not deployed then/],
    ['imported', { isUnseen: true, isDeployed: null, isQuiet: null }, 'unseen', /never shown/],
    ['on its way', { isUnseen: true, isQuiet: false }, 'unseen', /has not been shown/],
    ['switched off', { isEnabled: false }, 'disabled', /switched off/],
    ['warming up', { warmUp: { seen: 4, needed: 15, isWarm: false } }, 'warming_up', /4 of 15 bars/],
    ['history', { isQuiet: true }, 'quiet_bar', /came as history/],
    ['it cannot be run', { replay: null, problem: 'The strategy failed' }, 'unknown', /cannot be told/],
    ['the engine is away', { bar: null, replay: null, problem: 'strategy_engine does not answer' }, 'unknown', /cannot be told/],
  ])('%s', (_name, change, verdict, headline) => {
    expect(quietly(change).verdict).toBe(verdict);
    expect(quietly(change).headline).toMatch(headline);
  });

  it('says what it would have done', () => {
    expect(quietly({ isEnabled: false, ...replay({ said: [{ what: 'target', target: 'long', weight: 0.25 }] }) }).detail).toMatch(/Run again today over this bar, it wishes to hold 25 % of the equity in it\.$/);
    expect(quietly({ isDeployed: false }).detail).toMatch(/Run today over 40 bars up to this one, begun with nothing held, it says nothing new\.$/);
    expect(quietly({ isEnabled: false, ...replay({ said: [{ what: 'order', target: 'flat', weight: null }] }) }).detail).toMatch(/asks for an order of its own\.$/);
    expect(quietly({ isEnabled: false, ...replay({ wasAsked: false }) }).detail, 'it was not asked').toBe('A strategy that is disabled looks on and says nothing.');
  });

  it('claims no import of a bar that was told, and no showing of one of which nothing is kept', () => {
    expect(quietly({ isUnseen: true, isQuiet: false }).detail).toMatch(/^The bar was told, and this version has not looked at it: it is on its way, or/);
    expect(quietly({ isUnseen: true, isQuiet: null, isDeployed: true }).detail).toMatch(/^Nothing is kept that says/);
  });
});

describe('without a signal', () => {
  it('names what was lacking, first what concerns a strategy that holds nothing', () => {
    expect(quietly()).toEqual({ verdict: 'conditions_not_met', headline: 'It had no reason to trade', detail: 'Buy lacks: RSI below the entry level (44.1, threshold 30). Sell lacks: RSI above the exit level (44.1, threshold 55).' });
    expect(quietly(replay({ wish: { before: { side: 'long', weight: null }, after: flat } })).detail).toMatch(/^Sell lacks: /);
    expect(quietly(replay({ checks: [] })).detail).toMatch(/names no conditions/);
    expect(quietly(replay({ checks: [check(null, 'x', true)] })).detail).toMatch(/asked for a trade/);
  });

  it('tells a wish that stays from one that was never named, and a run that differs', () => {
    expect(quietly(replay({ named: { side: 'long', weight: null } }))).toMatchObject({ verdict: 'wish_unchanged', headline: 'It wished to hold it, as before' });
    expect(quietly(replay({ agrees: 'differs', notes: ['Run again today, it would raise a signal here.'] }))).toMatchObject({ verdict: 'unknown', detail: 'Run again today, it would raise a signal here.' });
  });

  it('is short where much is lacking', () => {
    const many = Array.from({ length: 6 }, (_none, n) => check('Buy', `c${n}`, false));
    expect(quietly(replay({ checks: many })).detail).toBe('Buy lacks: c0; c1; c2; and 3 more.');
    expect(hindrances([check('Buy', 'a', true), check(null, 'b', false)], false)).toEqual([{ leadsTo: null, unmet: [check(null, 'b', false)] }]);
  });
});

describe('with a signal', () => {
  it('waits for the decision', () => {
    expect(loudly().verdict).toBe('undecided');
    expect(endingOf({ explained: explained(), signals: [signal({ target: 'flat' })], stories: [] }).headline).toMatch(/nothing came of it/);
  });

  it('is denied by a rule, or by the switch', () => {
    expect(loudly(story({ outcome: 'denied', code: 'ORDER_NOTIONAL_EXCEEDED', message: 'Too large' }, null))).toEqual({ verdict: 'denied', headline: 'Risk denied it', detail: 'Too large' });
    expect(loudly(story({ outcome: 'denied', code: 'TRADING_HALTED', message: 'Trading is halted' }, null)).verdict).toBe('halted');
    expect(loudly(story({ outcome: 'approved', code: null, message: 'ok' }, null)).verdict).toBe('order_pending');
  });

  it('stands where its order stands, for every status', () => {
    const verdicts: Record<OrderStatus, Ending['verdict']> = {
      initialized: 'order_pending', submitted: 'order_pending', held: 'order_working', accepted: 'order_working', partially_filled: 'order_partly_filled', pending_cancel: 'order_working', pending_replace: 'order_working', filled: 'order_filled', canceled: 'order_ended', expired: 'order_ended',
      rejected: 'order_rejected', denied: 'denied', replaced: 'order_ended',
    };
    for (const status of ORDER_STATUSES) expect(loudly(story({ outcome: 'approved' }, { status })).verdict, status).toBe(verdicts[status]);
    expect(loudly(story({ outcome: 'approved' }, { status: 'filled', filledQty: '10' })).headline).toBe('Bought 10 shares at 40.76 USD');
    expect(loudly(story({ outcome: 'approved' }, { status: 'submitted', unknownSince: T })).verdict).toBe('order_unknown');
    expect(loudly(story({ outcome: 'approved' }, { status: 'rejected', reason: 'insufficient qty' })).detail).toBe('insufficient qty');
  });

  it('tells what a person had switched from what was wrong with it, before risk and before the broker', () => {
    const denied = (code: DecisionView['code']): Ending => loudly(story({ outcome: 'denied', code, message: 'm' }, null));
    expect([denied('TRADING_REDUCING_ONLY'), denied('LIVE_DISARMED')].map(({ verdict, headline }) => [verdict, headline])).toEqual([['halted', 'Only orders that reduce a position were let through'], ['halted', 'Live trading was not armed']]);
    expect([denied('TARGET_ALREADY_HELD'), denied('NOTHING_TO_EXIT')].map(({ verdict }) => verdict)).toEqual(['wish_unchanged', 'wish_unchanged']);
    for (const code of ['PRICE_COLLAR_EXCEEDED', 'RISK_LEASE_STALE', 'EXIT_PENDING'] as const) expect(denied(code)).toEqual({ verdict: 'denied', headline: 'Risk denied it', detail: 'm' });
    expect(loudly(story({ outcome: 'approved' }, { status: 'denied', denialCode: 'TRADING_HALTED', reason: 'The kill switch was pulled' }))).toEqual({ verdict: 'halted', headline: 'Approved, then not sent: trading was halted', detail: 'The kill switch was pulled' });
    expect(loudly(story({ outcome: 'approved' }, { status: 'denied', denialCode: 'RISK_LEASE_STALE', reason: 'No lease' })).headline).toBe('Approved, then not sent');
  });

  it('says who ended an order, and how much of it was filled by then', () => {
    expect(loudly(story({ outcome: 'approved' }, { status: 'canceled', isClosed: true, reason: 'canceled by ann' }))).toEqual({ verdict: 'order_ended', headline: 'Bought 4 of 10 shares, then the order was canceled', detail: 'Buy 10 shares of AAA: 4 of 10 filled. Canceled by ann.' });
    expect(loudly(story({ outcome: 'approved' }, { status: 'expired', isClosed: true, filledQty: '0' })).headline).toBe('The order ran out of time');
    expect(loudly(story({ outcome: 'approved' }, { status: 'pending_cancel', reason: 'canceled by ann' })).headline).toBe('Its order is being cancelled');
  });

  it('goes on to the order that took its place', () => {
    const replaced = story({ outcome: 'approved' }, { orderId: 'a', status: 'replaced', isClosed: true, filledQty: '0', replacedByOrderId: 'b' });
    const [second, third] = [{ orderId: 'b', status: 'replaced', replacedByOrderId: 'c' }, { orderId: 'c', side: 'buy', symbol: 'AAA', qty: '12', filledQty: '12', avgFillPrice: '41', status: 'filled', isClosed: true, unknownSince: null, replacedByOrderId: null }] as unknown as OrderView[];
    const parts = { explained: explained(), signals: [signal()], stories: [{ ...replaced, relatives: [third, second] as OrderView[] }] };
    expect(endingOf(parts)).toEqual({ verdict: 'order_filled', headline: 'Bought 12 shares at 41 USD', detail: 'The signal was approved, sent and filled. The order was changed on its way: this is the one that took its place.' });
  });

  it('is about the newest signal of a stretch, not about an older one that was filled', () => {
    const [older, newer] = [signal({ signalId: 'old', barOpenTime: T - 60_000 }), signal({ signalId: 'new', target: 'flat' })];
    const filled = { ...story({ outcome: 'approved' }, { status: 'filled' }), signal: older };
    const refused = { ...story({ outcome: 'denied', code: 'DATA_STALE', message: 'Old prices' }, null), signal: newer };
    expect(endingOf({ explained: explained(), signals: [older, newer], stories: [filled, refused] })).toEqual({ verdict: 'denied', headline: 'Risk denied it', detail: 'Old prices' });
    expect(endingOf({ explained: explained(), signals: [older, newer], stories: [filled] }).verdict).toBe('undecided');
  });

  it('counts before what was worked out', () => {
    expect(endingOf({ explained: explained({ isEnabled: false, isWatching: false }), signals: [signal()], stories: [story({ outcome: 'approved' }, { status: 'filled' })] }).verdict).toBe('order_filled');
  });
});

it('has words for numbers and wishes', () => {
  expect([unmetWords({ name: 'a', value: null, threshold: null }), unmetWords({ name: 'a', value: 1.23456789, threshold: null }), unmetWords({ name: 'a', value: null, threshold: 3 }), unmetWords({ name: 'a', value: 12_345.678, threshold: 0 })]).toEqual(['a', 'a (1.2346)', 'a (threshold 3)', 'a (12345.68, threshold 0)']);
  expect([wishWords({ side: 'short', weight: -0.1 }), wishWords({ side: 'flat', weight: null }), wishWords({ side: 'short', weight: null })]).toEqual(['be short of it with 10 % of the equity', 'hold none of it', 'be short of it']);
  expect(new Set(VERDICTS).size).toBe(VERDICTS.length);
});
