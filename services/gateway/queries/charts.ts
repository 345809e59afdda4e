/** What a chart knows of symbols, and what was saved for it. */
import type { ChartLayout, ChartSymbol, Drawing } from '#app/contracts/charts.ts';
import { chartLayoutSchema, DRAWINGS_MAX, LAYOUTS_MAX } from '#app/contracts/charts.ts';
import type { Queryable } from '#chassis/db.ts';
import { LAST_PRICES, plain } from './rows.ts';

/** Symbols by their first letters, or by a word of name, sector or industry. Those of which there are bars come first, so that what is offered can be looked at. */
export function readChartSymbols(db: Queryable, { query, limit, isExact = false }: { query: string; limit: number; isExact?: boolean }): Promise<ChartSymbol[]> {
  return db.query<ChartSymbol>(
    `WITH px AS (${LAST_PRICES}),
     series AS (SELECT symbol, json_agg(json_build_object('timeframe', timeframe, 'firstOpenTime', (extract(epoch FROM first_open_time) * 1000)::bigint, 'lastOpenTime', (extract(epoch FROM last_open_time) * 1000)::bigint) ORDER BY timeframe) AS list FROM data_ingestion.ingestion_status GROUP BY symbol),
     known AS (
       SELECT symbol, name, exchange, sector, industry, status, renamed_to, is_tradable, is_watched FROM data_ingestion.symbols
       UNION ALL SELECT symbol, symbol, '', NULL, NULL, 'inactive', NULL, false, false FROM series WHERE symbol NOT IN (SELECT symbol FROM data_ingestion.symbols)
     )
     SELECT k.symbol, k.name, k.exchange, k.sector, k.industry, k.status, k.renamed_to AS "renamedTo", k.is_tradable AS "isTradable", k.is_watched AS "isWatched", ${plain('px.last_close')} AS "lastPrice", px.market_at AS "priceMarketAt", coalesce(series.list, '[]') AS series
     FROM known k LEFT JOIN px USING (symbol) LEFT JOIN series USING (symbol)
     WHERE CASE WHEN $3 THEN k.symbol = $1 ELSE $1 = '' OR starts_with(k.symbol, upper($1)) OR strpos(lower(concat_ws(' ', k.name, k.sector, k.industry)), lower($1)) > 0 END
     ORDER BY (k.symbol = upper($1)) DESC, starts_with(k.symbol, upper($1)) DESC, (series.list IS NOT NULL) DESC, k.is_watched DESC, k.symbol LIMIT $2`,
    [query, limit, isExact],
  );
}

/** Every saved look, the default first, then by name. */
export async function readChartLayouts(db: Queryable): Promise<ChartLayout[]> {
  const rows = await db.query('SELECT layout_id AS "layoutId", kind, name, look, is_default AS "isDefault" FROM analytics.chart_layouts ORDER BY is_default DESC, lower(name), layout_id LIMIT $1', [LAYOUTS_MAX]);
  return rows.map((row) => chartLayoutSchema.parse(row));
}

/** What was drawn on a symbol, oldest first. */
export function readDrawings(db: Queryable, symbol: string): Promise<Drawing[]> {
  return db.query<Drawing>('SELECT drawing_id AS "drawingId", symbol, kind, points, colour, words AS text FROM analytics.chart_drawings WHERE symbol = $1 ORDER BY created_at, drawing_id LIMIT $2', [symbol, DRAWINGS_MAX]);
}
