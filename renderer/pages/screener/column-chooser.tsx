/** Which columns the table has: those of every table, and formulas of one's own. */
import { useEffect, useRef, useState } from 'react';
import type { JSX } from 'react';
import { ActionIcon, Button, Checkbox, Popover, TextInput } from '@mantine/core';
import { IconColumns3, IconPlus, IconX } from '@tabler/icons-react';
import { COLUMNS_MAX } from '#app/contracts/screener.ts';
import { checkFormula } from './checks.ts';
import { changeColumn, withColumn, withoutColumn } from './draft.ts';
import type { ColumnLine } from './draft.ts';
import { FormulaField } from './formula-field.tsx';
import { changeDraft, changeLook, FIXED_COLUMNS, useDraft, useLook } from './page-state.ts';
import type { FixedColumn } from './page-state.ts';
import { sentenceOf } from './words.ts';

const NAMES: Readonly<Record<FixedColumn, string>> = { name: 'Name', sector: 'Sector', exchange: 'Exchange', spark: 'Trend', price: 'Price', change: 'Change', volume: 'Volume', rank: 'Rank', marks: 'Marks', barTime: 'Bar' };
/** Columns that people ask for. */
const COMMON = [{ formula: 'rsi(14)', title: 'RSI 14' }, { formula: 'change(20)', title: 'Change 20' }, { formula: 'from_high52', title: 'From 52w high' }, { formula: 'rvol(20)', title: 'Rel. volume' }, { formula: 'dollar_volume', title: 'Money traded' }, { formula: 'atr_percent(14)', title: 'ATR' }, { formula: 'volatility(20)', title: 'Volatility' }] as const;

function OwnColumn({ line }: { line: ColumnLine }): JSX.Element {
  const { fault } = checkFormula(line.formula, 'value');
  const [isOpen, setOpen] = useState(line.formula === '');
  return (
    <li className={fault === null ? '' : 'wrong'}>
      <div className="own-column">
        <button type="button" className="filter-words" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}><b>{line.title ?? sentenceOf(line.formula)}</b>{line.title !== null && <code>{line.formula}</code>}</button>
        <ActionIcon size="sm" variant="subtle" color="gray" aria-label={`Remove column ${line.title ?? line.formula}`} onClick={() => changeDraft((now) => withoutColumn(now, line.id))}><IconX size={13} /></ActionIcon>
      </div>
      {isOpen && (
        <div className="line-editor">
          <FormulaField value={line.formula} wanted="value" label="Formula of the column" placeholder="rsi(14)" isFirst change={(formula) => changeDraft((now) => changeColumn(now, line.id, { formula }))} done={() => setOpen(false)} />
          <TextInput size="xs" aria-label="Title of the column" placeholder="Title, else the formula" maxLength={40} value={line.title ?? ''} onChange={(event) => { const title = event.currentTarget.value; changeDraft((now) => changeColumn(now, line.id, { title: title.trim() === '' ? null : title })); }} />
        </div>
      )}
    </li>
  );
}

/** The button and its card. */
export function ColumnChooser(): JSX.Element {
  const { columns } = useDraft();
  const { hidden } = useLook();
  const show = (id: FixedColumn, isShown: boolean): void => changeLook({ hidden: isShown ? hidden.filter((one) => one !== id) : [...hidden, id] });
  const add = (formula: string, title: string | null): void => changeDraft((now) => withColumn(now, formula, title));
  const isFull = columns.length >= COLUMNS_MAX;
  const card = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // A button that was pressed and is gone takes the cursor with it; then Escape would reach nobody.
    if (document.activeElement === document.body) card.current?.focus();
  }, [columns]);
  return (
    <Popover width={380} position="bottom-end" shadow="md">
      <Popover.Target><Button size="compact-sm" variant="default" leftSection={<IconColumns3 size={14} />}>Columns{columns.length > 0 && <span className="num muted own-count">+{columns.length}</span>}</Button></Popover.Target>
      <Popover.Dropdown className="columns-card">
        <div ref={card} tabIndex={-1} className="columns-body">
          <div className="fixed-columns">{FIXED_COLUMNS.map((id) => <Checkbox key={id} size="xs" label={NAMES[id]} checked={!hidden.includes(id)} onChange={(event) => show(id, event.currentTarget.checked)} />)}</div>
          <h3>Own columns</h3>
          <ul className="own-columns">{columns.map((line) => <OwnColumn key={line.id} line={line} />)}</ul>
          <div className="day-picks">
            <button type="button" className="chip" disabled={isFull} onClick={() => add('', null)}><IconPlus size={11} aria-hidden /> Formula</button>
            {COMMON.filter(({ formula }) => !columns.some((line) => line.formula === formula)).map(({ formula, title }) => <button key={formula} type="button" className="chip" disabled={isFull} title={formula} onClick={() => add(formula, title)}>{title}</button>)}
          </div>
          {isFull && <p className="muted">A screen has at most {COLUMNS_MAX} columns of its own.</p>}
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
