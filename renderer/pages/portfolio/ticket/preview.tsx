/** What risk would say about a ticket, before anything is sent; and what it said. */
import type { JSX } from 'react';
import { Button } from '@mantine/core';
import type { OrderTicket, RouteOutput } from '#app/contracts/http.ts';
import { usePreview } from '../../../data/queries.ts';
import { openSheet } from '../../../frame/panels.ts';
import { Failure, SkeletonRows, Tag } from '../../../ui/kit.tsx';
import { money } from '../../../ui/format.ts';
import { RecordDetails } from '../story/record.tsx';
import { RulesList } from '../story/rules-list.tsx';

/** The answer in one line: it stands beside the button, whatever is scrolled away. */
export function Verdict({ ticket, hasErrors }: { ticket: OrderTicket | null; hasErrors: boolean }): JSX.Element {
  const preview = usePreview(ticket);
  if (ticket === null) return <p className="verdict-line muted">{hasErrors ? 'What is marked cannot be sent' : 'Fill in the order to see what each risk rule says'}</p>;
  if (!preview.data) return <p className="verdict-line muted">{preview.error ? preview.error.message : 'Asking risk…'}</p>;
  const { outcome, message, reservedNotional } = preview.data;
  const isApproved = outcome === 'approved';
  return <p className="verdict-line"><Tag tone={isApproved ? 'good' : 'bad'}>{isApproved ? 'would pass' : 'would be denied'}</Tag><span className="muted" title={message}>{isApproved ? <>reserves <b className="num">{money(reservedNotional)}</b> USD until it is filled or closed</> : message}</span></p>;
}

/** Every rule with what it saw, and the facts behind; asked again while the market moves. */
export function Preview({ ticket }: { ticket: OrderTicket | null }): JSX.Element | null {
  const preview = usePreview(ticket);
  if (ticket === null) return null;
  if (preview.error && !preview.data) return <Failure error={preview.error} retry={() => void preview.refetch()} />;
  if (!preview.data) return <SkeletonRows count={5} />;
  return (
    <section className="preview" aria-label="Risk preview">
      <RulesList rules={preview.data.rules} isFailedFirst />
      <RecordDetails record={preview.data.record} />
    </section>
  );
}

/** What became of the ticket. */
export function Result({ reply, again }: { reply: RouteOutput<'placeOrder'>; again: () => void }): JSX.Element {
  const isApproved = reply.outcome === 'approved';
  return (
    <div className="stack">
      <div className="preview-verdict"><Tag tone={isApproved ? 'good' : 'bad'}>{isApproved ? 'approved' : 'denied'}</Tag><span>{reply.message}</span></div>
      <Button data-autofocus onClick={() => openSheet({ kind: 'story', id: reply.decisionId })}>Follow this order</Button>
      <Button variant="default" onClick={again}>{isApproved ? 'Another order' : 'Change the order'}</Button>
      <RulesList rules={reply.rules} isFailedFirst />
      <RecordDetails record={reply.record} />
    </div>
  );
}
