/** The gate: switch, age, lease. */
import { describe, expect, it } from 'vitest';
import { epochMs } from '#app/domain/time.ts';
import { quantity } from '#app/domain/numeric.ts';
import { decideGate, uncoveredExit, type GateView } from './gate.ts';

const view = (fields: Partial<GateView> = {}): GateView => ({ tradingState: 'ACTIVE', strictestSince: 'ACTIVE', arming: 'not_needed', isLeaseFresh: true, isReducing: false, uncovered: null, approvedAt: epochMs(1_000_000), marketNow: epochMs(1_060_000), waitedMs: null, ...fields });

describe('gate', () => {
  it.each<[string, Partial<GateView>, object]>([
    ['sends when all is well', {}, { kind: 'send' }],
    ['sends before the first bar', { marketNow: null }, { kind: 'send' }],
    ['holds without a fresh lease', { isLeaseFresh: false }, { kind: 'hold' }],
    ['denies when halted, even an exit', { tradingState: 'HALTED', isReducing: true }, { kind: 'deny', code: 'TRADING_HALTED' }],
    ['denies an entry while reducing', { tradingState: 'REDUCING' }, { kind: 'deny', code: 'TRADING_REDUCING_ONLY' }],
    ['denies an entry that was approved before a halt, after the resume', { strictestSince: 'HALTED' }, { kind: 'deny', code: 'TRADING_HALTED', message: expect.stringContaining('after the resume') as string }],
    ['denies an entry that was approved before entries were stopped, after the resume', { strictestSince: 'REDUCING' }, { kind: 'deny', code: 'TRADING_REDUCING_ONLY', message: expect.stringContaining('after the resume') as string }],
    ['denies it for good, also while the lease is stale', { strictestSince: 'HALTED', isLeaseFresh: false }, { kind: 'deny', code: 'TRADING_HALTED' }],
    ['sends an exit that was approved before a halt', { strictestSince: 'HALTED', isReducing: true }, { kind: 'send' }],
    ['sends an exit while reducing', { tradingState: 'REDUCING', isReducing: true }, { kind: 'send' }],
    ['denies an entry while the real account is disarmed', { arming: 'disarmed' }, { kind: 'deny', code: 'LIVE_DISARMED' }],
    ['denies it for good, also while the lease is stale', { arming: 'disarmed', isLeaseFresh: false }, { kind: 'deny', code: 'LIVE_DISARMED' }],
    ['sends an exit while disarmed', { arming: 'disarmed', isReducing: true }, { kind: 'send' }],
    ['sends an entry while armed', { arming: 'armed' }, { kind: 'send' }],
    ['the switch counts while armed', { arming: 'armed', tradingState: 'HALTED' }, { kind: 'deny', code: 'TRADING_HALTED' }],
    ['sends at exactly 120 s', { marketNow: epochMs(1_120_000) }, { kind: 'send' }],
    ['denies an old approval', { marketNow: epochMs(1_120_001) }, { kind: 'deny', code: 'APPROVAL_EXPIRED' }],
    ["sends a person's order of just now, however the market's clock leaps", { marketNow: epochMs(9_000_000), waitedMs: 900 }, { kind: 'send' }],
    ["denies a person's order that waited too long", { marketNow: epochMs(1_120_001), waitedMs: 120_001 }, { kind: 'deny', code: 'APPROVAL_EXPIRED', message: expect.stringContaining('place the order again') as string }],
    ['sends an old exit: the wish to get out does not age', { marketNow: epochMs(9_120_001), isReducing: true }, { kind: 'send' }],
    ['denies an exit whose position has gone, however fresh', { isReducing: true, uncovered: 'gone' }, { kind: 'deny', code: 'NOTHING_TO_EXIT', message: 'gone' }],
    ['denies when halted although the lease is stale', { tradingState: 'HALTED', isLeaseFresh: false }, { kind: 'deny' }],
  ])('%s', (_, fields, answer) => {
    expect(decideGate(view(fields))).toMatchObject(answer);
  });
});

describe('an exit and the position that it closes', () => {
  it.each<['buy' | 'sell', string, string, boolean]>([
    ['sell', '10', '10', true], ['sell', '10', '4', false], ['sell', '10', '0', false], ['sell', '10', '-10', false],
    ['buy', '3', '-3', true], ['buy', '3', '-2.5', false], ['buy', '3', '0', false], ['buy', '3', '3', false], ['sell', '0.5', '0.500000001', true],
  ])('%s %s with %s held: covered is %s', (side, qty, held, isCovered) => {
    expect(uncoveredExit({ symbol: 'AAPL', side, qty: quantity(qty) }, quantity(held)) === null).toBe(isCovered);
  });
});
