/** Running the checker on a data folder, whether its stack runs or not, and saying what it found. */
import { AppError } from '#app/domain/errors.ts';
import { boot } from '../boot.ts';
import { findLayout } from '../layout.ts';
import { settingsFileOf } from '../store/market-mark.ts';
import { readJournalOrders } from '../store/simulator-journal.ts';
import { nodeSpawner } from '../supervisor/node-spawner.ts';
import { journalOf, lookAtBook, runningStack } from './book.ts';
import { checkInvariants } from './check.ts';
import { bookSummary, orderList, type BookSummary } from './summary.ts';
import type { InvariantResult } from './types.ts';

/** What the checker found. `isBrokerCompared`: the broker's own orders were at hand. */
export type InvariantReport = { readonly results: readonly InvariantResult[]; readonly violations: number; readonly isBrokerCompared: boolean; readonly wasRunning: boolean; readonly summary: BookSummary; readonly orders: readonly string[] };

async function checkOpenBook(dataDir: string, wasRunning: boolean, mustBeSettled: boolean): Promise<InvariantReport> {
  const stack = await runningStack(dataDir);
  if (stack === null) throw new AppError('DATABASE_UNREACHABLE', 'The stack ended while it was being checked');
  const look = await lookAtBook(dataDir, stack);
  try {
    const brokerOrders = stack.mode === 'demo' ? readJournalOrders(journalOf(dataDir)) : null;
    const results = await checkInvariants({ query: look.query, brokerOrders, mustBeSettled });
    return {
      results, isBrokerCompared: brokerOrders !== null, wasRunning, violations: results.reduce((sum, result) => sum + result.violations.length, 0),
      summary: await bookSummary(look.query), orders: await orderList(look.query),
    };
  } finally {
    await look.close();
  }
}

/**
 * Checks a data folder. When nothing runs there, PostgreSQL alone is started for it and stopped again.
 * With `mustBeSettled` (the end of a replay) an event that was not heard yet counts as a violation; else it will be heard at the next start.
 * @throws AppError when the data folder cannot be opened.
 */
export async function checkDataFolder(dataDir: string, mustBeSettled = false): Promise<InvariantReport> {
  if ((await runningStack(dataDir)) !== null) return checkOpenBook(dataDir, true, mustBeSettled);
  const stack = await boot({
    dataDir, envFile: settingsFileOf(dataDir), layout: findLayout(import.meta.url), env: process.env, replay: null, spawner: nodeSpawner(), only: ['postgres'],
    events: { onUnit: () => undefined, onNotice: () => undefined, onReplayDone: () => undefined, onStopAsked: () => undefined },
  });
  try {
    await stack.supervisor.until(() => ['ready', 'failed'].includes(stack.supervisor.statusOf('postgres').state));
    return await checkOpenBook(dataDir, false, mustBeSettled);
  } finally {
    await stack.stop('the check is done');
  }
}
