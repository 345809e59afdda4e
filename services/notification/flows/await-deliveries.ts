/** A flow's look at what became of its deliveries: a bounded wait, then the state in words. */
import { sleep } from '#chassis/clock.ts';
import type { Queryable } from '#chassis/db.ts';
import type { FlowContext } from '#chassis/flows.ts';
import { standingOf, type Standing } from '../delivery/store.ts';
import type { Herald } from '../herald.ts';

const WAIT_MS = 20_000;
const LOOK_MS = 250;
const OPEN: ReadonlySet<string> = new Set(['queued', 'sending', 'handing_over']);

/** What became of them, for the run's result. A queued one goes on by itself after the run. */
export type DeliveryReport = { readonly sent: number; readonly queued: number; readonly failed: number; readonly unknown: number; readonly held: number; readonly ways: readonly Standing[]; readonly note: string | null };

/** What is needed to look. */
export type OutcomeParts = { readonly db: Queryable; readonly herald: Herald };

async function watch(db: Queryable, notificationIds: readonly string[], signal: AbortSignal): Promise<Standing[]> {
  const deadline = performance.now() + WAIT_MS;
  for (;;) {
    const ways = await standingOf(db, notificationIds);
    // A way that was tried and waits for its next try is an answer too.
    const isSettled = ways.every((way) => !OPEN.has(way.status) || (way.status === 'queued' && way.attempts > 0));
    if (isSettled || signal.aborted || performance.now() > deadline) return ways;
    await sleep(LOOK_MS, signal);
  }
}

/** Waits as a step of the run, at most 20 s, and says in the run's log what did not work. */
export async function awaitDeliveries(ctx: FlowContext, { db, herald }: OutcomeParts, notificationIds: readonly string[]): Promise<DeliveryReport> {
  const ways = await ctx.step('wait for the deliveries', ({ signal }) => watch(db, notificationIds, signal));
  const number = (status: string): number => ways.filter((way) => way.status === status).length;
  for (const { channel, recipient, status, error } of ways) if (error !== null && status !== 'sent') ctx.log(status === 'failed' || status === 'unknown' ? 'warn' : 'info', 'A delivery is not through', { channel, recipient, status, error });
  const note = herald.missing();
  if (note !== null) ctx.log('info', note);
  return { sent: number('sent'), queued: ways.filter((way) => OPEN.has(way.status)).length, failed: number('failed'), unknown: number('unknown'), held: number('held'), ways, note };
}
