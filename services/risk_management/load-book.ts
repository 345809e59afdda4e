/** The book as risk decides on it: holdings, reservations, limits and switch, read in one statement, hence one moment. */
import type { Arming } from '#app/domain/arming.ts';
import { riskLimitsSchema } from '#app/domain/limits.ts';
import { invariant } from '#app/domain/errors.ts';
import { money, price, quantity, ZERO_MONEY, type Money, type Price, type Quantity } from '#app/domain/numeric.ts';
import type { OrderClass, OrderRole, OrderType, Side } from '#app/domain/order.ts';
import type { Clock, EpochMs, Timeframe } from '#app/domain/time.ts';
import type { TradingState } from '#app/domain/trading-state.ts';
import { strategyLimitsSchema } from '#app/contracts/deploy.ts';
import { exactLimits, shareKey, type Asset, type BrokerMargin, type RiskBook, type StrategyTerms } from '#app/risk/book.ts';
import { countOnce, type OpenOrder } from '#app/risk/open-orders.ts';
import { reservationLeft } from '#app/risk/decide.ts';
import type { Protection } from '#app/risk/decide.ts';
import type { OwedSince, OwedTarget } from '#app/risk/follow-up.ts';
import type { TargetSide } from '#app/risk/target.ts';
import { sizingSchema, type Sizing } from '#app/domain/sizing.ts';
import type { Db, Queryable, Tx } from '#chassis/db.ts';
import { realMarketTime } from './market-clock.ts';

/** What the caller will decide about beside what is held; the statement reads only that of the large tables. */
export type Wanted = { readonly symbols?: readonly string[]; readonly strategyVersionIds?: readonly string[]; readonly decisionIds?: readonly string[] };

/**
 * A target that owes its strategy something. `tsMarket`: market time of the last thing that happened to it, `triedAt` of its last attempt; `seq`: place of its last order among all approvals.
 * `protection`, `timeframe` and `isDaily`: as its signal said.
 */
export type OpenTarget = OwedTarget & OwedSince & { readonly target: TargetSide; readonly protection: Protection | null; readonly isDaily: boolean; readonly triedAt: EpochMs; readonly seq: number };

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
  readonly peak: Peak | null;
  /** The market's clock where it is the wall's; null = the newest bar is the market's clock. */
  readonly wallNow: EpochMs | null;
};

/** The highest equity of the measure that runs, transfers since then counted in; null = its first look is still to come. */
export type Peak = { readonly accountNumber: string; readonly measure: number; readonly equity: Money | null; readonly isTripped: boolean };

/** What is known from outside of the book: the arming of the real account and, where the market is a real one, its clock (without it the newest bar is the clock: simulations and replays). */
export type Outside = { readonly arming: () => Arming; readonly wall?: () => EpochMs };

/** What every decision needs beside the question. */
export type House = Outside & { readonly db: Db; readonly clock: Clock };

/** All who decide take this lock first, so that each sees the reservations of those before it. Held to the end of the transaction. */
const DECISION_LOCK = 7002;

/** Waits until no other transaction decides. */
export async function lockDecisions(tx: Tx): Promise<void> {
  await tx.query('SELECT pg_advisory_xact_lock($1)', [DECISION_LOCK]);
}

type OrderRow = {
  decisionId: string; clientOrderId: string; strategyId: string | null; symbol: string; side: Side; type: OrderType; orderClass: OrderClass; role: OrderRole; replaces: string | null;
  limitPrice: string | null; isReducing: boolean; qty: string; filled: string; reserved: string;
};
type Row = {
  state: TradingState; stateVersion: number; stateSince: number; limitsVersion: number; limitsSetAt: number; limits: unknown; readAt: number; leaseRenewedAt: number | null; cash: string | null;
  peak: { accountNumber: string; measure: number | null; equity: string | null; isTripped: boolean | null } | null;
  brokerPositions: [symbol: string, qty: string][];
  positions: [symbol: string, qty: string, average: string | null][];
  shares: [strategyId: string, symbol: string, qty: string][];
  orders: OrderRow[];
  assets: [symbol: string, isTradable: boolean, isFractionable: boolean, isShortable: boolean][];
  sizings: [versionId: string, sizing: unknown][];
  decided: string[];
  strategies: { strategyId: string; limits: unknown; isEnabled: boolean; isStopped: boolean; pausedWhy: string | null; isPaused: boolean }[];
  targets: {
    strategyId: string; symbol: string; originId: string; followUps: number; target: TargetSide; owed: string; protection: { stopPrice: string | null; takeProfitPrice: string | null } | null; isDaily: boolean;
    timeframe: Timeframe | null; tsMarket: number; triedAt: number; seq: number;
  }[];
};

