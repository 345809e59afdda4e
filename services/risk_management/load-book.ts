/** The book as risk decides on it: holdings, reservations, limits and switch, read in one statement, hence one moment. */
import type { Arming } from '#app/domain/arming.ts';
import { riskLimitsSchema } from '#app/domain/limits.ts';
import { invariant } from '#app/domain/errors.ts';
import { money, price, quantity, ZERO_MONEY, type Price, type Quantity } from '#app/domain/numeric.ts';
import type { Side } from '#app/domain/order.ts';
import type { Clock, EpochMs } from '#app/domain/time.ts';
import type { TradingState } from '#app/domain/trading-state.ts';
import { exactLimits, shareKey, type Asset, type OpenOrder, type RiskBook } from '#app/risk/book.ts';
import { reservationLeft } from '#app/risk/decide.ts';
import type { FlatTarget } from '#app/risk/follow-up.ts';
import { sizingSchema, type Sizing } from '#app/risk/sizing.ts';
import type { Db, Queryable, Tx } from '#chassis/db.ts';

/** What the caller will decide about beside what is held; the statement reads only that of the large tables. */
export type Wanted = { readonly symbols?: readonly string[]; readonly strategyVersionIds?: readonly string[]; readonly decisionIds?: readonly string[] };

/** A wish to be flat while shares are left. `tsMarket`: market time of the last thing that happened to it; `seq`: place of its last order among all approvals. */
export type OpenTarget = FlatTarget & { readonly tsMarket: EpochMs; readonly seq: number };

/** The book and what belongs to it. */
export type LoadedBook = {
  readonly book: RiskBook;
  readonly limitsVersion: number;
  /** Average cost of held symbols: the price of last resort. */
  readonly averages: ReadonlyMap<string, Price>;
  /** Sizing by strategy version; null when it cannot be read. */
  readonly sizings: ReadonlyMap<string, Sizing | null>;
  /** Those of the wanted decisions that exist already. */
  readonly decided: ReadonlySet<string>;
  /** In the order in which their last orders were approved. */
  readonly openTargets: readonly OpenTarget[];
};

/** What every decision needs beside the question: the book, the clock, and what is known of the arming of the real account. */
export type House = { readonly db: Db; readonly clock: Clock; readonly arming: () => Arming };

/** All who decide take this lock first, so that each sees the reservations of those before it. Held to the end of the transaction. */
const DECISION_LOCK = 7002;

/** Waits until no other transaction decides. */
export async function lockDecisions(tx: Tx): Promise<void> {
  await tx.query('SELECT pg_advisory_xact_lock($1)', [DECISION_LOCK]);
}

type OrderRow = {
  decisionId: string; clientOrderId: string; strategyId: string | null; symbol: string; side: Side; limitPrice: string | null; isReducing: boolean; qty: string; filled: string; reserved: string;
};
type Row = {
  state: TradingState; limitsVersion: number; limits: unknown; cash: string | null;
  positions: [symbol: string, qty: string, average: string | null][];
  shares: [strategyId: string, symbol: string, qty: string][];
  orders: OrderRow[];
  assets: [symbol: string, isTradable: boolean, isFractionable: boolean][];
  sizings: [versionId: string, sizing: unknown][];
  decided: string[];
  targets: { strategyId: string; symbol: string; originId: string; followUps: number; tsMarket: number; seq: number }[];
};

/**
 * A reservation lives from the approval until its order is closed: orders that execution wrote down, and approvals beyond the number that
 * execution has heard. Both come from one snapshot, so none is missed and none counts twice.
 */
