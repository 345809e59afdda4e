/** The lockstep gate: one statement that tells whether the pipeline has settled what the tape released. */
import type { EpochMs } from '#app/domain/time.ts';
import { monotonicMs, sleep } from '#chassis/clock.ts';
import { at, type Queryable } from '#chassis/db.ts';
import type { OrderText } from './journal-queries.ts';
import type { Step } from './market.ts';

/** Who must have heard whom before the next bar: consumer, producer. */
const EDGES: readonly (readonly [consumer: string, producer: string])[] = [
  ['strategy_engine', 'data_ingestion'], ['risk_management', 'strategy_engine'], ['risk_management', 'execution'], ['execution', 'risk_management'],
  ['analytics', 'data_ingestion'], ['analytics', 'execution'],
];
/** Orders of ours carry this mark, and legs of ours come with ids of the broker's making; others (a person with another program at the simulator) are not in the book and are not waited for. */
export const OUR_ORDERS = 'ms-';

const ORDERS_DIFFER = `
  SELECT v.client_order_id || ' at the broker ' || v.filled_qty || CASE WHEN v.is_closed THEN ' closed' ELSE ' open' END || ', in the book ' || coalesce(o.filled_qty::text || ' ' || o.status, 'missing')
  FROM unnest($1::text[], $2::numeric[], $3::boolean[], $4::text[]) AS v(client_order_id, filled_qty, is_closed, broker_order_id)
  LEFT JOIN execution.orders o ON o.client_order_id = v.client_order_id OR o.broker_order_id = v.broker_order_id
  WHERE o.order_id IS NULL OR o.filled_qty <> v.filled_qty OR o.is_closed <> v.is_closed
  LIMIT 3`;

const BOOKED_SQL = `SELECT ARRAY(${ORDERS_DIFFER}) AS waiting`;

/**
 * An edge without a row has heard nothing: it is behind as soon as its producer is known to have written anything,
 * and unknown until then, so it counts as behind too (the lane writes its rows at 0 when it starts).
 */
const SETTLED_SQL = `
  SELECT ARRAY(${ORDERS_DIFFER})
    || ARRAY(SELECT 'data_ingestion stores ' || s.symbol FROM unnest($5::text[]) AS s(symbol)
             LEFT JOIN data_ingestion.ingestion_status i ON i.symbol = s.symbol AND i.timeframe = '1Min'
             WHERE i.last_open_time IS NULL OR i.last_open_time < $6::timestamptz LIMIT 3)
    || ARRAY(SELECT e.consumer || ' hears ' || e.producer || coalesce(' (' || w.heard_seq || ' of ' || w.written_seq || ')', ' (has not begun)')
             FROM unnest($7::text[], $8::text[]) AS e(consumer, producer)
             LEFT JOIN public.pipeline_watermarks w USING (consumer, producer)
             WHERE w.heard_seq IS DISTINCT FROM w.written_seq OR w.written_seq IS NULL)
    || ARRAY(SELECT 'order ' || client_order_id || ' is ' || status FROM execution.orders
             WHERE NOT is_closed AND status IN ('initialized', 'submitted', 'pending_cancel', 'pending_replace') LIMIT 3) AS waiting`;

/** The gate. Both waits end only when the book agrees or the signal aborts. */
export type Gate = {
  /** Waits until execution has booked what happened to these orders. */
  booked(touched: ReadonlyMap<string, OrderText>): Promise<void>;
  /** Waits until all bars of the step have gone all the way. A null step: only the rest of the pipeline. */
  settled(step: Step | null, touched: ReadonlyMap<string, OrderText>): Promise<void>;
  /** What it waits for at the moment, in words. */
  waitingFor(): string | null;
};

/**
 * Gate timing. Every look costs the book about as much as storing a bar, so the gate naps through most of what a step usually takes and looks
 * often only then; a wait that has become long is looked at ever more rarely.
 */
const NAP_SHARE = 0.75;
const NAP_CAP_MS = 500;
/** Looks are at least this share of the usual wait apart. */
const LOOK_SHARE = 0.05;
const LEARNING_RATE = 0.1;
const POLLS = [{ untilMs: 30, everyMs: 1 }, { untilMs: 250, everyMs: 3 }, { untilMs: 2_000, everyMs: 10 }, { untilMs: Infinity, everyMs: 50 }] as const;
const TELL_AFTER_MS = 30_000;
const FULLY = ['filled', 'canceled', 'expired', 'rejected', 'replaced'];

/** How long a kind of wait usually takes, milliseconds. */
type Habit = { usualMs: number };
type GateParts = { readonly db: Queryable; readonly signal: AbortSignal; readonly tell: (waiting: string, forMs: number) => void };

/** Opens the gate over the book. */
export function openGate({ db, signal, tell }: GateParts): Gate {
  let waiting: string | null = null;
  const habits = { booked: { usualMs: 0 }, settled: { usualMs: 0 } };
  // The orders are looked at anew each time: one that is cancelled during the wait (an exit of an entry that has just filled) is closed from then on.
  const until = async (sql: string, params: () => readonly unknown[], habit: Habit): Promise<void> => {
    const began = monotonicMs();
    let toldAt = began;
    const nap = Math.min(habit.usualMs * NAP_SHARE, NAP_CAP_MS);
    if (nap >= 1) await sleep(nap, signal);
    while (!signal.aborted) {
      const [row] = await db.query<{ waiting: string[] }>(sql, params());
      if (row?.waiting.length === 0) break;
      const now = monotonicMs();
      waiting = row?.waiting.join('; ') ?? 'the book';
      if (now - toldAt >= TELL_AFTER_MS) {
        tell(waiting, Math.round(now - began));
        toldAt = now;
      }
      await sleep(Math.max(habit.usualMs * LOOK_SHARE, POLLS.find((poll) => now - began < poll.untilMs)?.everyMs ?? 50), signal);
    }
    habit.usualMs += LEARNING_RATE * (Math.min(monotonicMs() - began, NAP_CAP_MS) - habit.usualMs);
    waiting = null;
  };
  const orderParams = (touched: ReadonlyMap<string, OrderText>): unknown[] => {
    const ours = [...touched.values()].filter((order) => order.parentId !== null || order.clientOrderId.startsWith(OUR_ORDERS));
    return [ours.map((order) => order.clientOrderId), ours.map((order) => order.filledQty), ours.map((order) => FULLY.includes(order.status)), ours.map((order) => order.id)];
  };
  return {
    waitingFor: () => waiting,
    booked: async (touched) => {
      if ((orderParams(touched)[0] as unknown[]).length > 0) await until(BOOKED_SQL, () => orderParams(touched), habits.booked);
    },
    settled: (step, touched) => until(SETTLED_SQL, () => [
      ...orderParams(touched), step?.bars.map((bar) => bar.symbol) ?? [], at(step?.openTime ?? (0 as EpochMs)), EDGES.map(([consumer]) => consumer), EDGES.map(([, producer]) => producer),
    ], habits.settled),
  };
}