/**
 * Open orders with their reservations. A reservation lives from the approval until its order is closed: orders that execution wrote down, and approvals beyond
 * the number that execution has heard. Both come from one snapshot, so none is missed and none counts twice. Legs reserve nothing; what was placed at the
 * broker beside us reserves what it may cost.
 */
const ORDERS = `
  SELECT o.decision_id, o.client_order_id, nullif(o.strategy_id, '') AS strategy_id, o.symbol, o.side, o.type, o.order_class, o.role, r.client_order_id AS replaces, o.limit_price::text AS limit_price, o.is_reducing,
    o.qty::text AS qty, o.filled_qty::text AS filled, o.approved_seq AS seq,
    (CASE WHEN o.role <> 'order' OR o.is_reducing THEN 0 WHEN o.source = 'broker' THEN round(o.qty * coalesce(o.limit_price, o.stop_price, nullif(o.reference_price, 0), (SELECT i.last_close FROM data_ingestion.ingestion_status i WHERE i.symbol = o.symbol ORDER BY i.last_open_time DESC LIMIT 1), 0), 9) ELSE coalesce(d.reserved_notional, 0) END)::text AS reserved
  FROM execution.orders o LEFT JOIN risk_management.risk_decisions d USING (decision_id) LEFT JOIN execution.orders r ON r.order_id = o.replaces_order_id WHERE NOT o.is_closed
  UNION ALL
  SELECT b.payload->>'decisionId', b.payload->>'clientOrderId', nullif(b.payload->>'strategyId', ''), b.payload->>'symbol', b.payload->>'side', b.payload->>'type', coalesce(b.payload->>'orderClass', 'simple'), 'order',
    b.payload->>'replaces', b.payload->>'limitPrice', (b.payload->>'isReducing')::boolean, b.payload->>'qty', '0', b.seq, b.payload->>'reservedNotional'
  FROM risk_management.outbox b
  WHERE b.topic = 'order.approved' AND b.seq > coalesce((SELECT seq FROM execution.inbox_offset WHERE producer = 'risk_management'), 0)`;

/** Cash that came from outside or went there, all of it: an expression of SQL. */
export const TRANSFERS = `coalesce((SELECT sum(cash_change) FROM execution.ledger_entries WHERE kind IN ('transfer', 'journal')), 0)`;

/** What the broker held at the last comparison where it was not what we say, moved on by the fills that were seen since. */
const BROKER_POSITIONS = `
  SELECT d->>'subject' AS symbol, ((d->>'theirs')::numeric + coalesce((SELECT sum(CASE side WHEN 'buy' THEN qty ELSE -qty END) FROM execution.trades t WHERE t.symbol = d->>'subject' AND t.ts_seen > c.at), 0))::text AS qty
  FROM (SELECT at, differences FROM execution.reconciliations ORDER BY at DESC LIMIT 1) c CROSS JOIN LATERAL jsonb_array_elements(c.differences) AS d WHERE d->>'kind' = 'position'`;

/** Signed shares that a target `w` owes; null when no step is to follow: an expression of SQL. */
export const OWED = `coalesce(w.owed, CASE WHEN w.target = 'flat' THEN 0 END)`;

const epochOf = (instant: string): string => `(extract(epoch FROM ${instant}) * 1000)::bigint`;

