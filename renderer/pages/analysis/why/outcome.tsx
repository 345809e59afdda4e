/** What came of a signal: what was asked for, the rules of risk, the order and the broker's answers, in the order of time. */
import type { JSX, ReactNode } from 'react';
import { UnstyledButton } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { OrderStory, SignalView } from '#app/contracts/views.ts';
import { openSheet } from '../../../frame/panels.ts';
import { price, quantity } from '../../../ui/format.ts';
import { MarketTime, Tag } from '../../../ui/kit.tsx';
import { Side, StatusTag } from '../../portfolio/blotter/order-marks.tsx';
import { DENIAL_REMEDIES, priceWords, typeWords } from '../../portfolio/blotter/words.ts';
import { RulesList, usedShare } from '../../portfolio/story/rules-list.tsx';
import { Timeline } from '../../portfolio/story/timeline.tsx';
import { nearestRules, wishWords } from './why-words.ts';
import type { Tone } from './why-words.ts';

/** Rules that are shown unfolded of a decision that passed. */
const NEAREST_SHOWN = 3;

/** One step of the story on its line. */
export function Step({ tone, title, at, children }: { tone: Tone; title: ReactNode; at?: number | null; children?: ReactNode }): JSX.Element {
  return (
    <section className={`why-step ${tone}`}>
      <i className="why-dot" aria-hidden />
      <header><h3>{title}</h3>{at !== undefined && at !== null && <span className="muted"><MarketTime at={at} /></span>}</header>
      {children}
    </section>
  );
}

/** What a strategy asked for. */
export function Asked({ signal }: { signal: SignalView }): JSX.Element {
  const weight = signal.weight === null ? null : Number(signal.weight);
  const { stopPrice, takeProfitPrice } = signal.protection ?? { stopPrice: null, takeProfitPrice: null };
  const title = signal.order === null ? <>Signal: be {wishWords({ side: signal.target, weight })}</> : <>Signal: an order of its own</>;
  return (
    <Step tone="busy" title={title} at={signal.tsMarket}>
      <p className="muted">at a close of <span className="num">{price(signal.referencePrice)}</span> USD{weight === null && signal.order === null && signal.target !== 'flat' && ', sized by the deployment'}
        {stopPrice !== null && <>; stop <span className="num">{price(stopPrice)}</span></>}{takeProfitPrice !== null && <>; target <span className="num">{price(takeProfitPrice)}</span></>}</p>
      {signal.reasons.length > 0 && <ul className="why-reasons">{signal.reasons.map((reason) => <li key={reason.name}>{reason.name} <b className="num">{reason.value}</b>{reason.threshold !== null && <span className="muted"> {reason.threshold}</span>}</li>)}</ul>}
    </Step>
  );
}

function Decided({ decision }: { decision: NonNullable<OrderStory['decision']> }): JSX.Element {
  const failed = decision.rules.filter((rule) => !rule.passed);
  const isDenied = decision.outcome === 'denied';
  const near = isDenied ? [] : nearestRules(decision.rules, usedShare, NEAREST_SHOWN);
  return (
    <Step tone={isDenied ? 'bad' : 'good'} title={isDenied ? 'Risk denied it' : 'Risk approved it'} at={decision.tsMarket}>
      <p>{decision.message}</p>
      {isDenied && decision.code !== null && <p className="remedy muted">{DENIAL_REMEDIES[decision.code]}</p>}
      {failed.length > 0 && <RulesList rules={failed} />}
      {near.length > 0 && <><p className="why-small muted">Nearest to their limits</p><RulesList rules={near} /></>}
      <details className="why-rules"><summary>{isDenied ? `${decision.rules.length - failed.length} rules passed before or beside it` : `All ${decision.rules.length} rules passed`}</summary><RulesList rules={decision.rules.filter((rule) => rule.passed)} /></details>
    </Step>
  );
}

function Sent({ story, order }: { story: OrderStory; order: NonNullable<OrderStory['order']> }): JSX.Element {
  const tone: Tone = order.unknownSince !== null && !order.isClosed ? 'warn' : order.status === 'filled' ? 'good' : order.status === 'rejected' || order.status === 'denied' ? 'bad' : order.isClosed ? 'idle' : 'busy';
  return (
    <Step tone={tone} title={<><Side side={order.side} /> <span className="num">{quantity(order.qty)}</span> {order.symbol} <StatusTag order={order} /></>} at={order.tsMarket}>
      <p className="muted">{typeWords(order)} <span className="num">{priceWords(order)}</span> · filled <span className="num">{quantity(order.filledQty)}</span>{order.avgFillPrice !== null && <> at <span className="num">{price(order.avgFillPrice)}</span> USD</>}</p>
      {order.reason !== null && <p>{order.reason}</p>}
      {story.events.length > 0 && <Timeline events={story.events} fills={story.fills} />}
      <p className="why-links">
        <UnstyledButton onClick={() => openSheet({ kind: 'story', id: order.orderId })}>The whole story</UnstyledButton>
        <Link to="/logs" search={{ about: order.clientOrderId }}>Everything in the logs about this order</Link>
      </p>
    </Step>
  );
}

const SOURCES: Readonly<Record<string, string>> = { manual: 'By hand', risk: 'By risk: an exit that was followed up, or a position closed on purpose', broker: 'Placed at the broker, beside Mainspring', strategy: 'By a strategy' };

/** A decision and its order. `isOther`: nobody's signal stands above it, so it says who asked. */
export function Outcome({ story, isOther = false }: { story: OrderStory; isOther?: boolean }): JSX.Element {
  const { decision, order } = story;
  return (
    <>
      {isOther && <Step tone="busy" title={SOURCES[decision?.source ?? order?.source ?? 'manual']} at={decision?.tsMarket ?? order?.tsMarket ?? null}>{decision !== null && <p className="muted"><Side side={decision.side} /> <span className="num">{quantity(decision.qty)}</span> {decision.symbol} {decision.type !== null && <Tag>{decision.type.replaceAll('_', ' ')}</Tag>}</p>}</Step>}
      {decision !== null && <Decided decision={decision} />}
      {order !== null && <Sent story={story} order={order} />}
    </>
  );
}
