/** What the book says of series: the fingerprint by which a column file is known to be of this state or of an older one. */
import type { Adjustment } from '#app/columns/file-format.ts';
import type { Timeframe } from '#app/domain/time.ts';
import type { Factor } from '#app/market/adjustment.ts';
import type { Queryable } from '#chassis/db.ts';
import { archivedFiles, type ArchivedFile } from './archived-bars.ts';

/** A symbol in one timeframe. */
export type SeriesName = { readonly symbol: string; readonly timeframe: Timeframe };

/**
 * What the book says of a series: `bars` taken in, the newest one's `last`, `revisions` of stored bars, and months that left it or came back (`archives`).
 * New bars alone make a file continue; anything else makes it anew.
 */
export type BookState = { readonly bars: number; readonly last: number; readonly revisions: number; readonly archives: readonly ArchivedFile[] };

/** The name of a series as a key. */
export const seriesKey = ({ symbol, timeframe }: SeriesName): string => `${symbol} ${timeframe}`;

const STATES = `
  SELECT s.symbol, s.timeframe, s.bars_total AS bars, s.last_open_time AS last, s.revisions
  FROM unnest($1::text[], $2::text[]) AS w(symbol, timeframe) JOIN data_ingestion.ingestion_status s USING (symbol, timeframe)`;
const FACTORS = `
  SELECT symbol, day - date '1970-01-01' AS day, price_factor AS price, split_factor AS split FROM data_ingestion.adjustment_factors WHERE symbol = ANY($1::text[]) ORDER BY symbol, day`;
/** Fewer archives than fit into the description of a file are told one by one. */
const MAX_ARCHIVES_TEXT = 400;

/** The states of series by their keys, in two statements however many they are; series that the book does not know are left out. */
export async function statesOf(book: Queryable, names: readonly SeriesName[]): Promise<ReadonlyMap<string, BookState>> {
  if (names.length === 0) return new Map();
  const timeframes = [...new Set(names.map((name) => name.timeframe))];
  const archived = await archivedFiles(book, timeframes);
  const byWidth = new Map(timeframes.map((timeframe) => [timeframe, archived.filter((one) => one.timeframe === '*' || one.timeframe === timeframe)]));
  const rows = await book.query<{ symbol: string; timeframe: Timeframe; bars: number; last: number; revisions: number }>(STATES, [names.map((name) => name.symbol), names.map((name) => name.timeframe)]);
  return new Map(rows.map(({ bars, last, revisions, ...name }) => [seriesKey(name), { bars, last, revisions, archives: byWidth.get(name.timeframe) ?? [] }]));
}

/** The factors of symbols, oldest first; symbols without any are left out. */
export async function factorsOfSymbols(book: Queryable, symbols: readonly string[]): Promise<ReadonlyMap<string, readonly Factor[]>> {
  const found = new Map<string, Factor[]>();
  if (symbols.length === 0) return found;
  for (const { symbol, ...factor } of await book.query<Factor & { symbol: string }>(FACTORS, [[...new Set(symbols)]])) found.set(symbol, [...(found.get(symbol) ?? []), factor]);
  return found;
}

/** FNV-1a, 32 bits, in hexadecimal (Fowler, Noll and Vo, 1991). */
function fnv(text: string, seed: number): string {
  let hash = seed;
  for (let n = 0; n < text.length; n += 1) hash = Math.imul(hash ^ text.charCodeAt(n), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

/** 64 bits of a text, which tell any two states apart. */
function digest(text: string): string {
  return `${fnv(text, 0x811c9dc5)}${fnv(text, 0x050c5d1f)}`;
}

function archivesText(archives: readonly ArchivedFile[]): string {
  const told = archives.map(({ month, timeframe, isInBook, stamp }) => `${month.replace('-', '')}${timeframe === '*' ? '*' : ''}${isInBook ? '+' : '-'}${stamp}`).join(',');
  return told.length <= MAX_ARCHIVES_TEXT ? told : `${told.length}:${digest(told)}`;
}

/** The fingerprint of a state. */
export function sourceOf({ bars, last, revisions, archives }: BookState): string {
  return `book bars=${bars} last=${last} revisions=${revisions} archives=${archivesText(archives)}`;
}

/** The fingerprint of a view of a state: the factors belong to it. */
export function adjustedSource(source: string, adjustment: Adjustment, factors: readonly Factor[]): string {
  return adjustment === 'raw' ? source : `${source} ${adjustment}=${digest(factors.map(({ day, price, split }) => `${day}:${price}:${split}`).join(','))}`;
}

/** How many bars a stored file may lack: the counters then and now, when nothing else has changed; null when it cannot be continued. */
export function newBarsSince(source: string, now: BookState): number | null {
  const [, bars, revisions, archives] = /^book bars=(\d+) last=-?\d+ revisions=(\d+) archives=(.*)$/.exec(source) ?? [];
  const isSame = archives === archivesText(now.archives) && Number(revisions) === now.revisions;
  return bars !== undefined && isSame && Number(bars) <= now.bars ? now.bars - Number(bars) : null;
}

/** Moves when a bar of these series that was told already reads otherwise: not when newer bars come, nor when a month goes into a file. */
export function revisionOf(states: readonly BookState[], factors: readonly Factor[]): string {
  return digest(`${states.map(({ revisions }) => revisions).join(',')} ${factors.map(({ day, price, split }) => `${day}:${price}:${split}`).join(',')}`);
}
