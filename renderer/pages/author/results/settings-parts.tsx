/** What opens from the run bar: span, account, costs, comparison, parameters. */
import type { JSX } from 'react';
import { Button } from '@mantine/core';
import type { ParameterView, ProjectFacts } from '#app/contracts/author.ts';
import { Choices, Field, Picker, Typed } from './small-parts.tsx';
import type { CostsDraft, Problems, RunDraft, SlippageKind } from './run-draft.ts';
import { SPANS } from './span.ts';
import type { Span } from './span.ts';

type PartProps = { readonly draft: RunDraft; readonly problems: Problems; change(some: Partial<RunDraft>): void };

const SPAN_NAMES: Readonly<Record<Span, string>> = { '1M': '1M', '6M': '6M', '1Y': '1Y', '5Y': '5Y', '10Y': '10Y', all: 'All', days: 'Days' };

/** From when to when; `stored`: what there is, in words. */
export function SpanPart({ draft, problems, change, stored }: PartProps & { stored: string | null }): JSX.Element {
  return (
    <div className="rs-form">
      <Choices label="Span" value={draft.span} options={SPANS.map((span) => [span, SPAN_NAMES[span]] as const)} onChange={(span) => change({ span })} />
      {draft.span === 'days' && (
        <div className="rs-pair">
          <Field label="First day">{(id) => <input id={id} type="date" className="rs-input wide" value={draft.from} onChange={(event) => change({ from: event.currentTarget.value })} />}</Field>
          <Field label="Last day" unit="empty = the newest">{(id) => <input id={id} type="date" className="rs-input wide" value={draft.to} onChange={(event) => change({ to: event.currentTarget.value })} />}</Field>
        </div>
      )}
      {problems['span'] !== undefined && <p className="rs-problem" role="alert">{problems['span']}</p>}
      <p className="rs-note">{stored === null ? 'What is stored is being asked for.' : `${stored}.`}{draft.span !== 'days' && draft.span !== 'all' ? ' Counted back from the newest bar.' : ''}</p>
    </div>
  );
}

/** Capital, size of an entry, who decides on orders. */
export function AccountPart({ draft, problems, change }: PartProps): JSX.Element {
  return (
    <div className="rs-form">
      <Field label="Capital" unit="USD" problem={problems['capital']}>{(id) => <Typed id={id} value={draft.capital} onChange={(capital) => change({ capital })} />}</Field>
      <Field label="Size of an entry" unit="% of equity" problem={problems['positionPercent']} help="Where the strategy names no weight of its own">{(id) => <Typed id={id} value={draft.positionPercent} onChange={(positionPercent) => change({ positionPercent })} />}</Field>
      <p className="rs-note">The size holds where the strategy asks for a side without a weight.</p>
      <Choices label="Who decides on orders" value={draft.desk} options={[['house', 'Live risk rules'], ['plain', 'Sizing alone']]} onChange={(desk) => change({ desk })} />
      <p className="rs-note">{draft.desk === 'house' ? 'Orders pass the risk rules with the limits in force, as they would live.' : 'No risk rule refuses anything: what the idea alone would do. It is not what would happen live.'}</p>
    </div>
  );
}

const SLIPPAGES: readonly (readonly [SlippageKind, string])[] = [['none', 'None'], ['bps', 'Basis points'], ['spread', 'Half of a spread'], ['volume_share', 'By share of volume'], ['atr', 'Part of the true range'], ['square_root', 'Square root of the share']];
const AMOUNTS: Readonly<Record<SlippageKind, string>> = { none: '', bps: 'bp worse', spread: 'bp wide', volume_share: 'impact', atr: 'true ranges of 14 bars', square_root: 'coefficient' };

