/** What to show: words, one matter, a span of time, levels and parts as chips. */
import { useEffect, useState } from 'react';
import type { JSX } from 'react';
import { ActionIcon, Select, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconRoute, IconSearch, IconX } from '@tabler/icons-react';
import type { LogLevel } from '#app/contracts/config.ts';
import { UNIT_IDS } from '#app/contracts/health.ts';
import type { LogsSearch, Span } from './address.ts';
import { SPANS } from './address.ts';
import { partName } from './log-row.tsx';
import { fromMarketField, SPAN_NAMES, toMarketField } from './span.ts';

const SETTLE_MS = 250;
const LEVELS: readonly { readonly level: LogLevel | undefined; readonly name: string }[] = [{ level: undefined, name: 'All levels' }, { level: 'info', name: 'Info and up' }, { level: 'warn', name: 'Warnings' }, { level: 'error', name: 'Errors' }];

/** Changes a part of the question; undefined takes it out. */
export type ChangeSearch = (change: { [K in keyof LogsSearch]?: LogsSearch[K] | undefined }) => void;

type TextProps = { readonly value: string; readonly placeholder: string; readonly label: string; readonly Icon: typeof IconSearch; readonly className: string; change(text: string): void };

/** A field that asks when the typing rests, and follows when the question changes elsewhere. */
function SettlingText({ value, placeholder, label, Icon, className, change }: TextProps): JSX.Element {
  const [typed, setTyped] = useState(value);
  const [settled] = useDebouncedValue(typed, SETTLE_MS);
  useEffect(() => setTyped(value), [value]);
  useEffect(() => {
    if (settled.trim() !== value && settled === typed) change(settled.trim());
    // Only what was typed asks; `value` is where it leads.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [settled]);
  return (
    <TextInput className={className} size="xs" value={typed} onChange={(event) => setTyped(event.currentTarget.value)} placeholder={placeholder} aria-label={label} maxLength={300} spellCheck={false} leftSection={<Icon size={14} aria-hidden />}
      rightSection={typed === '' ? null : <ActionIcon size="xs" variant="subtle" color="gray" aria-label={`Clear: ${label}`} onClick={() => { setTyped(''); change(''); }}><IconX size={12} /></ActionIcon>} />
  );
}

function CustomSpan({ question, change }: { question: LogsSearch; change: ChangeSearch }): JSX.Element {
  const field = (name: 'from' | 'to'): JSX.Element => (
    <input type="datetime-local" className="log-instant" aria-label={`${name}, New York time`} value={question[name] === undefined ? '' : toMarketField(question[name])} onChange={(event) => change({ [name]: fromMarketField(event.currentTarget.value) ?? undefined })} />
  );
  return <span className="log-span">{field('from')}<span className="muted">to</span>{field('to')}<span className="muted">New York</span></span>;
}

function Chip({ isOn, children, press, tone }: { isOn: boolean; children: string; press: () => void; tone?: string }): JSX.Element {
  return <button type="button" className={`log-chip ${isOn ? 'on' : ''} ${tone ?? ''}`} aria-pressed={isOn} onClick={press}>{children}</button>;
}

/** The filters. */
export function LogFilters({ question, change }: { question: LogsSearch; change: ChangeSearch }): JSX.Element {
  const chosen = question.units === undefined ? [] : question.units.split(',');
  const toggleUnit = (unit: string): void => {
    const next = chosen.includes(unit) ? chosen.filter((one) => one !== unit) : [...chosen, unit];
    change({ units: next.length === 0 || next.length === UNIT_IDS.length ? undefined : UNIT_IDS.filter((one) => next.includes(one)).join(',') });
  };
  const span = question.span ?? 'live';
  return (
    <div className="log-filters">
      <div className="log-asks">
        <SettlingText className="log-search" label="Words in a line" placeholder="Words in a line" Icon={IconSearch} value={question.search ?? ''} change={(search) => change({ search: search === '' ? undefined : search })} />
        <SettlingText className="log-matter-field" label="Everything about" placeholder="Everything about: an order, signal or run id, or AAPL 2026-03-02 10:30" Icon={IconRoute} value={question.about ?? ''} change={(about) => change({ about: about === '' ? undefined : about })} />
        <Select size="xs" className="log-span-choice" aria-label="Span of time" allowDeselect={false} value={span} data={SPANS.map((value) => ({ value, label: SPAN_NAMES[value] }))} comboboxProps={{ width: 150 }}
          onChange={(value) => change({ span: (value ?? 'live') as Span, ...(value === 'custom' ? { from: Math.floor(Date.now() / 60_000) * 60_000 - 3_600_000 } : { from: undefined, to: undefined }) })} />
      </div>
      {span === 'custom' && <CustomSpan question={question} change={change} />}
      <div className="log-chips">
        <span className="log-chip-group" role="group" aria-label="Levels">{LEVELS.map(({ level, name }) => <Chip key={name} isOn={question.level === level} press={() => change({ level })} {...(level === undefined ? {} : { tone: level })}>{name}</Chip>)}</span>
        <span className="log-chip-group" role="group" aria-label="Parts"><Chip isOn={chosen.length === 0} press={() => change({ units: undefined })}>All parts</Chip>{UNIT_IDS.map((unit) => <Chip key={unit} isOn={chosen.includes(unit)} press={() => toggleUnit(unit)}>{partName(unit)}</Chip>)}</span>
      </div>
    </div>
  );
}
