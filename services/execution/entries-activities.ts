/** Reads the account's activities that are no fills into the ledger: fees, dividends, interest, transfers, splits. */
import { quantity, ZERO_QUANTITY, type Quantity } from '#app/domain/numeric.ts';
import { DAY_MS, type EpochMs } from '#app/domain/time.ts';
import { exchangeDay } from '#app/market/calendar.ts';
import { planActivities, type ActivityFacts } from '#app/execution/activities.ts';
import { at, type Db, type Queryable } from '#chassis/db.ts';
import type { BrokerActivity } from '../alpaca/activities.ts';
import type { Broker } from '../alpaca/ports.ts';
import { BLANK_ENTRY, enter } from './entries.ts';
import { settleFindings } from './findings.ts';

/** Alpaca writes activities with the date that they are for: a fee of Friday may appear on Monday. Each reading goes back this far. */
const BACK_MS = 8 * DAY_MS;
const CURSOR = 'activities_before';

/** What reading them needs. */
export type ActivityParts = { readonly db: Db; readonly broker: Broker; readonly nowMs: () => EpochMs };

/** Activities that were there when the ledger was opened: the opening cash holds them already. */
export async function noteActivities(tx: Queryable, seen: readonly BrokerActivity[]): Promise<void> {
  await tx.query('INSERT INTO execution.broker_cursors (name, position) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING', [CURSOR, JSON.stringify(seen.map((one) => one.activityId))]);
}

/** The activities that a ledger opened at this instant must not book again. */
export function activitiesBefore(broker: Broker, openedAt: EpochMs): Promise<readonly BrokerActivity[]> {
  return broker.activitiesAfter((openedAt - BACK_MS) as EpochMs);
}

async function readFacts(db: Queryable, activities: readonly BrokerActivity[]): Promise<ActivityFacts> {
  const held = new Map<string, Map<string, Quantity>>();
  const shares = await db.query<{ strategy_id: string; symbol: string; qty: string }>('SELECT strategy_id, symbol, qty FROM execution.strategy_positions WHERE symbol = ANY($1)', [activities.flatMap((one) => (one.symbol === null ? [] : [one.symbol]))]);
  for (const row of shares) held.set(row.symbol, (held.get(row.symbol) ?? new Map<string, Quantity>()).set(row.strategy_id, quantity(row.qty)));
  const sellersOn = new Map<string, string[]>();
  const oldest = activities.reduce((min, one) => Math.min(min, one.at), Infinity);
  if (Number.isFinite(oldest)) {
    const sells = await db.query<{ strategy_id: string; ts: number }>(`SELECT DISTINCT coalesce(strategy_id, '') AS strategy_id, ts_event AS ts FROM execution.trades WHERE side = 'sell' AND ts_event > $1`, [at(oldest - BACK_MS)]);
    for (const { strategy_id: strategyId, ts } of sells) {
      const day = exchangeDay(ts as EpochMs);
      const sellers = sellersOn.get(day) ?? [];
      if (!sellers.includes(strategyId)) sellersOn.set(day, [...sellers, strategyId]);
    }
  }
  return { held, sellersOn };
}

/** A ledger from before activities were read has no note of those it began with: there only what is newer than the ledger counts. */
async function readCursor(db: Queryable): Promise<{ readonly since: EpochMs; readonly mayBook: (one: BrokerActivity) => boolean }> {
  const [row] = await db.query<{ newest: number | null; opened: number; before: string | null }>(
    `SELECT (SELECT max(ts_event) FROM execution.ledger_entries WHERE source = 'activity') AS newest, (SELECT opened_at FROM execution.account_ledger) AS opened, (SELECT position FROM execution.broker_cursors WHERE name = $1) AS before`, [CURSOR],
  );
  const opened = row?.opened ?? 0;
  const noted: unknown = row?.before === null || row?.before === undefined ? null : JSON.parse(row.before);
  const early = Array.isArray(noted) ? new Set(noted.map(String)) : null;
  return { since: (row?.newest ?? opened) as EpochMs, mayBook: (one) => (early === null ? one.at >= opened : !early.has(one.activityId)) };
}

/** Books every activity that the ledger does not have, each in a transaction of its own; what does not add up becomes a finding. Returns how many were booked. */
export async function bookActivities({ db, broker, nowMs }: ActivityParts): Promise<number> {
  const { since, mayBook } = await readCursor(db);
  const activities = (await broker.activitiesAfter((since - BACK_MS) as EpochMs)).filter(mayBook);
  const known = new Set((await db.query<{ id: string }>('SELECT entry_id AS id FROM execution.ledger_entries WHERE entry_id = ANY($1)', [activities.map((one) => one.activityId)])).map((row) => row.id));
  const { entries, issues } = planActivities(activities, known, await readFacts(db, activities));
  let booked = 0;
  for (const entry of entries) {
    const isNew = await db.tx((tx) => enter(tx, { ...BLANK_ENTRY, ...entry, toStrategyId: null, shareQty: ZERO_QUANTITY, source: 'activity', tsSeen: nowMs() }));
    if (isNew) booked += 1;
  }
  await db.tx((tx) => settleFindings(tx, 'ledger', issues));
  return booked;
}
