/** What the shares of strategies have made since an instant: one reckoning for the engine that pauses by it and for the pages that show it. */
import { at, type Queryable } from './db.ts';

/** Shares now and before are valued at the last stored close and at the last one before the instant; fills since then count with what they cost. Open and realized in one sum. */
const PNL = `
  WITH moved AS (
    SELECT strategy_id, symbol, sum(CASE side WHEN 'buy' THEN qty ELSE -qty END) AS qty, sum(CASE side WHEN 'buy' THEN qty ELSE -qty END * price + fee) AS paid
    FROM execution.trades WHERE strategy_id = ANY($1::text[]) AND ts_event >= $2 GROUP BY 1, 2
  ), shares AS (
    SELECT strategy_id, symbol, coalesce(p.qty, 0) AS qty, coalesce(p.qty, 0) - coalesce(m.qty, 0) AS before, coalesce(m.paid, 0) AS paid, p.avg_price
    FROM (SELECT * FROM execution.strategy_positions WHERE strategy_id = ANY($1::text[]) AND qty <> 0) p FULL JOIN moved m USING (strategy_id, symbol)
  )
  SELECT s.strategy_id AS "strategyId", trim_scale(round(sum(s.qty * coalesce(now.price, s.avg_price, 0) - s.before * coalesce(opening.price, s.avg_price, 0) - s.paid), 9))::text AS pnl
  FROM shares s
  LEFT JOIN LATERAL (SELECT last_close AS price FROM data_ingestion.ingestion_status i WHERE i.symbol = s.symbol ORDER BY last_open_time DESC LIMIT 1) now ON true
  LEFT JOIN LATERAL (SELECT close AS price FROM data_ingestion.market_data b WHERE s.before <> 0 AND b.symbol = s.symbol AND b.timeframe = '1Min' AND b.open_time < $2 ORDER BY open_time DESC LIMIT 1) opening ON true
  GROUP BY 1`;

/** Profit or loss of each strategy since `since` (epoch ms), dollars as decimal text; one that holds nothing and has traded nothing is left out. */
export async function pnlSince(book: Queryable, strategyIds: readonly string[], since: number): Promise<ReadonlyMap<string, string>> {
  if (strategyIds.length === 0) return new Map();
  const rows = await book.query<{ strategyId: string; pnl: string }>(PNL, [strategyIds, at(since)]);
  return new Map(rows.map(({ strategyId, pnl }) => [strategyId, pnl]));
}

/** Open time of the newest bar that is stored, epoch ms: the day that the market stands in is its day. Null before the first bar. */
export async function newestBarAt(book: Queryable): Promise<number | null> {
  const [row] = await book.query<{ at: number | null }>('SELECT max(last_open_time) AS at FROM data_ingestion.ingestion_status');
  return row?.at ?? null;
}
