/** The order ticket: written by keyboard, checked at each field, judged by risk before it is sent, and sent once. */
import { useRef, useState } from 'react';
import type { FormEvent, JSX, KeyboardEvent } from 'react';
import { Button } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { ORDER_TYPES } from '#app/domain/order.ts';
import type { OrderTicket } from '#app/contracts/http.ts';
import { useArmedUntil } from '../../../data/arming.ts';
import { isUnanswered, newKey } from '../../../data/client.ts';
import { useAction, usePreview } from '../../../data/queries.ts';
import { useMode } from '../../../data/stack.ts';
import { openSheet } from '../../../frame/panels.ts';
import { hasShell } from '../../../shell/bridge.ts';
import { Failure } from '../../../ui/kit.tsx';
import { money, quantity } from '../../../ui/format.ts';
import { ConfirmLive } from './confirm.tsx';
import { EMPTY_DRAFT, eachOf, fittingTypes, readDraft, settle } from './draft.ts';
import type { Draft, DraftErrors, Field } from './draft.ts';
import { ExitsFields } from './exits-fields.tsx';
import { AmountField, SubjectFields, TimeFields, TypeFields } from './fields.tsx';
import type { FieldsProps } from './fields.tsx';
import { Preview, Result, Verdict } from './preview.tsx';
import { useQuote } from './quote.tsx';

/** In the live market while it is disarmed: said before anything is typed. */
function DisarmedNote(): JSX.Element | null {
  const isLive = useMode() === 'live';
  const isDisarmed = useArmedUntil() === null;
  if (!isLive || !isDisarmed) return null;
  return (
    <section className="ticket-note" role="note">
      <p><strong>Live trading is disarmed.</strong> An order that opens or adds to a position will be denied; one that reduces it passes.{!hasShell && ' It is armed in the application, or with mainspring arm.'}</p>
      {hasShell && <Button size="compact-sm" variant="default" onClick={() => openSheet({ kind: 'application', section: 'live' })}>Arm…</Button>}
    </section>
  );
}

/** After a send without an answer: the same order may be asked about again, another one not yet. */
function Unanswered({ ask, leave }: { ask: () => void; leave: () => void }): JSX.Element {
  return (
    <section className="ticket-note" role="alert">
      <p><strong>No answer came, so this order may or may not stand.</strong> Asking again is safe: the same ticket is placed once at most. Look at the orders before you write another.</p>
      <div className="stack"><Button size="compact-sm" onClick={ask}>Ask again</Button><Button size="compact-sm" variant="default" onClick={leave}>Write another</Button></div>
    </section>
  );
}

/** The text on the button: what exactly is sent. */
function sentence(draft: Draft, ticket: OrderTicket | null, last: string | null): string {
  const verb = draft.plan === 'protect' ? 'Protect' : draft.side === 'buy' ? 'Buy' : 'Sell';
  if (ticket === null) return verb;
  const each = eachOf(draft, last);
  const sum = each === null || draft.plan === 'protect' ? '' : ` · about ${money(Number(ticket.qty) * each.toNumber())} USD`;
  return `${verb} ${quantity(ticket.qty)} ${ticket.symbol}${sum}`;
}

/** Errors are shown where something was typed, everywhere after the first try; a field that is empty because nobody has been there is no mistake. */
function shownErrors(errors: DraftErrors, draft: Draft, isTried: boolean): DraftErrors {
  if (isTried) return errors;
  const isWritten = (field: Field): boolean => field === 'timeInForce' || (field !== 'plan' && field in draft && draft[field] !== '');
  return Object.fromEntries(Object.entries(errors).filter(([field]) => isWritten(field as Field)));
}

/** Alt+B and Alt+S choose the side, Alt+1 to Alt+5 the type. */
function changeOfKey(event: KeyboardEvent, draft: Draft): Partial<Draft> | null {
  if (!event.altKey || event.ctrlKey || event.metaKey) return null;
  if (event.code === 'KeyB') return { side: 'buy' };
  if (event.code === 'KeyS') return { side: 'sell' };
  const type = ORDER_TYPES[Number(/^Digit([1-5])$/.exec(event.code)?.[1] ?? 0) - 1];
  return type !== undefined && draft.plan !== 'protect' && fittingTypes(draft.plan).includes(type) ? { type } : null;
}

