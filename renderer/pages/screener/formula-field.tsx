/** A field for a formula: coloured as it is written, wrong places underlined, names offered, and each name explained where the cursor or the pointer is. */
import { useId, useLayoutEffect, useRef, useState } from 'react';
import type { JSX, KeyboardEvent, PointerEvent } from 'react';
import { Popover } from '@mantine/core';
import { FORMULA_MAX } from '#app/contracts/screener.ts';
import { complete, hover } from '#app/screener/completion.ts';
import type { Completion } from '#app/screener/completion.ts';
import { checkFormula } from './checks.ts';
import type { Wanted } from './checks.ts';
import { piecesOf } from './formula-pieces.ts';

type Props = {
  readonly value: string; readonly wanted: Wanted; readonly label: string; readonly placeholder?: string; /** Begins with the cursor in it. */ readonly isFirst?: boolean;
  change(text: string): void; /** Enter without an open list, or Escape. */ done?(): void;
};

/** The names that fit where the cursor is, and which of them is chosen. */
type Offering = { readonly list: readonly Completion[]; readonly chosen: number };
const NOTHING: Offering = { list: [], chosen: 0 };

/** Proposals at a place. Unasked, only what goes on with what is being written, and nothing once it is written whole. */
function offersAt(text: string, at: number, isAsked: boolean): readonly Completion[] {
  const list = complete(text, at);
  if (isAsked) return list;
  return list.filter((offer) => (offer.from < at || offer.kind === 'output' || offer.kind === 'value') && offer.insert !== text.slice(offer.from, offer.to));
}

/** What the name at a place means, in one line. */
function explainAt(text: string, at: number): { readonly name: string; readonly words: string } | null {
  const found = hover(text, at);
  if (found === null) return null;
  const { entry, output } = found;
  return { name: output === null ? entry.signature : `${entry.name}.${output}`, words: entry.explanation };
}

/** The place in the text below a pointer, by the pieces that are drawn there. */
function placeUnder(mirror: HTMLElement | null, { clientX, clientY }: PointerEvent): number | null {
  for (const piece of mirror?.querySelectorAll<HTMLElement>('[data-from]') ?? []) {
    for (const box of piece.getClientRects()) if (clientX >= box.left && clientX <= box.right && clientY >= box.top && clientY <= box.bottom) return Number(piece.dataset['from']);
  }
  return null;
}

function OfferList({ id, offering, take }: { id: string; offering: Offering; take: (offer: Completion) => void }): JSX.Element {
  const chosen = useRef<HTMLLIElement>(null);
  useLayoutEffect(() => {
    void chosen.current?.scrollIntoView({ block: 'nearest' });
  }, [offering]);
  return (
    <ul className="offers" role="listbox" id={id} aria-label="Names that fit here">
      {offering.list.map((offer, n) => (
        // The field keeps the cursor: a press must not take it away.
        <li key={`${offer.label} ${n}`} ref={n === offering.chosen ? chosen : undefined} id={`${id}-${n}`} role="option" aria-selected={n === offering.chosen} className={n === offering.chosen ? 'chosen' : ''} onPointerDown={(event) => { event.preventDefault(); take(offer); }}>
          <code>{offer.label}</code><small>{offer.explanation === '' ? offer.detail : offer.explanation}</small>
        </li>
      ))}
    </ul>
  );
}

/** What stands below the field: what is wrong and how to mend it, else what the name at the cursor means. */
function Below({ value, wanted, place, mend }: { value: string; wanted: Wanted; place: number; mend: (text: string) => void }): JSX.Element | null {
  const { fault, formula } = checkFormula(value, wanted);
  if (value.trim() === '') return <p className="formula-help muted">Such as rsi(14) &lt; 30 and volume &gt; 1M. Ctrl Space lists the names.</p>;
  if (fault !== null) {
    const { fix, from, to } = fault;
    return <p className="formula-fault" role="alert">{fault.message}{fault.message.endsWith('.') ? '' : '.'}{fix !== null && <button type="button" className="link-button" onClick={() => mend(`${value.slice(0, from)}${fix}${value.slice(to)}`)}>{fault.hint ?? `Write ${fix}`}</button>}</p>;
  }
  const [warning] = formula?.warnings ?? [];
  const about = explainAt(value, place);
  return (
    <>
      {warning !== undefined && <p className="formula-warning warn-text">{warning.message}.{warning.fix !== null && <button type="button" className="link-button" onClick={() => mend(`${value.slice(0, warning.from)}${warning.fix ?? ''}${value.slice(warning.to)}`)}>{warning.hint ?? `Write ${warning.fix}`}</button>}</p>}
      {about !== null && <p className="formula-help"><code>{about.name}</code> {about.words}</p>}
      {about === null && formula !== null && <p className="formula-help muted num">Needs {formula.bars} {formula.bars === 1 ? 'bar' : 'bars'} of history.</p>}
    </>
  );
}

