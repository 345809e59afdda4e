/** What became of a message, in words: state, and what it means for the reader. */
import type { DeliveryState, DeliveryView } from '#app/contracts/deliveries.ts';
import { age } from '../ui/format.ts';

/** A state as people read it, and how it feels. */
export type StateWords = { readonly word: string; readonly tone: 'good' | 'warn' | 'bad' | 'idle' | 'busy'; readonly meaning: string };

const WORDS: Readonly<Record<DeliveryState, StateWords>> = {
  queued: { word: 'waiting', tone: 'busy', meaning: 'It is sent as soon as its turn comes.' },
  sending: { word: 'sending', tone: 'busy', meaning: 'The server is being spoken to; nothing has left yet.' },
  handing_over: { word: 'handing over', tone: 'busy', meaning: 'The message is with the server, which has not confirmed it yet.' },
  sent: { word: 'sent', tone: 'good', meaning: 'The receiver’s server has confirmed it.' },
  failed: { word: 'failed', tone: 'bad', meaning: 'It was refused or given up, and is not tried again.' },
  unknown: { word: 'unknown', tone: 'warn', meaning: 'It was handed over, and no answer came: it may have arrived. So that nobody gets it twice, it is not sent again by itself. Look into the mailbox.' },
  held: { word: 'held', tone: 'idle', meaning: 'Too many messages went to this address within the hour; a digest tells of this one.' },
};

/** A delivery's state in words. A waiting one that was tried says when it is tried next. `now` is EpochMs. */
export function stateWords(row: Pick<DeliveryView, 'status' | 'attempts' | 'nextAttemptAt' | 'isInDigest'>, now: number): StateWords {
  const words = WORDS[row.status];
  if (row.status === 'queued' && row.attempts > 0) {
    const inMs = Math.max(0, (row.nextAttemptAt ?? now) - now);
    return { ...words, word: 'tried again', tone: 'warn', meaning: `It did not get through ${row.attempts === 1 ? 'once' : `${row.attempts} times`} and is tried again in ${age(inMs)}, for a day in all.` };
  }
  return row.status === 'held' && row.isInDigest ? { ...words, meaning: 'Too many messages went to this address within the hour; a digest has told of this one.' } : words;
}

const CHANNELS = { email: 'E-mail', webhook: 'Webhook', desktop: 'Desktop' } as const;

/** Where it went: `E-mail to a@example.com`. */
export function wayWords({ channel, recipient }: Pick<DeliveryView, 'channel' | 'recipient'>): string {
  return channel === 'desktop' ? CHANNELS.desktop : `${CHANNELS[channel]} to ${recipient}`;
}

/** The week in one line: what got through and what did not; empty when nothing was sent. */
export function weekWords(week: Readonly<Record<DeliveryState, number>>): string {
  const open = week.queued + week.sending + week.handing_over;
  const parts = [[week.sent, 'sent'], [open, 'waiting'], [week.failed, 'failed'], [week.unknown, 'unknown'], [week.held, 'held']] as const;
  return parts.filter(([n]) => n > 0).map(([n, word]) => `${n} ${word}`).join(', ');
}
