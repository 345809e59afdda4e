/** What can be done with a position in its own line: protect, reduce, reverse, close. Each asks once more, in numbers, and shows what risk said. */
import { useRef, useState } from 'react';
import type { JSX, ReactNode } from 'react';
import { ActionIcon, Button, NumberInput, Popover, SegmentedControl, Select, Tooltip } from '@mantine/core';
import { IconArrowsExchange, IconPercentage, IconShieldPlus, IconX } from '@tabler/icons-react';
import type { PositionView } from '#app/contracts/views.ts';
import type { RouteOutput } from '#app/contracts/http.ts';
import { isUnanswered, newKey } from '../../../data/client.ts';
import { KEYS } from '../../../data/live.ts';
import { useAction } from '../../../data/queries.ts';
import { openSheet } from '../../../frame/panels.ts';
import { money, quantity } from '../../../ui/format.ts';
import { RulesList } from '../story/rules-list.tsx';
import { isTakeable, partOf } from './holding.ts';

const REFRESH = [KEYS.positions, ['orders'], ['account']] as const;
const NO_ANSWER = 'No answer came: it may or may not be under way. Pressing again asks about the same order; it is placed once at most.';

function holderName(strategyId: string): string {
  return strategyId === '' ? 'manual' : strategyId;
}

/** A small button that opens its question. `children` gets a way to close it. */
function Ask({ label, icon, children, width = 280 }: { label: string; icon: ReactNode; children: (close: () => void) => ReactNode; width?: number }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  return (
    <Popover opened={isOpen} onChange={setOpen} position="left" width={width} shadow="md" withArrow trapFocus>
      <Popover.Target><Tooltip label={label} disabled={isOpen}><ActionIcon size="sm" variant="subtle" color="gray" aria-label={label} onClick={(event) => { event.stopPropagation(); setOpen(true); }}>{icon}</ActionIcon></Tooltip></Popover.Target>
      <Popover.Dropdown onClick={(event) => event.stopPropagation()} onKeyDown={(event) => { if (event.key !== 'Escape') event.stopPropagation(); }}>{isOpen && <div className="stack">{children(() => setOpen(false))}</div>}</Popover.Dropdown>
    </Popover>
  );
}

type Decision = RouteOutput<'reducePosition'>;

/** What risk said, when it said no or when nobody answered. */
export function Said({ decisions, error }: { decisions: readonly Decision[]; error: Error | null }): JSX.Element | null {
  const denied = decisions.filter((decision) => decision.outcome === 'denied');
  if (error !== null) return <p className="switch-error" role="alert">{isUnanswered(error) ? NO_ANSWER : error.message}</p>;
  if (denied.length === 0) return null;
  return <div role="alert">{denied.map((decision) => <div key={decision.decisionId}><p className="switch-error">Denied: {decision.message}</p><RulesList rules={decision.rules.filter((rule) => !rule.passed)} /></div>)}</div>;
}

function Close({ position }: { position: PositionView }): JSX.Element {
  const action = useAction('flatten', REFRESH);
  const key = useRef(newKey());
  const isShort = position.qty.startsWith('-');
  return (
    <Ask label={`Close ${position.symbol}`} icon={<IconX size={14} />}>
      {(close) => (
        <>
          <p>Cancel open orders of {position.symbol}, then {isShort ? 'buy' : 'sell'} <b className="num">{quantity(position.qty.replace('-', ''))}</b> shares at market, about <b className="num">{money(position.marketValue?.replace('-', '') ?? null)}</b> USD.</p>
          <Said decisions={action.data?.decisions ?? []} error={action.error} />
          <Button size="compact-md" data-autofocus loading={action.isPending} onClick={() => action.mutate({ symbol: position.symbol, idempotencyKey: key.current }, { onSuccess: ({ decisions }) => { key.current = newKey(); if (decisions.every((decision) => decision.outcome === 'approved')) close(); } })}>Close {position.symbol}</Button>
        </>
      )}
    </Ask>
  );
}

