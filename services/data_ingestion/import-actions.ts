/** Corporate actions out of LEAN's files: factors tell splits and dividends, maps tell names. */
import { AppError } from '#app/domain/errors.ts';
import { civilFromDays, daysFromCivil, formatDate, parseDate } from '#app/domain/time.ts';
import { calendarCovers, sessionsBetween } from '#app/market/calendar.ts';
import { fromNewYorkDay, weekdayOf } from '#app/market/nyse-zone.ts';
import type { Queryable } from '#chassis/db.ts';
import { applyRenames } from './actions.ts';
import { tickerOf } from './import-dialect.ts';

/** One action, as corporate_actions keeps it. `exDate`: the first day on which prices know of it; numbers of `terms` are decimal text. */
export type ToldAction = { readonly symbol: string; readonly kind: 'forward_split' | 'reverse_split' | 'cash_dividend' | 'name_change'; readonly exDate: string; readonly terms: Readonly<Record<string, string>> };

/** A line of a factor file. `close`: raw close of `day`, NaN when the line has none. */
type FactorLine = { readonly day: number; readonly price: number; readonly split: number; readonly close: number };

const LINE = /^(\d{4})(\d{2})(\d{2}),([\d.eE+-]+),([\d.eE+-]+)(?:,([\d.]*))?$/;
const NAME_LINE = /^(\d{4})(\d{2})(\d{2}),([a-z][a-z0-9.]*)(?:,[A-Z]{0,2})?$/;
/** LEAN writes factors with seven decimals. */
const PRECISION = 1.5e-7;
const LARGEST_RATE = 200;
const RATE_TOLERANCE = 2e-4;
/** Closes below this are placeholders of a beginning, not prices. */
const NO_CLOSE = 1;
const MAX_LINES = 20_000;
const SATURDAY = 6;
const LOOK_AHEAD_DAYS = 14;

function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (lines.length > MAX_LINES) throw new AppError('INPUT_TOO_LARGE', `It has ${lines.length} lines, more than any company has actions`);
  return lines;
}

function parseLines(text: string): FactorLine[] {
  const lines: FactorLine[] = [];
  for (const [n, line] of linesOf(text).entries()) {
    const [, year, month, day, price, split, close] = LINE.exec(line) ?? [];
    const one = { day: year === undefined ? NaN : daysFromCivil(parseDate(`${year}-${month}-${day}`)), price: Number(price), split: Number(split), close: close === undefined || close === '' ? NaN : Number(close) };
    if (!(one.price > 0 && one.split > 0 && one.day > (lines.at(-1)?.day ?? -Infinity))) throw new AppError('INPUT_INVALID', `Line ${n + 1} cannot be used: "${line.slice(0, 60)}". Each line is YYYYMMDD,price factor,split factor,close, oldest first`);
    lines.push(one);
  }
  return lines;
}

/** The session after a day. Where the calendar does not reach, the next day that is no weekend. */
function sessionAfter(day: number): string {
  const [from, to] = [formatDate(civilFromDays(day + 1)), formatDate(civilFromDays(day + LOOK_AHEAD_DAYS))];
  if (calendarCovers(fromNewYorkDay(day + 1, 0)) && calendarCovers(fromNewYorkDay(day + LOOK_AHEAD_DAYS, 0))) {
    const next = sessionsBetween(from, to)[0];
    if (next) return next.date;
  }
  let next = day + 1;
  while (weekdayOf(next) === 0 || weekdayOf(next) === SATURDAY) next += 1;
  return formatDate(civilFromDays(next));
}

/** Shares after for shares before, as the smallest whole numbers that tell the ratio; else the ratio to one. 0.2857143 shares before for one after = 7 for 2. */
export function splitTerms(after: number): { readonly new_rate: string; readonly old_rate: string } {
  for (let old = 1; old <= LARGEST_RATE; old += 1) {
    const told = Math.round(after * old);
    if (told >= 1 && Math.abs(told / old / after - 1) < RATE_TOLERANCE / old) return { new_rate: String(told), old_rate: String(old) };
  }
  return { new_rate: after.toFixed(9).replace(/\.?0+$/, ''), old_rate: '1' };
}

