/** Why this order exists (or was denied), what became of it, and the orders that belong to it. */
import { useState } from 'react';
import type { JSX, ReactNode } from 'react';
import { Button, CopyButton, Tooltip, UnstyledButton } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { OrderStory, OrderView } from '#app/contracts/views.ts';
import { newKey } from '../../../data/client.ts';
import { useAction, useStory } from '../../../data/queries.ts';
import { closeSheet, openSheet } from '../../../frame/panels.ts';
import { Answer, Empty, MarketTime, Pnl, Tag } from '../../../ui/kit.tsx';
import { money, points, price, quantity } from '../../../ui/format.ts';
import { isEditable } from '../blotter/edit.ts';
import { EditStrip } from '../blotter/edit-strip.tsx';
import { Side, StatusTag } from '../blotter/order-marks.tsx';
import { DENIAL_REMEDIES, priceWords, roleWords, statusAbout, troubleOf, typeWords } from '../blotter/words.ts';
import { slippageOf } from '../money/slippage.ts';
import { RecordDetails } from './record.tsx';
import { RulesList } from './rules-list.tsx';
import { Timeline } from './timeline.tsx';

function Chapter({ title, at, children }: { title: string; at: number | null; children: ReactNode }): JSX.Element {
  return (
    <section className="chapter">
      <header><h3>{title}</h3>{at !== null && <span className="muted"><MarketTime at={at} withDay /></span>}</header>
      {children}
    </section>
  );
}

const ASKERS: Readonly<Record<OrderView['source'], readonly [title: string, about: string]>> = {
  manual: ['Asked for by hand', 'No strategy was involved.'], risk: ['Asked for by risk', 'A follow-up of an exit, or a position that was closed on purpose.'], broker: ['Placed at the broker', 'Somebody placed it at the broker beside Mainspring; it was found there and is followed like our own.'], strategy: ['Asked for by a strategy', 'Its signal is not kept any more.'],
};

function Signal({ story }: { story: OrderStory }): JSX.Element {
  const { signal, decision, order, project = null } = story;
  const [title, about] = ASKERS[decision?.source ?? order?.source ?? 'manual'];
  if (!signal) return <Chapter title={title} at={decision?.tsMarket ?? order?.tsMarket ?? null}><p className="muted">{about}</p></Chapter>;
  return (
    <Chapter title={`${signal.strategyId} wants to be ${signal.target}`} at={signal.tsMarket}>
      <dl className="facts">
        {signal.reasons.map((reason) => <div key={reason.name}><dt>{reason.name}</dt><dd className="num">{reason.value}{reason.threshold !== null && <span className="muted"> vs {reason.threshold}</span>}</dd></div>)}
        <div><dt>Reference price</dt><dd className="num">{price(signal.referencePrice)} USD</dd></div>
        {signal.atr !== null && <div><dt>ATR</dt><dd className="num">{price(signal.atr)} USD</dd></div>}
        {project && <div><dt>Code</dt><dd><Link className="link" to="/author" search={{ project: project.projectId, version: project.version }} onClick={closeSheet}>{project.name}, version {project.version}</Link></dd></div>}
        <div><dt>Strategy</dt><dd><Link className="link" to="/author" search={{ strategy: signal.strategyId, pane: 'live' }} onClick={closeSheet}>{signal.strategyId}</Link></dd></div>
        <div><dt>Bar</dt><dd><MarketTime at={signal.barOpenTime} withDay /> <span className="muted">{signal.timeframe}</span></dd></div>
      </dl>
    </Chapter>
  );
}

function Decision({ story }: { story: OrderStory }): JSX.Element | null {
  const { decision } = story;
  if (!decision) return null;
  const isDenied = decision.outcome === 'denied';
  return (
    <Chapter title="Risk decided" at={decision.tsMarket}>
      <p><Tag tone={isDenied ? 'bad' : 'good'}>{decision.outcome}</Tag> {decision.message}</p>
      {isDenied && decision.code !== null && <p className="remedy">{DENIAL_REMEDIES[decision.code]}</p>}
      <RulesList rules={decision.rules} isFailedFirst={isDenied} />
      <p className="muted">Limits version {decision.limitsVersion}; reserved <span className="num">{money(decision.reservedNotional)}</span> USD</p>
      <RecordDetails record={decision.record} isOpen={isDenied} />
    </Chapter>
  );
}

function Fills({ story }: { story: OrderStory }): JSX.Element | null {
  const { order, fills } = story;
  if (order === null || fills.length === 0) return null;
  return (
    <Chapter title={fills.length === 1 ? 'One fill' : `${fills.length} fills`} at={null}>
      <ul className="fill-list">{fills.map((fill) => (
        <li key={fill.fillId}>
          <span className="num">{quantity(fill.qty)} × {price(fill.price)}</span><span className="num muted">{points(slippageOf(fill))} bp</span><span className="num muted">fee {money(fill.fee)}</span>{fill.realizedPnl !== null && <span className="muted">realized <Pnl value={fill.realizedPnl} hasArrow={false} /></span>}
          <Tooltip label={fill.fillId}><code>{fill.fillId.slice(-13)}</code></Tooltip><span className="muted">entry <span className="num">{fill.ledgerSeq}</span></span>
        </li>
      ))}</ul>
    </Chapter>
  );
}

