/** Finding a symbol: by letters, name or sector, with the keyboard; those looked at before come first. */
import { useEffect, useRef, useState } from 'react';
import type { JSX, KeyboardEvent } from 'react';
import { Popover } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import type { ChartSymbol } from '#app/contracts/charts.ts';
import { symbolSchema } from '#app/domain/ids.ts';
import { useChartSymbols } from '../../data/queries.ts';
import { price } from '../../ui/format.ts';
import { useRecent } from './look.ts';

const TYPED_AFTER_MS = 100;

type SearchListProps = { readonly onPick: (symbol: string) => void; readonly label: string };

function Row({ row, isChosen, pick, point }: { row: ChartSymbol; isChosen: boolean; pick(): void; point(): void }): JSX.Element {
  return (
    <li role="option" aria-selected={isChosen} className={isChosen ? 'chosen' : ''} onPointerMove={point} onClick={pick}>
      <strong>{row.symbol}</strong><span className="symbol-name">{row.name}</span>
      <span className="muted symbol-sector">{row.status === 'inactive' ? 'no longer traded' : (row.sector ?? row.exchange)}</span>
      <span className="num muted">{row.series.length === 0 ? 'no bars' : price(row.lastPrice)}</span>
    </li>
  );
}

/** The field and the list below it. */
export function SymbolSearchList({ onPick, label }: SearchListProps): JSX.Element {
  const [query, setQuery] = useState('');
  const [chosen, setChosen] = useState(0);
  const [typed] = useDebouncedValue(query.trim().slice(0, 40), TYPED_AFTER_MS);
  const found = useChartSymbols(typed);
  const recent = useRecent();
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  const all = found.data?.symbols ?? [];
  const rows = query.trim() === '' ? [...recent.flatMap((symbol) => all.filter((row) => row.symbol === symbol)), ...all.filter((row) => !recent.includes(row.symbol))] : all;
  const letters = query.trim().toUpperCase();
  const pick = (): void => {
    const row = rows[chosen];
    const isAnswered = typed.toUpperCase() === letters;
    // Typed in full and pressed at once: the answer need not have come.
    if (row !== undefined && (isAnswered || chosen > 0)) onPick(row.symbol);
    else if (symbolSchema.safeParse(letters).success) onPick(letters);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      setChosen((now) => Math.max(0, Math.min(rows.length - 1, now + (event.key === 'ArrowDown' ? 1 : -1))));
    } else if (event.key === 'Enter') {
      event.preventDefault();
      pick();
    }
  };
  return (
    <div className="symbol-search" onKeyDown={onKeyDown}>
      <div className="palette-input"><IconSearch size={15} aria-hidden /><input ref={field} value={query} onChange={(event) => { setQuery(event.currentTarget.value); setChosen(0); }} placeholder="Symbol, name, sector" aria-label={label} role="combobox" aria-expanded aria-controls="symbol-list" spellCheck={false} autoComplete="off" /></div>
      <ul id="symbol-list" role="listbox" aria-label="Symbols">
        {rows.map((row, n) => <Row key={row.symbol} row={row} isChosen={n === chosen} pick={() => onPick(row.symbol)} point={() => setChosen(n)} />)}
        {rows.length === 0 && <li className="muted">{found.isLoading ? 'Looking' : found.error !== null ? 'The gateway does not answer. Type the symbol and press Enter.' : 'No symbol, name or sector is like this.'}</li>}
      </ul>
    </div>
  );
}

/** The button that holds it. */
export function SymbolButton({ symbol, isOpen, setOpen, onPick }: { symbol: string | null; isOpen: boolean; setOpen(isOpen: boolean): void; onPick(symbol: string): void }): JSX.Element {
  return (
    <Popover opened={isOpen} onChange={setOpen} width={460} position="bottom-start" shadow="md" returnFocus>
      <Popover.Target><button type="button" className="symbol-button" aria-label={`Symbol ${symbol ?? 'none'}: look for another`} onClick={() => setOpen(!isOpen)}><IconSearch size={14} aria-hidden /><strong>{symbol ?? 'Symbol'}</strong></button></Popover.Target>
      <Popover.Dropdown p={0}>{isOpen && <SymbolSearchList label="Look for a symbol" onPick={(picked) => { setOpen(false); onPick(picked); }} />}</Popover.Dropdown>
    </Popover>
  );
}
