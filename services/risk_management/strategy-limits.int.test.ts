/** Limits of one strategy over a real book: read with every decision, counted for it alone, and a switch that holds for what was said before. */
import { describe, expect, it } from 'vitest';
import { signal, useTestHouse } from '../../tests/support/risk-house.ts';

const at = useTestHouse();

type Changes = { readonly limits?: unknown; readonly paused?: unknown; readonly isStopped?: boolean; readonly isEnabled?: boolean };

/** The engine's row of the strategy sma. */
async function strategy({ limits = null, paused = null, isStopped = false, isEnabled = true }: Changes): Promise<void> {
  const json = (value: unknown): string | null => (value === null ? null : JSON.stringify(value));
  await at().rows.book.sql(
    `INSERT INTO strategy_engine.strategies (strategy_id, name, kind, symbols, timeframe, parameters, sizing, is_enabled, current_version_id, limits, paused, is_stopped) VALUES ('sma', 'sma', 'sma_cross', '{*}', '1Min', '{}', '{}', $1, 'sma.v1', $2::jsonb, $3::jsonb, $4)
     ON CONFLICT (strategy_id) DO UPDATE SET limits = excluded.limits, paused = excluded.paused, is_stopped = excluded.is_stopped, is_enabled = excluded.is_enabled`, [isEnabled, json(limits), json(paused), isStopped],
  );
}

const limits = (maxNotional: string, maxOrdersPerDay = 100) => ({ maxNotional, maxOrdersPerDay, maxDailyLoss: '500', maxErrors: 3 });
const codes = async (): Promise<unknown[]> => (await at().rows.decisions()).map(({ decision_id: id, code }) => [id, code]);

describe('a strategy with limits of its own', () => {
  it('holds no more than they say, of all that it was approved for before and within one batch', async () => {
    await strategy({ limits: limits('7000') });
    await at().hear(signal(1, { signalId: 'a' }), signal(1, { signalId: 'b', symbol: 'MSFT' }), signal(1, { signalId: 'c', symbol: 'MSFT', strategyId: 'rsi', strategyVersionId: 'rsi.v1' }));
    expect(await codes()).toEqual([['a', null], ['b', 'STRATEGY_NOTIONAL_EXCEEDED'], ['c', null]]);
    const [row] = await at().rows.book.sql<{ rule: unknown; inputs: unknown }>(
      `SELECT (SELECT r FROM jsonb_array_elements(rules) r WHERE r->>'rule' = 'strategy_notional') AS rule, (SELECT jsonb_agg(i->>'name') FROM jsonb_array_elements(record->'inputs') i) AS inputs FROM risk_management.risk_decisions WHERE decision_id = 'b'`);
    expect(row?.rule).toMatchObject({ threshold: '7000', observed: '10000', wouldPass: 'at most 20 shares' });
    expect(row?.inputs).toEqual(expect.arrayContaining(['strategy_notional', 'strategy_entries_today']));
    await strategy({ limits: limits('10000') });
    await at().hear(signal(2, { signalId: 'd', symbol: 'MSFT' }));
    expect((await codes()).at(-1)).toEqual(['d', null]);
  });

  it('enters as often as they say in a day, and leaves as often as it likes', async () => {
    await strategy({ limits: limits('100000', 1) });
    await at().rows.hold('sma', 'MSFT', '10');
    await at().hear(signal(1, { signalId: 'a' }), signal(2, { signalId: 'b', symbol: 'MSFT', target: 'flat' }));
    await at().rows.book.sql(`INSERT INTO data_ingestion.symbols (symbol, name, exchange, is_tradable, is_fractionable, is_shortable) VALUES ('SPY', 'SPY', 'ARCA', true, true, true)`);
    await at().rows.close('SPY', 0, '100');
    await at().hear(signal(3, { signalId: 'c', symbol: 'SPY' }), signal(3, { signalId: 'd', symbol: 'SPY', strategyId: 'rsi', strategyVersionId: 'rsi.v1' }));
    expect(await codes()).toEqual([['a', null], ['b', null], ['c', 'STRATEGY_ORDERS_PER_DAY_EXCEEDED'], ['d', null]]);
  });

  it('opens nothing while they cannot be read', async () => {
    await strategy({ limits: { maxNotional: 'much' } });
    await at().hear(signal(1, { signalId: 'a' }));
    expect(await codes()).toEqual([['a', 'STRATEGY_STOPPED']]);
  });
});

describe('a strategy that was paused, stopped or switched off', () => {
  it.each<[string, Changes]>([['paused', { paused: { by: 'person', why: 'for lunch', at: 1 } }], ['stopped', { isStopped: true }], ['switched off', { isEnabled: false }]])('(%s) opens nothing of what it said before, and still leaves', async (_word, changes) => {
    await at().rows.hold('sma', 'MSFT', '10');
    await strategy(changes);
    await at().hear(signal(1, { signalId: 'a' }), signal(1, { signalId: 'b', symbol: 'MSFT', target: 'flat' }), signal(1, { signalId: 'c', strategyId: 'rsi', strategyVersionId: 'rsi.v1' }));
    expect(await codes()).toEqual([['a', 'STRATEGY_STOPPED'], ['b', null], ['c', null]]);
    await strategy({});
    await at().hear(signal(2, { signalId: 'd' }));
    expect((await codes()).at(-1), 'started again').toEqual(['d', null]);
  });
});
