/** What is owed, followed up: whatever wants to be flat and still holds shares, and targets that need another step, once nothing is on its way. */
import { decisionId } from '#app/domain/ids.ts';
import { epochMs, type EpochMs } from '#app/domain/time.ts';
import { toText, ZERO_QUANTITY } from '#app/domain/numeric.ts';
import { shareOf } from '#app/risk/book.ts';
import { followUps, isEntryMissed, MAX_FOLLOW_UPS, waitMs } from '#app/risk/follow-up.ts';
import type { Db, Queryable } from '#chassis/db.ts';
import type { Desk } from './desk.ts';
import { openDesk } from './desk.ts';
import { loadBook, lockDecisions, OWED, type House, type OpenTarget } from './load-book.ts';
import { marketTime } from './market-clock.ts';
import { completeReversals } from './reversals.ts';

/** When the next attempt may be made, by the market's clock: after the last thing that happened to the share, and not before the wait of the attempt is over. */
function dueAt(target: OpenTarget): EpochMs {
  return epochMs(Math.max(target.tsMarket, target.triedAt + waitMs(target.followUps)));
}

/** An entry that is owed follows soon after the last thing that happened to it, and never out of a halt: later it is missed, and only what lies on the wrong side is closed. */
function isMissed(target: OpenTarget, now: EpochMs, isResumed: boolean): boolean {
  return isResumed ? !target.desired.isZero() : isEntryMissed(target, now);
}

/** What is left of a target whose entry is missed: the exit from the other side, or nothing (null). */
function withoutEntry(desk: Desk, target: OpenTarget): OpenTarget | null {
  const { held } = shareOf(desk.book(), target.strategyId, target.symbol);
  return !held.isZero() && held.s !== target.desired.s ? { ...target, desired: ZERO_QUANTITY } : null;
}

/** Takes one step for a target that is due. */
async function takeStep(desk: Desk, target: OpenTarget, tsMarket: EpochMs): Promise<void> {
  const { strategyId, symbol, originId, desired, protection, isDaily } = target;
  const followUps = target.followUps + 1;
  const id = decisionId(originId, followUps);
  const market = await desk.marketAt(tsMarket, [symbol], epochMs(tsMarket + 1));
  const isExit = desired.isZero() || strategyId === null;
  const decision = desk.decide(market, isExit
    ? { kind: 'exit', decisionId: id, signalId: null, strategyId, symbol, tsMarket }
    : { kind: 'target', decisionId: id, signalId: originId, strategyId, symbol, desired, protection, isDaily, tsMarket });
  desk.aim({ strategyId, symbol, target: isExit ? 'flat' : target.target, owed: decision.owes, originId, followUps, tsMarket });
}

function tellExhausted(desk: Desk, { strategyId, symbol, originId, desired }: OpenTarget): void {
  if (desired.isZero()) {
    desk.tell({
      riskEventId: `exit_failed:${originId}`, severity: 'critical', code: 'EXIT_FAILED',
      message: `${symbol} of ${strategyId ?? 'the manual position'} could not be closed in ${MAX_FOLLOW_UPS + 1} attempts. Look at its last orders, then use Flatten.`,
      context: { strategyId, symbol, originId },
    });
    return;
  }
  desk.tell({
    riskEventId: `target_failed:${originId}`, severity: 'warning', code: 'TARGET_NOT_REACHED',
    message: `${symbol} of ${strategyId ?? 'the manual position'} did not reach the ${toText(desired)} shares that were wanted in ${MAX_FOLLOW_UPS + 1} attempts. Look at its last orders.`,
    context: { strategyId, symbol, originId, desired: toText(desired) },
  });
}

/**
 * Takes the steps that are due. Runs at the start of everything the desk does, so that they depend on the book and not on which event came first.
 * `now`: the market's time; `isResumed`: a person resumes trading, whatever exits waited are decided as of now.
 */
export async function followUp(desk: Desk, now: EpochMs, isResumed = false): Promise<number> {
  const open: OpenTarget[] = [];
  for (const target of desk.loaded.openTargets) {
    const left = isMissed(target, now, isResumed) ? withoutEntry(desk, target) : target;
    if (left !== null) open.push(left);
    else desk.aim({ ...target, owed: null });
  }
  const { due, exhausted } = followUps(desk.book(), open);
  const ready = due.filter((target) => Math.max(now, target.tsMarket) >= dueAt(target));
  for (const target of ready) await takeStep(desk, target, isResumed ? epochMs(Math.max(now, dueAt(target))) : dueAt(target));
  for (const target of exhausted) tellExhausted(desk, withoutEntry(desk, target) ?? target);
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
  SELECT EXISTS (SELECT FROM risk_management.strategy_targets w LEFT JOIN execution.strategy_positions p USING (strategy_id, symbol) WHERE ${OWED} <> coalesce(p.qty, 0))
    OR EXISTS (SELECT FROM risk_management.reversals WHERE state = 'waiting') AS waits`;

/** Is there a step or a reversal that time alone may bring about? */
export async function isSomethingWaiting(db: Queryable): Promise<boolean> {
  const [row] = await db.query<{ waits: boolean }>(WAITING);
  return row?.waits === true;
}

/** Looks at what waits for its time: steps between two attempts, and positions to be reversed. */
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
