/** What the book knows of symbols that a screen has found: held, signalled, old bars, doubtful bars. */
import type { ScreenDefinition, ScreenRow } from '#app/contracts/screener.ts';
import { DAY_MS, timeframeMs } from '#app/domain/time.ts';
import type { Queryable } from '#chassis/db.ts';

type Badges = ScreenRow['badges'];
type Facts = { symbol: string; qty: number | null; strategy_id: string | null; target: string | null; at: number | null; held_bars: number };

/** How old a signal may be to be news, and how far behind the others a symbol's bar may lie. */
const SIGNAL_DAYS = 5;
const STALE_DAYS = 5;

const FACTS = `
  SELECT w.symbol, p.qty::float8 AS qty, s.strategy_id, s.target, s.ts_market AS at, coalesce(q.n, 0)::int AS held_bars
  FROM unnest($1::text[]) AS w(symbol)
    LEFT JOIN execution.positions p ON p.symbol = w.symbol AND p.qty <> 0
    LEFT JOIN LATERAL (SELECT strategy_id, target, ts_market FROM strategy_engine.strategy_signals WHERE symbol = w.symbol AND bar_open_time > to_timestamp($2::float8 / 1000) ORDER BY bar_open_time DESC LIMIT 1) s ON true
    LEFT JOIN LATERAL (SELECT count(*) AS n FROM data_ingestion.quarantined_bars WHERE symbol = w.symbol AND timeframe = $3 AND state = 'held') q ON true`;

const shares = (qty: number): string => `${Math.abs(qty).toLocaleString('en-US', { maximumFractionDigits: 4 })} ${Math.abs(qty) === 1 ? 'share' : 'shares'}`;

/** Badges by symbol. For a past day none but doubtful bars: what is held and signalled now was not known then. `newest`: the latest bar of all symbols that were looked at, found or not. */
export async function badgesOf(book: Queryable, rows: readonly Omit<ScreenRow, 'badges'>[], { timeframe, asOf, newest }: Pick<ScreenDefinition, 'timeframe' | 'asOf'> & { readonly newest: number }): Promise<ReadonlyMap<string, Badges>> {
  if (rows.length === 0) return new Map();
  const facts = await book.query<Facts>(FACTS, [rows.map((row) => row.symbol), newest + timeframeMs(timeframe) - SIGNAL_DAYS * DAY_MS, timeframe]);
  const bySymbol = new Map(facts.map((fact) => [fact.symbol, fact]));
  return new Map(rows.map((row) => {
    const fact = bySymbol.get(row.symbol);
    const badges: Badges = [];
    if (asOf === null && fact?.qty) badges.push({ kind: 'held', qty: fact.qty, text: `${fact.qty > 0 ? 'Held' : 'Sold short'}: ${shares(fact.qty)}` });
    if (asOf === null && fact?.strategy_id && fact.target !== null && fact.at !== null) badges.push({ kind: 'signal', strategyId: fact.strategy_id, target: fact.target, at: fact.at, text: `${fact.strategy_id} wants it ${fact.target}` });
    if (newest - row.barTime > STALE_DAYS * DAY_MS) badges.push({ kind: 'stale', text: 'Its newest bar is days older than those of the others' });
    if ((fact?.held_bars ?? 0) > 0) badges.push({ kind: 'quality', text: `${fact?.held_bars} of its bars are in quarantine` });
    return [row.symbol, badges];
  }));
}