/** Dollars a share, in as few decimals as tell the factor. A close of 619.86 and a factor of 0.9957248 = 2.65. */
export function dividendRate(ratio: number, close: number): string {
  const exact = (1 - ratio) * close;
  for (const decimals of [2, 3, 4, 5]) {
    const told = Number(exact.toFixed(decimals));
    if (told > 0 && Math.abs(1 - told / close - ratio) <= PRECISION) return String(told);
  }
  return exact.toFixed(6);
}

/** Splits and dividends between the lines of a factor file. `skipped`: days with a dividend whose close is not told, from which its dollars cannot be found. @throws AppError INPUT_INVALID, naming the line */
export function actionsOfFactors(text: string, symbol: string): { readonly actions: ToldAction[]; readonly skipped: string[] } {
  const lines = parseLines(text);
  const actions: ToldAction[] = [];
  const skipped: string[] = [];
  for (let n = 0; n + 1 < lines.length; n += 1) {
    const [before, after] = [lines[n], lines[n + 1]];
    if (!before || !after) continue;
    const exDate = sessionAfter(before.day);
    const shares = after.split / before.split;
    if (Math.abs(shares - 1) > PRECISION) actions.push({ symbol, kind: shares > 1 ? 'forward_split' : 'reverse_split', exDate, terms: splitTerms(shares) });
    const ratio = before.price / after.price;
    if (ratio >= 1 - PRECISION) continue;
    if (before.close > NO_CLOSE) actions.push({ symbol, kind: 'cash_dividend', exDate, terms: { rate: dividendRate(ratio, before.close) } });
    else skipped.push(exDate);
  }
  return { actions, skipped };
}

/** Changes of name in a map file, each under the name that it ended: each line tells until which day a name was good. @throws AppError INPUT_INVALID, naming the line */
export function actionsOfMap(text: string): ToldAction[] {
  const names = linesOf(text).map((line, n) => {
    const [, year, month, day, name] = NAME_LINE.exec(line) ?? [];
    const ticker = name === undefined ? null : tickerOf(name);
    if (year === undefined || ticker === null) throw new AppError('INPUT_INVALID', `Line ${n + 1} cannot be used: "${line.slice(0, 60)}". Each line is YYYYMMDD,name,exchange`);
    return { day: daysFromCivil(parseDate(`${year}-${month}-${day}`)), ticker };
  });
  return names.flatMap((before, n) => {
    const after = names[n + 1];
    return after === undefined || after.ticker === before.ticker ? [] : [{ symbol: before.ticker, kind: 'name_change' as const, exDate: sessionAfter(before.day), terms: { old_symbol: before.ticker, new_symbol: after.ticker } }];
  });
}

/**
 * Writes actions down, each once: what is known of the same kind, symbol and day already, from whomever, stays. Names that went on say so from now on, also where the new one was not known before.
 * @returns how many were new
 */
export async function storeActions(tx: Queryable, actions: readonly ToldAction[]): Promise<number> {
  if (actions.length === 0) return 0;
  const rows = await tx.query<{ symbol: string }>(
    `INSERT INTO data_ingestion.corporate_actions (action_id, symbol, kind, ex_date, terms)
     SELECT 'lean:' || a.symbol || ':' || a.ex_date || ':' || a.kind, a.symbol, a.kind, a.ex_date::date, a.terms::jsonb FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS a(symbol, kind, ex_date, terms)
     WHERE NOT EXISTS (SELECT FROM data_ingestion.corporate_actions k WHERE k.symbol = a.symbol AND k.kind = a.kind AND k.ex_date = a.ex_date::date)
     ON CONFLICT DO NOTHING RETURNING symbol`,
    [actions.map((a) => a.symbol), actions.map((a) => a.kind), actions.map((a) => a.exDate), actions.map((a) => JSON.stringify(a.terms))]);
  await applyRenames(tx, actions.map((one) => ({ ...one, actionId: `lean:${one.symbol}:${one.exDate}:${one.kind}` })), 'import');
  // What is derived from the actions of a symbol that is known is older than they are now.
  await tx.query('UPDATE data_ingestion.action_progress SET changed_at = clock_timestamp() WHERE symbol = ANY($1::text[])', [[...new Set(rows.map(({ symbol }) => symbol))]]);
  return rows.length;
}
