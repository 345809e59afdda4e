/** Execution's flows: push what waits, look after open orders and positions each minute, compare the books every six hours. */
import * as z from 'zod';
import { compareHoldings, type Difference } from '#app/execution/reconcile.ts';
import { sleep } from '#chassis/clock.ts';
import type { Db } from '#chassis/db.ts';
import { flow, type FlowDefinition } from '#chassis/flows.ts';
import { ourHoldings, takeSnapshot, theirHoldings } from './account.ts';
import { bookActivities } from './entries-activities.ts';
import { lookAfter } from './guardian.ts';
import { createNotice, standingDifferences } from './holdings.ts';
import type { Holds } from './holds.ts';
import { manageOrdersFlow, ringResolver, type ManageOrdersParts } from './manage-orders.ts';
import type { Reconciler } from './reconcile.ts';
import type { SubmitLane } from './submit-lane.ts';

/** What the flows work with. */
export type FlowParts = ManageOrdersParts & { readonly lane: SubmitLane; readonly holds: Holds; readonly onBlocked: (isBlocked: boolean) => void };

const SETTLE_MS = 20_000;
/** Differences that a run shows in words: the last ones, among them those of positions and cash. */
const MAX_SHOWN = 1_000;
const NONE = z.object({}).strict();
/** `comparison` names one that was made already, at a start or a reconnect, when trading could not wait for a flow: the run then records it. */
const COMPARED = z.object({ comparison: z.string().max(200).optional().describe('The id of a comparison that was made already; without it the books are compared now') }).strict();

type Waiting = { readonly waiting: number; readonly unresolved: number };

async function countWaiting(db: Db): Promise<Waiting> {
  const [row] = await db.query<{ waiting: number; unresolved: number }>(
    `SELECT count(*) FILTER (WHERE status = 'initialized') AS waiting, count(*) FILTER (WHERE status = 'submitted') AS unresolved FROM execution.orders WHERE NOT is_closed`,
  );
  return row ?? { waiting: 0, unresolved: 0 };
}

/** The lanes do the work; the flow rings them and tells how far they came. */
async function push(parts: FlowParts, signal: AbortSignal): Promise<Waiting & { readonly heldBecause: readonly string[] }> {
  await ringResolver(parts);
  parts.lane.ring();
  const until = performance.now() + SETTLE_MS;
  let now = await countWaiting(parts.db);
  while (now.waiting + now.unresolved > 0 && performance.now() < until && !signal.aborted) {
    await sleep(100, signal);
    now = await countWaiting(parts.db);
  }
  return { ...now, heldBecause: parts.holds.reasons() };
}

/** The flows that this service owns. */
export function executionFlows(parts: FlowParts): FlowDefinition[] {
  const { db, broker, reconciler } = parts;
  const mustCompare = createNotice();
  return [
    flow({
      name: 'execute_trades', description: 'Sends approved orders that wait and finds out about those with an unknown outcome.', input: NONE,
      schedule: null, retries: 2, retryDelayMs: 1_000, timeoutMs: 60_000, concurrency: 1, onMissed: 'skip', events: ['an approved order, at most once a minute'],
      async run(ctx) {
        const before = await ctx.step('count what waits', () => countWaiting(db));
        const after = await ctx.step('send and look up', ({ signal }) => push(parts, signal));
        ctx.log(after.waiting + after.unresolved === 0 ? 'info' : 'warn', 'Orders were pushed', { before, after });
        return { before, after };
      },
    }),
    manageOrdersFlow(parts),
    flow({
      name: 'update_positions', description: 'Takes a snapshot of the account, compares our positions with the broker, and looks for orders and positions that need a person.', input: NONE,
      schedule: { kind: 'cron', cron: '* * * * *', only: 'in_session' },
      retries: 2, retryDelayMs: 2_000, timeoutMs: 45_000, concurrency: 1, onMissed: 'skip', overlap: 'skip',
      async run(ctx) {
        const snapshot = await ctx.step('snapshot', async () => {
          const taken = await takeSnapshot(db, broker, 'update_positions', parts.nowMs());
          parts.onBlocked(taken.isTradingBlocked);
          return taken;
        });
        const { positions, differing, isNotable } = await ctx.step('compare', async () => {
          const look = async (): Promise<readonly Difference[]> => compareHoldings(await ourHoldings(db), await theirHoldings(broker));
          const found = await standingDifferences(look);
          // Cash that moved without a fill is a fee, a dividend or a transfer: the activities say which, and may split a position too.
          const differences = found.length > 0 && (await bookActivities(parts)) > 0 ? await look() : found;
          return { positions: (await ourHoldings(db)).positions.size, differing: differences.map((one) => one.subject), isNotable: mustCompare(differences) };
        });
        const findings = await ctx.step('look after orders and positions', () => lookAfter(db));
        if (!isNotable) return { equityDollars: snapshot.equity, positions, positionsAgree: true, findings };
        // Fills whose news got lost, of ours or of orders placed elsewhere (P3: within a minute); two that cancel each other out show in the cash alone.
        ctx.log('info', 'Positions or cash differ; the books are compared', { differing });
        const result = await ctx.step('reconcile', async () => summary(await reconciler.run(ctx.runId)));
        const stillDiffer = result.differences.filter((words) => words.startsWith('position '));
        if (stillDiffer.length > 0) ctx.log('warn', 'Positions differ from the broker', { differences: stillDiffer });
        return { equityDollars: snapshot.equity, positions, positionsAgree: stillDiffer.length === 0, findings, ...result };
      },
    }),
    flow({
      name: 'reconcile_trades', description: 'Compares orders, fills, positions and cash with the broker and repairs what is missing.', input: COMPARED,
      schedule: { kind: 'cron', cron: '0 */6 * * *', only: 'always' },
      retries: 3, retryDelayMs: 5_000, timeoutMs: 300_000, concurrency: 1, onMissed: 'run_once', events: ['the start of execution', 'each reconnect to the broker'],
      async run(ctx, { comparison }) {
        const result = await ctx.step('compare and repair', async () => summary(await reconciler.run(comparison ?? ctx.runId)));
        ctx.log(result.isClean ? 'info' : 'warn', 'The books were compared', result);
        return result;
      },
    }),
  ];
}

function summary(result: Awaited<ReturnType<Reconciler['run']>>): { readonly isClean: boolean; readonly differences: readonly string[] } {
  // Someone else's thousands of orders on the account are no defect of ours: a run that broke off over them would end the whole service.
  const rest = result.differences.length - MAX_SHOWN;
  const words = result.differences.slice(-MAX_SHOWN).map((one) => `${one.kind} ${one.subject}: ${one.action}`);
  return { isClean: result.isClean, differences: rest > 0 ? [`${rest} more, which the table of comparisons holds`, ...words] : words };
}
