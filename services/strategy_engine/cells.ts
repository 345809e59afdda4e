/** Running states: one cell per strategy version and symbol, or one for a whole portfolio; kept in memory, written through to the book. */
import * as z from 'zod';
import { REGULAR_WIDE_BARS } from '#app/backtest/run/wide.ts';
import { AppError, invariant } from '#app/domain/errors.ts';
import { barWireSchema } from '#app/domain/bar.ts';
import { openHost, restoreHost, savedWishes, type StandingWish, type StrategyHost } from '#app/strategy/host.ts';
import type { Queryable } from '#chassis/db.ts';
import { plainJson } from '#chassis/plain-text.ts';
import type { Deployment } from './deployments.ts';
import { RemoteHost, storedHost, unseenHost } from './live-host.ts';

const HOST = { wide: REGULAR_WIDE_BARS };

/** Name of the cell of a portfolio, where that of a symbol's has the symbol. */
export const PORTFOLIO_CELL = '*';

const seenBarSchema = barWireSchema.extend({ tsSeen: z.number().int(), isQuiet: z.boolean(), correlationId: z.string() });
/** A closed bar as strategies are shown it. `isQuiet`: it moves the indicators and raises nothing. */
export type ClosedBar = z.infer<typeof seenBarSchema>;

const heldSchema = z.object({ qty: z.number(), bars: z.number().int().min(0) });
/** What a share held at the last bar, and for how many bars since. */
export type Held = z.infer<typeof heldSchema>;

/** The moment of a portfolio that is not complete yet: its bars so far, by symbol. */
export type OpenMoment = { readonly openTime: number; readonly bars: Map<string, ClosedBar> };

/** What a strategy version knows of a symbol, or of all of a portfolio's. */
export type Cell = {
  /** The newest bar that was applied; of a portfolio the newest moment that is closed. Epoch ms. */
  lastOpenTime: number;
  /** Bars applied so far, from 1. */
  version: number;
  readonly host: StrategyHost;
  readonly held: Map<string, Held>;
  /** Newest bar of each symbol of a portfolio: its price where a moment has none. */
  readonly newest: Map<string, ClosedBar>;
  /** Only of portfolios. */
  moment: OpenMoment | null;
};

/** A cell that a batch has moved on, with the version that the book must still have (0 = no row). */
export type MovedCell = Cell & { readonly deployment: Deployment; readonly name: string; readonly expected: number };

/** The cell that a symbol's bars belong to. */
export function cellName(deployment: Pick<Deployment, 'strategy'>, symbol: string): string {
  return deployment.strategy.scope === 'portfolio' ? PORTFOLIO_CELL : symbol;
}

/** A cell that has seen nothing. `wishes`: of the version before. */
export function freshCell(deployment: Deployment, name: string, wishes?: ReadonlyMap<string, StandingWish>): Cell {
  const options = wishes === undefined ? HOST : { ...HOST, wishes };
  const symbols = symbolsOf(deployment, name);
  const host = deployment.authored === undefined ? openHost(deployment.strategy, symbols, options) : unseenHost(symbols, wishes);
  return { lastOpenTime: -Infinity, version: 0, host, held: new Map(), newest: new Map(), moment: null };
}

function symbolsOf(deployment: Deployment, name: string): readonly string[] {
  return name === PORTFOLIO_CELL ? [...(deployment.symbols ?? [])] : [name];
}

/** A copy that shares nothing: it is advanced, and the original kept until the book has the new one. Bars are never changed. */
export function copyCell(cell: Cell): Cell {
  const { lastOpenTime, version, moment } = cell;
  return { lastOpenTime, version, host: cell.host.copy(), held: new Map(cell.held), newest: new Map(cell.newest), moment: moment === null ? null : { openTime: moment.openTime, bars: new Map(moment.bars) } };
}

/** The newest bar of a symbol that a cell has seen, epoch ms; -Infinity before the first. A bar of an open moment is seen. */
export function seenUpTo(cell: Cell, symbol: string): number {
  return cell.moment?.bars.has(symbol) === true ? cell.moment.openTime : cell.lastOpenTime;
}

/** Cells in memory, by version and name. */
export class CellCache {
  readonly #cells = new Map<string, Map<string, Cell>>();

  get(versionId: string, name: string): Cell | undefined {
    return this.#cells.get(versionId)?.get(name);
  }

