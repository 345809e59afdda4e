/** The order ticket: what risk would say is shown before anything is sent. */
import { useRef, useState } from 'react';
import type { FormEvent, JSX } from 'react';
import { Autocomplete, Button, NumberInput, SegmentedControl } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { orderTicketSchema } from '#app/contracts/http.ts';
import type { OrderTicket, RouteOutput } from '#app/contracts/http.ts';
import { useArmedUntil } from '../../data/arming.ts';
import { newKey } from '../../data/client.ts';
import { useLivePrice, useStatus } from '../../data/live.ts';
import { useAction, usePreview, useSymbols } from '../../data/queries.ts';
import { useMode } from '../../data/stack.ts';
import { openSheet } from '../../frame/panels.ts';
import { hasShell } from '../../shell/bridge.ts';
import { Age, Failure, SkeletonRows, Tag } from '../../ui/kit.tsx';
import { money, price, quantity } from '../../ui/format.ts';
import { barLimitMs } from './freshness.ts';
import { RulesList } from './rules-list.tsx';

type Draft = { symbol: string; side: 'buy' | 'sell'; type: 'market' | 'limit'; timeInForce: 'day' | 'gtc'; qty: string; limitPrice: string };

/** A draft as a ticket, or the first thing that is wrong with it by field. Pure; exported for its test. */
export function parseDraft(draft: Draft): { ticket: OrderTicket | null; errors: Partial<Record<keyof Draft, string>> } {
  const parsed = orderTicketSchema.safeParse({ ...draft, symbol: draft.symbol.trim().toUpperCase(), limitPrice: draft.type === 'limit' ? draft.limitPrice : null });
  if (parsed.success) return { ticket: parsed.data, errors: {} };
  const errors: Partial<Record<keyof Draft, string>> = {};
  for (const issue of parsed.error.issues) errors[issue.path[0] as keyof Draft] ??= issue.message;
  return { ticket: null, errors };
}

function Quote({ symbol }: { symbol: string }): JSX.Element {
  const live = useLivePrice(symbol);
  const stored = useSymbols(symbol, symbol !== '').data?.symbols.find((row) => row.symbol === symbol);
  const market = useStatus()?.market;
  const last = live?.price ?? stored?.lastPrice ?? null;
  return (
    <div className="quote">
      <span>{stored?.name ?? (symbol === '' ? 'Choose a symbol' : 'Not a stored symbol')}</span>
      <span className="num"><b>{price(last)}</b> <small>USD</small> <Age at={live?.tsSeen ?? stored?.priceSeenAt ?? null} limitMs={market?.session === 'open' ? barLimitMs(market) : undefined} source="last close" /></span>
    </div>
  );
}

function Preview({ ticket }: { ticket: OrderTicket | null }): JSX.Element {
  const preview = usePreview(ticket);
  if (ticket === null) return <p className="muted">Fill in the order to see what each risk rule says.</p>;
  if (preview.error && !preview.data) return <Failure error={preview.error} />;
  if (!preview.data) return <SkeletonRows count={5} />;
  return (
    <>
      <div className="preview-verdict"><Tag tone={preview.data.outcome === 'approved' ? 'good' : 'bad'}>{preview.data.outcome === 'approved' ? 'would pass' : 'would be denied'}</Tag><span className="muted">{preview.data.message}</span></div>
      <RulesList rules={preview.data.rules} />
    </>
  );
}

function Result({ reply, again }: { reply: RouteOutput<'placeOrder'>; again: () => void }): JSX.Element {
  const isApproved = reply.outcome === 'approved';
  return (
    <div className="stack">
      <div className="preview-verdict"><Tag tone={isApproved ? 'good' : 'bad'}>{isApproved ? 'approved' : 'denied'}</Tag><span>{reply.message}</span></div>
      <RulesList rules={reply.rules} />
      <Button variant="default" onClick={() => openSheet({ kind: 'story', decisionId: reply.decisionId })}>Follow this order</Button>
      <Button variant="subtle" onClick={again}>Another order</Button>
    </div>
  );
}

