/** The fields of a ticket: symbol, side, amount, type with the prices it needs, time in force. */
import type { JSX, ReactNode } from 'react';
import { Autocomplete, Checkbox, NumberInput, SegmentedControl, Tooltip, UnstyledButton } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import type { OrderType, TimeInForce } from '#app/domain/order.ts';
import { useSymbols } from '../../../data/queries.ts';
import { money, price, quantity } from '../../../ui/format.ts';
import { eachOf, fitsExtended, fittingTimes, fittingTypes, sharesOf } from './draft.ts';
import type { Draft, DraftErrors, Field } from './draft.ts';
import { Quote } from './quote.tsx';
import type { QuoteView } from './quote.tsx';

/** What every group of fields works with. */
export type FieldsProps = { readonly draft: Draft; readonly errors: DraftErrors; readonly quote: QuoteView; change(part: Partial<Draft>): void };

const TYPES: Readonly<Record<OrderType, string>> = { market: 'Market', limit: 'Limit', stop: 'Stop', stop_limit: 'Stop limit', trailing_stop: 'Trailing' };
const TIMES: Readonly<Record<TimeInForce, readonly [name: string, about: string]>> = {
  day: ['Day', 'Until the close'], gtc: ['GTC', 'Until canceled, at most 90 days'], opg: ['Open', 'In the opening auction'], cls: ['Close', 'In the closing auction'], ioc: ['IOC', 'At once; what is left is canceled'], fok: ['FOK', 'All at once or not at all'],
};

/** A price or distance in its field. */
export function PriceField({ label, field, props, description, isFocused }: { label: string; field: Field & keyof Draft; props: FieldsProps; description?: ReactNode; isFocused?: boolean }): JSX.Element {
  const { draft, errors, change } = props;
  return <NumberInput label={label} value={String(draft[field])} onChange={(value) => change({ [field]: String(value) })} min={0} step={0.01} allowNegative={false} decimalScale={4} thousandSeparator="," error={errors[field]} description={description} inputWrapperOrder={['label', 'input', 'description', 'error']} data-autofocus={isFocused ?? undefined} hideControls />;
}

/** Symbol, quote, side. */
export function SubjectFields({ draft, errors, quote, change }: FieldsProps): JSX.Element {
  const [typed] = useDebouncedValue(draft.symbol, 150);
  const symbols = useSymbols(typed.trim().slice(0, 40));
  return (
    <>
      <div className="subject">
        <Autocomplete label="Symbol" value={draft.symbol} onChange={(symbol) => change({ symbol: symbol.toUpperCase() })} data={(symbols.data?.symbols ?? []).map((row) => row.symbol)} data-autofocus={draft.symbol === '' || undefined} error={errors.symbol} filter={({ options }) => options} spellCheck={false} selectFirstOptionOnChange={false} />
        <SegmentedControl value={draft.side} onChange={(side) => change({ side })} data={[{ value: 'buy', label: 'Buy' }, { value: 'sell', label: 'Sell' }]} aria-label="Side" className={`side-choice ${draft.side}`} />
      </div>
      <Quote quote={quote} />
    </>
  );
}

/** What the amount comes to: dollars in shares, shares in dollars. */
function Converted({ draft, quote }: { draft: Draft; quote: QuoteView }): JSX.Element {
  const each = eachOf(draft, quote.last);
  const shares = sharesOf(draft, quote.last);
  if (each === null || shares === null) return <span className="converted muted">{each === null ? 'no price yet' : ''}</span>;
  const sum = Number(shares) * each.toNumber();
  return <span className="converted muted num">{draft.unit === 'dollars' && <b>{quantity(shares)} shares</b>} × {price(each.toFixed())} = {money(sum)} USD</span>;
}

/** How many shares, or dollars. */
export function AmountField({ draft, errors, quote, change }: FieldsProps): JSX.Element {
  const held = quote.held === null || (draft.side === 'sell') !== Number(quote.held.qty) > 0 ? null : quote.held.qty.replace('-', '');
  return (
    <div className="amount-field">
      <div className="subject">
        <NumberInput label={draft.unit === 'shares' ? 'Quantity, shares' : 'Amount, USD'} value={draft.amount} onChange={(value) => change({ amount: String(value) })} min={0} step={1} allowNegative={false} decimalScale={9} thousandSeparator="," error={errors.amount} data-autofocus={draft.symbol !== '' || undefined} hideControls />
        <SegmentedControl value={draft.unit} onChange={(unit) => change({ unit, amount: '' })} data={[{ value: 'shares', label: 'Shares' }, { value: 'dollars', label: 'USD' }]} aria-label="Amount in" />
      </div>
      <div className="amount-tools">
        {held !== null && draft.unit === 'shares' && <UnstyledButton className="link" onClick={() => change({ amount: held })}>all {quantity(held)}</UnstyledButton>}
        <Converted draft={draft} quote={quote} />
      </div>
    </div>
  );
}

function Trail({ props }: { props: FieldsProps }): JSX.Element {
  const { draft, change } = props;
  return (
    <div className="pair">
      <PriceField label={draft.trailUnit === 'percent' ? 'Distance, percent' : 'Distance, USD'} field="trail" props={props} description="The stop follows the best price at this distance" />
      <div className="beside-label"><SegmentedControl size="xs" value={draft.trailUnit} onChange={(trailUnit) => change({ trailUnit, trail: '' })} data={[{ value: 'percent', label: '%' }, { value: 'dollars', label: 'USD' }]} aria-label="Distance in" /></div>
    </div>
  );
}

/** Type with the prices that it needs, and no others. */
export function TypeFields(props: FieldsProps): JSX.Element | null {
  const { draft, change } = props;
  if (draft.plan === 'protect') return null;
  const types = fittingTypes(draft.plan);
  const [hasLimit, hasStop] = [draft.type === 'limit' || draft.type === 'stop_limit', draft.type === 'stop' || draft.type === 'stop_limit'];
  return (
    <>
      <SegmentedControl fullWidth size="xs" value={draft.type} onChange={(type) => change({ type })} data={types.map((value) => ({ value, label: TYPES[value] }))} aria-label="Order type" />
      {(hasLimit || hasStop) && (
        <div className="pair">
          {hasStop && <PriceField label="Stop price, USD" field="stopPrice" props={props} />}
          {hasLimit && <PriceField label="Limit price, USD" field="limitPrice" props={props} />}
        </div>
      )}
      {draft.type === 'trailing_stop' && <Trail props={props} />}
    </>
  );
}

/** How long it lives: only what the broker takes for such an order. */
export function TimeFields({ draft, errors, quote, change }: FieldsProps): JSX.Element {
  const times = fittingTimes(draft, quote.last);
  return (
    <div className="time-fields">
      <SegmentedControl size="xs" value={draft.timeInForce} onChange={(timeInForce) => change({ timeInForce })} aria-label="Time in force"
        data={times.map((value) => ({ value, label: <Tooltip label={TIMES[value][1]} openDelay={400}><span>{TIMES[value][0]}</span></Tooltip> }))} />
      {fitsExtended(draft) && <Checkbox size="xs" checked={draft.isExtended} onChange={(event) => change({ isExtended: event.currentTarget.checked })} label="Also before and after the session" />}
      {errors.timeInForce !== undefined && <p className="switch-error" role="alert">{errors.timeInForce}</p>}
      {errors.isExtended !== undefined && <p className="switch-error" role="alert">{errors.isExtended}</p>}
    </div>
  );
}