  /** All cells of a version, by name. */
  of(versionId: string): readonly (readonly [name: string, cell: Cell])[] {
    return [...(this.#cells.get(versionId) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** Takes over what the book has; an older cell never replaces a newer one. */
  adopt(versionId: string, name: string, cell: Cell): void {
    const ofVersion = this.#cells.get(versionId) ?? new Map<string, Cell>();
    this.#cells.set(versionId, ofVersion);
    const known = ofVersion.get(name);
    if (known && known.version > cell.version) return;
    const { lastOpenTime, version, host, held, newest, moment } = cell;
    ofVersion.set(name, { lastOpenTime, version, host, held, newest, moment });
  }
}

const storedSchema = z.object({
  host: z.unknown(), held: z.record(z.string(), heldSchema), newest: z.array(seenBarSchema), moment: z.object({ openTime: z.number().int(), bars: z.array(seenBarSchema) }).nullable(),
  /** Of authored strategies: what their process showed at the last bar. */
  shown: z.unknown().optional(),
});

/** A cell as it lies in the book: plain JSON. Words of reasons that are owed may become plain on the way; a state with such words is refused by its host. */
function writeState({ host, held, newest, moment }: Cell): string {
  const shown = host instanceof RemoteHost ? { shown: host.state?.shown ?? [] } : {};
  return plainJson({ ...shown, host: host.save(), held: Object.fromEntries(held), newest: [...newest.values()], moment: moment === null ? null : { openTime: moment.openTime, bars: [...moment.bars.values()] } });
}

type StateRow = { strategy_version_id: string; symbol: string; last_open_time: number; version: number; state: unknown };

function readCell(deployment: Deployment, row: StateRow): Cell {
  const stored = storedSchema.safeParse(row.state);
  invariant(stored.success, 'The stored run of a strategy cannot be read', { strategyId: deployment.strategyId, symbol: row.symbol });
  const { host: saved, held, newest, moment } = stored.data;
  const symbols = symbolsOf(deployment, row.symbol);
  const host = deployment.authored === undefined ? restoreHost(deployment.strategy, symbols, saved, HOST) : storedHost(symbols, saved, stored.data.shown);
  const bySymbol = (bars: readonly ClosedBar[]): Map<string, ClosedBar> => new Map(bars.map((bar) => [bar.symbol, bar]));
  return {
    lastOpenTime: row.last_open_time, version: row.version, host, held: new Map(Object.entries(held)),
    newest: bySymbol(newest), moment: moment === null ? null : { openTime: moment.openTime, bars: bySymbol(moment.bars) },
  };
}

const oldRun = z.object({ wish: z.enum(['long', 'flat']), isExitOwed: z.boolean() });

/** What a stored cell of any version wishes, by symbol; of versions of the program before portfolios, too. @throws AppError INVARIANT_BROKEN */
export function wishesOf(row: { readonly symbol: string; readonly state: unknown }): ReadonlyMap<string, StandingWish> {
  const old = oldRun.safeParse(row.state);
  if (old.success) return new Map([[row.symbol, { wish: { side: old.data.wish, weight: null }, isExitOwed: old.data.isExitOwed }]]);
  const stored = storedSchema.safeParse(row.state);
  invariant(stored.success, 'The stored run of a strategy cannot be read', { symbol: row.symbol });
  return savedWishes(stored.data.host);
}

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
    if (deployment) cache.adopt(row.strategy_version_id, row.symbol, readCell(deployment, row));
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

/** Before any moment of a portfolio is closed: older than every bar. */
const NOTHING_YET = 0;

/**
 * Writes moved cells over the versions they came from.
 * @throws AppError VERSION_CONFLICT when the book has moved on since the cells were read: read again and repeat.
 */
export async function writeCells(tx: Queryable, moved: readonly MovedCell[]): Promise<void> {
  if (moved.length === 0) return;
  const column = <T>(pick: (cell: MovedCell) => T): T[] => moved.map(pick);
  const [row] = await tx.query<{ written: number }>(WRITE_STATES, [
    column((cell) => cell.deployment.versionId), column((cell) => cell.name), column((cell) => Math.max(NOTHING_YET, cell.lastOpenTime)),
    column((cell) => cell.expected), column((cell) => cell.version), column(writeState),
  ]);
  if (row?.written !== moved.length) throw new AppError('VERSION_CONFLICT', 'A strategy was moved on by someone else', { context: { cells: moved.length, written: row?.written } });
}
