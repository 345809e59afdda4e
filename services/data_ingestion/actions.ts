/** Corporate actions as the broker tells them: read for every symbol with bars, kept, changed and taken back as it says. */
import { civilFromDays, daysFromCivil, formatDate, parseDate, type EpochMs } from '#app/domain/time.ts';
import { exchangeDay } from '#app/market/calendar.ts';
import type { Db, Queryable, Tx } from '#chassis/db.ts';
import type { ActionsQuery, BrokerAction, MarketHistory } from '../alpaca/ports.ts';

/** The broker enters actions late, and some weeks ahead. */
const BACK_DAYS = 30;
const AHEAD_DAYS = 90;
/** Symbols in one question. */
const GROUP = 100;
/** Nobody is asked about splits before this day. */
const FIRST_DAY = '1990-01-01';
/** An answer that lacks more than half of at least so many known actions is half an answer: nothing is taken back by it. */
const MIN_FOR_SHARE = 6;

/** What a look at the broker's actions came to. `symbols`: whose actions came, changed or went; `problem`: why something was not believed. */
export type ActionsRefresh = {
  readonly asked: number; readonly added: number; readonly changed: number; readonly withdrawn: number; readonly unread: number; readonly renames: readonly { readonly from: string; readonly to: string }[];
  readonly symbols: readonly string[]; readonly problem: string | null;
};
/** What it works with. */
export type ActionsParts = { readonly db: Db; readonly history: Pick<MarketHistory, 'actions'> };

type Total = { asked: number; added: number; changed: number; withdrawn: number; unread: number; renames: { from: string; to: string }[]; symbols: Set<string>; problem: string | null };
type Due = { symbol: string; from: string };

const addDays = (day: string, count: number): string => formatDate(civilFromDays(daysFromCivil(parseDate(day)) + count));

/** Symbols with bars, and those that are followed: from which day on each of them is asked about now. One that was never asked about begins with its first bar. */
async function dueSymbols(book: Queryable, today: string): Promise<Due[]> {
  const rows = await book.query<{ symbol: string; covers_from: string | null; read_on: string | null; first_bar: number | null }>(
    `SELECT s.symbol, p.covers_from, (p.read_at AT TIME ZONE 'America/New_York')::date AS read_on, i.first_bar
     FROM data_ingestion.symbols s LEFT JOIN data_ingestion.action_progress p USING (symbol)
       LEFT JOIN (SELECT symbol, min(coalesce(first_open_time, last_open_time)) AS first_bar FROM data_ingestion.ingestion_status GROUP BY symbol) i USING (symbol)
     WHERE i.symbol IS NOT NULL OR (s.is_watched AND s.status = 'active') ORDER BY s.symbol COLLATE "C"`);
  const recent = addDays(today, -BACK_DAYS);
  return rows.map(({ symbol, covers_from: coversFrom, read_on: readOn, first_bar: firstBar }) => {
    const begin = firstBar === null ? recent : exchangeDay(firstBar as EpochMs);
    const wanted = begin < FIRST_DAY ? FIRST_DAY : begin;
    if (coversFrom === null || readOn === null || coversFrom > wanted) return { symbol, from: wanted < recent ? wanted : recent };
    // The broker's days are wall-clock days, the demo market's are earlier: whichever is older.
    const since = addDays(readOn < today ? readOn : today, -BACK_DAYS);
    return { symbol, from: since };
  });
}

/** Questions: symbols that begin alike, so many at a time. */
function questions(due: readonly Due[], to: string): ActionsQuery[] {
  const sorted = [...due].sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : a.symbol < b.symbol ? -1 : 1));
  const asked: ActionsQuery[] = [];
  for (let start = 0; start < sorted.length; start += GROUP) {
    const part = sorted.slice(start, start + GROUP);
    asked.push({ symbols: part.map((one) => one.symbol), from: part[0]?.from ?? to, to });
  }
  return asked;
}

type Row = { action_id: string; symbol: string; kind: string; ex_date: string; terms: Readonly<Record<string, unknown>> };

/** What is kept of an action: its terms with the day the broker works it off, by which it is asked for. */
function keptTerms(action: BrokerAction): Readonly<Record<string, string | boolean>> {
  return { ...action.terms, process_date: action.processDate };
}

