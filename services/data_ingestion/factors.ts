/** Adjustment factors: computed from the stored actions and closes, kept, and compared with what the broker's adjusted series says. */
import { createHash } from 'node:crypto';
import { civilFromDays, daysFromCivil, formatDate, parseDate, type EpochMs } from '#app/domain/time.ts';
import { chainFactors, factorOn, resolveActions, type CorporateAction, type Factor, type ResolvedAction } from '#app/market/adjustment.ts';
import { fromNewYorkDay, newYorkDayNumber } from '#app/market/nyse-zone.ts';
import { aboutBar, type Finding, type ToldAction } from '#app/market/quality/finding.ts';
import type { Db, Queryable } from '#chassis/db.ts';
import type { MarketHistory } from '../alpaca/ports.ts';
import { writeFindings } from './quality-findings.ts';

/** Symbols of one statement, and of one comparison with the broker. */
const CHUNK = 200;
const MAX_COMPARED = 20;
/** Our factor and the broker's agree within this, beside what rounding to cents makes of a low price. */
const TOLERANCE = 0.002;
const HALF_CENT = 0.005;
/** The broker is asked for the days before an action from so far back, over weekends and holidays. */
const LOOK_BACK_DAYS = 10;

type ActionRow = { symbol: string; ex_date: string; kind: string; terms: Record<string, unknown>; close: number | null };

const dayOf = (date: string): number => daysFromCivil(parseDate(date));
const dateOf = (day: number): string => formatDate(civilFromDays(day));

/** The close before: of the last day bar, else of the last narrower bar that opens before 16:00 of a day before the ex-day. */
const SELECT_ACTIONS = `
  SELECT a.symbol, a.ex_date::text AS ex_date, a.kind, a.terms, coalesce(
    (SELECT m.close::float8 FROM data_ingestion.market_data m WHERE m.symbol = a.symbol AND m.timeframe = '1Day' AND m.open_time < a.ex_date::timestamp AT TIME ZONE 'America/New_York'
       AND m.open_time >= (a.ex_date - 14)::timestamp AT TIME ZONE 'America/New_York' ORDER BY m.open_time DESC LIMIT 1),
    (SELECT m.close::float8 FROM data_ingestion.market_data m WHERE m.symbol = a.symbol AND m.timeframe IN ('1Min', '5Min', '15Min', '1Hour') AND m.open_time < (a.ex_date::timestamp - interval '8 hours') AT TIME ZONE 'America/New_York'
       AND m.open_time >= (a.ex_date - 7)::timestamp AT TIME ZONE 'America/New_York' ORDER BY m.open_time DESC LIMIT 1)) AS close
  FROM data_ingestion.corporate_actions a WHERE a.symbol = ANY($1::text[]) ORDER BY a.symbol, a.ex_date, a.action_id`;

/** Actions of some symbols, each with what it does alone. */
async function resolvedBySymbol(book: Queryable, symbols: readonly string[]): Promise<Map<string, { resolved: ResolvedAction[]; fingerprint: string }>> {
  const rows = symbols.length === 0 ? [] : await book.query<ActionRow>(SELECT_ACTIONS, [symbols]);
  const bySymbol = new Map<string, ActionRow[]>();
  for (const row of rows) {
    const known = bySymbol.get(row.symbol);
    if (known) known.push(row);
    else bySymbol.set(row.symbol, [row]);
  }
  return new Map([...bySymbol].map(([symbol, own]) => {
    const closes = new Map(own.map((row) => [dayOf(row.ex_date), row.close]));
    // The same action told by two sources (a factor file and the broker) counts once.
    const actions = new Map<string, CorporateAction>(own.map((row) => [`${row.ex_date} ${row.kind} ${termsKey(row.terms)}`, { exDay: dayOf(row.ex_date), kind: row.kind, terms: row.terms }]));
    const fingerprint = createHash('sha256').update(JSON.stringify([...actions.keys()].sort().concat([...closes].map(([day, close]) => `${day} ${close}`)))).digest('hex').slice(0, 32);
    return [symbol, { resolved: resolveActions([...actions.values()], (day) => closes.get(day) ?? null), fingerprint }];
  }));
}

/** Numbers as numbers: "4" and "4.0" are one rate. */
function termsKey(terms: Record<string, unknown>): string {
  const numbers = ['new_rate', 'old_rate', 'rate', 'value', 'price_factor'].map((name) => (terms[name] === undefined ? '' : Number(terms[name])));
  return numbers.join('/');
}

/** Splits and payouts of some symbols as the rules take them: those that could be worked out. */
export async function toldActions(book: Queryable, symbols: readonly string[]): Promise<Map<string, ToldAction[]>> {
  const told = new Map<string, ToldAction[]>();
  for (let start = 0; start < symbols.length; start += CHUNK) {
    for (const [symbol, { resolved }] of await resolvedBySymbol(book, symbols.slice(start, start + CHUNK))) {
      told.set(symbol, resolved.filter((one) => one.problem === null && (one.split !== 1 || one.price !== 1)).map(({ action, split, price }) => ({ exDay: action.exDay, split, price })));
    }
  }
  return told;
}