function ReduceForm({ position, close }: { position: PositionView; close: () => void }): JSX.Element {
  const holders = position.holders.filter((holder) => Number(holder.qty) !== 0);
  const [holder, setHolder] = useState(holders[0]?.strategyId ?? '');
  const held = holders.find((row) => row.strategyId === holder)?.qty ?? position.qty;
  const [percent, setPercent] = useState('50');
  const [amount, setAmount] = useState<string | null>(null);
  const qty = amount ?? partOf(held, Number(percent));
  const action = useAction('reducePosition', REFRESH);
  const key = useRef(newKey());
  const change = (apply: () => void): void => {
    // What is on its way, or without an answer, keeps its key.
    if (action.isPending || isUnanswered(action.error)) return;
    key.current = newKey();
    action.reset();
    apply();
  };
  const sum = position.lastPrice === null || !isTakeable(qty, held) ? null : Number(qty) * Number(position.lastPrice);
  const send = (): void => action.mutate({ symbol: position.symbol, strategyId: holder === '' ? null : holder, qty, idempotencyKey: key.current }, { onSuccess: ({ outcome }) => { if (outcome === 'approved') close(); } });
  return (
    <form className="stack" onSubmit={(event) => { event.preventDefault(); if (isTakeable(qty, held) && !action.isPending) send(); }}>
      {holders.length > 1 && <Select size="xs" label="Whose share" value={holder} onChange={(value) => change(() => { setHolder(value ?? ''); setAmount(null); })} data={holders.map((row) => ({ value: row.strategyId, label: `${holderName(row.strategyId)}: ${quantity(row.qty)}` }))} allowDeselect={false} comboboxProps={{ withinPortal: false }} />}
      <SegmentedControl size="xs" fullWidth value={amount === null ? percent : ''} onChange={(value) => change(() => { setPercent(value); setAmount(null); })} data={['25', '50', '75'].map((value) => ({ value, label: `${value} %` }))} aria-label="Part of it" />
      <NumberInput size="xs" label={`Shares, of ${quantity(held.replace('-', ''))}`} value={qty} onChange={(value) => String(value) !== qty && change(() => setAmount(String(value)))} min={0} decimalScale={9} allowNegative={false} hideControls data-autofocus error={isTakeable(qty, held) ? undefined : `More than nothing and at most ${quantity(held.replace('-', ''))}`} />
      <Said decisions={action.data ? [action.data] : []} error={action.error} />
      <Button type="submit" size="compact-md" loading={action.isPending} disabled={!isTakeable(qty, held)}>{held.startsWith('-') ? 'Buy back' : 'Sell'} {quantity(isTakeable(qty, held) ? qty : null)} {position.symbol}{sum !== null && ` · about ${money(sum)} USD`}</Button>
    </form>
  );
}

function Reverse({ position }: { position: PositionView }): JSX.Element {
  const action = useAction('reversePosition', REFRESH);
  const key = useRef(newKey());
  const isShort = position.qty.startsWith('-');
  const shares = quantity(position.qty.replace('-', ''));
  return (
    <Ask label={`Reverse ${position.symbol}`} icon={<IconArrowsExchange size={14} />}>
      {(close) => (
        <>
          <p>Close <b className="num">{shares}</b> {position.symbol} at market, then {isShort ? 'buy' : 'sell short'} as many when that has filled. Risk decides about each of the two.</p>
          <Said decisions={action.data?.decisions ?? []} error={action.error} />
          <Button size="compact-md" data-autofocus loading={action.isPending} onClick={() => action.mutate({ symbol: position.symbol, idempotencyKey: key.current }, { onSuccess: ({ decisions }) => { key.current = newKey(); if (decisions.every((decision) => decision.outcome === 'approved')) close(); } })}>Reverse to {isShort ? 'long' : 'short'} {shares}</Button>
        </>
      )}
    </Ask>
  );
}

/** Opens the ticket with exits for the whole position. */
export function protect(position: PositionView): void {
  openSheet({ kind: 'ticket', start: { symbol: position.symbol, plan: 'protect', side: position.qty.startsWith('-') ? 'buy' : 'sell', amount: position.qty.replace('-', ''), unit: 'shares', timeInForce: 'gtc' } });
}

/** The buttons of a position's line. */
export function PositionActions({ position }: { position: PositionView }): JSX.Element {
  return (
    <span className="row-actions position-actions">
      <Tooltip label={`Protect ${position.symbol} with a stop and a target`}><ActionIcon size="sm" variant="subtle" color="gray" aria-label={`Protect ${position.symbol}`} onClick={(event) => { event.stopPropagation(); protect(position); }}><IconShieldPlus size={14} /></ActionIcon></Tooltip>
      <Ask label={`Reduce ${position.symbol}`} icon={<IconPercentage size={14} />}>{(close) => <ReduceForm position={position} close={close} />}</Ask>
      <Reverse position={position} />
      <Close position={position} />
    </span>
  );
}
