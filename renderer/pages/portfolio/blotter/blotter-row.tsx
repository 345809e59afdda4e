/** One line of the blotter: an order, one of its exits, or what it was before it was changed. */
import { memo } from 'react';
import type { JSX, KeyboardEvent, MouseEvent } from 'react';
import { ActionIcon, Tooltip } from '@mantine/core';
import { IconChevronRight, IconPencil, IconX } from '@tabler/icons-react';
import type { OrderView } from '#app/contracts/views.ts';
import { newKey } from '../../../data/client.ts';
import { useAction } from '../../../data/queries.ts';
import { openSheet } from '../../../frame/panels.ts';
import { MarketTime, Tag } from '../../../ui/kit.tsx';
import { price } from '../../../ui/format.ts';
import { isEditable } from './edit.ts';
import type { BlotterRow as Row } from './groups.ts';
import { Away, FilledBar, OpenFor, Side, StatusTag } from './order-marks.tsx';
import { priceWords, roleWords, sourceOf, typeWords } from './words.ts';

/** How many columns a line has. */
export const COLUMNS = 11;

function Cancel({ order }: { order: OrderView }): JSX.Element | null {
  const action = useAction('cancelOrder', [['orders'], ['story']]);
  if (order.isClosed) return null;
  const cancel = (event: MouseEvent): void => {
    event.stopPropagation();
    action.mutate({ clientOrderId: order.clientOrderId, idempotencyKey: newKey() });
  };
  return (
    <Tooltip label={action.error ? action.error.message : order.status === 'pending_cancel' ? 'Ask for the cancel again' : 'Cancel this order'}>
      <ActionIcon size="xs" variant="subtle" color={action.error ? 'red' : 'gray'} aria-label={`Cancel order of ${order.symbol}`} loading={action.isPending} onClick={cancel}><IconX size={13} /></ActionIcon>
    </Tooltip>
  );
}

/** What a line may ask of the list. */
export type RowActions = { fold(orderId: string, isUnfolded: boolean): void; edit(orderId: string | null): void };

function Name({ row, actions }: { row: Row; actions: RowActions }): JSX.Element {
  const { order, kind } = row;
  const role = roleWords(order);
  const toggle = (event: MouseEvent): void => {
    event.stopPropagation();
    actions.fold(order.orderId, !row.isUnfolded);
  };
  return (
    <span className={`order-name ${kind} ${row.isLast ? 'last' : ''}`}>
      {row.beneath > 0 ? <button type="button" className="fold" onClick={toggle} aria-expanded={row.isUnfolded} aria-label={`${row.beneath} more orders belong to it`}><IconChevronRight size={13} className={row.isUnfolded ? 'chevron open' : 'chevron'} /></button> : <i className="fold" aria-hidden />}
      {kind === 'head' ? <strong>{order.symbol}</strong> : <span className="muted">{kind === 'past' ? 'before' : role}</span>}
      {kind === 'head' && role !== null && <Tag>{role}</Tag>}
      {kind === 'head' && row.beneath > 0 && !row.isUnfolded && <small className="muted num">+{row.beneath}</small>}
    </span>
  );
}

/** The line. Enter opens its timeline, e changes it, arrows move and fold. */
export const BlotterRow = memo(function BlotterRow({ row, isEdited, actions }: { row: Row; isEdited: boolean; actions: RowActions }): JSX.Element {
  const { order, kind } = row;
  const open = (): void => openSheet({ kind: 'story', id: order.orderId });
  const canEdit = kind !== 'past' && isEditable(order);
  const onKeyDown = (event: KeyboardEvent<HTMLTableRowElement>): void => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    const rows = [...(event.currentTarget.parentElement?.querySelectorAll<HTMLTableRowElement>('tr[tabindex]') ?? [])];
    const at = rows.indexOf(event.currentTarget);
    switch (event.key) {
      case 'Enter': open(); break;
      case 'e': if (canEdit) actions.edit(order.orderId); break;
      case 'ArrowDown': rows[at + 1]?.focus(); break;
      case 'ArrowUp': rows[at - 1]?.focus(); break;
      case 'ArrowRight': case 'ArrowLeft': if (row.beneath > 0) actions.fold(order.orderId, event.key === 'ArrowRight'); break;
      default: return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  const edit = (event: MouseEvent): void => {
    event.stopPropagation();
    actions.edit(isEdited ? null : order.orderId);
  };
  return (
    <tr className={`opens ${kind} ${order.isClosed ? 'closed' : 'open'} ${isEdited ? 'edited' : ''}`} tabIndex={0} onClick={open} onKeyDown={onKeyDown} data-order={order.orderId} data-role={order.role} data-status={order.status}>
      <td><Name row={row} actions={actions} /></td>
      <td><Side side={order.side} /></td>
      <td className="number"><FilledBar order={order} /></td>
      <td className="muted">{typeWords(order)}</td>
      <td className={canEdit ? 'number price editable' : 'number price'} onClick={canEdit ? edit : undefined} title={canEdit ? 'Click to change' : undefined}><span className="num">{priceWords(order)}</span></td>
      <td className="number minor"><Away order={order} /></td>
      <td className="number"><span className="num">{order.avgFillPrice === null ? '' : price(order.avgFillPrice)}</span></td>
      <td><StatusTag order={order} /></td>
      <td className="muted minor">{sourceOf(order)}</td>
      <td className="number"><OpenFor order={order} /> <span className="muted"><MarketTime at={order.tsMarket} withDay /></span></td>
      <td>
        <span className="row-actions">
          {canEdit && <Tooltip label="Change quantity or price (e)"><ActionIcon size="xs" variant={isEdited ? 'light' : 'subtle'} color="gray" aria-label={`Change order of ${order.symbol}`} onClick={edit}><IconPencil size={13} /></ActionIcon></Tooltip>}
          {kind !== 'past' || !order.isClosed ? <Cancel order={order} /> : null}
        </span>
      </td>
    </tr>
  );
});