/** What computing factors came to. */
export type FactorsResult = { readonly symbols: number; readonly changed: readonly string[]; readonly unresolved: number };

/** Computes the factors of every symbol whose actions, or the closes before them, have changed since. */
export async function computeFactors(db: Db, signal: AbortSignal): Promise<FactorsResult> {
  const names = await db.query<{ symbol: string }>('SELECT symbol FROM data_ingestion.corporate_actions UNION SELECT symbol FROM data_ingestion.adjustment_state ORDER BY symbol');
  const changed: string[] = [];
  let unresolved = 0;
  for (let start = 0; start < names.length && !signal.aborted; start += CHUNK) {
    const symbols = names.slice(start, start + CHUNK).map((row) => row.symbol);
    const found = await resolvedBySymbol(db, symbols);
    const known = new Map((await db.query<{ symbol: string; fingerprint: string }>('SELECT symbol, fingerprint FROM data_ingestion.adjustment_state WHERE symbol = ANY($1::text[])', [symbols])).map((row) => [row.symbol, row.fingerprint]));
    for (const symbol of symbols) {
      const { resolved, fingerprint } = found.get(symbol) ?? { resolved: [], fingerprint: 'none' };
      unresolved += resolved.filter((one) => one.problem !== null).length;
      if (known.get(symbol) === fingerprint) continue;
      await writeFactors(db, symbol, { resolved, fingerprint });
      changed.push(symbol);
    }
  }
  signal.throwIfAborted();
  return { symbols: names.length, changed, unresolved };
}

/** Replaces the factors of a symbol, and tells which actions could not be worked out. Whoever derives something from its bars sees another computed_at. */
async function writeFactors(db: Db, symbol: string, { resolved, fingerprint }: { resolved: readonly ResolvedAction[]; fingerprint: string }): Promise<void> {
  const factors = chainFactors(resolved);
  const problems = resolved.filter((one) => one.problem !== null);
  const findings = problems.map(({ action, problem }): Finding => aboutBar('action_unresolved', 'warning', { openTime: fromNewYorkDay(action.exDay, 0) }, { action: action.kind, exDate: dateOf(action.exDay), problem: problem ?? '' }));
  await db.tx(async (tx) => {
    await tx.query('DELETE FROM data_ingestion.adjustment_factors WHERE symbol = $1', [symbol]);
    await tx.query(
      `INSERT INTO data_ingestion.adjustment_factors (symbol, day, price_factor, split_factor) SELECT $1, f.day::date, f.price, f.split FROM unnest($2::text[], $3::float8[], $4::float8[]) AS f(day, price, split)`,
      [symbol, factors.map((factor) => dateOf(factor.day)), factors.map((factor) => factor.price), factors.map((factor) => factor.split)],
    );
    await tx.query(
      `INSERT INTO data_ingestion.adjustment_state AS s (symbol, fingerprint, unresolved) VALUES ($1, $2, $3::jsonb)
       ON CONFLICT (symbol) DO UPDATE SET fingerprint = excluded.fingerprint, unresolved = excluded.unresolved, computed_at = clock_timestamp()`,
      [symbol, fingerprint, JSON.stringify(problems.map(({ action, problem }) => ({ exDate: dateOf(action.exDay), kind: action.kind, problem })))],
    );
    await tx.query(`UPDATE data_ingestion.data_quality_logs SET state = 'repaired', decided_at = clock_timestamp(), decided_by = 'validation' WHERE symbol = $1 AND kind IN ('action_unresolved', 'factor_mismatch') AND state = 'open'`, [symbol]);
    // Cliffs of any width on a day whose split or payout is known now are explained.
    await tx.query(
      `UPDATE data_ingestion.data_quality_logs SET state = 'repaired', decided_at = clock_timestamp(), decided_by = 'validation', next_attempt_at = NULL
       WHERE symbol = $1 AND kind IN ('split_cliff', 'dividend_cliff', 'jump', 'overnight_jump') AND state IN ('open', 'confirmed') AND (open_time AT TIME ZONE 'America/New_York')::date = ANY($2::date[])`,
      [symbol, resolved.filter((one) => one.problem === null && (one.split !== 1 || one.price !== 1)).map(({ action }) => dateOf(action.exDay))],
    );
    await writeFindings(tx, [{ symbol, timeframe: '1Day', findings }]);
  });
}

/** What a comparison with the broker came to. */
export type ComparedFactors = { readonly compared: number; readonly differing: number };