function sameTerms(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): boolean {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return names.every((name) => a[name] === b[name]);
}

const UPSERT = `
  INSERT INTO data_ingestion.corporate_actions AS a (action_id, symbol, kind, ex_date, terms, source)
  SELECT n.action_id, n.symbol, n.kind, n.ex_date, n.terms::jsonb, 'alpaca' FROM unnest($1::text[], $2::text[], $3::text[], $4::date[], $5::text[]) AS n(action_id, symbol, kind, ex_date, terms) ORDER BY n.action_id
  ON CONFLICT (action_id) DO UPDATE SET symbol = excluded.symbol, kind = excluded.kind, ex_date = excluded.ex_date, terms = excluded.terms, source = excluded.source, changed_at = clock_timestamp()`;

/** Keeps what was there of an action that is another now, or none: where a person finds it. */
async function logBefore(tx: Tx, rows: readonly { before: Row; kind: 'action_changed' | 'action_withdrawn'; after: BrokerAction | null }[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    `INSERT INTO data_ingestion.data_quality_logs (symbol, timeframe, open_time, kind, detail)
     SELECT d.symbol, '1Day', d.ex_date::timestamp AT TIME ZONE 'America/New_York', d.kind, d.detail::jsonb FROM unnest($1::text[], $2::date[], $3::text[], $4::text[]) AS d(symbol, ex_date, kind, detail)`,
    [rows.map((row) => row.before.symbol), rows.map((row) => row.before.ex_date), rows.map((row) => row.kind), rows.map(({ before, after }) => JSON.stringify({ before, after }))],
  );
}

/** Compares the answer to a question with what is kept, in one transaction. */
async function applyAnswer(tx: Tx, query: ActionsQuery, answer: readonly BrokerAction[], total: Total): Promise<void> {
  const told = new Map(answer.map((action) => [action.actionId, action]));
  const known = await tx.query<Row>(
    `SELECT action_id, symbol, kind, ex_date, terms FROM data_ingestion.corporate_actions
     WHERE action_id = ANY($1::text[]) OR (source = 'alpaca' AND symbol = ANY($2::text[]) AND terms->>'process_date' BETWEEN $3 AND $4) ORDER BY action_id FOR UPDATE`,
    [[...told.keys()], query.symbols, query.from, query.to]);
  const before = new Map(known.map((row) => [row.action_id, row]));
  const missing = known.filter((row) => !told.has(row.action_id));
  const isHalf = known.length >= MIN_FOR_SHARE && missing.length * 2 > known.length;
  if (isHalf) total.problem = `The broker's answer lacks ${missing.length} of ${known.length} corporate actions that it told before; it is taken as half an answer and none is taken back`;
  const news = [...told.values()].filter((action) => {
    const row = before.get(action.actionId);
    return !row || row.symbol !== action.symbol || row.kind !== action.kind || row.ex_date !== action.exDate || !sameTerms(row.terms, keptTerms(action));
  });
  if (news.length > 0) {
    await tx.query(UPSERT, [news.map((one) => one.actionId), news.map((one) => one.symbol), news.map((one) => one.kind), news.map((one) => one.exDate), news.map((one) => JSON.stringify(keptTerms(one)))]);
  }
  const withdrawn = isHalf ? [] : missing;
  if (withdrawn.length > 0) await tx.query('DELETE FROM data_ingestion.corporate_actions WHERE action_id = ANY($1::text[])', [withdrawn.map((row) => row.action_id)]);
  const changed = news.flatMap((after) => { const row = before.get(after.actionId); return row ? [{ before: row, kind: 'action_changed' as const, after }] : []; });
  await logBefore(tx, [...changed, ...withdrawn.map((row) => ({ before: row, kind: 'action_withdrawn' as const, after: null }))]);
  total.added += news.length - changed.length;
  total.changed += changed.length;
  total.withdrawn += withdrawn.length;
  const touched = [...new Set([...news.map((one) => one.symbol), ...changed.map((one) => one.before.symbol), ...withdrawn.map((row) => row.symbol)])];
  for (const symbol of touched) total.symbols.add(symbol);
  await noteProgress(tx, query, touched);
  total.renames.push(...(await applyRenames(tx, news, 'broker')));
}

