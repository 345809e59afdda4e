/** The fields of a deployment: symbols or a screen, timeframe, sizing, parameters. */
import type { JSX } from 'react';
import { NumberInput, SegmentedControl, Select, Switch, TagsInput } from '@mantine/core';
import type { ParameterView, ProjectFacts } from '#app/contracts/author.ts';
import { MAX_DEPLOYED_SYMBOLS } from '#app/contracts/deploy.ts';
import { TIMEFRAMES, timeframeSchema } from '#app/domain/time.ts';
import { useRoute, useSymbols } from '../../../data/queries.ts';
import { symbolsIn } from './deploy-draft.ts';
import { sizingExample } from './limit-words.ts';
import type { AccountFrame, DeployDraft, Problems, SizingDraft } from './deploy-draft.ts';

/** What every group of fields works with. */
export type FieldsProps = { readonly draft: DeployDraft; readonly problems: Problems; readonly facts: ProjectFacts | null; readonly account: AccountFrame | null; change(part: Partial<DeployDraft>): void };

const UNIVERSES = [{ value: 'symbols', label: 'Symbols' }, { value: 'screen', label: 'A screen' }, { value: 'watched', label: 'All watched' }];
const METHODS = [{ value: 'percent_of_equity', label: 'Part of the account' }, { value: 'fixed_notional', label: 'Fixed dollars' }, { value: 'atr_risk', label: 'By risk (ATR)' }];

function Universe({ draft, problems, facts, change }: FieldsProps): JSX.Element {
  const symbols = useSymbols('', draft.universe === 'symbols');
  const screens = useRoute('screens', ['screens'], {}, { isEnabled: draft.universe === 'screen' });
  const error = problems['symbols'];
  return (
    <div className="dp-group">
      <SegmentedControl size="xs" aria-label="Which symbols" value={draft.universe} onChange={(universe) => change({ universe })} data={UNIVERSES as { value: DeployDraft['universe']; label: string }[]} />
      {draft.universe === 'symbols' && <TagsInput aria-label="Symbols" placeholder={draft.symbols.length === 0 ? 'AAPL, MSFT' : ''} value={[...draft.symbols]} onChange={(next) => change({ symbols: symbolsIn(next) })} data={(symbols.data?.symbols ?? []).map(({ symbol }) => symbol)} splitChars={[',', ' ']} acceptValueOnBlur maxTags={MAX_DEPLOYED_SYMBOLS} error={error} />}
      {draft.universe === 'screen' && <Select aria-label="Screen" placeholder={screens.data?.screens.length === 0 ? 'No screen is saved yet' : 'Choose a screen'} value={draft.screenId} onChange={(screenId) => change({ screenId })} data={(screens.data?.screens ?? []).map(({ screenId, name }) => ({ value: screenId ?? '', label: name }))} error={error ?? (screens.error instanceof Error ? screens.error.message : undefined)} description="The symbols that it finds now; new ones are taken by deploying again." inputWrapperOrder={['input', 'error', 'description']} />}
      {draft.universe === 'watched' && <p className="muted">Every symbol that is watched, also those that are added later.</p>}
      {facts?.scope === 'portfolio' && <p className="muted">It sees all of its symbols at once, {facts.symbols[0]} {facts.symbols[1] === null ? 'or more' : `to ${facts.symbols[1]}`} of them.</p>}
    </div>
  );
}

/** Symbols and timeframe. */
export function SubjectFields(props: FieldsProps): JSX.Element {
  const { draft, change } = props;
  return (
    <section className="dp-section"><h4>What it trades</h4>
      <Universe {...props} />
      <Select label="Timeframe" description="It is asked at the close of each bar of this width" value={draft.timeframe} onChange={(value) => { const parsed = timeframeSchema.safeParse(value); if (parsed.success) change({ timeframe: parsed.data }); }} data={[...TIMEFRAMES]} allowDeselect={false} />
    </section>
  );
}

