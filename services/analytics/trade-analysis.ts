/** analyze_trades: round trips by account, strategy, symbol, both, and hour of the exit, written as one row each. */
import { roundTrips, type RoundTrip } from '#app/analytics/round-trips.ts';
import { summariseTrips, type ReferencedFill, type TripSummary } from '#app/analytics/trip-summary.ts';
import { endOfDay } from '#app/market/calendar.ts';
import { toNewYork } from '#app/market/nyse-zone.ts';
import type { Db, Queryable } from '#chassis/db.ts';
import { readFills } from './fills.ts';
import { readOpenings } from './openings.ts';

/** A group: what it is of, and its figures. `subject`: a strategy ('' = by hand), a symbol, `strategy|symbol`, an hour `09`..`16`, or '' for the account. */
export type TripGroup = TripSummary & { readonly scope: 'account' | 'strategy' | 'symbol' | 'strategy_symbol' | 'hour'; readonly subject: string };

type Part = { readonly strategyId: string; readonly symbol: string };

/** The hour of the exchange's day, two digits. */
function hourOf(at: RoundTrip['closedAt']): string {
  return String(toNewYork(at).hour).padStart(2, '0');
}

function grouped<T>(items: readonly T[], subjectOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(subjectOf(item));
    if (group) group.push(item);
    else groups.set(subjectOf(item), [item]);
  }
  return groups;
}

/** All groups, in order of scope and subject. An hour has the trips that closed in it; fills count to the hour in which they happened. */
export function groupTrips(trips: readonly RoundTrip[], fills: readonly ReferencedFill[]): TripGroup[] {
  const scopes: readonly { readonly scope: TripGroup['scope']; readonly ofTrip: (trip: RoundTrip) => string; readonly ofFill: (fill: ReferencedFill) => string }[] = [
    { scope: 'account', ofTrip: () => '', ofFill: () => '' },
    ...([['strategy', (part: Part) => part.strategyId], ['symbol', (part: Part) => part.symbol], ['strategy_symbol', (part: Part) => `${part.strategyId}|${part.symbol}`]] as const).map(([scope, of]) => ({ scope, ofTrip: of, ofFill: of })),
    { scope: 'hour', ofTrip: (trip) => hourOf(trip.closedAt), ofFill: (fill) => hourOf(fill.tsEvent) },
  ];
  return scopes.flatMap(({ scope, ofTrip, ofFill }) => {
    const [byTrip, byFill] = [grouped(trips, ofTrip), grouped(fills, ofFill)];
    return [...new Set([...byTrip.keys(), ...byFill.keys()])].sort().map((subject): TripGroup => ({ scope, subject, ...summariseTrips(byTrip.get(subject) ?? [], byFill.get(subject) ?? []) }));
  });
}

/** Reads the ledger up to the end of an exchange day (null = all of it) and groups it. */
export async function analyseTrades(db: Queryable, day: string | null): Promise<TripGroup[]> {
  const fills = await readFills(db, day === null ? null : endOfDay(day));
  return groupTrips(roundTrips(fills, await readOpenings(db)), fills);
}

const INSERT = `
  INSERT INTO analytics.trade_analysis (run_id, scope, subject, round_trips, wins, losses, profit, win_rate, profit_factor, expectancy, best, worst, mean_holding_ms, fills, fees, slippage, slippage_bps)
  SELECT $1, g.scope, g.subject, g."roundTrips", g.wins, g.losses, g.profit, g."winRate", g."profitFactor", g.expectancy, g.best, g.worst, g."meanHoldingMs", g.fills, g.fees, g.slippage, g."slippageBps"
  FROM jsonb_to_recordset($2::jsonb) AS g(scope text, subject text, "roundTrips" integer, wins integer, losses integer, profit float8, "winRate" float8, "profitFactor" float8, expectancy float8, best float8, worst float8,
    "meanHoldingMs" float8, fills integer, fees float8, slippage float8, "slippageBps" float8)`;

const KEPT = "interval '400 days'";

/** Writes the groups of a run, whole: what the run wrote before a crash goes, so that twice is once. Those of runs that are long past go too. */
export async function writeAnalysis(db: Db, runId: string, groups: readonly TripGroup[]): Promise<number> {
  await db.tx(async (tx) => {
    await tx.query('DELETE FROM analytics.trade_analysis WHERE run_id = $1', [runId]);
    await tx.query(`DELETE FROM analytics.trade_analysis WHERE calculated_at < clock_timestamp() - ${KEPT}`);
    await tx.query(INSERT, [runId, JSON.stringify(groups)]);
  });
  return groups.length;
}

/** Reads a run's groups back, in their order. */
export function readAnalysis(db: Queryable, runId: string): Promise<TripGroup[]> {
  return db.query<TripGroup>(
    `SELECT scope, subject, round_trips AS "roundTrips", wins, losses, profit, win_rate AS "winRate", profit_factor AS "profitFactor", expectancy, best, worst, mean_holding_ms AS "meanHoldingMs", fills, fees, slippage, slippage_bps AS "slippageBps"
     FROM analytics.trade_analysis WHERE run_id = $1 ORDER BY scope, subject`, [runId],
  );
}
