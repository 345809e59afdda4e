/** What risk would say, before anything is sent; and what it said. */
import type { JSX } from 'react';
import { Button } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { RouteOutput } from '#app/contracts/http.ts';
import { openSheet } from '../../../frame/panels.ts';
import { Failure, SkeletonRows, Tag } from '../../../ui/kit.tsx';
import { money } from '../../../ui/format.ts';
import { RecordDetails } from '../story/record.tsx';
import { RulesList } from '../story/rules-list.tsx';

type Query = UseQueryResult<RouteOutput<'previewOrder'>>;

/** The answer in one line: it stands beside the button, whatever is scrolled away. `idle`: what to say while there is nothing to ask; an answer to something else than what is written now is none. */
export function Verdict({ query, idle, isBehind }: { query: Query; idle: string | null; isBehind: boolean }): JSX.Element {
  if (idle !== null) return <p className="verdict-line muted">{idle}</p>;
  if (query.error) return <p className="verdict-line muted">{query.error.message}</p>;
  if (!query.data || query.isPlaceholderData || isBehind) return <p className="verdict-line muted">Asking risk…</p>;
  const { outcome, message, reservedNotional } = query.data;
  const isApproved = outcome === 'approved';
  return <p className="verdict-line"><Tag tone={isApproved ? 'good' : 'bad'}>{isApproved ? 'would pass' : 'would be denied'}</Tag><span className="muted" title={message}>{isApproved ? <>reserves <b className="num">{money(reservedNotional)}</b> USD until it is filled or closed</> : message}</span></p>;
}

/** Every rule with what it saw, and the facts behind; asked again while the market moves. Greyed while the answer is to something else than what is written now. */
export function Preview({ query, isBehind }: { query: Query; isBehind: boolean }): JSX.Element {
  if (query.error && !query.data) return <Failure error={query.error} retry={() => void query.refetch()} />;
  if (!query.data) return <SkeletonRows count={5} />;
  return (
    <section className={isBehind || query.isPlaceholderData || query.error !== null ? 'preview behind' : 'preview'} aria-label="Risk preview">
      <RulesList rules={query.data.rules} isFailedFirst />
      <RecordDetails record={query.data.record} />
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
