/** The universe as pages see it: symbols with sector, flags, stored series and corporate actions. */
import type { CorporateActionView, UniverseQuery, UniverseRow } from '#app/contracts/universe.ts';
import type { Queryable } from '#chassis/db.ts';
import { LAST_PRICES, plain } from './rows.ts';

const ROW = `
  s.symbol, s.name, s.exchange, s.status, s.is_tradable AS "isTradable", s.is_shortable AS "isShortable", s.is_fractionable AS "isFractionable", s.is_easy_to_borrow AS "isEasyToBorrow",
  s.sector, s.industry, s.sector_source AS "sectorSource", s.renamed_to AS "renamedTo", s.is_watched AS "isWatched",
  ${plain('px.last_close')} AS "lastPrice", px.market_at AS "priceMarketAt", px.seen_at AS "priceSeenAt",
  d.first_open_time AS "dailyFrom", d.last_open_time AS "dailyTo", coalesce(b.bars, 0)::float8 AS "barsTotal"`;

/** The prices and figures of a page only: the universe has thousands of symbols, a page a hundred. */
const JOINS = `
  LEFT JOIN LATERAL (SELECT p.* FROM (${LAST_PRICES.replace('FROM data_ingestion.ingestion_status', 'FROM data_ingestion.ingestion_status WHERE symbol = s.symbol')}) p) px ON true
  LEFT JOIN data_ingestion.ingestion_status d ON d.symbol = s.symbol AND d.timeframe = '1Day'
  LEFT JOIN LATERAL (SELECT sum(i.bars_total) AS bars FROM data_ingestion.ingestion_status i WHERE i.symbol = s.symbol) b ON true`;

const FILTER = `
  ($1 = '' OR starts_with(s.symbol, upper($1)) OR strpos(lower(s.name), lower($1)) > 0)
  AND ($2::text IS NULL OR CASE WHEN $2 = 'none' THEN s.sector IS NULL ELSE s.sector = $2 END)
  AND ($3 = 'all' OR s.is_watched = ($3 = 'yes')) AND ($4 = 'all' OR s.status = $4)
  AND ($5 = 'all' OR EXISTS (SELECT FROM data_ingestion.ingestion_status i WHERE i.symbol = s.symbol) = ($5 = 'yes'))`;

/** One page of the universe, by symbol. */
export async function readUniverse(db: Queryable, query: UniverseQuery) {
  const filter = [query.query, query.sector ?? null, query.watched, query.status, query.stored];
  const [rows, [counts], sectors] = await Promise.all([
    db.query<UniverseRow>(`SELECT ${ROW} FROM (SELECT * FROM data_ingestion.symbols s WHERE ${FILTER} AND ($6::text IS NULL OR s.symbol COLLATE "C" > $6) ORDER BY s.symbol COLLATE "C" LIMIT $7) s ${JOINS} ORDER BY s.symbol COLLATE "C"`,
      [...filter, query.after ?? null, query.limit + 1]),
    db.query<{ total: number; watched: number; updated_at: number | null }>(
      `SELECT (SELECT count(*) FROM data_ingestion.symbols s WHERE ${FILTER}) AS total, (SELECT count(*) FROM data_ingestion.symbols WHERE is_watched AND status = 'active') AS watched,
         (SELECT max(updated_at) FROM data_ingestion.symbols) AS updated_at`, filter),
    db.query<{ sector: string | null; symbols: number; watched: number }>(
      `SELECT sector, count(*) AS symbols, count(*) FILTER (WHERE is_watched) AS watched FROM data_ingestion.symbols WHERE status = 'active' GROUP BY sector ORDER BY sector NULLS LAST`),
  ]);
  const page = rows.slice(0, query.limit);
  return {
    rows: page, total: counts?.total ?? 0, nextAfter: rows.length > query.limit ? page.at(-1)?.symbol ?? null : null, watchedTotal: counts?.watched ?? 0, sectors: [...sectors], updatedAt: counts?.updated_at ?? null,
  };
}

