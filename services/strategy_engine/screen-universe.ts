/** A screen becomes the universe of a strategy: the symbols that it finds now, and those that the strategy still holds. */
import type { CommandInput, CommandOutput } from '#app/contracts/commands.ts';
import { UNIVERSE_MAX } from '#app/contracts/screener.ts';
import { AppError } from '#app/domain/errors.ts';
import { strategyType } from '#app/strategy/registry.ts';
import type { Db, Queryable } from '#chassis/db.ts';
import { symbolsOf } from './deployments.ts';
import type { Engine } from './engine.ts';
import { liveFactsSchema, outlineOf } from './live-roster.ts';
import type { Warmer } from './live-warm.ts';
import { savedScreen } from './screen-save.ts';
import type { Screener } from './screen-run.ts';

/**
 * A signal may become an order until its bar is old; that of the last minutes counts like an order: on either side, or with an order of the strategy's own, whose signal repeats the wish of before.
 * A step that risk still owes is an entry that follows by itself.
 */
const HELD = `
  SELECT symbol FROM execution.strategy_positions WHERE strategy_id = $1 AND qty <> 0
  UNION SELECT symbol FROM execution.orders WHERE strategy_id = $1 AND NOT is_closed
  UNION SELECT symbol FROM strategy_engine.strategy_signals WHERE strategy_id = $1 AND (target IN ('long', 'short') OR own_order IS NOT NULL) AND raised_at > clock_timestamp() - interval '10 minutes'
  UNION SELECT symbol FROM risk_management.strategy_targets WHERE strategy_id = $1 AND owed <> 0
  ORDER BY symbol`;

/** Symbols in which a strategy holds something, or may soon. */
export async function heldSymbols(book: Queryable, strategyId: string): Promise<string[]> {
  return (await book.query<{ symbol: string }>(HELD, [strategyId])).map(({ symbol }) => symbol);
}

type StrategyRow = { kind: string; symbols: string[]; parameters: unknown; projectId: string | null; facts: unknown };

/**
 * Gives a strategy the symbols that a screen finds now: the rows of the page, no more than the screen is limited to. Symbols in which it holds something, or has an order that may still be
 * filled, stay, so that nothing is left unlooked-after; what cannot be traded is left out, with the reason.
 * The old list stands in the audit trail. Asked again under the same key, the list of the first time is answered.
 * @throws AppError SCREEN_NOT_FOUND, STRATEGY_NOT_FOUND; INPUT_INVALID when nothing is found, or more or fewer symbols than the strategy takes
 */
export async function screenToStrategy(parts: { db: Db; engine: Engine; screener: Screener; warmer?: Pick<Warmer, 'ask'> }, input: CommandInput<'screenToStrategy'>): Promise<CommandOutput<'screenToStrategy'>> {
  const { db, engine, screener } = parts;
  const { strategyId, screenId, actor, idempotencyKey } = input;
  const screen = await savedScreen(db, screenId);
  const { rows } = await screener.run({ ...screen.definition, asOf: null, columns: [], limit: UNIVERSE_MAX });
  const found = rows.map((row) => row.symbol);
  return db.tx(async (tx) => {
    const [row] = await tx.query<StrategyRow>('SELECT s.kind, s.symbols, s.parameters, s.project_id AS "projectId", v.facts FROM strategy_engine.strategies s JOIN strategy_engine.strategy_versions v ON v.strategy_version_id = s.current_version_id WHERE s.strategy_id = $1 FOR UPDATE OF s', [strategyId]);
    if (!row) throw new AppError('STRATEGY_NOT_FOUND', `There is no strategy "${strategyId}"`);
    const [earlier] = await tx.query<{ symbols: string[] }>(
      `SELECT ARRAY(SELECT jsonb_array_elements_text(after->'symbols')) AS symbols FROM logging.audit_log WHERE at > clock_timestamp() - interval '1 day' AND action = 'strategy.universe' AND subject = $1 AND after->>'idempotencyKey' = $2 ORDER BY id LIMIT 1`,
      [strategyId, idempotencyKey],
    );
    if (earlier) return { strategyId, symbols: earlier.symbols, skipped: [] };
    const tradable = new Set((await tx.query<{ symbol: string }>('SELECT symbol FROM data_ingestion.symbols WHERE symbol = ANY($1::text[]) AND is_tradable', [found])).map((one) => one.symbol));
    const held = await heldSymbols(tx, strategyId);
    const symbols = [...new Set([...found.filter((symbol) => tradable.has(symbol)), ...held])].sort();
    if (symbols.length === 0) throw new AppError('INPUT_INVALID', 'The screen finds no symbol that can be traded; the strategy keeps its symbols');
    symbolsOf(row.projectId === null ? strategyType(row.kind).bind(row.parameters) : outlineOf(liveFactsSchema.parse(row.facts)), symbols);
    await tx.query('UPDATE strategy_engine.strategies SET symbols = $2::text[], updated_at = clock_timestamp() WHERE strategy_id = $1', [strategyId, symbols]);
    await tx.query(`INSERT INTO logging.audit_log (actor, action, subject, before, after) VALUES ($1, 'strategy.universe', $2, $3::jsonb, $4::jsonb)`, [
      actor, strategyId, JSON.stringify({ symbols: row.symbols }), JSON.stringify({ symbols, screenId, idempotencyKey }),
    ]);
    // New symbols of an authored strategy are shown the bars before their first.
    if (row.projectId !== null) await tx.query('UPDATE strategy_engine.strategies SET is_warm = false WHERE strategy_id = $1', [strategyId]);
    tx.afterCommit(() => {
      engine.forget();
      if (row.projectId !== null) parts.warmer?.ask(strategyId);
    });
    const skipped = [
      ...found.filter((symbol) => !tradable.has(symbol)).map((symbol) => ({ symbol, reason: 'The broker does not trade it' })),
      ...held.filter((symbol) => !found.includes(symbol)).map((symbol) => ({ symbol, reason: 'Not found by the screen, but the strategy holds it or has an open order in it: it stays until it is sold' })),
    ];
    return { strategyId, symbols, skipped };
  });
}