const BOOK = `
  SELECT t.state, t.version AS "stateVersion", ${epochOf('t.at')} AS "stateSince", l.version AS "limitsVersion", ${epochOf('l.at')} AS "limitsSetAt", l.limits, ${epochOf('clock_timestamp()')} AS "readAt",
    (SELECT ${epochOf('renewed_at')} FROM risk_management.risk_lease) AS "leaseRenewedAt", (SELECT cash::text FROM execution.account_ledger) AS cash,
    (SELECT json_build_object('accountNumber', a.account_number, 'measure', p.measure, 'equity', (p.equity + ${TRANSFERS} - p.transfers)::text, 'isTripped', p.tripped_at IS NOT NULL)
      FROM execution.account_ledger a LEFT JOIN risk_management.peak_equity p USING (account_number)) AS peak,
    (SELECT coalesce(json_agg(json_build_array(symbol, qty)), '[]') FROM (${BROKER_POSITIONS}) broker) AS "brokerPositions",
    (SELECT coalesce(json_agg(json_build_array(symbol, qty::text, avg_price::text) ORDER BY symbol), '[]') FROM execution.positions WHERE qty <> 0) AS positions,
    (SELECT coalesce(json_agg(json_build_array(strategy_id, symbol, qty::text) ORDER BY strategy_id, symbol), '[]') FROM execution.strategy_positions WHERE qty <> 0) AS shares,
    (SELECT coalesce(json_agg(json_build_object('decisionId', decision_id, 'clientOrderId', client_order_id, 'strategyId', strategy_id, 'symbol', symbol, 'side', side, 'type', type, 'orderClass', order_class, 'role', role,
        'replaces', replaces, 'limitPrice', limit_price, 'isReducing', is_reducing, 'qty', qty, 'filled', filled, 'reserved', reserved) ORDER BY seq, client_order_id), '[]') FROM (${ORDERS}) open_orders) AS orders,
    (SELECT coalesce(json_agg(json_build_array(symbol, is_tradable, is_fractionable, is_shortable)), '[]') FROM data_ingestion.symbols
      WHERE symbol = ANY($1::text[]) OR symbol IN (SELECT symbol FROM execution.strategy_positions WHERE qty <> 0 UNION ALL SELECT symbol FROM risk_management.strategy_targets WHERE owed <> 0)) AS assets,
    (SELECT coalesce(json_agg(json_build_array(strategy_version_id, sizing)), '[]') FROM strategy_engine.strategy_versions WHERE strategy_version_id = ANY($2::text[])) AS sizings,
    (SELECT coalesce(json_agg(decision_id), '[]') FROM risk_management.risk_decisions WHERE decision_id = ANY($3::text[])) AS decided,
    (SELECT coalesce(json_agg(json_build_object('strategyId', strategy_id, 'limits', limits, 'isEnabled', is_enabled, 'isStopped', is_stopped, 'isPaused', paused IS NOT NULL, 'pausedWhy', paused->>'why')), '[]')
      FROM strategy_engine.strategies WHERE limits IS NOT NULL OR paused IS NOT NULL OR is_stopped OR NOT is_enabled) AS strategies,
    (SELECT coalesce(json_agg(json_build_object('strategyId', w.strategy_id, 'symbol', w.symbol, 'originId', w.signal_id, 'followUps', w.follow_ups, 'target', w.target, 'owed', ${OWED}::text, 'protection', g.protection,
        'isDaily', coalesce(g.timeframe = '1Day', false), 'timeframe', g.timeframe, 'tsMarket', ${epochOf('greatest(w.ts_market, o.ts_event)')}, 'triedAt', ${epochOf('w.ts_market')}, 'seq', coalesce(o.approved_seq, 0)) ORDER BY o.approved_seq, w.strategy_id, w.symbol), '[]')
      FROM risk_management.strategy_targets w LEFT JOIN execution.strategy_positions p USING (strategy_id, symbol) LEFT JOIN strategy_engine.strategy_signals g ON g.signal_id = w.signal_id
      LEFT JOIN LATERAL (
        SELECT o.approved_seq, (SELECT e.ts_event FROM execution.order_events e WHERE e.order_id = o.order_id ORDER BY e.version DESC LIMIT 1) AS ts_event
        FROM execution.orders o WHERE o.symbol = w.symbol AND coalesce(o.strategy_id, '') = w.strategy_id AND o.source <> 'broker' ORDER BY o.created_at DESC LIMIT 1
      ) o ON true
      WHERE ${OWED} <> coalesce(p.qty, 0)) AS targets
  FROM (SELECT state, version, at FROM risk_management.trading_state ORDER BY version DESC LIMIT 1) t, (SELECT version, limits, at FROM risk_management.risk_limits ORDER BY version DESC LIMIT 1) l`;

function openOrder(row: OrderRow): OpenOrder {
  const qty = quantity(row.qty);
  const filled = quantity(row.filled);
  const openQty = qty.minus(filled) as Quantity;
  const { decisionId, clientOrderId, strategyId, symbol, side, type, orderClass, role, replaces, isReducing } = row;
  return {
    decisionId, clientOrderId, strategyId, symbol, side, type, orderClass, role, replaces, isReducing, limitPrice: row.limitPrice === null ? null : price(row.limitPrice),
    openQty, countedQty: openQty, reserved: reservationLeft(money(row.reserved), qty, filled),
  };
}

/** The broker's word is good for this long. */
const BROKER_WORD = "interval '30 minutes'";

/** What the broker said last of its buying power, and everything approved since (orders that ended meanwhile too: better too much than too little). */
const MARGIN = `
  SELECT s.buying_power::text AS "buyingPower", ${epochOf('s.at')} AS "saidAt",
    (SELECT coalesce(sum(d.reserved_notional), 0)::text FROM risk_management.risk_decisions d WHERE d.outcome = 'approved' AND d.decided_at > s.at - interval '5 seconds') AS "approvedSince"
  FROM (SELECT buying_power, at FROM execution.account_snapshots WHERE at > clock_timestamp() - ${BROKER_WORD} ORDER BY at DESC LIMIT 1) s`;

async function loadMargin(db: Queryable): Promise<(BrokerMargin & { readonly saidAt: number }) | null> {
  const [row] = await db.query<{ buyingPower: string; saidAt: number; approvedSince: string }>(MARGIN);
  return row === undefined ? null : { buyingPower: money(row.buyingPower), approvedSince: money(row.approvedSince), saidAt: row.saidAt };
}