/** One symbol with its former names and stored series; null when the broker never listed it. */
export async function readSymbol(db: Queryable, symbol: string) {
  const [[row], formerNames, series] = await Promise.all([
    db.query<UniverseRow>(`SELECT ${ROW} FROM data_ingestion.symbols s ${JOINS} WHERE s.symbol = $1`, [symbol]),
    db.query<{ symbol: string; until: string | null }>(
      `SELECT s.symbol, (SELECT max(a.ex_date)::text FROM data_ingestion.corporate_actions a WHERE a.symbol = s.symbol AND a.kind = 'name_change' AND a.terms->>'new_symbol' = $1) AS until
       FROM data_ingestion.symbols s WHERE s.renamed_to = $1 ORDER BY 2 DESC NULLS LAST, 1`, [symbol]),
    db.query<{ timeframe: UniverseSeries['timeframe']; from: number | null; to: number; bars: number; revisions: number; lastSeenAt: number }>(
      `SELECT timeframe, first_open_time AS "from", last_open_time AS "to", bars_total AS bars, revisions, last_seen_at AS "lastSeenAt" FROM data_ingestion.ingestion_status WHERE symbol = $1
       ORDER BY array_position(ARRAY['1Min', '5Min', '15Min', '1Hour', '1Day'], timeframe)`, [symbol]),
  ]);
  return row ? { row, formerNames: [...formerNames], series: [...series] } : null;
}
type UniverseSeries = { readonly timeframe: '1Min' | '5Min' | '15Min' | '1Hour' | '1Day' };

/** Which corporate actions to list. */
export type ActionQuery = { readonly symbol?: string | undefined; readonly kind?: string | undefined; readonly from?: string | undefined; readonly to?: string | undefined; readonly limit: number };

/** Corporate actions, newest ex-date first. */
export async function readActions(db: Queryable, query: ActionQuery): Promise<{ actions: CorporateActionView[]; total: number }> {
  const filter = [query.symbol ?? null, query.kind ?? null, query.from ?? null, query.to ?? null];
  const where = '($1::text IS NULL OR a.symbol = $1) AND ($2::text IS NULL OR a.kind = $2) AND ($3::date IS NULL OR a.ex_date >= $3) AND ($4::date IS NULL OR a.ex_date <= $4)';
  const [rows, [count]] = await Promise.all([
    db.query<Omit<CorporateActionView, 'text'>>(
      `SELECT a.action_id AS "actionId", a.symbol, a.kind, a.ex_date::text AS "exDate", a.terms, a.source, a.seen_at AS "seenAt", a.changed_at AS "changedAt"
       FROM data_ingestion.corporate_actions a WHERE ${where} ORDER BY a.ex_date DESC, a.symbol, a.action_id LIMIT $5`, [...filter, query.limit]),
    db.query<{ total: number }>(`SELECT count(*) AS total FROM data_ingestion.corporate_actions a WHERE ${where}`, filter),
  ]);
  return { actions: rows.map((row) => ({ ...row, text: describeAction(row.kind, row.terms) })), total: count?.total ?? 0 };
}

/** A corporate action in a few words, such as `Split 4:1` or `Dividend $0.24`. */
export function describeAction(kind: string, terms: Readonly<Record<string, unknown>>): string {
  const term = (name: string): string => (typeof terms[name] === 'string' || typeof terms[name] === 'number' ? String(terms[name]) : '?');
  switch (kind) {
    case 'forward_split': return `Split ${term('new_rate')}:${term('old_rate')}`;
    case 'reverse_split': return `Reverse split ${term('new_rate')}:${term('old_rate')}`;
    case 'cash_dividend': return `${terms['special'] === true ? 'Special dividend' : 'Dividend'} $${term('rate')}`;
    case 'stock_dividend': return `Stock dividend of ${term('rate')} per share`;
    case 'spin_off': return `Spin-off of ${term('new_symbol')}, ${term('new_rate')} for ${term('source_rate')}`;
    case 'name_change': return `Renamed to ${term('new_symbol')}`;
    case 'worthless_removal': return 'Removed as worthless';
    case 'cash_merger': return `Taken over for $${term('rate')} a share`;
    default: return kind.charAt(0).toUpperCase() + kind.slice(1).replaceAll('_', ' ');
  }
}
