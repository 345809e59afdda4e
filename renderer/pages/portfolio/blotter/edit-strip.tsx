/** A change of an open order in its own line: type, Enter sends, Esc leaves it as it is. */
import { useRef, useState } from 'react';
import type { FormEvent, JSX, KeyboardEvent } from 'react';
import { Button, NumberInput } from '@mantine/core';
import type { OrderView } from '#app/contracts/views.ts';
import { isUnanswered, newKey } from '../../../data/client.ts';
import { useLivePrice } from '../../../data/live.ts';
import { useAction } from '../../../data/queries.ts';
import { money, percent, price, quantity } from '../../../ui/format.ts';
import { RulesList } from '../story/rules-list.tsx';
import { editOf, readEdit } from './edit.ts';
import type { Edit, EditField } from './edit.ts';
import { triggerOf } from './words.ts';

const NAMES: Readonly<Record<EditField, string>> = { qty: 'Quantity', limitPrice: 'Limit', stopPrice: 'Stop', trail: 'Trail' };

/** What the change would mean: money more or less, and the new distance from the market. */
function Effect({ order, edit }: { order: OrderView; edit: Edit }): JSX.Element {
  const live = useLivePrice(order.symbol);
  const each = (limit: string | undefined, stop: string | undefined): number => Number(limit ?? stop ?? live?.price ?? order.referencePrice);
  const before = Number(order.qty) * each(order.limitPrice ?? undefined, order.stopPrice ?? undefined);
  const after = Number(edit.qty) * each(edit.limitPrice, edit.stopPrice);
  const trigger = triggerOf({ ...order, limitPrice: edit.limitPrice ?? null, stopPrice: edit.stopPrice ?? null });
  const was = [order.limitPrice, order.stopPrice].filter((value) => value !== null).map(price).join(' / ');
  return (
    <span className="muted edit-effect">
      was <b className="num">{quantity(order.qty)}</b>{was !== '' && <> at <b className="num">{was}</b></>}
      {Number.isFinite(after - before) && <> · <span className="num">{money(after - before, { signed: true })} USD</span></>}
      {trigger !== null && live !== null && <> · <span className="num">{percent(Number(trigger) / Number(live.price) - 1)}</span> from {price(live.price)}</>}
    </span>
  );
}

/** The strip. The decision of risk is shown when it says no; when it says yes, the strip closes and the order's line goes on. */
export function EditStrip({ order, close }: { order: OrderView; close: () => void }): JSX.Element {
  const [edit, setEdit] = useState<Edit>(() => editOf(order));
  const [isTried, setTried] = useState(false);
  const key = useRef(newKey());
  const action = useAction('replaceOrder', [['orders'], ['story']]);
  const { change, errors } = readEdit(order, edit);
  const denied = action.data?.outcome === 'denied' ? action.data : null;
  const isLost = isUnanswered(action.error);
  const type = (field: EditField, value: string): void => {
    key.current = newKey();
    action.reset();
    setEdit((now) => ({ ...now, [field]: value }));
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    event.stopPropagation();
    setTried(true);
    if (change === null || action.isPending) return;
    action.mutate({ ...change, idempotencyKey: key.current }, { onSuccess: (reply) => { if (reply.outcome === 'approved') close(); } });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    event.stopPropagation();
    if (event.key === 'Escape') close();
  };
  return (
    <form className="edit-strip" onSubmit={submit} onKeyDown={onKeyDown} onClick={(event) => event.stopPropagation()} aria-label={`Change the order of ${order.symbol}`} noValidate>
      <div className="edit-fields">
        {(Object.keys(editOf(order)) as EditField[]).map((field, n, all) => (
          <NumberInput key={field} size="xs" label={NAMES[field]} value={edit[field] ?? ''} onChange={(value) => type(field, String(value))} disabled={isLost} error={isTried || edit[field] !== '' ? errors[field] : undefined} decimalScale={field === 'qty' ? 9 : 4} min={0} allowNegative={false} hideControls thousandSeparator="," autoFocus={n === all.length - 1} />
        ))}
        <div className="edit-buttons">
          <Button type="submit" size="compact-sm" loading={action.isPending} disabled={change === null}>{isLost ? 'Ask again' : 'Change'}</Button>
          <Button size="compact-sm" variant="subtle" color="gray" onClick={close}>Leave it</Button>
        </div>
        <Effect order={order} edit={edit} />
      </div>
      {isLost && <p className="switch-error" role="alert">No answer came: the change may or may not be under way. Asking again is safe; the order’s line tells what became of it.</p>}
      {action.error && !isLost && <p className="switch-error" role="alert">{action.error.message}</p>}
      {denied !== null && <div className="edit-denied" role="alert"><p><b>Denied:</b> {denied.message} The order stands as it was.</p><RulesList rules={denied.rules.filter((rule) => !rule.passed)} /></div>}
    </form>
  );
}
