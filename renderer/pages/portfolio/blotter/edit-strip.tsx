/** A change of an open order in its own line: type, see what risk would say, Enter sends, Esc leaves it as it is. */
import { useRef, useState } from 'react';
import type { FormEvent, JSX, KeyboardEvent } from 'react';
import { Button, NumberInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import type { RouteInput } from '#app/contracts/http.ts';
import type { OrderView } from '#app/contracts/views.ts';
import { isUnanswered, newKey } from '../../../data/client.ts';
import { useLivePrice } from '../../../data/live.ts';
import { useAction, useChangePreview } from '../../../data/queries.ts';
import { useMode } from '../../../data/stack.ts';
import { money, percent, price, quantity } from '../../../ui/format.ts';
import { RulesList } from '../story/rules-list.tsx';
import { ConfirmLive } from '../ticket/confirm.tsx';
import { Verdict } from '../ticket/preview.tsx';
import { changeWords, editOf, readEdit } from './edit.ts';
import type { Edit, EditField } from './edit.ts';
import { triggerOf } from './words.ts';

const NAMES: Readonly<Record<EditField, string>> = { qty: 'Quantity, shares', limitPrice: 'Limit, USD', stopPrice: 'Stop, USD', trail: 'Trail' };

function labelOf(field: EditField, order: OrderView): string {
  return field === 'trail' ? `Trail, ${order.trailPercent === null ? 'USD' : 'percent'}` : NAMES[field];
}

/** What the change would mean: money more or less, and the new distance from the market. */
function Effect({ order, edit }: { order: OrderView; edit: Edit }): JSX.Element {
  const live = useLivePrice(order.symbol);
  const each = (limit: string | undefined, stop: string | undefined): number => Number(limit ?? stop ?? live?.price ?? order.referencePrice);
  const before = Number(order.qty) * each(order.limitPrice ?? undefined, order.stopPrice ?? undefined);
  const after = Number(edit.qty ?? order.qty) * each(edit.limitPrice, edit.stopPrice);
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

type Change = RouteInput<'replaceOrder'>;

/** What risk would say about the change as it is written now. */
function ChangeVerdict({ change }: { change: Change | null }): JSX.Element {
  const written = change === null ? null : JSON.stringify(change);
  const [asked] = useDebouncedValue(written, 250);
  const isBehind = asked !== written;
  const preview = useChangePreview(asked === null || written === null ? null : (JSON.parse(asked) as Change));
  const failed = written === null || isBehind || preview.isPlaceholderData ? [] : (preview.data?.rules.filter((rule) => !rule.passed) ?? []);
  return <div className="edit-verdict" aria-live="polite"><Verdict query={preview} isBehind={isBehind} idle={written === null ? 'Change a figure to see what risk would say' : null} />{failed.length > 0 && <RulesList rules={failed} />}</div>;
}

type Sending = { readonly isLost: boolean; readonly isPending: boolean; readonly isTried: boolean };

/** The fields with their buttons. */
function Fields({ order, edit, sending, type, close }: { order: OrderView; edit: Edit; sending: Sending; type: (field: EditField, value: string) => void; close: () => void }): JSX.Element {
  const { isLost, isPending, isTried } = sending;
  const { change, errors } = readEdit(order, edit);
  return (
    <div className="edit-fields">
      {(Object.keys(editOf(order)) as EditField[]).map((field, n, all) => (
        <NumberInput key={field} size="xs" label={labelOf(field, order)} value={edit[field] ?? ''} onChange={(value) => type(field, String(value))} disabled={isLost} error={isTried || edit[field] !== '' ? errors[field] : undefined} decimalScale={field === 'qty' ? 9 : 4} min={0} allowNegative={false} hideControls thousandSeparator="," autoFocus={n === all.length - 1} />
      ))}
      <div className="edit-buttons">
        <Button type="submit" size="compact-sm" loading={isPending} disabled={change === null}>{isLost ? 'Ask again' : 'Change'}</Button>
        <Button size="compact-sm" variant="subtle" color="gray" onClick={close}>Leave it</Button>
      </div>
      <Effect order={order} edit={edit} />
    </div>
  );
}

/** The strip. The decision of risk is shown when it says no; when it says yes, the strip closes and the order's line goes on. */
export function EditStrip({ order, close }: { order: OrderView; close: () => void }): JSX.Element {
  const [edit, setEdit] = useState<Edit>(() => editOf(order));
  const [isTried, setTried] = useState(false);
  const [isConfirming, setConfirming] = useState(false);
  const isLive = useMode() === 'live';
  const key = useRef(newKey());
  const action = useAction('replaceOrder', [['orders'], ['story']]);
  const { change } = readEdit(order, edit);
  const denied = action.data?.outcome === 'denied' ? action.data : null;
  const isLost = isUnanswered(action.error);
  const type = (field: EditField, value: string): void => {
    // A field that loses the focus tells its value once more: that is no other change, and must not take a new key.
    if (isLost || action.isPending || value === edit[field]) return;
    key.current = newKey();
    action.reset();
    setEdit((now) => ({ ...now, [field]: value }));
  };
  const send = (): void => {
    if (change === null || action.isPending) return;
    action.mutate({ ...change, idempotencyKey: key.current }, {
      onSuccess: (reply) => {
        // A denial is the answer to this key for good; the next press is another decision.
        key.current = newKey();
        if (reply.outcome === 'approved') close();
      },
      onSettled: () => setConfirming(false),
    });
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    event.stopPropagation();
    setTried(true);
    if (change === null || action.isPending || isConfirming) return;
    if (isLive && !isLost) setConfirming(true);
    else send();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    event.stopPropagation();
    if (event.key !== 'Escape' || action.isPending) return;
    if (isConfirming) setConfirming(false);
    else close();
  };
  return (
    <form className="edit-strip" onSubmit={submit} onKeyDown={onKeyDown} onClick={(event) => event.stopPropagation()} aria-label={`Change the order of ${order.symbol}`} noValidate>
      {isConfirming && change !== null ? <ConfirmLive words={changeWords(order, change)} isPending={action.isPending} send={send} back={() => setConfirming(false)} /> : <Fields order={order} edit={edit} sending={{ isLost, isPending: action.isPending, isTried }} type={type} close={close} />}
      {!isLost && denied === null && !isConfirming && <ChangeVerdict change={change} />}
      {isLost && <p className="switch-error" role="alert">No answer came: the change may or may not be under way. Asking again is safe; the order’s line tells what became of it.</p>}
      {action.error && !isLost && <p className="switch-error" role="alert">{action.error.message}</p>}
      {denied !== null && <div className="edit-denied" role="alert"><p><b>Denied:</b> {denied.message} The order stands as it was.</p><RulesList rules={denied.rules.filter((rule) => !rule.passed)} /></div>}
    </form>
  );
}
