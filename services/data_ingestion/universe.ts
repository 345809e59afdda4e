/** The universe: what the broker lists, which sector it belongs to, what is not listed any more, and which of it is followed. */
import type { Mode } from '#app/contracts/config.ts';
import { symbolSchema } from '#app/domain/ids.ts';
import type { Db, Queryable, Tx } from '#chassis/db.ts';
import type { Asset } from '../alpaca/ports.ts';
import { BUILT_IN_LIST, SECTOR_ROWS } from './sectors.ts';

/** Liquid names that a paper account begins with. */
export const DEFAULT_WATCH_LIST = ['SPY', 'QQQ', 'AAPL', 'MSFT', 'AMZN', 'NVDA', 'GOOGL', 'META', 'JPM', 'XOM'] as const;
/** The names on the demo market's tape. */
const DEMO_WATCH_LIST = ['AAPL', 'MSFT', 'AMZN', 'NVDA', 'GOOGL', 'META', 'TSLA', 'SPY', 'QQQ', 'JPM', 'XOM', 'KO'] as const;

const CHUNK = 5_000;
/** A listing that lacks more than this share of what was listed before is half an answer: nobody is struck off the list by it. */
const MAX_GONE = 0.1;
/** Below so many symbols a share says nothing. */
const MIN_FOR_SHARE = 20;

/** How the universe is read. In a replay every recorded symbol is followed. */
export type UniverseMode = { readonly mode: Mode; readonly isReplay: boolean };
/** What a look at the broker's list came to. `watched`: symbols to follow, sorted; `gone`: those that are no longer listed; `problem`: why nobody was struck off, null when the list was whole. */
export type UniverseRefresh = { readonly watched: readonly string[]; readonly listed: number; readonly unreadable: number; readonly gone: readonly string[]; readonly back: readonly string[]; readonly problem: string | null };

/** The first sight of a symbol decides whether it is followed; from then on a person does. */
function isFollowedAtFirst({ mode, isReplay }: UniverseMode): (asset: Asset) => boolean {
  const list: ReadonlySet<string> = new Set(mode === 'demo' ? DEMO_WATCH_LIST : DEFAULT_WATCH_LIST);
  return (asset) => asset.isTradable && ((mode === 'demo' && isReplay) || list.has(asset.symbol));
}

async function writeAssets(tx: Queryable, assets: readonly Asset[], isFollowed: (asset: Asset) => boolean): Promise<void> {
  for (let start = 0; start < assets.length; start += CHUNK) {
    const part = assets.slice(start, start + CHUNK);
    await tx.query(
      `INSERT INTO data_ingestion.symbols AS s (symbol, asset_id, name, exchange, is_tradable, is_fractionable, is_shortable, is_easy_to_borrow, is_watched, status)
       SELECT a.*, 'active' FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::boolean[], $6::boolean[], $7::boolean[], $8::boolean[], $9::boolean[]) AS a(symbol, asset_id, name, exchange, tradable, fractionable, shortable, easy, watched)
       ORDER BY a.symbol
       ON CONFLICT (symbol) DO UPDATE SET asset_id = excluded.asset_id, name = excluded.name, exchange = excluded.exchange, is_tradable = excluded.is_tradable, is_fractionable = excluded.is_fractionable,
         is_shortable = excluded.is_shortable, is_easy_to_borrow = excluded.is_easy_to_borrow, status = 'active', renamed_to = NULL, updated_at = clock_timestamp()`,
      [
        part.map((a) => a.symbol), part.map((a) => a.assetId), part.map((a) => a.name), part.map((a) => a.exchange), part.map((a) => a.isTradable), part.map((a) => a.isFractionable), part.map((a) => a.isShortable),
        part.map((a) => a.isEasyToBorrow), part.map(isFollowed),
      ],
    );
  }
}