const BOOK = `
  SELECT t.state, l.version AS "limitsVersion", l.limits, (SELECT cash::text FROM execution.account_ledger) AS cash,
    (SELECT coalesce(json_agg(json_build_array(symbol, qty::text, avg_price::text) ORDER BY symbol), '[]') FROM execution.positions WHERE qty <> 0) AS positions,
    (SELECT coalesce(json_agg(json_build_array(strategy_id, symbol, qty::text) ORDER BY strategy_id, symbol), '[]') FROM execution.strategy_positions WHERE qty <> 0) AS shares,
    (SELECT coalesce(json_agg(json_build_object('decisionId', decision_id, 'clientOrderId', client_order_id, 'strategyId', strategy_id, 'symbol', symbol, 'side', side, 'limitPrice', limit_price,
        'isReducing', is_reducing, 'qty', qty, 'filled', filled, 'reserved', reserved) ORDER BY seq), '[]') FROM (
      SELECT o.decision_id, o.client_order_id, nullif(o.strategy_id, '') AS strategy_id, o.symbol, o.side, o.limit_price::text AS limit_price, o.is_reducing, o.qty::text AS qty, o.filled_qty::text AS filled,
        coalesce(d.reserved_notional, 0)::text AS reserved, o.approved_seq AS seq
      FROM execution.orders o LEFT JOIN risk_management.risk_decisions d USING (decision_id) WHERE NOT o.is_closed
      UNION ALL
      SELECT b.payload->>'decisionId', b.payload->>'clientOrderId', nullif(b.payload->>'strategyId', ''), b.payload->>'symbol', b.payload->>'side', b.payload->>'limitPrice', (b.payload->>'isReducing')::boolean,
        b.payload->>'qty', '0', b.payload->>'reservedNotional', b.seq
      FROM risk_management.outbox b
      WHERE b.topic = 'order.approved' AND b.seq > coalesce((SELECT seq FROM execution.inbox_offset WHERE producer = 'risk_management'), 0)
    ) open_orders) AS orders,
    (SELECT coalesce(json_agg(json_build_array(symbol, is_tradable, is_fractionable)), '[]') FROM data_ingestion.symbols
      WHERE symbol = ANY($1::text[]) OR symbol IN (SELECT symbol FROM execution.strategy_positions WHERE qty <> 0)) AS assets,
    (SELECT coalesce(json_agg(json_build_array(strategy_version_id, sizing)), '[]') FROM strategy_engine.strategy_versions WHERE strategy_version_id = ANY($2::text[])) AS sizings,
    (SELECT coalesce(json_agg(decision_id), '[]') FROM risk_management.risk_decisions WHERE decision_id = ANY($3::text[])) AS decided,
    (SELECT coalesce(json_agg(json_build_object('strategyId', w.strategy_id, 'symbol', w.symbol, 'originId', w.signal_id, 'followUps', w.follow_ups,
        'tsMarket', (extract(epoch FROM greatest(w.ts_market, o.ts_event)) * 1000)::bigint, 'seq', coalesce(o.approved_seq, 0)) ORDER BY o.approved_seq, w.strategy_id, w.symbol), '[]')
      FROM risk_management.strategy_targets w JOIN execution.strategy_positions p USING (strategy_id, symbol)
      LEFT JOIN LATERAL (
        SELECT o.approved_seq, (SELECT e.ts_event FROM execution.order_events e WHERE e.order_id = o.order_id ORDER BY e.version DESC LIMIT 1) AS ts_event
        FROM execution.orders o WHERE o.symbol = w.symbol AND coalesce(o.strategy_id, '') = w.strategy_id ORDER BY o.created_at DESC LIMIT 1
      ) o ON true
      WHERE w.target = 'flat' AND p.qty <> 0) AS targets
  FROM (SELECT state FROM risk_management.trading_state ORDER BY version DESC LIMIT 1) t, (SELECT version, limits FROM risk_management.risk_limits ORDER BY version DESC LIMIT 1) l`;

function openOrder(row: OrderRow): OpenOrder {
  const qty = quantity(row.qty);
  const filled = quantity(row.filled);
  return {
    decisionId: row.decisionId, clientOrderId: row.clientOrderId, strategyId: row.strategyId, symbol: row.symbol, side: row.side, limitPrice: row.limitPrice === null ? null : price(row.limitPrice), isReducing: row.isReducing,
    openQty: qty.minus(filled) as Quantity, reserved: reservationLeft(money(row.reserved), qty, filled),
  };
}

function readSizing(raw: unknown): Sizing | null {
  const parsed = sizingSchema.safeParse(raw);
  return parsed.success ? parsed.data : null;
}

/** Reads the book; `arming` is asked after it was read. In a transaction that decides, take lockDecisions first. @throws AppError INVARIANT_BROKEN before the first limits are written. */
export async function loadBook(db: Queryable, arming: () => Arming, wanted: Wanted = {}): Promise<LoadedBook> {
  const [row] = await db.query<Row>(BOOK, [wanted.symbols ?? [], wanted.strategyVersionIds ?? [], wanted.decisionIds ?? []]);
  invariant(row, 'The book has no trading state or no limits');
  const averages = row.positions.flatMap(([symbol, , average]): [string, Price][] => (average === null ? [] : [[symbol, price(average)]]));
  const book: RiskBook = {
    tradingState: row.state,
    arming: arming(),
    limits: exactLimits(riskLimitsSchema.parse(row.limits)),
    cash: row.cash === null ? ZERO_MONEY : money(row.cash),
    positions: new Map(row.positions.map(([symbol, qty]) => [symbol, quantity(qty)])),
    shares: new Map(row.shares.map(([strategyId, symbol, qty]) => [shareKey(strategyId, symbol), quantity(qty)])),
    openOrders: row.orders.map(openOrder),
    assets: new Map(row.assets.map(([symbol, isTradable, isFractionable]): [string, Asset] => [symbol, { isTradable, isFractionable }])),
  };
  return {
    book, limitsVersion: row.limitsVersion, averages: new Map(averages),
    sizings: new Map(row.sizings.map(([versionId, sizing]) => [versionId, readSizing(sizing)])),
    decided: new Set(row.decided),
    openTargets: row.targets.map((target) => ({ ...target, strategyId: target.strategyId === '' ? null : target.strategyId, tsMarket: target.tsMarket as EpochMs })),
  };
}
