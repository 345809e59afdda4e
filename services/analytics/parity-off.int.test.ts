/** A strategy that was switched off all day has done what it was told: the nightly parity says so, and judges nothing. */
import { expect, it } from 'vitest';
import { openDb } from '#chassis/db.ts';
import { startBook } from '../../tests/support/servers.ts';
import { readParity, runParity } from './parity.ts';

it('does not score a strategy that was off all day, and compares one that is on', async () => {
  const book = await startBook();
  const db = openDb({ access: book.access('analytics'), database: 'trading_system', schema: 'analytics', applicationName: 'parity test', max: 2, onLost: () => undefined });
  try {
    const deploy = (id: string, isEnabled: boolean) => book.sql(`INSERT INTO strategy_engine.strategies (strategy_id, name, kind, symbols, timeframe, parameters, sizing, is_enabled, current_version_id) VALUES ($1, $1, 'sma_cross', '{AAA}', '1Min', '{}', '{"method": "fixed_notional", "notional": "1000"}', $2, $1 || '.v1')`, [id, isEnabled]);
    await book.sql('BEGIN');
    for (const [id, isEnabled] of [['off', false], ['on', true]] as const) {
      await deploy(id, isEnabled);
      await book.sql(`INSERT INTO strategy_engine.strategy_versions (strategy_version_id, strategy_id, version, kind, parameters, sizing, code_hash) VALUES ($1 || '.v1', $1, 1, 'sma_cross', '{}', '{"method": "fixed_notional", "notional": "1000"}', 'h')`, [id]);
    }
    await book.sql('COMMIT');
    await runParity(db, '2024-03-04', { signal: new AbortController().signal });
    expect(await readParity(db, 'off', 1)).toMatchObject([{ score: null, note: 'It was switched off all day: there is nothing to compare.' }]);
    expect(await readParity(db, 'on', 1)).toMatchObject([{ score: null, note: 'There are no bars of its symbols on this day.' }]);
  } finally {
    await db.close();
    await book.stop();
  }
}, 150_000);
