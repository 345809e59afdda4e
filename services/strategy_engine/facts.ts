/** What strategies may know of the account: the book's shares, cash and last closes, as of the last event that was handled. */
import type { HostFacts } from '#app/strategy/host.ts';
import type { PositionView } from '#app/strategy/context.ts';
import type { Queryable } from '#chassis/db.ts';
import type { Held } from './cells.ts';

/** A strategy's share of a symbol: signed shares, dollars a share. */
export type HeldShare = { readonly qty: number; readonly averagePrice: number };

/** The account at one moment, in float64: for strategies, never for the ledger. */
export type AccountFacts = { readonly equity: number; readonly cash: number; readonly shares: ReadonlyMap<string, HeldShare> };

/** An account of $100,000 of which nothing is held: what quiet bars are shown with. */
export const NO_ACCOUNT: AccountFacts = { equity: 100_000, cash: 100_000, shares: new Map() };

const keyOf = (strategyId: string, symbol: string): string => `${strategyId}|${symbol}`;

type Row = { cash: number | null; value: number; shares: readonly (readonly [strategyId: string, symbol: string, qty: number, average: number | null])[] };

const FACTS = `
  SELECT (SELECT cash::float8 FROM execution.account_ledger) AS cash,
    (SELECT coalesce(sum(p.qty * coalesce(i.last_close, p.avg_price, 0)), 0)::float8 FROM execution.positions p
      LEFT JOIN LATERAL (SELECT last_close FROM data_ingestion.ingestion_status s WHERE s.symbol = p.symbol ORDER BY s.last_open_time DESC LIMIT 1) i ON true WHERE p.qty <> 0) AS value,
    (SELECT coalesce(json_agg(json_build_array(strategy_id, symbol, qty::float8, avg_price::float8)), '[]') FROM execution.strategy_positions WHERE qty <> 0) AS shares`;

/** Reads the account; before the ledger is opened it is `NO_ACCOUNT`. */
export async function readFacts(book: Queryable): Promise<AccountFacts> {
  const [row] = await book.query<Row>(FACTS);
  if (row === undefined || row.cash === null) return NO_ACCOUNT;
  return { cash: row.cash, equity: row.cash + row.value, shares: new Map(row.shares.map(([strategyId, symbol, qty, average]) => [keyOf(strategyId, symbol), { qty, averagePrice: average ?? NaN }])) };
}

/** The facts for one strategy at one moment. `closeOf`: last close of a symbol, dollars. */
export function factsFor(account: AccountFacts, strategyId: string, held: ReadonlyMap<string, Held>, closeOf: (symbol: string) => number): HostFacts {
  return {
    equity: account.equity, cash: account.cash,
    positionOf(symbol): PositionView {
      const share = account.shares.get(keyOf(strategyId, symbol));
      if (share === undefined) return { qty: 0, averagePrice: NaN, barsHeld: -1, openProfit: 0 };
      return { qty: share.qty, averagePrice: share.averagePrice, barsHeld: held.get(symbol)?.bars ?? 0, openProfit: share.qty * (closeOf(symbol) - share.averagePrice) };
    },
  };
}

/** Counts the bars since a share was entered: 0 at the close of the bar of its first fill, begun anew when it changes sides. */
export function countHeld(held: Map<string, Held>, account: AccountFacts, strategyId: string, symbol: string): void {
  const qty = account.shares.get(keyOf(strategyId, symbol))?.qty ?? 0;
  const before = held.get(symbol);
  if (qty === 0) held.delete(symbol);
  else held.set(symbol, { qty, bars: before !== undefined && Math.sign(before.qty) === Math.sign(qty) ? before.bars + 1 : 0 });
}
