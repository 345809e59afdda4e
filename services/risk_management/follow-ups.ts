/** Trying exits again: whatever wants to be flat, still holds shares and has nothing on its way. */
import { decisionId } from '#app/domain/ids.ts';
import { epochMs, type EpochMs } from '#app/domain/time.ts';
import { followUps, MAX_FOLLOW_UPS, waitMs } from '#app/risk/follow-up.ts';
import type { Db, Queryable } from '#chassis/db.ts';
import type { Desk } from './desk.ts';
import { openDesk } from './desk.ts';
import { loadBook, lockDecisions, type House, type OpenTarget } from './load-book.ts';
import { marketTime } from './market-clock.ts';
import { completeReversals } from './reversals.ts';

/** When the next attempt may be made, by the market's clock: after the last thing that happened to the share, and not before the wait of the attempt is over. */
function dueAt(target: OpenTarget): EpochMs {
  return epochMs(Math.max(target.tsMarket, target.triedAt + waitMs(target.followUps)));
}

/**
 * Decides the exits that are due. Runs at the start of everything the desk does, so that the exits depend on the book and not on which
 * event came first. `now`: the market's time; `isResumed`: a person resumes trading, whatever waited is decided as of now.
 */
export async function followUp(desk: Desk, now: EpochMs, isResumed = false): Promise<number> {
  const { due, exhausted } = followUps(desk.book(), desk.loaded.openTargets);
  const ready = due.filter((target) => Math.max(now, target.tsMarket) >= dueAt(target));
  for (const target of ready) {
    const attempt = target.followUps + 1;
    const tsMarket = isResumed ? epochMs(Math.max(now, dueAt(target))) : dueAt(target);
    const { strategyId, symbol, originId } = target;
    const market = await desk.marketAt(tsMarket, [symbol], epochMs(tsMarket + 1));
    desk.decide(market, { kind: 'exit', decisionId: decisionId(originId, attempt), signalId: null, strategyId, symbol, tsMarket });
    desk.aim({ strategyId, symbol, target: 'flat', originId, followUps: attempt, tsMarket });
  }
  for (const { strategyId, symbol, originId } of exhausted) {
    desk.tell({
      riskEventId: `exit_failed:${originId}`, severity: 'critical', code: 'EXIT_FAILED',
      message: `${symbol} of ${strategyId ?? 'the manual position'} could not be closed in ${MAX_FOLLOW_UPS + 1} attempts. Look at its last orders, then use Flatten.`,
      context: { strategyId, symbol, originId },
    });
  }
  return ready.length;
}

/** Exits that waited for trading to resume go out, at the market's present time. */
export async function followUpAtResume(house: House): Promise<number> {
  return house.db.tx(async (tx) => {
    await lockDecisions(tx);
    const desk = openDesk(tx, await loadBook(tx, house));
    const due = await followUp(desk, await marketTime(tx, house), true);
    await desk.save();
    return due;
  });
}

const WAITING = `
  SELECT EXISTS (SELECT FROM risk_management.strategy_targets w JOIN execution.strategy_positions p USING (strategy_id, symbol) WHERE w.target = 'flat' AND p.qty <> 0)
    OR EXISTS (SELECT FROM risk_management.reversals WHERE state = 'waiting') AS waits`;

/** Is there an exit or a reversal that time alone may bring about? */
export async function isSomethingWaiting(db: Queryable): Promise<boolean> {
  const [row] = await db.query<{ waits: boolean }>(WAITING);
  return row?.waits === true;
}

/** Looks at what waits for its time: exits between two attempts, and positions to be reversed. */
export async function lookAtWaiting(house: House & { readonly db: Db }): Promise<void> {
  if (!(await isSomethingWaiting(house.db))) return;
  await house.db.tx(async (tx) => {
    await lockDecisions(tx);
    const symbols = await tx.query<{ symbol: string }>(`SELECT DISTINCT symbol FROM risk_management.reversals WHERE state = 'waiting'`);
    const desk = openDesk(tx, await loadBook(tx, house, { symbols: symbols.map((row) => row.symbol) }));
    const now = await marketTime(tx, house);
    await followUp(desk, now);
    await completeReversals(tx, desk, now);
    await desk.save();
  });
}