function Fields({ draft, change, errors, isTouched }: { draft: Draft; change: (part: Partial<Draft>) => void; errors: Partial<Record<keyof Draft, string>>; isTouched: boolean }): JSX.Element {
  const [typed] = useDebouncedValue(draft.symbol, 150);
  const symbols = useSymbols(typed.trim().slice(0, 40));
  const error = (field: keyof Draft): string | undefined => (isTouched ? errors[field] : undefined);
  return (
    <>
      <Autocomplete label="Symbol" value={draft.symbol} onChange={(symbol) => change({ symbol: symbol.toUpperCase() })} data={(symbols.data?.symbols ?? []).map((row) => row.symbol)} data-autofocus={draft.symbol === '' || undefined} error={error('symbol')} filter={({ options }) => options} />
      <Quote symbol={draft.symbol.trim()} />
      <SegmentedControl fullWidth value={draft.side} onChange={(side) => change({ side })} data={[{ value: 'buy', label: 'Buy' }, { value: 'sell', label: 'Sell' }]} aria-label="Side" />
      <div className="pair">
        <SegmentedControl value={draft.type} onChange={(type) => change({ type })} data={[{ value: 'market', label: 'Market' }, { value: 'limit', label: 'Limit' }]} aria-label="Order type" />
        <SegmentedControl value={draft.timeInForce} onChange={(timeInForce) => change({ timeInForce })} data={[{ value: 'day', label: 'Day' }, { value: 'gtc', label: 'GTC' }]} aria-label="Time in force" />
      </div>
      <div className="pair">
        <NumberInput label="Quantity, shares" value={draft.qty} onChange={(value) => change({ qty: String(value) })} min={0} step={1} allowNegative={false} decimalScale={9} thousandSeparator="," error={error('qty')} data-autofocus={draft.symbol !== '' || undefined} />
        <NumberInput label="Limit price, USD" value={draft.type === 'limit' ? draft.limitPrice : ''} onChange={(value) => change({ limitPrice: String(value) })} disabled={draft.type === 'market'} min={0} step={0.01} allowNegative={false} decimalScale={4} error={draft.type === 'limit' ? error('limitPrice') : undefined} />
      </div>
    </>
  );
}

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

/** The ticket in its sheet. */
export function OrderTicketSheet({ start }: { start: Partial<OrderTicket> }): JSX.Element {
  const [draft, setDraft] = useState<Draft>({ symbol: start.symbol ?? '', side: start.side ?? 'buy', type: start.type === 'limit' ? 'limit' : 'market', timeInForce: 'day', qty: start.qty ?? '', limitPrice: start.limitPrice ?? '' });
  const [isTouched, setTouched] = useState(false);
  const key = useRef(newKey());
  const place = useAction('placeOrder', [['orders'], ['account']]);
  const { ticket, errors } = parseDraft(draft);
  const [asked] = useDebouncedValue(ticket === null ? null : JSON.stringify(ticket), 250);
  const live = useLivePrice(draft.symbol.trim());
  const each = draft.type === 'limit' ? draft.limitPrice : (live?.price ?? null);
  const estimate = ticket === null || each === null ? null : Number(ticket.qty) * Number(each);
  const change = (part: Partial<Draft>): void => {
    // Another order is another press: it gets its own key. A retry of the same one repeats it.
    key.current = newKey();
    place.reset();
    setDraft((now) => ({ ...now, ...part }));
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setTouched(true);
    if (ticket) place.mutate({ ...ticket, idempotencyKey: key.current });
  };
  if (place.data) return <Result reply={place.data} again={() => change({ qty: '' })} />;
  return (
    <form className="stack ticket" onSubmit={submit} noValidate>
      <DisarmedNote />
      <Fields draft={draft} change={change} errors={errors} isTouched={isTouched} />
      <section className="preview" aria-label="Risk preview" aria-live="polite"><Preview ticket={asked === null || ticket === null ? null : (JSON.parse(asked) as OrderTicket)} /></section>
      {place.error && <Failure error={place.error} />}
      <Button type="submit" size="md" loading={place.isPending}>{draft.side === 'buy' ? 'Buy' : 'Sell'} {ticket ? `${quantity(ticket.qty)} ${ticket.symbol}` : ''}{estimate === null ? '' : ` · about ${money(estimate)} USD`}</Button>
    </form>
  );
}
