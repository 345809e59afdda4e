/** Which symbols the system follows: all of the simulator's, or a short list of liquid names at the real broker. */
import type { RuntimeConfig } from '#app/contracts/config.ts';
import type { Db } from '#chassis/db.ts';
import type { Asset } from '../alpaca/ports.ts';

/** Liquid names that a paper account begins with. */
export const DEFAULT_WATCH_LIST = ['SPY', 'QQQ', 'AAPL', 'MSFT', 'AMZN', 'NVDA', 'GOOGL', 'META', 'JPM', 'XOM'] as const;

const CHUNK = 5_000;

/** Writes the broker's assets down and returns the symbols to follow, sorted. The first sight of a symbol decides whether it is watched. */
export async function refreshWatchList(db: Db, assets: readonly Asset[], mode: RuntimeConfig['mode']): Promise<string[]> {
  const isWatched = (asset: Asset): boolean => asset.isTradable && (mode === 'demo' || (DEFAULT_WATCH_LIST as readonly string[]).includes(asset.symbol));
  for (let start = 0; start < assets.length; start += CHUNK) {
    const part = assets.slice(start, start + CHUNK);
    await db.query(
      `INSERT INTO data_ingestion.symbols (symbol, asset_id, name, exchange, is_tradable, is_fractionable, is_shortable, is_watched)
       SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::boolean[], $6::boolean[], $7::boolean[], $8::boolean[])
       ON CONFLICT (symbol) DO UPDATE SET asset_id = excluded.asset_id, name = excluded.name, exchange = excluded.exchange, is_tradable = excluded.is_tradable,
         is_fractionable = excluded.is_fractionable, is_shortable = excluded.is_shortable, updated_at = clock_timestamp()`,
      [part.map((a) => a.symbol), part.map((a) => a.assetId), part.map((a) => a.name), part.map((a) => a.exchange), part.map((a) => a.isTradable), part.map((a) => a.isFractionable), part.map((a) => a.isShortable), part.map(isWatched)],
    );
  }
  const rows = await db.query<{ symbol: string }>('SELECT symbol FROM data_ingestion.symbols WHERE is_watched AND is_tradable ORDER BY symbol');
  return rows.map((row) => row.symbol);
}
