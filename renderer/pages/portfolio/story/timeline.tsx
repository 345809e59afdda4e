/** What happened to an order, in order: every state, who told of it, when by both clocks, how long after the one before. */
import type { JSX } from 'react';
import { Tooltip } from '@mantine/core';
import type { FillView, OrderStory } from '#app/contracts/views.ts';
import { bothZones, clockTime, latency, age, price, quantity } from '../../../ui/format.ts';
import { MarketTime } from '../../../ui/kit.tsx';
import { STATUS_TONES, eventWords, messageOf, tellerWords } from '../blotter/words.ts';

type Event = OrderStory['events'][number];

/** Time between two events as people read it. */
function sinceWords(ms: number): string {
  return ms < 1_000 ? `+${latency(ms)}` : `+${age(ms)}`;
}

/** Everything that was written down with an event, for those who want all of it. */
function Detail({ event }: { event: Event }): JSX.Element | null {
  if (Object.keys(event.detail).length === 0) return null;
  return <details className="event-detail"><summary>details</summary><pre>{JSON.stringify(event.detail, null, 1)}</pre></details>;
}

function Entry({ event, before, fill }: { event: Event; before: Event | undefined; fill: FillView | undefined }): JSX.Element {
  const message = messageOf(event.detail);
  return (
    <li className={`moment ${event.kind === 'initialized' ? 'idle' : STATUS_TONES[event.status]}`} data-kind={event.kind}>
      <i className="moment-dot" aria-hidden />
      <div className="moment-what">
        <strong>{eventWords(event)}</strong>
        {fill !== undefined && <span className="num">{quantity(fill.qty)} × {price(fill.price)}</span>}
        <span className="muted">{tellerWords(event.source)}</span>
        {message !== null && <p className="moment-message">{message}</p>}
        <Detail event={event} />
      </div>
      <div className="moment-when">
        <MarketTime at={event.tsEvent} withDay />
        <Tooltip label={`Heard here\n${bothZones(event.tsSeen)}`} multiline style={{ whiteSpace: 'pre-line' }}><small className="num muted">{clockTime(event.tsSeen)}{before !== undefined && <b> {sinceWords(Math.max(0, event.tsSeen - before.tsSeen))}</b>}</small></Tooltip>
      </div>
    </li>
  );
}

/** The timeline, oldest first. Fills stand with the event that booked them. */
export function Timeline({ events, fills }: { events: readonly Event[]; fills: readonly FillView[] }): JSX.Element {
  const booked = [...fills];
  return (
    <ol className="timeline-list">
      {events.map((event, n) => <Entry key={event.version} event={event} before={events[n - 1]} fill={event.kind === 'fill' ? booked.shift() : undefined} />)}
    </ol>
  );
}
