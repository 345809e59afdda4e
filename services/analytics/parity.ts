/** The nightly parity: each deployed strategy's day run again over the recorded bars, compared with the book, written down. */
import type { ParityDay } from '#app/contracts/deploy.ts';
import { compareDay } from '#app/analytics/parity.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import { timeframeMs } from '#app/domain/time.ts';
import type { Db, Queryable } from '#chassis/db.ts';
import { isTransient } from '#chassis/clock.ts';
import { accountOf, type DayAccount } from './parity-account.ts';
import { correctionsOf, symbolsWithBars } from './parity-bars.ts';
import { liveDay, wasOffAllDay } from './parity-live.ts';
import { dayOf, plansOf, type Day, type DayPlan } from './parity-plan.ts';
import { reasonsOf } from './parity-reasons.ts';
import { replayDay } from './parity-replay.ts';

/** A day as it is written; the clock of the database says when. */
export type FoundDay = Omit<ParityDay, 'calculatedAt'>;

/** Differences of one day that are kept. */
const MAX_DIFFERENCES = 200;
const KEPT = "interval '400 days'";

const EMPTY = { score: null, signals: 0, signalsSame: 0, trades: 0, tradesSame: 0, differences: [], bars: 0 } as const;

/** Runs one strategy's day again and compares. @throws what the replay throws */
async function compareStrategy(book: Queryable, plan: DayPlan, account: DayAccount, signal: AbortSignal): Promise<FoundDay> {
  const { strategyId, versionId, day, timeframe } = plan;
  // Who was told to do nothing all day did so: that is no difference, and nothing to run again.
  if (await wasOffAllDay(book, plan, await symbolsWithBars(book, plan, plan))) return { ...EMPTY, differences: [], strategyId, versionId, day, note: 'It was switched off all day: there is nothing to compare.' };
  const replayed = await replayDay(book, plan, account, signal);
  const live = await liveDay(book, plan);
  const corrections = await correctionsOf(book, plan, { symbols: replayed.symbols, timeframe });
  const { score, trades, same, findings } = compareDay(live.trades, replayed.trades, { barMs: timeframeMs(timeframe), reasons: reasonsOf({ plan, live, replayed, corrections }) });
  const theirs = new Map(replayed.signals.map((one) => [one.signalId, one]));
  const signalsSame = [...live.signals.values()].filter(({ signalId, target, weight }) => theirs.get(signalId)?.target === target && theirs.get(signalId)?.weight === weight).length;
  const quiet = replayed.bars === 0 ? 'There are no bars of its symbols on this day.' : trades === 0 ? 'Nothing was traded, live or in the replay.' : null;
  const cut = findings.length > MAX_DIFFERENCES ? `${findings.length - MAX_DIFFERENCES} further differences are not kept.` : null;
  return {
    strategyId, versionId, day, score, signals: new Set([...live.signals.keys(), ...theirs.keys()]).size, signalsSame, trades, tradesSame: same, differences: findings.slice(0, MAX_DIFFERENCES), note: quiet ?? cut, bars: replayed.bars,
  };
}

/** A strategy that cannot be run again is a day without a score, with the reason; what passes by itself is thrown, and tried again. */
async function dayOfStrategy(book: Queryable, plan: DayPlan, account: DayAccount, signal: AbortSignal): Promise<FoundDay> {
  try {
    return await compareStrategy(book, plan, account, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof AppError) || error.family === 'bug' || isTransient(error)) throw error;
    return { ...EMPTY, differences: [], strategyId: plan.strategyId, versionId: plan.versionId, day: plan.day, note: `It could not be run again: ${describeError(error)}` };
  }
}

const INSERT_DAY = `
  INSERT INTO analytics.parity_days (strategy_id, day, strategy_version_id, score, signals, signals_same, trades, trades_same, bars, note) VALUES ($1, $2::date, $3, $4, $5, $6, $7, $8, $9, $10)`;
