/** Small parts of an order: its status, its side, how far it is filled, how far away its price is. */
import type { JSX } from 'react';
import { Tooltip } from '@mantine/core';
import type { OrderView } from '#app/contracts/views.ts';
import { useAge } from '../../../data/clock.ts';
import { useLivePrice } from '../../../data/live.ts';
import { LiveNumber, Tag } from '../../../ui/kit.tsx';
import { age, percent, quantity } from '../../../ui/format.ts';
import { STATUS_TONES, STATUS_WORDS, statusAbout, triggerOf } from './words.ts';

/** An order's status in words; says so when the broker's answer is not known. */
export function StatusTag({ order }: { order: Pick<OrderView, 'status' | 'unknownSince' | 'isClosed' | 'reason'> }): JSX.Element {
  const isUnknown = order.unknownSince !== null && !order.isClosed;
  const about = `${statusAbout(order)}${order.reason === null ? '' : `. ${order.reason}`}`;
  return <Tooltip label={about} multiline maw={320} openDelay={250}><span><Tag tone={isUnknown ? 'warn' : STATUS_TONES[order.status]}>{isUnknown ? 'answer unknown' : STATUS_WORDS[order.status]}</Tag></span></Tooltip>;
}

/** Buy or sell, by word and colour of the accent only: it is neither gain nor loss. */
export function Side({ side }: { side: 'buy' | 'sell' | null }): JSX.Element {
  return <span className={`side ${side ?? ''}`}>{side ?? '–'}</span>;
}

/** "4 / 10" with a bar beneath. */
export function FilledBar({ order }: { order: OrderView }): JSX.Element {
  const share = Number(order.qty) > 0 ? Math.min(1, Number(order.filledQty) / Number(order.qty)) : 0;
  return (
    <span className={`filled-bar ${order.isClosed ? 'over' : ''}`}>
      <LiveNumber value={order.filledQty}>{share === 0 ? '' : share === 1 ? '' : `${quantity(order.filledQty)} / `}<b>{quantity(order.qty)}</b></LiveNumber>
      <i aria-hidden><i style={{ width: `${share * 100}%` }} /></i>
    </span>
  );
}

/** How far the market must move until the order trades; nothing for closed and market orders. */
export function Away({ order }: { order: OrderView }): JSX.Element | null {
  const live = useLivePrice(order.symbol);
  const trigger = triggerOf(order);
  if (order.isClosed || trigger === null || live === null) return null;
  return <span className="num muted">{percent(Number(trigger) / Number(live.price) - 1)}</span>;
}

/** How long an open order has been open. */
export function OpenFor({ order }: { order: OrderView }): JSX.Element | null {
  const ms = useAge(order.createdAt);
  return order.isClosed ? null : <span className="num age">{age(ms)}</span>;
}
