/** The words in the panes: the bar under the pointer in numbers, and each indicator with its values, settings and place. */
import { useState } from 'react';
import type { JSX } from 'react';
import { ActionIcon, ColorSwatch, Button, NumberInput, Popover, Select } from '@mantine/core';
import { IconChevronDown, IconChevronUp, IconEye, IconEyeOff, IconSettings, IconX } from '@tabler/icons-react';
import type { Pane } from '../../charts/scale.ts';
import type { ShownIndicator } from '#app/contracts/charts.ts';
import { barCount } from '#app/domain/bar-columns.ts';
import { indicatorById } from '#app/indicators/catalogue.ts';
import { parameterDefect, PRICE_SOURCES } from '#app/indicators/indicator.ts';
import type { AnyIndicator } from '#app/indicators/indicator.ts';
import { compact, percent } from '../../ui/format.ts';
import { paneNumber } from './chart-layers.tsx';
import { isOverlay, labelOf, LINE_COLOURS, takesSource } from './indicators.ts';
import type { IndicatorColumns } from './indicators.ts';
import { changeIndicator, moveIndicator, removeIndicator } from './look.ts';
import { pricePane, useHoverIndex } from './stage.ts';
import type { Stage } from './stage.ts';

/** The bar that the numbers are about: under the pointer, else the last. */
function useIndex(stage: Stage): number {
  const index = useHoverIndex();
  const last = barCount(stage.bars) - 1;
  return index === null || index > last || index < 0 ? last : index;
}

/** Open, high, low, close, change against the close before, volume. Dollars, shares. */
export function BarValues({ stage }: { stage: Stage }): JSX.Element | null {
  const index = useIndex(stage);
  const { bars } = stage;
  const pane = pricePane(stage);
  const close = bars.close[index];
  if (close === undefined) return null;
  const before = bars.close[index - 1];
  const sign = Math.sign(close - (before ?? close));
  const value = (name: string, number: number | undefined): JSX.Element => <span><i>{name}</i>{number === undefined ? '–' : paneNumber(pane, number)}</span>;
  return (
    <div className={`bar-values num sign${sign}`} data-index={index}>
      {value('O', bars.open[index])}{value('H', bars.high[index])}{value('L', bars.low[index])}{value('C', close)}
      {before !== undefined && <span className="bar-change">{sign > 0 ? '+' : ''}{paneNumber(pane, close - before)} ({percent(close / before - 1)})</span>}
      <span><i>Vol</i>{compact(bars.volume[index] ?? 0)}</span>
    </div>
  );
}

function Numbers({ indicator, shown }: { indicator: AnyIndicator; shown: ShownIndicator }): JSX.Element {
  const [draft, setDraft] = useState<readonly (number | string)[]>(shown.values);
  const values = draft.map(Number);
  const isWhole = draft.every((value) => value !== '');
  const defect = isWhole ? parameterDefect(indicator, values) : 'A number is missing';
  const change = (at: number, value: number | string): void => {
    const next = draft.map((old, n) => (n === at ? value : old));
    setDraft(next);
    const numbers = next.map(Number);
    if (next.every((one) => one !== '') && parameterDefect(indicator, numbers) === null) changeIndicator(shown.key, { values: numbers });
  };
  return (
    <>
      <div className="indicator-numbers">
        {indicator.parameters.map((parameter, at) => (
          <NumberInput key={parameter.name} size="xs" label={parameter.title} value={draft[at] ?? ''} onChange={(value) => change(at, value)} allowDecimal={!parameter.isWhole} step={parameter.isWhole ? 1 : 0.1} />
        ))}
        {takesSource(indicator) && <Select size="xs" label="Made of" value={shown.source} data={[...PRICE_SOURCES]} allowDeselect={false} onChange={(source) => changeIndicator(shown.key, { source: source ?? 'close' })} />}
      </div>
      {defect !== null && <p className="switch-error">{defect}; the chart still shows {labelOf(shown)}.</p>}
    </>
  );
}

