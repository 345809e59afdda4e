/** The end of a replay: waits until everything that was said has been heard, then counts and checks the book. */
import * as z from 'zod';
import { TapeSummarySchema } from '#app/contracts/control.ts';
import type { TapeSummary } from '#app/contracts/control.ts';
import { AppError } from '#app/domain/errors.ts';
import { readJournalOrders } from '../store/simulator-journal.ts';
import { journalOf, lookAtBook, runningStack } from './book.ts';
import { checkInvariants } from './check.ts';
import { bookSummary } from './summary.ts';
import type { Query, Violation } from './types.ts';
import { checkWire } from './wire.ts';

const SETTLE_LIMIT_MS = 60_000;
const LOOK_EVERY_MS = 100;
const SHOWN_VIOLATIONS = 20;
/** Dollars; the book's figure is rounded to this. */
const CENT = 0.01;

/** What a replay came to. Amounts are dollars as decimal text; `orderList` is a hash by which two replays can be compared. */
export const ReplayEndSchema = TapeSummarySchema.extend({
  signals: z.number().int(), approved: z.number().int(), denied: z.number().int(), orders: z.number().int(), fills: z.number().int(),
  finalEquity: z.string(), orderList: z.string(),
  violations: z.number().int(),
  /** The first few of them, in words. */
  broken: z.array(z.string()),
});
/** What a replay came to. */
export type ReplayEnd = z.infer<typeof ReplayEndSchema>;

/** The tape releases a bar only when the trading path has settled; side lanes (notices, bookkeeping) may still be listening. */
async function settle(query: Query): Promise<void> {
  const deadline = performance.now() + SETTLE_LIMIT_MS;
  while ((await checkWire(query, true)).length > 0 && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
}

async function readEnd(dataDir: string, tape: TapeSummary): Promise<ReplayEnd> {
  const stack = await runningStack(dataDir);
  if (stack === null) throw new AppError('DATABASE_UNREACHABLE', 'The stack ended before its replay was counted');
  const look = await lookAtBook(dataDir, stack);
  try {
    await settle(look.query);
    const results = await checkInvariants({ query: look.query, brokerOrders: readJournalOrders(journalOf(dataDir)), mustBeSettled: true });
    const summary = await bookSummary(look.query);
    const violations: Violation[] = results.flatMap((result) => [...result.violations]);
    if (summary.bars !== tape.bars) violations.push({ id: 'I10', subject: 'tape', detail: `${tape.bars} bars were released, ${summary.bars} are stored` });
    if (Math.abs(Number(summary.finalEquity) - Number(tape.brokerEquity)) >= CENT) violations.push({ id: 'I3', subject: 'equity', detail: `the broker says ${tape.brokerEquity}, the book ${summary.finalEquity}` });
    return {
      ...tape, ...summary, violations: violations.length,
      broken: violations.slice(0, SHOWN_VIOLATIONS).map(({ id, subject, detail }) => `${id} ${subject}: ${detail}`),
    };
  } finally {
    await look.close();
  }
}

/**
 * Counts and checks a replay that has just ended, while its stack still runs. PostgreSQL may be on its way back from a kill: that is waited for.
 * @throws AppError DATABASE_UNREACHABLE (temporary) when it stays away.
 */
export async function concludeReplay(dataDir: string, tape: TapeSummary): Promise<ReplayEnd> {
  const deadline = performance.now() + SETTLE_LIMIT_MS;
  for (;;) {
    try {
      return await readEnd(dataDir, tape);
    } catch (error) {
      const mayPass = error instanceof AppError && error.code === 'DATABASE_UNREACHABLE' && performance.now() < deadline;
      if (!mayPass) throw error;
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }
}
