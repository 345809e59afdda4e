/** Running states: one cell per strategy version and symbol, kept in memory, written through to the book. */
import { AppError } from '#app/domain/errors.ts';
import { readRun, type StrategyRun } from '#app/strategy/strategy.ts';
import type { Queryable } from '#chassis/db.ts';
import type { Deployment } from './deployments.ts';

/** What a strategy version knows of a symbol. */
export type Cell = {
  /** The newest bar that was applied, epoch ms. */
  lastOpenTime: number;
  /** Bars applied so far, from 1. */
  version: number;
  run: StrategyRun;
};

/** A cell that a batch has moved on, with the version that the book must still have (0 = no row). */
export type MovedCell = Cell & { readonly deployment: Deployment; readonly symbol: string; readonly expected: number };

/** Cells in memory, by version and symbol. */
export class CellCache {
  readonly #cells = new Map<string, Map<string, Cell>>();

  get(versionId: string, symbol: string): Cell | undefined {
    return this.#cells.get(versionId)?.get(symbol);
  }

  /** Takes over what the book has; an older cell never replaces a newer one. */
  adopt(versionId: string, symbol: string, cell: Cell): void {
    const ofVersion = this.#cells.get(versionId) ?? new Map<string, Cell>();
    this.#cells.set(versionId, ofVersion);
    const known = ofVersion.get(symbol);
    if (!known || known.version <= cell.version) ofVersion.set(symbol, { lastOpenTime: cell.lastOpenTime, version: cell.version, run: cell.run });
  }
}

type StateRow = { strategy_version_id: string; symbol: string; last_open_time: number; version: number; state: unknown };
const SELECT_STATES = `SELECT strategy_version_id, symbol, last_open_time, version, state FROM strategy_engine.strategy_state WHERE strategy_version_id = ANY($1::text[])`;

/**
 * Reads the cells of these deployments; `locked` keeps others from moving them until the transaction ends.
 * @throws AppError INVARIANT_BROKEN when a stored state is not one of its strategy.
 */
export async function loadCells(book: Queryable, deployments: readonly Deployment[], locked = false): Promise<CellCache> {
  const byVersion = new Map(deployments.map((deployment) => [deployment.versionId, deployment]));
  const sql = locked ? `${SELECT_STATES} ORDER BY strategy_version_id, symbol FOR UPDATE` : SELECT_STATES;
  const cache = new CellCache();
  for (const row of await book.query<StateRow>(sql, [[...byVersion.keys()]])) {
    const deployment = byVersion.get(row.strategy_version_id);
    if (deployment) cache.adopt(row.strategy_version_id, row.symbol, { lastOpenTime: row.last_open_time, version: row.version, run: readRun(deployment.strategy, row.state) });
  }
  return cache;
}

const WRITE_STATES = `
  WITH given AS (
    SELECT g.strategy_version_id, g.symbol, to_timestamp(g.last_open_ms / 1000.0) AS last_open_time, g.expected, g.version, g.state::jsonb AS state
    FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[]) AS g(strategy_version_id, symbol, last_open_ms, expected, version, state)
  ), moved AS (
    UPDATE strategy_engine.strategy_state s SET last_open_time = g.last_open_time, version = g.version, state = g.state
    FROM given g WHERE s.strategy_version_id = g.strategy_version_id AND s.symbol = g.symbol AND s.version = g.expected
    RETURNING 1
  ), made AS (
    INSERT INTO strategy_engine.strategy_state (strategy_version_id, symbol, last_open_time, version, state)
    SELECT strategy_version_id, symbol, last_open_time, version, state FROM given WHERE expected = 0
    ON CONFLICT DO NOTHING
    RETURNING 1
  )
  SELECT (SELECT count(*) FROM moved) + (SELECT count(*) FROM made) AS written`;

/**
 * Writes moved cells over the versions they came from.
 * @throws AppError VERSION_CONFLICT when the book has moved on since the cells were read: read again and repeat.
 */
export async function writeCells(tx: Queryable, moved: readonly MovedCell[]): Promise<void> {
  if (moved.length === 0) return;
  const column = <T>(pick: (cell: MovedCell) => T): T[] => moved.map(pick);
  const [row] = await tx.query<{ written: number }>(WRITE_STATES, [
    column((cell) => cell.deployment.versionId), column((cell) => cell.symbol), column((cell) => cell.lastOpenTime),
    column((cell) => cell.expected), column((cell) => cell.version), column((cell) => JSON.stringify(cell.run)),
  ]);
  if (row?.written !== moved.length) throw new AppError('VERSION_CONFLICT', 'A strategy was moved on by someone else', { context: { cells: moved.length, written: row?.written } });
}