/** Gives listed symbols the sector of the built-in list, where no person has said another. */
async function writeSectors(tx: Queryable): Promise<void> {
  await tx.query(
    `UPDATE data_ingestion.symbols s SET sector = l.sector, industry = l.industry, sector_source = $4 FROM unnest($1::text[], $2::text[], $3::text[]) AS l(symbol, sector, industry)
     WHERE s.symbol = l.symbol AND (s.sector_source IS NULL OR s.sector_source = $4) AND (s.sector, s.industry) IS DISTINCT FROM (l.sector, l.industry)`,
    [SECTOR_ROWS.map((row) => row.symbol), SECTOR_ROWS.map((row) => row.sector), SECTOR_ROWS.map((row) => row.industry), BUILT_IN_LIST],
  );
}

/** Strikes off what the broker does not list any more; what is stored of it stays. */
async function strikeOff(tx: Tx, listed: readonly string[]): Promise<{ readonly gone: readonly string[]; readonly problem: string | null }> {
  const rows = await tx.query<{ symbol: string; is_listed: boolean }>(
    `SELECT symbol, symbol = ANY($1::text[]) AS is_listed FROM data_ingestion.symbols WHERE status = 'active' AND asset_id IS NOT NULL`, [listed]);
  const gone = rows.filter((row) => !row.is_listed).map((row) => row.symbol).sort();
  if (gone.length === 0) return { gone, problem: null };
  if (rows.length >= MIN_FOR_SHARE && gone.length > rows.length * MAX_GONE) {
    return { gone: [], problem: `The broker's list lacks ${gone.length} of ${rows.length} symbols that it had before; it is taken as half an answer and nobody is struck off` };
  }
  await tx.query(`UPDATE data_ingestion.symbols SET status = 'inactive', is_tradable = false, is_shortable = false, is_fractionable = false, is_easy_to_borrow = false, updated_at = clock_timestamp() WHERE symbol = ANY($1::text[])`, [gone]);
  return { gone, problem: null };
}

/** The symbols to follow, sorted: listed, and either wished and tradable, or held (what is held needs a price, whoever wished it, and above all when it cannot be traded now). */
export async function watchedSymbols(book: Queryable): Promise<string[]> {
  const rows = await book.query<{ symbol: string }>(`SELECT symbol FROM data_ingestion.symbols s WHERE status = 'active' AND ((is_watched AND is_tradable) OR EXISTS (SELECT FROM execution.positions p WHERE p.symbol = s.symbol AND p.qty <> 0)) ORDER BY symbol COLLATE "C"`);
  return rows.map((row) => row.symbol);
}

/** Writes the broker's list down: new symbols, changed flags, sectors, and who has gone. One transaction. */
export async function refreshUniverse(db: Db, assets: readonly Asset[], mode: UniverseMode): Promise<UniverseRefresh> {
  const active = [...new Map(assets.filter((asset) => asset.status === 'active').map((asset) => [asset.symbol, asset])).values()];
  // Names that no part of the system could handle (test issues, units with blanks) are left out, and counted.
  const readable = active.filter((asset) => symbolSchema.safeParse(asset.symbol).success);
  return db.tx(async (tx) => {
    const before = await tx.query<{ symbol: string }>(`SELECT symbol FROM data_ingestion.symbols WHERE status = 'inactive'`);
    await writeAssets(tx, readable, isFollowedAtFirst(mode));
    await writeSectors(tx);
    const { gone, problem } = await strikeOff(tx, readable.map((asset) => asset.symbol));
    const listed = new Set(readable.map((asset) => asset.symbol));
    return { watched: await watchedSymbols(tx), listed: readable.length, unreadable: active.length - readable.length, gone, back: before.map((row) => row.symbol).filter((symbol) => listed.has(symbol)).sort(), problem };
  });
}

/** Of the followed symbols those whose quotes matter most first: what is held, then by name. */
export async function byImportance(book: Queryable, symbols: readonly string[]): Promise<string[]> {
  const rows = await book.query<{ symbol: string }>(
    'SELECT w.symbol FROM unnest($1::text[]) AS w(symbol) LEFT JOIN execution.positions p ON p.symbol = w.symbol AND p.qty <> 0 ORDER BY p.symbol IS NULL, w.symbol COLLATE "C"', [symbols]);
  return rows.map((row) => row.symbol);
}