const INSERT_DIFFERENCES = `
  INSERT INTO analytics.parity_differences (strategy_id, day, n, symbol, at, kind, live, replayed, reason, price_difference_bps, cost)
  SELECT $1, $2::date, d.n, d.symbol, to_timestamp(d.at / 1000.0), d.kind, d.live, d.replayed, d.reason, d."priceDifferenceBps", d.cost
  FROM jsonb_to_recordset($3::jsonb) AS d(n integer, symbol text, at float8, kind text, live text, replayed text, reason text, "priceDifferenceBps" float8, cost float8)`;

/** Writes a day, in place of what stood there. */
export async function writeParity(db: Db, found: FoundDay): Promise<void> {
  await db.tx(async (tx) => {
    await tx.query('DELETE FROM analytics.parity_days WHERE strategy_id = $1 AND day = $2::date', [found.strategyId, found.day]);
    await tx.query(`DELETE FROM analytics.parity_days WHERE day < (clock_timestamp() - ${KEPT})::date AND calculated_at < clock_timestamp() - ${KEPT}`);
    await tx.query(INSERT_DAY, [found.strategyId, found.day, found.versionId, found.score, found.signals, found.signalsSame, found.trades, found.tradesSame, found.bars, found.note]);
    await tx.query(INSERT_DIFFERENCES, [found.strategyId, found.day, JSON.stringify(found.differences.map((one, n) => ({ n, ...one })))]);
  });
}

/** The last exchange day with a bar in the book; null before the first. */
export async function lastTradedDay(book: Queryable): Promise<string | null> {
  const [row] = await book.query<{ day: string | null }>(`SELECT (max(ts_market) AT TIME ZONE 'America/New_York')::date::text AS day FROM analytics.equity_curve`);
  return row?.day ?? null;
}

/** What a run found, in short. */
export type ParityRun = { readonly day: string; readonly strategies: number; readonly compared: number; readonly worst: { readonly strategyId: string; readonly score: number } | null; readonly differences: number };

/** Compares all deployed strategies of a day and writes each as soon as it is known. Null on a day without a session. */
export async function runParity(db: Db, name: string, { signal }: { readonly signal: AbortSignal }): Promise<ParityRun | null> {
  const day: Day | null = dayOf(name);
  if (day === null) return null;
  const { plans, unplanned } = await plansOf(db, day);
  const account = await accountOf(db, day);
  const found: FoundDay[] = unplanned.map(({ strategyId, versionId, note }) => ({ ...EMPTY, differences: [], strategyId, versionId, day: name, note }));
  for (const one of found) await writeParity(db, one);
  for (const plan of plans) {
    const one = await dayOfStrategy(db, plan, account, signal);
    await writeParity(db, one);
    found.push(one);
  }
  const scored = found.flatMap(({ strategyId, score }) => (score === null ? [] : [{ strategyId, score }])).sort((a, b) => a.score - b.score);
  return { day: name, strategies: found.length, compared: scored.length, worst: scored[0] ?? null, differences: found.reduce((sum, { differences }) => sum + differences.length, 0) };
}

/** Days of a strategy, newest first, with their differences. */
export async function readParity(book: Queryable, strategyId: string, limit: number): Promise<ParityDay[]> {
  return book.query<ParityDay>(
    `SELECT p.strategy_id AS "strategyId", p.strategy_version_id AS "versionId", p.day::text AS day, p.score, p.signals, p.signals_same AS "signalsSame", p.trades, p.trades_same AS "tradesSame", p.note, p.bars, p.calculated_at AS "calculatedAt",
       (SELECT coalesce(json_agg(json_build_object('symbol', d.symbol, 'at', (extract(epoch FROM d.at) * 1000)::bigint, 'kind', d.kind, 'live', d.live, 'replayed', d.replayed, 'reason', d.reason, 'priceDifferenceBps', d.price_difference_bps, 'cost', d.cost) ORDER BY d.n), '[]')
        FROM analytics.parity_differences d WHERE d.strategy_id = p.strategy_id AND d.day = p.day) AS differences
     FROM analytics.parity_days p WHERE p.strategy_id = $1 ORDER BY p.day DESC LIMIT $2`, [strategyId, limit],
  );
}