function Colours({ indicator, shown }: { indicator: AnyIndicator; shown: ShownIndicator }): JSX.Element {
  return (
    <div className="indicator-colours">
      {indicator.outputs.map((output, at) => (
        <div key={output}><span className="muted">{output === 'value' ? 'Colour' : output}</span>
          {LINE_COLOURS.map((colour) => <ColorSwatch key={colour} component="button" color={colour} size={16} withShadow={false} aria-label={`${output} in ${colour}`} className={shown.colours[at] === colour ? 'chosen' : ''} onClick={() => changeIndicator(shown.key, { colours: indicator.outputs.map((_name, n) => (n === at ? colour : (shown.colours[n] ?? LINE_COLOURS[0]))) })} />)}
        </div>
      ))}
    </div>
  );
}

/** What an indicator is, its numbers and colours. */
function Settings({ indicator, shown }: { indicator: AnyIndicator; shown: ShownIndicator }): JSX.Element {
  return (
    <div className="indicator-settings">
      <strong>{indicator.title}</strong>
      <Numbers indicator={indicator} shown={shown} />
      <Colours indicator={indicator} shown={shown} />
      <p className="indicator-formula"><code>{indicator.formula}</code><small className="muted">{indicator.source} · unit: {indicator.unit}</small></p>
      <Button size="compact-xs" variant="default" onClick={() => changeIndicator(shown.key, { values: indicator.parameters.map((parameter) => parameter.default), source: 'close' })}>Usual numbers</Button>
    </div>
  );
}

/** Its values at the bar under the pointer; the one part of a chip that follows it. */
function ChipValues({ worked, stage, pane }: { worked: IndicatorColumns; stage: Stage; pane: Pane | undefined }): JSX.Element {
  const index = useIndex(stage);
  return (
    <>
      {worked.outputs.map(({ name, line }) => {
        const value = line.values[index] ?? NaN;
        return <span key={name} className="num chip-value" title={name} style={{ color: line.kind === 'bars' ? (value >= 0 ? 'var(--gain)' : 'var(--loss)') : line.colour }}>{Number.isFinite(value) && pane ? paneNumber(pane, value) : '–'}</span>;
      })}
    </>
  );
}

/** One indicator: name, values at the bar under the pointer, and what can be done with it. */
export function IndicatorChip({ shown, worked, stage, isInPane }: { shown: ShownIndicator; worked: IndicatorColumns | undefined; stage: Stage; isInPane: boolean }): JSX.Element {
  const indicator = indicatorById(shown.id);
  const pane = stage.drawn.frame.panes.find((one) => one.id === (isInPane ? shown.key : 'price'));
  const label = labelOf(shown);
  const peer = (other: ShownIndicator): boolean => { const its = indicatorById(other.id); return its !== undefined && isOverlay(its) !== isInPane; };
  return (
    <div className={`indicator-chip ${shown.isHidden ? 'is-hidden' : ''}`} data-indicator={shown.id}>
      <Popover width={320} position="bottom-start" shadow="md" trapFocus returnFocus>
        <Popover.Target><button type="button" className="chip-name" aria-label={`${label}: settings`}>{label}</button></Popover.Target>
        <Popover.Dropdown>{indicator !== undefined && <Settings indicator={indicator} shown={shown} />}</Popover.Dropdown>
      </Popover>
      {worked !== undefined && <ChipValues worked={worked} stage={stage} pane={pane} />}
      <span className="chip-actions">
        <ActionIcon variant="subtle" color="gray" size={18} aria-label={shown.isHidden ? `Show ${label}` : `Hide ${label}`} onClick={() => changeIndicator(shown.key, { isHidden: !shown.isHidden })}>{shown.isHidden ? <IconEyeOff size={13} /> : <IconEye size={13} />}</ActionIcon>
        {isInPane && <ActionIcon variant="subtle" color="gray" size={18} aria-label={`Move ${label} up`} onClick={() => moveIndicator(shown.key, -1, peer)}><IconChevronUp size={13} /></ActionIcon>}
        {isInPane && <ActionIcon variant="subtle" color="gray" size={18} aria-label={`Move ${label} down`} onClick={() => moveIndicator(shown.key, 1, peer)}><IconChevronDown size={13} /></ActionIcon>}
        <ActionIcon variant="subtle" color="gray" size={18} aria-label={`Remove ${label}`} onClick={() => removeIndicator(shown.key)}><IconX size={13} /></ActionIcon>
      </span>
      <IconSettings size={12} className="chip-hint" aria-hidden />
    </div>
  );
}
