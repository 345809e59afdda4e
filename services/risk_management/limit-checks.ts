/** validate_risk_limits: has every signal its decision, and does the book keep to its limits now? It waits and reports; deciding belongs to the lane. */
import * as z from 'zod';
import { epochMs } from '#app/domain/time.ts';
import { findings, portfolioRisk, type Finding } from '#app/risk/monitor.ts';
import { standingOf, type Standing } from '#app/risk/standing.ts';
import { sleep } from '#chassis/clock.ts';
import type { Queryable } from '#chassis/db.ts';
import { flow, type FlowDefinition } from '#chassis/flows.ts';
import { loadBook, type House } from './load-book.ts';
import { loadMarket } from './load-market.ts';
import { marketNow } from './market-clock.ts';
import { recordRiskEvents } from './risk-events.ts';

const MAX_SIGNALS = 5_000;
/** Of the signals that nobody named, the newest: a run comes every minute, and each keeps what it saw. */
const MAX_RECENT = 500;
/** Undecided signals of which a person is told one by one. */
const MAX_UNDECIDED = 500;
/** How long the lane is waited for. It decides within milliseconds; behind a restart it needs seconds. */
const WAIT_MS = 10_000;
const LOOK_EVERY_MS = 100;
/** Signals that are looked at when none are named. */
const RECENT = "interval '15 minutes'";

const INPUT = z.object({
  signalIds: z.array(z.string().min(1).max(300)).max(MAX_SIGNALS).optional().describe('Signals whose decisions to wait for; without them those of the last 15 minutes'),
  waitMs: z.number().int().min(0).max(30_000).default(WAIT_MS).describe('How long to wait for decisions, milliseconds'),
}).strict();

type Verdict = { readonly signalId: string; readonly outcome: 'approved' | 'denied' | null; readonly code: string | null; readonly clientOrderId: string | null; readonly strategyId: string; readonly symbol: string; readonly waitedMs: number };

async function signalsToCheck(db: Queryable, signalIds: readonly string[] | undefined): Promise<string[]> {
  const rows = await db.query<{ signalId: string }>(
    `SELECT signal_id AS "signalId" FROM strategy_engine.strategy_signals WHERE cancels IS NULL AND CASE WHEN $1::text[] IS NULL THEN raised_at > clock_timestamp() - ${RECENT} ELSE signal_id = ANY($1::text[]) END ORDER BY raised_at DESC, signal_id LIMIT $2`,
    [signalIds ?? null, signalIds === undefined ? MAX_RECENT : MAX_SIGNALS],
  );
  return rows.map((row) => row.signalId);
}

async function verdicts(db: Queryable, signalIds: readonly string[]): Promise<Verdict[]> {
  return db.query<Verdict>(
    `SELECT s.signal_id AS "signalId", d.outcome, d.code, d.client_order_id AS "clientOrderId", s.strategy_id AS "strategyId", s.symbol, round(extract(epoch FROM clock_timestamp() - s.raised_at) * 1000)::bigint AS "waitedMs"
     FROM strategy_engine.strategy_signals s LEFT JOIN risk_management.risk_decisions d ON d.decision_id = s.signal_id WHERE s.signal_id = ANY($1::text[]) AND s.cancels IS NULL ORDER BY s.ts_market, s.signal_id`, [signalIds],
  );
}

/** What came of the signals, as small as it can be: it is kept with the run. `waiting`: the first of the undecided. */
type Outcome = {
  readonly signals: number; readonly approved: readonly string[]; readonly denied: readonly { readonly signalId: string; readonly code: string | null }[]; readonly undecided: readonly string[]; readonly waiting: readonly Verdict[];
};

function outcomeOf(seen: readonly Verdict[]): Outcome {
  const undecided = seen.filter((one) => one.outcome === null);
  return {
    signals: seen.length, approved: seen.flatMap((one) => one.clientOrderId ?? []), undecided: undecided.map((one) => one.signalId), waiting: undecided.slice(0, MAX_UNDECIDED),
    denied: seen.filter((one) => one.outcome === 'denied').map(({ signalId, code }) => ({ signalId, code })),
  };
}

async function waitForDecisions(db: Queryable, signalIds: readonly string[], waitMs: number, signal: AbortSignal): Promise<Outcome> {
  const end = performance.now() + waitMs;
  for (;;) {
    const seen = await verdicts(db, signalIds);
    if (seen.every((one) => one.outcome !== null) || performance.now() >= end || signal.aborted) return outcomeOf(seen);
    await sleep(LOOK_EVERY_MS, signal);
  }
}

/** A signal without a decision is an order that is missing, or late: a person should know. */
function undecidedFinding({ signalId, strategyId, symbol, waitedMs }: Verdict): Finding {
  return {
    riskEventId: `signal_undecided:${signalId}`, severity: 'critical', code: 'SIGNAL_UNDECIDED',
    message: `The signal of ${strategyId} in ${symbol} has no decision after ${Math.round(waitedMs / 1000)} s. No order was placed for it; look at risk management in the health panel.`,
    context: { signalId, strategyId, symbol, waitedMs },
  };
}

async function checkBook({ db, ...outside }: Omit<House, 'clock'>): Promise<{ readonly standing: Standing; readonly found: Finding[] } | null> {
  const now = await marketNow(db);
  if (now === null) return null;
  const loaded = await loadBook(db, outside);
  const market = await loadMarket(db, loaded, { tsMarket: now, before: epochMs(now + 1), symbols: [] });
  return { standing: standingOf(loaded.book, market), found: findings(portfolioRisk(loaded.book, market), market.day, []) };
}

/** The flow. */
export function limitChecksFlow(parts: Omit<House, 'clock'>): FlowDefinition {
  const { db } = parts;
  return flow({
    name: 'validate_risk_limits',
    description: 'Waits for the decisions on signals, tells which were approved and why others were not, and checks the book against its limits as it stands.',
    input: INPUT, schedule: null, retries: 2, retryDelayMs: 1_000, timeoutMs: 90_000, concurrency: 1, onMissed: 'skip', events: ['a signal, at most once a minute'],
    async run(ctx, { signalIds, waitMs }) {
      const wanted = await ctx.step('find signals', () => signalsToCheck(db, signalIds));
      const { signals, approved, denied, undecided, waiting } = await ctx.step('wait for decisions', ({ signal }) => waitForDecisions(db, wanted, waitMs, signal));
      ctx.progress(1, 3);
      const book = await ctx.step('check the book', () => checkBook(parts));
      ctx.progress(2, 3);
      const told = await ctx.step('warn', () => db.tx((tx) => recordRiskEvents(tx, [...waiting.filter((one) => one.waitedMs >= waitMs).map(undecidedFinding), ...(book?.found ?? [])])));
      ctx.progress(3, 3);
      const outside = book?.standing.limits.filter((one) => !one.isWithin) ?? [];
      for (const one of outside) ctx.log('warn', 'A limit is exceeded', { ...one });
      ctx.log(undecided.length === 0 ? 'info' : 'warn', 'Signals were looked at', { signals, denied: denied.length, undecided: undecided.length });
      return {
        decided: signals - undecided.length, approved, denied, undecided,
        isWithinLimits: book?.standing.isWithin ?? true, limits: book?.standing.limits ?? [], largestPositionPercent: book?.standing.largestPositionPercent ?? 0, newRiskEvents: told,
      };
    },
  });
}
