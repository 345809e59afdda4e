/** What notification hears of the others: events become notices, fills join the open batch. */
import type { EventEnvelope } from '#app/contracts/events.ts';
import type { Mode } from '#app/contracts/config.ts';
import type { ConsumerSpec } from '#chassis/consumer.ts';
import type { Tx } from '#chassis/db.ts';
import type { Herald, Told } from './herald.ts';
import { alertLetter } from './letters/notice-letter.ts';
import { noticeOf } from './notices.ts';

/** What the lane needs. `onFills` is told after the commit that there are fills to tell. */
export type LaneParts = { readonly herald: Herald; readonly mode: Mode; readonly onFills: () => void };

function toldOf(event: EventEnvelope, mode: Mode): Told | null {
  const notice = noticeOf(event);
  if (notice === null) return null;
  return event.topic === 'alert.raised' ? { notice, letter: alertLetter(event.payload, mode, event.tsWritten) } : { notice };
}

/** The consumers of notification. */
export function notificationConsumers({ herald, mode, onFills }: LaneParts): ConsumerSpec[] {
  const hear = async (tx: Tx, events: readonly EventEnvelope[]): Promise<void> => {
    await herald.tell(tx, events.map((event) => toldOf(event, mode)).filter((told) => told !== null));
    if (events.some((event) => event.topic === 'order.filled')) tx.afterCommit(onFills);
  };
  return [
    { producer: 'execution', topics: ['order.filled', 'order.closed', 'finding.changed'], durability: 'soon', handle: hear },
    { producer: 'strategy_engine', topics: ['screen.changed', 'strategy.paused'], durability: 'soon', handle: hear },
    { producer: 'risk_management', topics: ['risk_event.raised', 'trading_state.changed', 'order.denied', 'alert.raised'], durability: 'soon', handle: hear },
  ];
}
