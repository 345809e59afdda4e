/** Closing what one strategy holds, and nothing of anybody else's; and nothing for a kill switch that trading outlived. */
import { describe, expect, it } from 'vitest';
import { flatten } from './flatten.ts';
import { setTradingState } from './trading-state.ts';
import { signal, useTestHouse } from '../../tests/support/risk-house.ts';

const at = useTestHouse();

describe('flatten of one strategy', () => {
  it('sells its share alone, cancels its entries alone, and answers a repeated request as the first', async () => {
    await at().hear(signal(1, { signalId: 'entry', symbol: 'MSFT' }));
    await at().rows.hold('sma', 'AAPL', '20');
    await at().rows.hold('other', 'AAPL', '7');
    await at().rows.hold('', 'AAPL', '5');
    const request = { idempotencyKey: 'stop-sma-1', actor: 'owner', symbol: null, strategyId: 'other' };
    const answer = await flatten(at().house, request);
    expect(answer.decisions.map(({ decisionId, outcome, qty }) => [decisionId.replace(/^flatten:[0-9a-f]{24}:/, ''), outcome, qty])).toEqual([['other:AAPL', 'approved', '7']]);
    expect(await at().rows.said('order.cancel_requested')).toEqual([]);
    expect(await flatten(at().house, request)).toEqual(answer);
    await expect(flatten(at().house, { idempotencyKey: 'stop-sma-1', actor: 'owner', symbol: null })).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
    const mine = await flatten(at().house, { idempotencyKey: 'stop-sma-2', actor: 'owner', symbol: null, strategyId: 'sma' });
    expect(mine.decisions.map(({ decisionId, outcome }) => [decisionId.replace(/^flatten:[0-9a-f]{24}:/, ''), outcome])).toEqual([['sma:AAPL', 'approved'], ['sma:MSFT', 'denied']]);
    expect((await at().rows.said('order.cancel_requested')).map((event) => event.payload['clientOrderId'])).toEqual(['ms-entry']);
  });
});

describe('the flatten of a kill switch that the supervisor repeats', () => {
  const pull = { idempotencyKey: 'kill-flatten-1', actor: 'owner', reason: 'enough for today' };
  it('closes nothing once a person has resumed: what is held then is wanted; a new pull closes it', async () => {
    const { db, house, rows } = at();
    await setTradingState(db, { ...pull, state: 'REDUCING' });
    await setTradingState(db, { ...pull, idempotencyKey: 'resume-0001', state: 'ACTIVE' });
    await rows.hold('sma', 'AAPL', '20');
    await expect(flatten(house, { idempotencyKey: pull.idempotencyKey, actor: 'owner', symbol: null })).rejects.toMatchObject({ code: 'ORDER_DENIED' });
    expect(await rows.said('order.approved')).toEqual([]);
    await setTradingState(db, { ...pull, idempotencyKey: 'kill-flatten-2', state: 'REDUCING' });
    const { decisions } = await flatten(house, { idempotencyKey: 'kill-flatten-2', actor: 'owner', symbol: null });
    expect(decisions.map(({ outcome, qty }) => [outcome, qty])).toEqual([['approved', '20']]);
  });
  it('answers as the first time after a resume, when it was decided before', async () => {
    const { db, house, rows } = at();
    await rows.hold('sma', 'AAPL', '20');
    await setTradingState(db, { ...pull, state: 'REDUCING' });
    const request = { idempotencyKey: pull.idempotencyKey, actor: 'owner', symbol: null };
    const answer = await flatten(house, request);
    await setTradingState(db, { ...pull, idempotencyKey: 'resume-0001', state: 'ACTIVE' });
    expect(await flatten(house, request)).toEqual(answer);
  });
});
