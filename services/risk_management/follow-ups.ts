/** Trying exits again: whatever wants to be flat, still holds shares and has nothing on its way. */
import { decisionId } from '#app/domain/ids.ts';
import { epochMs, type EpochMs } from '#app/domain/time.ts';
import { followUps, MAX_FOLLOW_UPS } from '#app/risk/follow-up.ts';
import type { Desk } from './desk.ts';

/**
 * Decides the exits that are due. Runs at the start of everything the desk does, so that the exits depend on the book and not on which
 * event came first. `now`: the market's time when a person resumes trading; without it, the time of the last thing that happened to the share.
 */
export async function followUp(desk: Desk, now?: EpochMs): Promise<number> {
  const { due, exhausted } = followUps(desk.book(), desk.loaded.openTargets);
  for (const target of due) {
    const attempt = target.followUps + 1;
    const tsMarket = now !== undefined && now > target.tsMarket ? now : target.tsMarket;
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
  return due.length;
}