function Form({ props, isTried, place }: { props: FieldsProps; isTried: boolean; place: { isPending: boolean; error: Error | null; ask(): void; leave(): void } }): JSX.Element {
  const isLive = useMode() === 'live';
  const { draft, quote } = props;
  const { ticket, errors } = readDraft(draft, quote.last);
  const written = ticket === null ? null : JSON.stringify(ticket);
  const [asked] = useDebouncedValue(written, 250);
  const shown = { ...props, errors: shownErrors(errors, draft, isTried) };
  const isLost = isUnanswered(place.error);
  const isBehind = asked !== written;
  const preview = usePreview(asked === null || written === null ? null : (JSON.parse(asked) as OrderTicket));
  return (
    <>
      <DisarmedNote />
      <fieldset className="stack" disabled={isLost || place.isPending}>
        <SubjectFields {...shown} />
        <AmountField {...shown} />
        <TypeFields {...shown} />
        <TimeFields {...shown} />
        <ExitsFields {...shown} />
      </fieldset>
      {ticket !== null && <Preview query={preview} isBehind={isBehind} />}
      <footer className="ticket-foot">
        <div aria-live="polite"><Verdict query={preview} isBehind={isBehind} idle={ticket !== null ? null : Object.keys(shown.errors).length > 0 ? 'What is marked cannot be sent' : 'Fill in the order to see what each risk rule says'} /></div>
        {place.error && !isLost && <Failure error={place.error} />}
        {isLost ? <Unanswered ask={place.ask} leave={place.leave} /> : <Button type="submit" size="md" fullWidth loading={place.isPending}>{sentence(draft, ticket, quote.last)}{isLive && ticket !== null && ' · real money'}</Button>}
        <p className="muted ticket-keys"><kbd>Enter</kbd> sends <kbd>Alt B</kbd> <kbd>Alt S</kbd> side <kbd>Alt 1</kbd>–<kbd>5</kbd> type <kbd>Esc</kbd> closes</p>
      </footer>
    </>
  );
}

/** The ticket in its sheet. */
export function OrderTicketSheet({ start }: { start: Partial<Draft> }): JSX.Element {
  const [draft, setDraft] = useState<Draft>({ ...EMPTY_DRAFT, ...start });
  const [isTried, setTried] = useState(false);
  const [isConfirming, setConfirming] = useState(false);
  const isLive = useMode() === 'live';
  const key = useRef(newKey());
  const place = useAction('placeOrder', [['orders'], ['account'], ['positions']]);
  const quote = useQuote(draft.symbol);
  const { ticket } = readDraft(draft, quote.last);
  const isFixed = place.isPending || isUnanswered(place.error);
  const write = (part: Partial<Draft>): void => {
    // Another order is another press: it gets its own key. A retry of the same one repeats it.
    key.current = newKey();
    place.reset();
    setConfirming(false);
    setDraft((now) => settle({ ...now, ...part }, quote.last));
  };
  // What is on its way, or without an answer, keeps its key: a field that loses the focus tells its value once more, and that is no other order.
  const change = (part: Partial<Draft>): void => {
    if (!isFixed) write(part);
  };
  const sent = useRef<OrderTicket | null>(null);
  const send = (what: OrderTicket): void => {
    sent.current = what;
    place.mutate({ ...what, idempotencyKey: key.current });
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    if (ticket === null || isFixed) return;
    if (isLive) setConfirming(true);
    else send(ticket);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const part = changeOfKey(event, draft);
    if (part === null || isFixed) return;
    event.preventDefault();
    change(part);
  };
  if (place.data) return <Result reply={place.data} again={() => { setTried(false); change(place.data.outcome === 'approved' ? { amount: '' } : {}); }} />;
  if (isConfirming && ticket !== null && place.error === null) return <ConfirmLive words={sentence(draft, ticket, quote.last)} isPending={place.isPending} send={() => send(ticket)} back={() => setConfirming(false)} />;
  return (
    <form className="stack ticket" onSubmit={submit} onKeyDown={onKeyDown} noValidate>
      <Form props={{ draft, errors: {}, quote, change }} isTried={isTried} place={{ isPending: place.isPending, error: place.error, ask: () => sent.current && send(sent.current), leave: () => { setTried(false); write({ amount: '' }); } }} />
    </form>
  );
}