function readSizing(raw: unknown): Sizing | null {
  const parsed = sizingSchema.safeParse(raw);
  return parsed.success ? parsed.data : null;
}

function peakOf({ peak }: Row): Peak | null {
  if (peak === null) return null;
  return { accountNumber: peak.accountNumber, measure: peak.measure ?? 1, equity: peak.equity === null ? null : money(peak.equity), isTripped: peak.isTripped === true };
}

/** What one strategy may do. Limits that cannot be read allow nothing: what was meant is not known. */
function strategyTerms({ limits, isEnabled, isStopped, isPaused, pausedWhy }: Row['strategies'][number]): StrategyTerms {
  const parsed = limits === null ? null : strategyLimitsSchema.safeParse(limits);
  const own = parsed?.success === true ? { maxNotional: money(parsed.data.maxNotional), maxOrdersPerDay: parsed.data.maxOrdersPerDay } : null;
  if (parsed?.success === false) return { limits: null, stoppedWhy: 'its limits cannot be read. Set them again.' };
  if (isStopped) return { limits: own, stoppedWhy: 'it was stopped. Start it to let it trade again.' };
  if (isPaused) return { limits: own, stoppedWhy: `it is paused${pausedWhy === null || pausedWhy === '' ? '' : ` (${pausedWhy})`}. Start it to let it trade again.` };
  return { limits: own, stoppedWhy: isEnabled ? null : 'it is switched off. Switch it on to let it trade again.' };
}

function riskBook(row: Row, margin: (BrokerMargin & { readonly saidAt: number }) | null, arming: Arming): RiskBook {
  const instant = (ms: number | null | undefined): EpochMs | null => (ms === null || ms === undefined ? null : (ms as EpochMs));
  return {
    tradingState: row.state, arming, limits: exactLimits(riskLimitsSchema.parse(row.limits)), cash: row.cash === null ? ZERO_MONEY : money(row.cash), margin,
    positions: new Map(row.positions.map(([symbol, qty]) => [symbol, quantity(qty)])),
    brokerPositions: new Map(row.brokerPositions.map(([symbol, qty]) => [symbol, quantity(qty)])),
    shares: new Map(row.shares.map(([strategyId, symbol, qty]) => [shareKey(strategyId === '' ? null : strategyId, symbol), quantity(qty)])),
    openOrders: countOnce(row.orders.map(openOrder)),
    assets: new Map(row.assets.map(([symbol, isTradable, isFractionable, isShortable]): [string, Asset] => [symbol, { isTradable, isFractionable, isShortable }])),
    strategies: new Map(row.strategies.map((one) => [one.strategyId, strategyTerms(one)])),
    facts: {
      readAt: instant(row.readAt), limitsVersion: row.limitsVersion, limitsSetAt: instant(row.limitsSetAt), tradingStateVersion: row.stateVersion, tradingStateSince: instant(row.stateSince),
      leaseRenewedAt: instant(row.leaseRenewedAt), brokerSaidAt: instant(margin?.saidAt),
    },
  };
}

function openTarget({ owed, protection, ...target }: Row['targets'][number]): OpenTarget {
  const exact = (text: string | null): Price | null => (text === null ? null : price(text));
  return {
    ...target, strategyId: target.strategyId === '' ? null : target.strategyId, desired: quantity(owed), tsMarket: target.tsMarket as EpochMs, triedAt: target.triedAt as EpochMs,
    protection: protection === null ? null : { stopPrice: exact(protection.stopPrice), takeProfitPrice: exact(protection.takeProfitPrice) },
  };
}

/** Reads the book; what is outside of it is asked after it was read. In a transaction that decides, take lockDecisions first. @throws AppError INVARIANT_BROKEN before the first limits are written. */
export async function loadBook(db: Queryable, outside: Outside, wanted: Wanted = {}): Promise<LoadedBook> {
  const [row] = await db.query<Row>(BOOK, [wanted.symbols ?? [], wanted.strategyVersionIds ?? [], wanted.decisionIds ?? []]);
  invariant(row, 'The book has no trading state or no limits');
  const margin = riskLimitsSchema.parse(row.limits).allowMargin ? await loadMargin(db) : null;
  return {
    book: riskBook(row, margin, outside.arming()),
    limitsVersion: row.limitsVersion,
    averages: new Map(row.positions.flatMap(([symbol, , average]): [string, Price][] => (average === null ? [] : [[symbol, price(average)]]))),
    sizings: new Map(row.sizings.map(([id, sizing]) => [id, readSizing(sizing)])),
    decided: new Set(row.decided),
    openTargets: row.targets.map(openTarget),
    peak: peakOf(row),
    wallNow: outside.wall === undefined ? null : await realMarketTime(db, outside.wall()),
  };
}
