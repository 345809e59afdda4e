/** What a person wishes about many symbols at once: follow them, let them go, give them a sector. */
import type { CommandInput, CommandOutput } from '#app/contracts/commands.ts';
import { AppError } from '#app/domain/errors.ts';
import type { Db, Queryable, Tx } from '#chassis/db.ts';
import { readSectorCsv } from './sector-csv.ts';
import { BUILT_IN_LIST, BY_PERSON, SECTOR_ROWS } from './sectors.ts';

/** Symbols with quotes and trades that the broker's free plan gives; bars come for all. */
export const QUOTES_LIMIT = 30;

type Known = { symbol: string; status: string; is_tradable: boolean; is_watched: boolean; renamed_to: string | null; sector: string | null; industry: string | null };

async function lockKnown(tx: Tx, symbols: readonly string[]): Promise<Map<string, Known>> {
  const rows = await tx.query<Known>('SELECT symbol, status, is_tradable, is_watched, renamed_to, sector, industry FROM data_ingestion.symbols WHERE symbol = ANY($1::text[]) ORDER BY symbol FOR UPDATE', [symbols]);
  return new Map(rows.map((row) => [row.symbol, row]));
}

type Trail = { readonly actor: string; readonly idempotencyKey: string; readonly action: string; readonly subject: string; readonly before: unknown; readonly after: object };
async function audit(tx: Tx, trail: Trail): Promise<void> {
  await tx.query('INSERT INTO logging.audit_log (actor, action, subject, before, after) VALUES ($1, $2, $3, $4::jsonb, $5::jsonb)', [
    trail.actor, trail.action, trail.subject, JSON.stringify(trail.before), JSON.stringify({ ...trail.after, idempotencyKey: trail.idempotencyKey }),
  ]);
}

/** The subject of the trail: the symbols, as many as can be read. */
function subjectOf(symbols: readonly string[]): string {
  return symbols.length <= 5 ? symbols.join(',') : `${symbols.slice(0, 5).join(',')} and ${symbols.length - 5} more`;
}

/** Why a symbol cannot be followed; null when it can. */
function whyNot(symbol: string, known: Known | undefined): string | null {
  if (!known) return `The broker does not list ${symbol}`;
  if (known.renamed_to !== null) return `${symbol} is called ${known.renamed_to} now`;
  if (known.status === 'inactive') return `${symbol} is no longer listed`;
  return known.is_tradable ? null : `The broker does not let ${symbol} be traded`;
}

/** Symbols with open positions may be let go: their bars still come as long as they are held. */
async function heldSymbols(book: Queryable): Promise<ReadonlySet<string>> {
  const rows = await book.query<{ symbol: string }>('SELECT symbol FROM execution.positions WHERE qty <> 0');
  return new Set(rows.map((row) => row.symbol));
}

/**
 * Follows symbols, or lets them go, as far as it can be done; the rest is told with its reason. What is held is not let go: its price would go stale while money hangs on it.
 * Asked again for what is so already: nothing changes.
 */
export async function setWatched(db: Db, input: CommandInput<'setWatched'>): Promise<CommandOutput<'setWatched'>> {
  const symbols = [...new Set(input.symbols)];
  return db.tx(async (tx) => {
    const known = await lockKnown(tx, symbols);
    const held = input.isWatched ? new Set<string>() : await heldSymbols(tx);
    const refused: { symbol: string; reason: string }[] = [];
    const changed: string[] = [];
    for (const symbol of symbols) {
      const row = known.get(symbol);
      const reason = input.isWatched ? whyNot(symbol, row) : held.has(symbol) ? `${symbol} is held: its bars are needed for its price and its risk. Close the position first` : row ? null : `The broker does not list ${symbol}`;
      if (reason !== null) refused.push({ symbol, reason });
      else if (row?.is_watched !== input.isWatched) changed.push(symbol);
    }
    if (changed.length > 0) {
      await tx.query('UPDATE data_ingestion.symbols SET is_watched = $2, updated_at = clock_timestamp() WHERE symbol = ANY($1::text[])', [changed, input.isWatched]);
      await audit(tx, { ...input, action: 'universe.set_watched', subject: subjectOf(changed), before: { isWatched: !input.isWatched }, after: { isWatched: input.isWatched, symbols: changed } });
    }
    const [count] = await tx.query<{ n: number }>(`SELECT count(*) AS n FROM data_ingestion.symbols WHERE is_watched AND is_tradable AND status = 'active'`);
    const watchedTotal = count?.n ?? 0;
    const quotesFor = Math.min(watchedTotal, QUOTES_LIMIT);
    const note = watchedTotal > QUOTES_LIMIT ? `The broker's free plan gives quotes and trades for ${QUOTES_LIMIT} symbols: ${watchedTotal - QUOTES_LIMIT} of the ${watchedTotal} followed ones have minute bars only. What is held comes first.` : null;
    return { changed, refused, watchedTotal, quotesFor, note };
  });
}

/** Gives symbols the sector that a person says; null = what the built-in list says. @throws AppError INPUT_INVALID when a symbol comes twice with different words, or none comes */
export async function setSectors(db: Db, { csv, ...wish }: CommandInput<'setSectors'>): Promise<CommandOutput<'setSectors'>> {
  const file = readSectorCsv(csv ?? '');
  const input = { ...wish, rows: [...wish.rows, ...file.rows] };
  if (input.rows.length === 0 && file.refused.length === 0) throw new AppError('INPUT_INVALID', 'Say at least one symbol with its sector');
  const rows = new Map(input.rows.map((row) => [row.symbol, row]));
  const twice = input.rows.find((row) => rows.get(row.symbol)?.sector !== row.sector);
  if (twice) throw new AppError('INPUT_INVALID', `${twice.symbol} comes twice with different sectors`);
  const builtIn = new Map(SECTOR_ROWS.map((row) => [row.symbol, row]));
  return db.tx(async (tx) => {
    const known = await lockKnown(tx, [...rows.keys()]);
    const refused = [...rows.keys()].filter((symbol) => !known.has(symbol)).map((symbol) => ({ symbol, reason: `The broker has never listed ${symbol}` }));
    const wanted = [...rows.values()].filter((row) => known.has(row.symbol)).map((row) => {
      const listed = builtIn.get(row.symbol);
      return row.sector === null
        ? { symbol: row.symbol, sector: listed?.sector ?? null, industry: listed?.industry ?? null, source: listed ? BUILT_IN_LIST : null }
        : { symbol: row.symbol, sector: row.sector, industry: row.industry, source: BY_PERSON };
    });
    if (wanted.length > 0) {
      await tx.query(
        `UPDATE data_ingestion.symbols s SET sector = w.sector, industry = w.industry, sector_source = w.source, updated_at = clock_timestamp()
         FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS w(symbol, sector, industry, source) WHERE s.symbol = w.symbol`,
        [wanted.map((row) => row.symbol), wanted.map((row) => row.sector), wanted.map((row) => row.industry), wanted.map((row) => row.source)],
      );
      const before = wanted.map((row) => ({ symbol: row.symbol, sector: known.get(row.symbol)?.sector ?? null, industry: known.get(row.symbol)?.industry ?? null }));
      await audit(tx, { ...input, action: 'universe.set_sectors', subject: subjectOf(wanted.map((row) => row.symbol)), before, after: { rows: wanted } });
    }
    return { changed: wanted.map((row) => row.symbol), refused: [...file.refused, ...refused] };
  });
}