async function noteProgress(tx: Tx, query: ActionsQuery, touched: readonly string[]): Promise<void> {
  await tx.query(
    `INSERT INTO data_ingestion.action_progress AS p (symbol, covers_from) SELECT s, $2::date FROM unnest($1::text[]) AS s ORDER BY s
     ON CONFLICT (symbol) DO UPDATE SET covers_from = least(p.covers_from, excluded.covers_from), read_at = clock_timestamp(), changed_at = CASE WHEN p.symbol = ANY($3::text[]) THEN clock_timestamp() ELSE p.changed_at END`,
    [[...new Set([...query.symbols, ...touched])], query.from, touched]);
}

/**
 * Companies under new names, as those of `news` tell that are changes of name: the old name says where its history goes on, and who followed it follows the new one.
 * Of a name that went on more than once, the newest change comes last in `news`. `actor`: who tells. @returns those that were not known
 */
export async function applyRenames(tx: Queryable, news: readonly Pick<BrokerAction, 'symbol' | 'kind' | 'terms' | 'actionId'>[], actor: 'broker' | 'import'): Promise<{ from: string; to: string }[]> {
  const renames: { from: string; to: string }[] = [];
  // From the newest on: where a name went on is known before the name that led to it.
  for (const { symbol: from, kind, terms, actionId } of news.toReversed()) {
    const to = terms['new_symbol'];
    if (kind !== 'name_change' || typeof to !== 'string' || to === from) continue;
    // The name may have been given to somebody else meanwhile: then it is listed, and no former name of anyone.
    const renamed = await tx.query(
      `INSERT INTO data_ingestion.symbols AS s (symbol, name, exchange, is_tradable, is_fractionable, is_shortable, is_watched, status, renamed_to, sector, industry, sector_source)
       SELECT $1, n.name || ' (now ' || n.symbol || ')', n.exchange, false, false, false, false, 'inactive', n.symbol, n.sector, n.industry, n.sector_source FROM data_ingestion.symbols n WHERE n.symbol = $2
       ON CONFLICT (symbol) DO UPDATE SET renamed_to = $2, updated_at = clock_timestamp() WHERE s.status = 'inactive' AND s.renamed_to IS DISTINCT FROM $2 RETURNING symbol`, [from, to]);
    if (renamed.length === 0) continue;
    renames.push({ from, to });
    await tx.query(
      `UPDATE data_ingestion.symbols n SET is_watched = n.is_watched OR o.is_watched, sector = coalesce(n.sector, o.sector), industry = coalesce(n.industry, o.industry), sector_source = coalesce(n.sector_source, o.sector_source), updated_at = clock_timestamp()
       FROM data_ingestion.symbols o WHERE o.symbol = $1 AND n.symbol = $2 AND n.status = 'active'`, [from, to]);
    await tx.query('INSERT INTO logging.audit_log (actor, action, subject, before, after) VALUES ($1, $2, $3, $4::jsonb, $5::jsonb)', [actor, 'universe.renamed', from, JSON.stringify({ symbol: from }), JSON.stringify({ symbol: to, actionId })]);
  }
  return renames.reverse();
}

/**
 * Asks the broker for the corporate actions of every symbol with bars: once since its first bar, then those that were worked off in the last month or will be in the next three. An action that is told
 * differently is changed, one that is not told any more taken back; what was there is kept in the log. Question by question, each in its own transaction: what is read stays read. @throws what reading throws
 */
export async function refreshActions(parts: ActionsParts, now: EpochMs, signal: AbortSignal): Promise<ActionsRefresh> {
  const today = exchangeDay(now);
  const total: Total = { asked: 0, added: 0, changed: 0, withdrawn: 0, unread: 0, renames: [], symbols: new Set(), problem: null };
  for (const query of questions(await dueSymbols(parts.db, today), addDays(today, AHEAD_DAYS))) {
    signal.throwIfAborted();
    const { actions, unread } = await parts.history.actions(query);
    // Of who was asked about only: a rename is told for both of its names.
    const asked = new Set(query.symbols);
    const ours = actions.filter((action) => asked.has(action.symbol) || (typeof action.terms['new_symbol'] === 'string' && asked.has(action.terms['new_symbol'])));
    await parts.db.tx((tx) => applyAnswer(tx, query, ours, total));
    total.asked += query.symbols.length;
    total.unread += unread;
  }
  return { ...total, symbols: [...total.symbols].sort() };
}
