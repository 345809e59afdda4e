/** Reasons of differences, told from what the book knows: here an order that the market filled in part, and what came of it later. */
import { expect, it } from 'vitest';
import { compareDay, type ParityTrade } from '#app/analytics/parity.ts';
import type { LiveDay } from './parity-live.ts';
import type { DayPlan } from './parity-plan.ts';
import { reasonsOf } from './parity-reasons.ts';
import type { Replayed } from './parity-replay.ts';

/** 2024-03-04, 10:00 in New York. */
const TEN = Date.UTC(2024, 2, 4, 15);
const trade = (key: string, changes: Partial<ParityTrade> = {}): ParityTrade => ({ key, decisionId: key, symbol: 'AAA', side: 'buy', qty: 50, ordered: 50, price: 100, at: TEN, ...changes });

it('says of an order that filled in part that it did, and of what came later that it follows on it', () => {
  const ours = [trade('in', { qty: 20 }), trade('out', { side: 'sell', qty: 20, ordered: 20, at: TEN + 600_000 }), trade('other', { symbol: 'BBB', qty: 7, ordered: 7, at: TEN + 600_000 })];
  const theirs = [trade('in'), trade('out', { side: 'sell', at: TEN + 600_000 }), trade('other', { symbol: 'BBB', at: TEN + 600_000 })];
  const live: LiveDay = { trades: ours, signals: new Map(), decisions: new Map(), orders: new Map(), switchings: [], errors: [] };
  const replayed = { trades: theirs, signals: [], denied: new Map(), ordered: new Map(), bars: 0, moments: [], symbols: ['AAA', 'BBB'] } satisfies Replayed;
  const plan = { strategyId: 'one', versionId: 'one.v1', changedAt: null, versionSince: 0 } as DayPlan;
  const { score, findings } = compareDay(ours, theirs, { barMs: 60_000, reasons: reasonsOf({ plan, live, replayed, corrections: [] }) });
  expect(score).toBe(0);
  expect(findings.map(({ symbol, kind, reason }) => [symbol, kind, reason])).toEqual([
    ['AAA', 'partial', 'Only 20 of 50 shares filled live; the replay fills at the open, whole.'],
    ['AAA', 'size', 'It follows on the order in AAA that filled in part at 10:00: live held less since.'],
    ['BBB', 'size', 'Live ordered 7 shares, the replay 50: the account stood otherwise, after other prices or other fills.'],
  ]);
});
