/** The filters as sentences: switched on and off, edited by fields or as a formula, added by searching for a name. */
import { useState } from 'react';
import type { JSX } from 'react';
import { ActionIcon, Checkbox, Tooltip } from '@mantine/core';
import { IconAlertTriangle, IconPencil, IconPlus, IconX } from '@tabler/icons-react';
import { SECTOR_NAMES } from '#app/screener/sectors.ts';
import { filterOf } from '#app/screener/sentence.ts';
import { FILTERS_MAX } from '#app/contracts/screener.ts';
import { AddFilter } from './add-filter.tsx';
import { changeFilter, withFilter, withoutFilter } from './draft.ts';
import type { FilterLine } from './draft.ts';
import { checkFormula } from './checks.ts';
import { FieldsEditor } from './fields-editor.tsx';
import { FormulaField } from './formula-field.tsx';
import { tell } from '../../ui/notice.ts';
import { changeDraft, draftNow, useDraft } from './page-state.ts';
import { hasSector, toggleSector } from './sector-filter.ts';
import { sentenceOf } from './words.ts';

function remove(line: FilterLine): void {
  const before = draftNow();
  changeDraft((now) => withoutFilter(now, line.id));
  tell({ text: 'The filter was removed.', undo: () => changeDraft((now) => ({ ...now, filters: before.filters.flatMap((one) => (one.id === line.id ? [line] : now.filters.filter((kept) => kept.id === one.id))) })) });
}

function LineEditor({ line, isText, setText, close }: { line: FilterLine; isText: boolean; setText: (isText: boolean) => void; close: () => void }): JSX.Element {
  const sentence = filterOf(line.formula);
  const change = (text: string): void => changeDraft((now) => changeFilter(now, line.id, { formula: text }));
  const showsFields = sentence !== null && !isText;
  return (
    <div className="line-editor">
      {showsFields ? <FieldsEditor sentence={sentence} change={change} /> : <FormulaField value={line.formula} wanted="condition" label="Formula of the filter" isFirst change={change} done={close} />}
      {sentence !== null && <button type="button" className="link switch-editor" onClick={() => setText(!isText)}>{showsFields ? 'Write as a formula' : 'Edit by fields'}</button>}
    </div>
  );
}

function FilterRow({ line, isOpen, open }: { line: FilterLine; isOpen: boolean; open: (isOpen: boolean) => void }): JSX.Element {
  const { fault } = checkFormula(line.formula, 'condition');
  // A line that cannot be shown as fields when it is opened stays a formula while it is written.
  const [isText, setText] = useState(filterOf(line.formula) === null);
  const isWrong = fault !== null;
  return (
    <li className={`${line.isEnabled ? '' : 'off'} ${isOpen ? 'open' : ''}`} data-filter={line.formula}>
      <div className={`filter-line ${isWrong ? 'wrong' : ''}`}>
        <Checkbox size="xs" checked={line.isEnabled} aria-label={`Use: ${sentenceOf(line.formula)}`} onChange={(event) => { const isEnabled = event.currentTarget.checked; changeDraft((now) => changeFilter(now, line.id, { isEnabled })); }} />
        <Tooltip label={<span className="formula-tip"><code>{line.formula === '' ? 'empty' : line.formula}</code>{fault === null ? '' : fault.message}</span>} multiline maw={340} openDelay={400} position="right" disabled={isOpen}>
          <button type="button" className="filter-words" aria-expanded={isOpen} onClick={() => open(!isOpen)}>{isWrong && <IconAlertTriangle size={12} aria-label="not finished" />}{line.formula.trim() === '' ? <span className="muted">Write a formula</span> : sentenceOf(line.formula)}</button>
        </Tooltip>
        <span className="line-buttons">
          <ActionIcon size="sm" variant="subtle" color="gray" aria-label={`Edit: ${sentenceOf(line.formula)}`} onClick={() => open(!isOpen)}><IconPencil size={13} /></ActionIcon>
          <ActionIcon size="sm" variant="subtle" color="gray" aria-label={`Remove: ${sentenceOf(line.formula)}`} onClick={() => remove(line)}><IconX size={13} /></ActionIcon>
        </span>
      </div>
      {isOpen && <LineEditor line={line} isText={isText || isWrong} setText={setText} close={() => open(false)} />}
    </li>
  );
}

function Sectors(): JSX.Element {
  const draft = useDraft();
  return <div className="sector-chips" role="group" aria-label="Sectors">{SECTOR_NAMES.map((name) => { const isOn = hasSector(draft, name); return <button key={name} type="button" className={isOn ? 'chip chosen' : 'chip'} aria-pressed={isOn} onClick={() => changeDraft((now) => toggleSector(now, name))}>{name}</button>; })}</div>;
}

/** The part of the left column. */
export function FiltersPart(): JSX.Element {
  const { filters } = useDraft();
  const [openId, setOpenId] = useState<number | null>(null);
  const [isAdding, setAdding] = useState(false);
  const [hasSectors, setSectors] = useState(false);
  const add = (formula: string): void => {
    const before = draftNow();
    changeDraft((now) => withFilter(now, formula));
    setAdding(false);
    const added = draftNow().filters.at(-1);
    if (draftNow() !== before && added !== undefined) setOpenId(added.id);
  };
  return (
    <section className="side-part filters" aria-label="Filters">
      <header>
        <h2 className="side-title">Filters <small className="num muted">{filters.length === 0 ? '' : `all of ${filters.filter((line) => line.isEnabled).length}`}</small></h2>
        <button type="button" className={hasSectors ? 'chip chosen' : 'chip'} aria-expanded={hasSectors} onClick={() => setSectors(!hasSectors)}>Sectors</button>
        <Tooltip label="Add a filter (a)"><ActionIcon size="sm" variant="subtle" color="gray" aria-label="Add a filter" data-act="add-filter" disabled={filters.length >= FILTERS_MAX} onClick={() => setAdding(!isAdding)}><IconPlus size={14} /></ActionIcon></Tooltip>
      </header>
      {hasSectors && <Sectors />}
      {isAdding && <AddFilter add={add} close={() => setAdding(false)} />}
      {filters.length === 0 && !isAdding ? <p className="muted side-note">None: every symbol with bars is shown. Say above what you look for, or <button type="button" className="link-button" onClick={() => setAdding(true)}>add a filter</button>.</p> : (
        <ul className="filter-list" aria-label="Filters that all must be true">{filters.map((line) => <FilterRow key={line.id} line={line} isOpen={openId === line.id} open={(isOpen) => setOpenId(isOpen ? line.id : null)} />)}</ul>
      )}
    </section>
  );
}
