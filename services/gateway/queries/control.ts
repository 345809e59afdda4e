/** The master switch, the lease, symbols, notices, the pipeline, and the ledger's own checks. */
import type { InvariantView, NoticeView, SymbolView, TradingStateView, Watermark } from '#app/contracts/views.ts';
import { DEFAULT_RISK_LIMITS, type RiskLimits } from '#app/domain/limits.ts';
import { AppError } from '#app/domain/errors.ts';
import type { Queryable } from '#chassis/db.ts';
import { LAST_PRICES, plain } from './rows.ts';

const HISTORY_MAX = 20;
type Move = TradingStateView['history'][number];

/** The switch with its last moves. The lease's validity is measured by the database's clock, which is the one execution asks. */
export async function readTradingState(db: Queryable): Promise<TradingStateView> {
  const [moves, around] = await Promise.all([
    db.query<Move>(`SELECT version, state, reason, actor, at FROM risk_management.trading_state ORDER BY version DESC LIMIT ${HISTORY_MAX}`),
    db.query<{ leaseValidMs: number | null; limits: RiskLimits | null; limitsVersion: number | null }>(`
      SELECT (SELECT (extract(epoch FROM expires_at - clock_timestamp()) * 1000)::float8 FROM risk_management.risk_lease) AS "leaseValidMs", l.limits, l.version AS "limitsVersion"
      FROM (SELECT 1) one LEFT JOIN (SELECT limits, version FROM risk_management.risk_limits ORDER BY version DESC LIMIT 1) l ON true`),
  ]);
  const now = moves[0];
  if (!now) throw new AppError('INVARIANT_BROKEN', 'The trading state has no row; the migrations are not complete');
  return { ...now, leaseValidMs: around[0]?.leaseValidMs ?? null, limits: around[0]?.limits ?? DEFAULT_RISK_LIMITS, limitsVersion: around[0]?.limitsVersion ?? 0, history: moves };
}

/** Open orders whose answer from the broker is not known, open findings of the guardian, and the newest bar. */
export async function readPulse(db: Queryable): Promise<{ unknownOrders: number; criticalFindings: number; otherFindings: number; newestBarSeenAt: number | null; newestMarketAt: number | null }> {
  const rows = await db.query<{ unknownOrders: number; criticalFindings: number; otherFindings: number; newestBarSeenAt: number | null; newestMarketAt: number | null }>(`
    WITH px AS (${LAST_PRICES})
    SELECT (SELECT count(*)::int FROM execution.orders WHERE NOT is_closed AND unknown_since IS NOT NULL) AS "unknownOrders",
      (SELECT count(*)::int FROM execution.findings WHERE state = 'open' AND severity = 'critical') AS "criticalFindings", (SELECT count(*)::int FROM execution.findings WHERE state = 'open' AND severity = 'warning') AS "otherFindings", (SELECT max(seen_at) FROM px) AS "newestBarSeenAt", (SELECT max(market_at) FROM px) AS "newestMarketAt"`);
  return rows[0] ?? { unknownOrders: 0, criticalFindings: 0, otherFindings: 0, newestBarSeenAt: null, newestMarketAt: null };
}

/** Symbols that match a query by ticker or name, watched ones first. */
export function readSymbols(db: Queryable, query: string, limit: number): Promise<SymbolView[]> {
  return db.query<SymbolView>(
    `WITH px AS (${LAST_PRICES})
     SELECT s.symbol, s.name, s.exchange, s.is_tradable AS "isTradable", s.is_watched AS "isWatched", ${plain('px.last_close')} AS "lastPrice", px.market_at AS "priceMarketAt", px.seen_at AS "priceSeenAt"
     FROM data_ingestion.symbols s LEFT JOIN px USING (symbol)
     WHERE $1 = '' OR starts_with(s.symbol, upper($1)) OR strpos(lower(s.name), lower($1)) > 0
     ORDER BY s.is_watched DESC, (s.symbol = upper($1)) DESC, s.symbol LIMIT $2`,
    [query, limit],
  );
}

/** Risk events and notifications, newest first. */
export function readNotices(db: Queryable, limit: number): Promise<NoticeView[]> {
  return db.query<NoticeView>(
    `(SELECT risk_event_id AS id, severity, code AS title, message AS body, at FROM risk_management.risk_events ORDER BY at DESC LIMIT $1)
     UNION ALL
     (SELECT notification_id, CASE WHEN severity IN ('info', 'warning', 'critical') THEN severity ELSE 'info' END, title, body, created_at FROM notification.notification_logs ORDER BY created_at DESC LIMIT $1)
     ORDER BY at DESC LIMIT $1`,
    [limit],
  );
}

/** How far each consumer is behind; an edge that never heard anything is missing. */
export async function readWatermarks(db: Queryable): Promise<Watermark[]> {
  const rows = await db.query<Omit<Watermark, 'behind' | 'quietMs'>>('SELECT consumer, producer, heard_seq AS "heardSeq", written_seq AS "writtenSeq", sent_seq AS "sentSeq" FROM public.pipeline_watermarks ORDER BY producer, consumer');
  return rows.map((row) => ({ ...row, behind: Math.max(0, row.writtenSeq - row.heardSeq), quietMs: null }));
}

