/** Choosing an indicator: all of the catalogue by group or word, with what each one is. */
import { useMemo, useState } from 'react';
import type { JSX } from 'react';
import { Modal, SegmentedControl } from '@mantine/core';
import { IconPlus, IconSearch } from '@tabler/icons-react';
import { INDICATORS } from '#app/indicators/catalogue.ts';
import type { AnyIndicator } from '#app/indicators/indicator.ts';
import { INDICATOR_GROUPS } from '#app/indicators/indicator.ts';
import { INDICATORS_MAX } from '#app/contracts/charts.ts';
import { addIndicator, useLook } from './look.ts';

/** Indicators of a group in which every typed word stands in id, title or formula; those whose id begins with it first. Pure; exported for its test. */
export function findIndicators(query: string, group: string): AnyIndicator[] {
  const words = query.toLowerCase().split(/\s+/).filter((word) => word !== '');
  const text = (one: AnyIndicator): string => `${one.id} ${one.title} ${one.formula} ${one.group}`.toLowerCase();
  const rank = (one: AnyIndicator): number => (one.id.toLowerCase() === words[0] ? 0 : one.id.toLowerCase().startsWith(words[0] ?? '') ? 1 : one.title.toLowerCase().includes(words[0] ?? '') ? 2 : 3);
  return INDICATORS.filter((one) => (group === 'all' || one.group === group) && words.every((word) => text(one).includes(word))).sort((a, b) => (words.length === 0 ? 0 : rank(a) - rank(b)));
}

/** The dialog. */
export function IndicatorPicker({ isOpen, close }: { isOpen: boolean; close(): void }): JSX.Element {
  const [query, setQuery] = useState('');
  const [group, setGroup] = useState('all');
  const [told, setTold] = useState<string | null>(null);
  const look = useLook();
  const found = useMemo(() => findIndicators(query, group), [query, group]);
  const add = (indicator: AnyIndicator | undefined): void => {
    if (indicator === undefined) return;
    setTold(addIndicator(indicator.id) === null ? `A chart carries ${INDICATORS_MAX} indicators; remove one first.` : `${indicator.id} added.`);
  };
  return (
    <Modal opened={isOpen} onClose={close} title={`Indicators (${INDICATORS.length})`} size={720} yOffset="8vh" transitionProps={{ duration: 80 }}>
      <div className="indicator-picker">
        <div className="palette-input"><IconSearch size={15} aria-hidden /><input value={query} onChange={(event) => setQuery(event.currentTarget.value)} onKeyDown={(event) => { if (event.key === 'Enter') add(found[0]); }} placeholder="Name or what it measures; Enter adds the first" aria-label="Look for an indicator" data-autofocus spellCheck={false} /></div>
        <SegmentedControl size="xs" fullWidth value={group} onChange={setGroup} data={[{ value: 'all', label: 'All' }, ...INDICATOR_GROUPS.map((one) => ({ value: one, label: one }))]} />
        <p className="picker-told muted" role="status">{told ?? `${found.length} found · ${look.indicators.length} on the chart`}</p>
        <ul aria-label="Indicators">
          {found.map((indicator) => (
            <li key={indicator.id}>
              <button type="button" onClick={() => add(indicator)} aria-label={`Add ${indicator.id}`}>
                <strong>{indicator.id.replaceAll('_', ' ')}</strong><span>{indicator.title}<code>{indicator.formula}</code><small className="muted">{indicator.source}</small></span><IconPlus size={14} aria-hidden />
              </button>
            </li>
          ))}
          {found.length === 0 && <li className="muted">No indicator is called like this or measures it.</li>}
        </ul>
      </div>
    </Modal>
  );
}
