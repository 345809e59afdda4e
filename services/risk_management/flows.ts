/** The flows of risk_management. */
import * as z from 'zod';
import { epochMs, type EpochMs } from '#app/domain/time.ts';
import { findings, portfolioRisk, type Finding, type PortfolioRisk, type UnknownOrder } from '#app/risk/monitor.ts';
import type { Queryable } from '#chassis/db.ts';
import { flow, type FlowDefinition } from '#chassis/flows.ts';
import { alertsFlow } from './alerts.ts';
import { trip } from './breakers.ts';
import { openDesk } from './desk.ts';
import { limitChecksFlow } from './limit-checks.ts';
import { loadBook, lockDecisions, type House } from './load-book.ts';
import { loadMarket } from './load-market.ts';
import { marketNow } from './market-clock.ts';
import { positionSizesFlow } from './position-sizes.ts';
import { recordRiskEvents } from './risk-events.ts';

type FlowParts = Omit<House, 'clock'>;
type Lease = { expiresAt: number | null; isFresh: boolean | null };

/** An order whose fate is open for longer than the resolver usually needs. */
const UNKNOWN_FOR = "interval '30 seconds'";
const MAX_UNKNOWN = 100;

async function unknownOrders(db: Queryable): Promise<UnknownOrder[]> {
  const rows = await db.query<{ orderId: string; clientOrderId: string; symbol: string; since: number }>(
    `SELECT order_id AS "orderId", client_order_id AS "clientOrderId", symbol, unknown_since AS since FROM execution.orders
     WHERE NOT is_closed AND unknown_since < clock_timestamp() - ${UNKNOWN_FOR} ORDER BY approved_seq LIMIT ${MAX_UNKNOWN}`,
  );
  return rows.map((row) => ({ ...row, since: epochMs(row.since) }));
}

function leaseFindings(lease: Lease | undefined): Finding[] {
  if (lease?.isFresh === true) return [];
  return [{
    riskEventId: `lease_stale:${lease?.expiresAt ?? 'never'}`, severity: 'critical', code: 'RISK_LEASE_STALE',
    message: 'The risk lease has run out: no new order is sent until risk management answers again.', context: { expiresAt: lease?.expiresAt ?? null },
  }];
}

/** One look at everything, without writing. */
async function measure({ db, ...outside }: FlowParts): Promise<{ risk: PortfolioRisk; found: Finding[] } | null> {
  const now: EpochMs | null = await marketNow(db);
  if (now === null) return null;
  const loaded = await loadBook(db, outside);
  const market = await loadMarket(db, loaded, { tsMarket: now, before: epochMs(now + 1), symbols: [] });
  const risk = portfolioRisk(loaded.book, market);
  const [lease] = await db.query<Lease>('SELECT expires_at AS "expiresAt", expires_at > clock_timestamp() AS "isFresh" FROM risk_management.risk_lease');
  return { risk, found: [...findings(risk, market.day, await unknownOrders(db)), ...leaseFindings(lease)] };
}

/** A loss that no signal meets turns trading to reducing too. Prices as a signal of this moment would see them: what of the moment is stored already is luck. */
async function lookAtBreakers({ db, ...outside }: FlowParts): Promise<void> {
  await db.tx(async (tx) => {
    await lockDecisions(tx);
    const now = await marketNow(tx);
    if (now === null) return;
    const desk = openDesk(tx, await loadBook(tx, outside));
    trip(desk, await desk.marketAt(now, []));
    await desk.save();
  });
}

/** Tells a person what comes near a limit, each fact once, and lets the breakers look. */
function monitorFlow(parts: FlowParts): FlowDefinition {
  return flow({
    name: 'monitor_portfolio_risk',
    description: 'Measures exposure, the loss of the day and the drawdown against the limits, looks at the lease and at orders of unknown fate, warns, and turns trading to reducing where a loss has reached its limit.',
    input: z.object({}).strict(),
    schedule: { kind: 'cron', cron: '*/15 * * * *', only: 'in_session' },
    retries: 3, retryDelayMs: 2_000, timeoutMs: 60_000, concurrency: 1, onMissed: 'skip', overlap: 'skip', events: ['each fill, at most once a minute'],
    async run(ctx) {
      const measured = await ctx.step('measure', () => measure(parts));
      if (measured === null) {
        ctx.log('info', 'No bar is known yet: nothing to measure');
        return { measured: false };
      }
      await ctx.step('breakers', () => lookAtBreakers(parts));
      const told = await ctx.step('warn', () => parts.db.tx((tx) => recordRiskEvents(tx, measured.found)));
      ctx.log('info', 'Portfolio measured', { grossExposure: measured.risk.grossExposure, dayLoss: measured.risk.dayLoss, findings: measured.found.length, newFindings: told.length });
      return { measured: true, risk: measured.risk, findings: measured.found, newFindings: told };
    },
  });
}

/** The flows that this service owns. */
export function riskFlows(parts: FlowParts): FlowDefinition[] {
  return [positionSizesFlow(parts), limitChecksFlow(parts), monitorFlow(parts), alertsFlow(parts.db)];
}
