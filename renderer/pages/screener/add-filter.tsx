/** Adding a filter: search for a name by what it is, or write a formula; each name brings a filter to begin with. */
import { useEffect, useRef, useState } from 'react';
import type { JSX, KeyboardEvent } from 'react';
import { parseFormula } from '#app/screener/language.ts';
import { entryOf } from '#app/screener/vocabulary.ts';
import type { VocabularyEntry } from '#app/screener/vocabulary.ts';
import { searchNames, sentenceOf } from './words.ts';

const SHOWN = 40;
/** What people look for first, before anything is typed. */
const FIRST = ['close', 'volume', 'change', 'rsi', 'sma', 'from_high52', 'rvol', 'gap', 'sector', 'macd', 'volatility', 'atr_percent', 'crosses_above', 'dollar_volume'] as const;

type Choice = { readonly key: string; readonly name: string; readonly title: string; readonly about: string; readonly formula: string };

function choiceOf(entry: VocabularyEntry): Choice {
  return { key: entry.name, name: entry.name, title: entry.title, about: entry.explanation, formula: entry.type === 'boolean' && entry.kind === 'fact' ? entry.name : entry.example };
}

/** What a search offers: the text itself where it is a whole condition, then names. Exported for its test. */
export function choicesFor(query: string): readonly Choice[] {
  const parsed = query.trim() === '' ? null : parseFormula(query);
  const own: Choice[] = parsed?.ok === true && parsed.formula.type === 'boolean' && !/^\w+$/.test(query.trim()) ? [{ key: ' own', name: query.trim(), title: sentenceOf(query), about: 'Add this formula as it is written.', formula: query.trim() }] : [];
  const entries = query.trim() === '' ? FIRST.flatMap((name) => entryOf(name) ?? []) : searchNames(query, SHOWN);
  return [...own, ...entries.map(choiceOf)];
}

/** The search; the chosen filter is handed on. */
export function AddFilter({ add, close }: { add: (formula: string) => void; close: () => void }): JSX.Element {
  const [query, setQuery] = useState('');
  const [chosen, setChosen] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  const choices = choicesFor(query);
  useEffect(() => {
    list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' });
  }, [chosen]);
  const onKeyDown = (event: KeyboardEvent): void => {
    const pick = choices[chosen];
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') setChosen((chosen + (event.key === 'ArrowDown' ? 1 : choices.length - 1)) % Math.max(1, choices.length));
    else if (event.key === 'Enter' && !event.ctrlKey) add(pick?.formula ?? query);
    else if (event.key === 'Escape') close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className="add-filter">
      <input autoFocus value={query} maxLength={1_000} placeholder="Search: rsi, 52 week high… or a formula" aria-label="Search for a filter" spellCheck={false} role="combobox" aria-expanded aria-controls="filter-choices" onChange={(event) => { setQuery(event.currentTarget.value); setChosen(0); }} onKeyDown={onKeyDown} />
      <ul ref={list} id="filter-choices" role="listbox" aria-label="Filters to add">
        {choices.length === 0 && <li className="muted add-none">No name fits. Enter opens it as a formula.</li>}
        {choices.map((choice, n) => (
          <li key={choice.key} role="option" aria-selected={n === chosen} className={n === chosen ? 'chosen' : ''} title={choice.about} onPointerMove={() => { if (n !== chosen) setChosen(n); }} onPointerDown={(event) => { event.preventDefault(); add(choice.formula); }}>
            <span><b>{choice.title}</b>{choice.title.toLowerCase() !== choice.name && <code>{choice.name}</code>}</span><small>{choice.about}</small>
          </li>
        ))}
      </ul>
    </div>
  );
}