/** How to compare. `onlySplits`: the simulator frees its prices of splits alone. */
export type CompareParts = { readonly db: Db; readonly history: Pick<MarketHistory, 'bars'>; readonly onlySplits: boolean };

async function closesByDay(history: Pick<MarketHistory, 'bars'>, ask: { symbol: string; from: number; to: number; adjustment: 'raw' | 'split' | 'all' }): Promise<Map<number, number>> {
  const closes = new Map<number, number>();
  const query = { symbols: [ask.symbol], timeframe: '1Day', start: fromNewYorkDay(ask.from, 0), end: fromNewYorkDay(ask.to, 0), adjustment: ask.adjustment } as const;
  for await (const page of history.bars(query)) for (const bar of page) closes.set(newYorkDayNumber(bar.openTime as EpochMs), Number(bar.close));
  return closes;
}

/** The newest day at or before one that both have. */
function commonDay(raw: ReadonlyMap<number, number>, adjusted: ReadonlyMap<number, number>, day: number): number | null {
  for (let n = day; n > day - LOOK_BACK_DAYS; n -= 1) if (raw.has(n) && adjusted.has(n)) return n;
  return null;
}

/** Compares the newest factors of a symbol, day before action by day before action. @returns what the broker says by day, and where it differs */
async function compareSymbol({ history, onlySplits }: CompareParts, symbol: string, factors: readonly Factor[]): Promise<{ told: Map<number, number>; findings: Finding[] }> {
  const told = new Map<number, number>();
  const findings: Finding[] = [];
  const [first, last] = [factors[0], factors.at(-1)];
  if (!first || !last) return { told, findings };
  const span = { symbol, from: first.day - LOOK_BACK_DAYS, to: last.day };
  const raw = await closesByDay(history, { ...span, adjustment: 'raw' });
  const adjusted = await closesByDay(history, { ...span, adjustment: onlySplits ? 'split' : 'all' });
  for (const factor of factors) {
    const day = commonDay(raw, adjusted, factor.day);
    if (day === null) continue;
    const [close, free] = [raw.get(day) ?? NaN, adjusted.get(day) ?? NaN];
    const { price, split } = factorOn(factors, day);
    const [ours, theirs] = [onlySplits ? split : price * split, free / close];
    told.set(factor.day, theirs);
    const allowed = TOLERANCE + HALF_CENT / free + HALF_CENT / close;
    const away = Math.abs(ours / theirs - 1);
    if (away > allowed) findings.push(aboutBar('factor_mismatch', 'warning', { openTime: fromNewYorkDay(factor.day, 0), score: away / allowed }, { day: dateOf(factor.day), ours, theirs }));
  }
  return { told, findings };
}

/** Compares factors that are new with the broker's adjusted series; the others wait for the next run. */
export async function compareFactors(parts: CompareParts, signal: AbortSignal): Promise<ComparedFactors> {
  const { db } = parts;
  const due = await db.query<{ symbol: string; fingerprint: string }>(
    `SELECT s.symbol, s.fingerprint FROM data_ingestion.adjustment_state s JOIN data_ingestion.symbols a ON a.symbol = s.symbol AND a.is_tradable
     WHERE s.compared_fingerprint IS DISTINCT FROM s.fingerprint AND EXISTS (SELECT FROM data_ingestion.adjustment_factors f WHERE f.symbol = s.symbol) ORDER BY a.is_watched DESC, s.symbol LIMIT $1`, [MAX_COMPARED],
  );
  let [compared, differing] = [0, 0];
  for (const { symbol, fingerprint } of due) {
    signal.throwIfAborted();
    const rows = await db.query<{ day: string; price: number; split: number }>('SELECT day::text AS day, price_factor AS price, split_factor AS split FROM data_ingestion.adjustment_factors WHERE symbol = $1 ORDER BY day', [symbol]);
    const factors = rows.map((row) => ({ day: dayOf(row.day), price: row.price, split: row.split }));
    const { told, findings } = await compareSymbol(parts, symbol, factors);
    const days = [...told.keys()];
    await db.tx(async (tx) => {
      await tx.query(
        `UPDATE data_ingestion.adjustment_factors f SET told_factor = t.factor, compared_at = clock_timestamp() FROM unnest($2::text[], $3::float8[]) AS t(day, factor) WHERE f.symbol = $1 AND f.day = t.day::date`,
        [symbol, days.map(dateOf), days.map((day) => told.get(day))],
      );
      await tx.query('UPDATE data_ingestion.adjustment_state SET compared_fingerprint = $2, compared_at = clock_timestamp() WHERE symbol = $1 AND fingerprint = $2', [symbol, fingerprint]);
      await writeFindings(tx, [{ symbol, timeframe: '1Day', findings }]);
    });
    compared += 1;
    if (findings.length > 0) differing += 1;
  }
  return { compared, differing };
}