/** What else belongs to it: its exits, and the orders before and after a change. */
function Relatives({ relatives, order }: { relatives: readonly OrderView[]; order: OrderView | null }): JSX.Element | null {
  if (relatives.length === 0) return null;
  const kin = (other: OrderView): string => (order?.replacesOrderId === other.orderId ? 'before the change' : order?.replacedByOrderId === other.orderId ? 'after the change' : other.orderId === order?.parentOrderId ? 'its entry' : (roleWords(other) ?? 'related'));
  return (
    <Chapter title="Belongs together with" at={null}>
      <ul className="relatives">
        {relatives.map((other) => (
          <li key={other.orderId}>
            <UnstyledButton onClick={() => openSheet({ kind: 'story', id: other.orderId })}>
              <span>{kin(other)}</span><span><Side side={other.side} /> <span className="num">{quantity(other.qty)}</span> <span className="muted">{typeWords(other)}</span> <span className="num">{priceWords(other)}</span></span><StatusTag order={other} />
            </UnstyledButton>
          </li>
        ))}
      </ul>
    </Chapter>
  );
}

function Trouble({ order }: { order: OrderView }): JSX.Element | null {
  const trouble = troubleOf(order);
  if (trouble === null) return order.unknownSince !== null && !order.isClosed ? <div className="trouble warn" role="alert"><IconAlertTriangle size={16} aria-hidden /><p>{statusAbout(order)}.</p></div> : null;
  return <div className="trouble" role="alert"><IconAlertTriangle size={16} aria-hidden /><div><p><b>{trouble.why}</b></p><p className="muted">{trouble.remedy}</p></div></div>;
}

function Head({ story }: { story: OrderStory }): JSX.Element {
  const cancel = useAction('cancelOrder', [['orders'], ['story']]);
  const [isEdited, setEdited] = useState(false);
  const { order, decision } = story;
  const subject = order ?? decision;
  const role = order === null ? null : roleWords(order);
  return (
    <>
      <div className="story-head">
        <span className="story-title"><Side side={subject?.side ?? null} /> <span className="num">{quantity(subject?.qty ?? null)}</span> <strong>{subject?.symbol}</strong> {role !== null && <Tag>{role}</Tag>} {order && <StatusTag order={order} />}</span>
        {order && !order.isClosed && (
          <span className="story-actions">
            {isEditable(order) && <Button size="compact-sm" variant="default" onClick={() => setEdited((now) => !now)}>Change</Button>}
            <Button size="compact-sm" variant="default" loading={cancel.isPending} onClick={() => cancel.mutate({ clientOrderId: order.clientOrderId, idempotencyKey: newKey() })}>Cancel order</Button>
          </span>
        )}
      </div>
      {order && <p className="muted story-terms">{typeWords(order)} <span className="num">{priceWords(order)}</span> · filled <span className="num">{quantity(order.filledQty)}</span>{order.avgFillPrice !== null && <> at <span className="num">{price(order.avgFillPrice)}</span> USD</>}</p>}
      {order && (order.takeProfit !== null || order.stopLoss !== null) && <p className="muted story-terms">exits:{order.stopLoss !== null && <> stop <span className="num">{price(order.stopLoss.stopPrice)}</span></>}{order.takeProfit !== null && <> target <span className="num">{price(order.takeProfit.limitPrice)}</span></>}</p>}
      {order && isEdited && <EditStrip order={order} close={() => setEdited(false)} />}
      {cancel.error && <p className="switch-error" role="alert">{cancel.error.message}</p>}
      {order && <Trouble order={order} />}
    </>
  );
}

function Ids({ order, decisionId }: { order: OrderView | null; decisionId: string | undefined }): JSX.Element {
  const about = order?.clientOrderId ?? decisionId;
  return (
    <footer className="ids">
      {about !== undefined && <Link className="story-logs" to="/logs" search={{ about }} onClick={closeSheet}>Logs of this order</Link>}
      {[['Decision', decisionId], ['Client order id', order?.clientOrderId], ['Broker order id', order?.brokerOrderId ?? undefined]].map(([name, id]) => id !== undefined && (
        <CopyButton key={name} value={id}>{({ copied, copy }) => <UnstyledButton onClick={copy} title="Copy"><span className="muted">{name}</span> <code>{copied ? 'copied' : id}</code></UnstyledButton>}</CopyButton>
      ))}
    </footer>
  );
}

function Story({ story }: { story: OrderStory }): JSX.Element {
  const { order, decision } = story;
  return (
    <div className="story">
      <Head story={story} />
      {story.events.length > 0 ? <Chapter title="What happened" at={null}><Timeline events={story.events} fills={story.fills} /></Chapter> : order !== null && <Empty title="Nothing happened yet">Each state of the order is listed here as it is told.</Empty>}
      <Fills story={story} />
      <Relatives relatives={story.relatives} order={order} />
      <Decision story={story} />
      <Signal story={story} />
      <Ids order={order} decisionId={decision?.decisionId ?? order?.decisionId} />
    </div>
  );
}

/** The story of a decision or an order in its sheet. */
export function OrderStorySheet({ id }: { id: string }): JSX.Element {
  const story = useStory(id);
  return <Answer query={story}>{(data) => <Story story={data} />}</Answer>;
}