function Amount({ label, name, props }: { label: string; name: keyof SizingDraft; props: FieldsProps }): JSX.Element {
  const { draft, problems, change } = props;
  return <NumberInput label={label} value={draft.sizing[name]} onChange={(value) => change({ sizing: { ...draft.sizing, [name]: String(value) } })} allowNegative={false} decimalScale={4} thousandSeparator="," hideControls error={problems[`sizing.${name}`]} />;
}

/** How large an entry is. */
export function SizingFields(props: FieldsProps): JSX.Element {
  const { draft, account, change } = props;
  const { method } = draft.sizing;
  const example = sizingExample(draft.sizing, account);
  return (
    <section className="dp-section"><h4>How large an entry is</h4>
      <SegmentedControl size="xs" aria-label="Sizing" value={method} onChange={(next) => change({ sizing: { ...draft.sizing, method: next } })} data={METHODS as { value: SizingDraft['method']; label: string }[]} />
      <div className="dp-pairs">
        {method === 'fixed_notional' && <Amount label="Dollars per entry, USD" name="notional" props={props} />}
        {method === 'percent_of_equity' && <Amount label="Part of the account, %" name="percent" props={props} />}
        {method === 'atr_risk' && <><Amount label="May be lost, % of the account" name="riskPercent" props={props} /><Amount label="Distance, average true ranges" name="atrMultiple" props={props} /><Amount label="At most, % of the account" name="maxPercent" props={props} /></>}
      </div>
      <p className="muted dp-example">{example ?? 'An example stands here once the numbers are complete.'} A target with a weight of its own sizes itself.</p>
    </section>
  );
}

function bounds({ min, max, unit }: ParameterView): string {
  const span = min !== null && max !== null ? `${min} to ${max}` : min !== null ? `at least ${min}` : max !== null ? `at most ${max}` : '';
  return [span, unit].filter((part) => part !== '').join(' ');
}

function Parameter({ parameter, props }: { parameter: ParameterView; props: FieldsProps }): JSX.Element {
  const { draft, problems, change } = props;
  const value = draft.parameters[parameter.name] ?? '';
  const error = problems[`parameters.${parameter.name}`];
  const set = (next: string): void => change({ parameters: { ...draft.parameters, [parameter.name]: next } });
  const description = [parameter.describe, bounds(parameter)].filter((part) => part !== '').join(' · ');
  const common = { label: parameter.name, description, error, inputWrapperOrder: ['label', 'input', 'error', 'description'] as ('label' | 'input' | 'error' | 'description')[] };
  if (parameter.kind === 'choice') return <Select {...common} value={value} onChange={(next) => set(next ?? '')} data={[...parameter.choices]} allowDeselect={false} />;
  if (parameter.kind === 'flag') return <Switch size="xs" label={parameter.name} description={description} checked={value === 'true'} onChange={(event) => set(String(event.currentTarget.checked))} error={error} />;
  return <NumberInput {...common} value={value} onChange={(next) => set(String(next))} allowDecimal={parameter.kind === 'number'} {...(parameter.step === null ? {} : { step: parameter.step })} />;
}

/** The parameters that the source declares. */
export function ParameterFields(props: FieldsProps): JSX.Element {
  const { facts, change } = props;
  const defaults = (): void => change({ parameters: Object.fromEntries((facts?.parameters ?? []).map(({ name, default: value }) => [name, String(value)])) });
  return (
    <section className="dp-section">
      <h4>Parameters {facts !== null && facts.parameters.length > 0 && <button type="button" className="link-button" onClick={defaults}>As in the source</button>}</h4>
      {facts === null ? <p className="muted">They are shown when the source can be loaded.</p> : facts.parameters.length === 0 ? <p className="muted">It has none.</p> : <div className="dp-pairs">{facts.parameters.map((parameter) => <Parameter key={parameter.name} parameter={parameter} props={props} />)}</div>}
    </section>
  );
}