/** The field. */
export function FormulaField({ value, wanted, label, placeholder, isFirst, change, done }: Props): JSX.Element {
  const id = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  const mirror = useRef<HTMLDivElement>(null);
  const [offering, setOffering] = useState<Offering>(NOTHING);
  const [place, setPlace] = useState(value.length);
  const [pointed, setPointed] = useState<number | null>(null);
  const caret = useRef<number | null>(null);
  const { fault } = checkFormula(value, wanted);
  // The cursor goes where the taken name leaves it, once the text is there.
  useLayoutEffect(() => {
    if (caret.current === null) return;
    field.current?.setSelectionRange(caret.current, caret.current);
    setPlace(caret.current);
    caret.current = null;
  }, [value]);
  useLayoutEffect(() => {
    if (isFirst === true) field.current?.focus();
  }, [isFirst]);
  const offer = (text: string, at: number, isAsked: boolean): void => {
    const list = offersAt(text, at, isAsked);
    setOffering({ list, chosen: 0 });
  };
  const write = (text: string, at: number): void => {
    caret.current = at;
    change(text.slice(0, FORMULA_MAX));
  };
  const take = (taken: Completion): void => {
    write(`${value.slice(0, taken.from)}${taken.insert}${value.slice(taken.to)}`, taken.from + taken.caret);
    setOffering(NOTHING);
    field.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const { list, chosen } = offering;
    const isOpen = list.length > 0;
    const taken = list[chosen];
    if (event.key === ' ' && event.ctrlKey) offer(value, field.current?.selectionStart ?? value.length, true);
    else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) return;
    else if (isOpen && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) setOffering({ list, chosen: (chosen + (event.key === 'ArrowDown' ? 1 : list.length - 1)) % list.length });
    else if (isOpen && (event.key === 'Enter' || event.key === 'Tab') && taken !== undefined) take(taken);
    else if (isOpen && event.key === 'Escape') setOffering(NOTHING);
    else if (event.key === 'Enter' || event.key === 'Escape') done?.();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const isOpen = offering.list.length > 0;
  return (
    <div className="formula-field" data-wrong={fault !== null && value.trim() !== ''}>
      <Popover opened={isOpen} position="bottom-start" shadow="md" offset={4} width={340} trapFocus={false} returnFocus={false} withinPortal>
        <Popover.Target>
          <div className="formula-box">
            <div className="formula-mirror" ref={mirror} aria-hidden>{piecesOf(value, value.trim() === '' ? null : fault).map((piece) => <span key={piece.from} data-from={piece.from} className={`${piece.kind} ${piece.isWrong ? 'wrong' : ''}`}>{piece.text}</span>)}{'\u200B'}</div>
            <textarea ref={field} rows={1} value={value} placeholder={placeholder ?? 'rsi(14) < 30'} maxLength={FORMULA_MAX} spellCheck={false} autoCapitalize="off" autoComplete="off" aria-label={label} aria-invalid={fault !== null} role="combobox" aria-expanded={isOpen} aria-controls={id} aria-autocomplete="list" aria-activedescendant={isOpen ? `${id}-${offering.chosen}` : undefined}
              onChange={(event) => { const at = event.currentTarget.selectionStart; const text = event.currentTarget.value.replaceAll('\n', ' '); change(text); setPlace(at); offer(text, at, false); }}
              onSelect={(event) => setPlace(event.currentTarget.selectionStart)} onKeyDown={onKeyDown} onBlur={() => setOffering(NOTHING)} onPointerMove={(event) => setPointed(placeUnder(mirror.current, event))} onPointerLeave={() => setPointed(null)} />
          </div>
        </Popover.Target>
        <Popover.Dropdown className="offers-card"><OfferList id={id} offering={offering} take={take} /></Popover.Dropdown>
      </Popover>
      <Below value={value} wanted={wanted} place={pointed ?? place} mend={(text) => write(text, text.length)} />
    </div>
  );
}
