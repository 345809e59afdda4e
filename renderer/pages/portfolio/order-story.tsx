/** Why this order exists (or was denied) and what became of it. */
import type { JSX, ReactNode } from 'react';
import { Button, CopyButton, Tooltip, UnstyledButton } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { OrderStory } from '#app/contracts/views.ts';
import { newKey } from '../../data/client.ts';
import { useAction, useStory } from '../../data/queries.ts';
import { closeSheet } from '../../frame/panels.ts';
import { Answer, MarketTime, Tag } from '../../ui/kit.tsx';
import { money, price, quantity } from '../../ui/format.ts';
import { RulesList } from './rules-list.tsx';
import { Side, StatusTag } from './orders-table.tsx';

function Chapter({ title, at, children }: { title: string; at: number | null; children: ReactNode }): JSX.Element {
  return (
    <section className="chapter">
      <header><h3>{title}</h3>{at !== null && <span className="muted"><MarketTime at={at} withDay /></span>}</header>
      {children}
    </section>
  );
}

function Signal({ story }: { story: OrderStory }): JSX.Element {
  const { signal, decision } = story;
  if (!signal) return <Chapter title={decision?.source === 'manual' ? 'Asked for by hand' : 'Asked for by risk'} at={decision?.tsMarket ?? null}><p className="muted">No strategy was involved.</p></Chapter>;
  return (
    <Chapter title={`${signal.strategyId} wants to be ${signal.target}`} at={signal.tsMarket}>
      <dl className="facts">
        {signal.reasons.map((reason) => <div key={reason.name}><dt>{reason.name}</dt><dd className="num">{reason.value}{reason.threshold !== null && <span className="muted"> vs {reason.threshold}</span>}</dd></div>)}
        <div><dt>Reference price</dt><dd className="num">{price(signal.referencePrice)} USD</dd></div>
        {signal.atr !== null && <div><dt>ATR</dt><dd className="num">{price(signal.atr)} USD</dd></div>}
        <div><dt>Bar</dt><dd><MarketTime at={signal.barOpenTime} withDay /> <span className="muted">{signal.timeframe}</span></dd></div>
      </dl>
    </Chapter>
  );
}

function Decision({ story }: { story: OrderStory }): JSX.Element | null {
  const { decision } = story;
  if (!decision) return null;
  return (
    <Chapter title="Risk decided" at={decision.tsMarket}>
      <p><Tag tone={decision.outcome === 'approved' ? 'good' : 'bad'}>{decision.outcome}</Tag> {decision.message}</p>
      <RulesList rules={decision.rules} />
      <p className="muted">Limits version {decision.limitsVersion}; reserved <span className="num">{money(decision.reservedNotional)}</span> USD</p>
    </Chapter>
  );
}

function Events({ story }: { story: OrderStory }): JSX.Element | null {
  if (story.events.length === 0) return null;
  return (
    <Chapter title="What happened" at={story.events.at(-1)?.tsEvent ?? null}>
      <ol className="events">
        {story.events.map((event) => (
          <li key={event.version}>
            <span className="num muted">{event.version}</span><strong>{event.kind.replaceAll('_', ' ')}</strong>
            <span className="muted">{event.kind === 'fill' ? `${quantity(event.filledQty)} filled` : event.status.replaceAll('_', ' ')} · {event.source}</span><MarketTime at={event.tsEvent} />
          </li>
        ))}
      </ol>
      {story.fills.length > 0 && <ul className="fill-list">{story.fills.map((fill) => <li key={fill.fillId}><span className="num">{quantity(fill.qty)} × {price(fill.price)}</span><Tooltip label={fill.fillId}><code>{fill.fillId.slice(-13)}</code></Tooltip><span className="muted">told by {fill.source}, ledger entry <span className="num">{fill.ledgerSeq}</span></span></li>)}</ul>}
    </Chapter>
  );
}

function Story({ story }: { story: OrderStory }): JSX.Element {
  const cancel = useAction('cancelOrder', [['orders'], ['story']]);
  const { order, decision } = story;
  const subject = order ?? decision;
  const about = order?.clientOrderId ?? decision?.decisionId;
  return (
    <div className="story">
      <div className="story-head">
        <span className="story-title"><Side side={subject?.side ?? null} /> <span className="num">{quantity(subject?.qty ?? null)}</span> <strong>{subject?.symbol}</strong> {order && <StatusTag order={order} />}</span>
        {order && !order.isClosed && <Button size="compact-sm" variant="default" loading={cancel.isPending} onClick={() => cancel.mutate({ clientOrderId: order.clientOrderId, idempotencyKey: newKey() })}>Cancel order</Button>}
      </div>
      {order && <p className="muted">{order.type}{order.limitPrice !== null && ` at ${price(order.limitPrice)}`} · {order.timeInForce} · filled <span className="num">{quantity(order.filledQty)}</span>{order.avgFillPrice !== null && <> at <span className="num">{price(order.avgFillPrice)}</span> USD</>}{order.reason !== null && <> · {order.reason}</>}</p>}
      {cancel.error && <p className="switch-error" role="alert">{cancel.error.message}</p>}
      <Signal story={story} />
      <Decision story={story} />
      <Events story={story} />
      <footer className="ids">
        {about !== undefined && <Link className="story-logs" to="/logs" search={{ about }} onClick={closeSheet}>Logs of this order</Link>}
        {[['Decision', decision?.decisionId], ['Client order id', order?.clientOrderId], ['Broker order id', order?.brokerOrderId ?? undefined]].map(([name, id]) => id !== undefined && (
          <CopyButton key={name} value={id}>{({ copied, copy }) => <UnstyledButton onClick={copy} title="Copy"><span className="muted">{name}</span> <code>{copied ? 'copied' : id}</code></UnstyledButton>}</CopyButton>
        ))}
      </footer>
    </div>
  );
}

/** The story in its sheet. */
export function OrderStorySheet({ decisionId }: { decisionId: string }): JSX.Element {
  const story = useStory(decisionId);
  return <Answer query={story}>{(data) => <Story story={data} />}</Answer>;
}