/** Last number written by each producer: tells whether the live stream missed something. */
export async function readHeads(db: Queryable): Promise<Map<string, number>> {
  const services = ['data_ingestion', 'strategy_engine', 'execution', 'risk_management', 'analytics', 'notification'];
  const rows = await db.query<{ producer: string; seq: number }>(services.map((service) => `SELECT '${service}' AS producer, seq FROM ${service}.outbox_head`).join(' UNION ALL '));
  return new Map(rows.map((row) => [row.producer, row.seq]));
}

const CHECKS: readonly { readonly id: string; readonly statement: string; readonly sql: string }[] = [
  { id: 'I1', statement: 'Fills of each order add up to its filled quantity, which is at most its quantity', sql: `SELECT 1 FROM execution.orders o LEFT JOIN (SELECT order_id, sum(qty) AS qty FROM execution.trades GROUP BY order_id) t USING (order_id) WHERE coalesce(t.qty, 0) <> o.filled_qty OR o.filled_qty > o.qty` },
  { id: 'I2', statement: 'Each position is what the account opened with plus the signed sum of its fills and of the shares that came or went without one', sql: `SELECT 1 FROM execution.positions p FULL JOIN (SELECT symbol, sum(qty) AS qty FROM (SELECT symbol, CASE side WHEN 'buy' THEN qty ELSE -qty END AS qty FROM execution.trades UNION ALL SELECT symbol, qty FROM execution.opening_positions UNION ALL SELECT symbol, qty_change FROM execution.ledger_entries WHERE qty_change <> 0) moves GROUP BY symbol) t USING (symbol) WHERE coalesce(p.qty, 0) <> coalesce(t.qty, 0)` },
  { id: 'I3', statement: 'Cash is the opening cash less every purchase, plus every sale, less fees, plus dividends and everything else that moved it', sql: `SELECT 1 FROM execution.account_ledger l WHERE l.cash <> l.opening_cash - coalesce((SELECT sum(round(CASE side WHEN 'buy' THEN qty ELSE -qty END * price + fee, 9)) FROM execution.trades), 0) + coalesce((SELECT sum(cash_change) FROM execution.ledger_entries), 0)` },
  { id: 'I5', statement: 'Each order of ours has an approved decision; each approval that execution heard has its order', sql: `SELECT 1 FROM execution.orders o LEFT JOIN risk_management.risk_decisions d USING (decision_id) WHERE o.source <> 'broker' AND d.outcome IS DISTINCT FROM 'approved' UNION ALL SELECT 1 FROM risk_management.outbox b LEFT JOIN execution.orders o ON o.decision_id = b.payload->>'decisionId' WHERE b.topic = 'order.approved' AND o.order_id IS NULL AND b.seq <= coalesce((SELECT seq FROM execution.inbox_offset WHERE producer = 'risk_management'), 0)` },
  { id: 'I7', statement: 'Nobody holds more of a symbol than the account: the shares of the strategies add up to the position', sql: `SELECT 1 FROM execution.positions p FULL JOIN (SELECT symbol, sum(qty) AS qty FROM execution.strategy_positions GROUP BY symbol) s USING (symbol) WHERE coalesce(p.qty, 0) <> coalesce(s.qty, 0)` },
  { id: 'lots', statement: 'The lots that are left of each symbol add up to its position', sql: `SELECT 1 FROM (SELECT symbol, qty FROM execution.positions WHERE qty <> 0) p FULL JOIN (SELECT symbol, sum(qty) AS qty FROM execution.lots WHERE qty <> 0 GROUP BY symbol) l USING (symbol) WHERE coalesce(p.qty, 0) <> coalesce(l.qty, 0)` },
  { id: 'I8', statement: 'The versions of each order run from 1 without a gap', sql: `SELECT 1 FROM execution.orders o LEFT JOIN (SELECT order_id, count(*) AS n, max(version) AS newest FROM execution.order_events GROUP BY order_id) e USING (order_id) WHERE e.n IS DISTINCT FROM o.version OR e.newest IS DISTINCT FROM o.version` },
  { id: 'I9', statement: 'No consumer has heard more than was said', sql: 'SELECT 1 FROM public.pipeline_watermarks WHERE heard_seq > written_seq' },
];

/** Runs the checks on one snapshot of the book; counts stop at 1,000. */
export async function readInvariants(db: Queryable): Promise<InvariantView[]> {
  const counts = CHECKS.map((check) => `SELECT '${check.id}' AS id, (SELECT count(*)::int FROM (${check.sql} LIMIT 1000) broken) AS violations`).join(' UNION ALL ');
  const rows = await db.query<{ id: string; violations: number }>(counts);
  const found = new Map(rows.map((row) => [row.id, row.violations]));
  return CHECKS.map(({ id, statement }) => ({ id, statement, violations: found.get(id) ?? 0 }));
}