/** Slippage, commission, fees. */
export function CostsPart({ draft, problems, change }: PartProps): JSX.Element {
  const { costs } = draft;
  const set = (some: Partial<CostsDraft>): void => change({ costs: { ...costs, ...some } });
  const typed = (name: 'amount' | 'perOrder' | 'perShare' | 'percent' | 'minimum', label: string, unit: string): JSX.Element => <Field label={label} unit={unit} problem={problems[name]}>{(id) => <Typed id={id} value={costs[name]} onChange={(value) => set({ [name]: value })} />}</Field>;
  return (
    <div className="rs-form">
      <div className="rs-pair"><Field label="Slippage">{() => <Picker label="Model of slippage" value={costs.slippage} options={SLIPPAGES} onChange={(slippage) => set({ slippage })} />}</Field>{costs.slippage !== 'none' && typed('amount', 'Amount', AMOUNTS[costs.slippage])}</div>
      <div className="rs-pair">{typed('perOrder', 'Commission', 'USD an order')}{typed('perShare', 'Per share', 'USD')}</div>
      <div className="rs-pair">{typed('percent', 'Of the value', '%')}{typed('minimum', 'At least', 'USD an order')}</div>
      <label className="rs-check"><input type="checkbox" checked={costs.hasFees} onChange={(event) => set({ hasFees: event.currentTarget.checked })} /> Regulatory fees on sells, at the rates of each day</label>
      <label className="rs-check"><input type="checkbox" checked={draft.hasChecks} onChange={(event) => change({ hasChecks: event.currentTarget.checked })} /> Also run it with its future taken away, with noise, and beside its parameters</label>
      {!draft.hasChecks && <p className="rs-note warn-text">Without these checks the verdict is never better than doubtful.</p>}
    </div>
  );
}

function ParameterField({ view, draft, problems, change }: PartProps & { view: ParameterView }): JSX.Element {
  const value = draft.parameters[view.name];
  const set = (next: string | boolean): void => change({ parameters: { ...draft.parameters, [view.name]: next } });
  const reset = (): void => change({ parameters: Object.fromEntries(Object.entries(draft.parameters).filter(([name]) => name !== view.name)) });
  const range = [view.min === null ? '' : `from ${view.min}`, view.max === null ? '' : `to ${view.max}`].filter((part) => part !== '').join(' ');
  const isChanged = value !== undefined && String(value) !== String(view.default);
  return (
    <div className={isChanged ? 'rs-parameter changed' : 'rs-parameter'}>
      <Field label={view.name} unit={view.unit} problem={problems[`parameters.${view.name}`]} help={view.describe}>
        {(id) => (view.kind === 'flag' ? <input id={id} type="checkbox" checked={(value ?? view.default) === true || value === 'true'} onChange={(event) => set(event.currentTarget.checked)} />
          : view.kind === 'choice' ? <Picker label={view.name} value={String(value ?? view.default)} options={view.choices.map((choice) => [choice, choice] as const)} onChange={set} />
            : <Typed id={id} value={String(value ?? view.default)} onChange={set} />)}
      </Field>
      <p className="rs-note">{view.describe}{range === '' ? '' : ` ${view.describe.endsWith('.') ? '' : '· '}${range}`}{isChanged && <button type="button" className="link-button" onClick={reset}>back to {String(view.default)}</button>}</p>
    </div>
  );
}

/** The parameters that the strategy declares. */
export function ParametersPart({ facts, ...props }: PartProps & { facts: ProjectFacts | null }): JSX.Element {
  if (facts === null) return <p className="rs-note">The files cannot be loaded yet; the editor says why. The parameters stand here then.</p>;
  if (facts.parameters.length === 0) return <p className="rs-note">The strategy declares no parameters. With <code>parameters: {'{ … }'}</code> in its description they stand here, and can be optimised.</p>;
  return (
    <div className="rs-form rs-parameters">
      {facts.parameters.map((view) => <ParameterField key={view.name} view={view} {...props} />)}
      {Object.keys(props.draft.parameters).length > 0 && <Button size="compact-xs" variant="default" onClick={() => props.change({ parameters: {} })}>All as the code says</Button>}
    </div>
  );
}
