/** One line: its time, level, part and words; opened it shows its fields and ids. */
import { memo, useLayoutEffect, useRef, useState } from 'react';
import type { JSX } from 'react';
import { IconBook2, IconCheck, IconCopy } from '@tabler/icons-react';
import type { LoggedLine } from '#app/contracts/logs.ts';
import { bothZones, marketDayTime, marketTime } from '../../ui/format.ts';
import { fieldsText, textOf } from './line-list.ts';

/** What a row may ask for. */
export type RowActions = { toggle(id: string): void; about(id: string): void; measured(id: string, height: number): void };

/** A part's id as words. */
export function partName(unit: string): string {
  return unit.replaceAll('_', ' ');
}

const ID_PRIORITY = [/^ms-/, /.*/] as const;

/** The id that stands for the line: the client order id before others. */
function chiefId(line: LoggedLine): string | null {
  for (const pattern of ID_PRIORITY) {
    const found = line.ids.find((id) => pattern.test(id));
    if (found !== undefined) return found;
  }
  return null;
}

const COPIED_MS = 1_500;

/** Plain on purpose, as the whole row: dozens of rows are drawn anew with each turn of the wheel. */
function CopyLine({ line }: { line: LoggedLine }): JSX.Element {
  const [state, setState] = useState<'idle' | 'copied' | 'refused'>('idle');
  const copy = (): void => {
    navigator.clipboard.writeText(textOf(line)).then(() => setState('copied'), () => setState('refused')).finally(() => setTimeout(() => setState('idle'), COPIED_MS));
  };
  const label = { idle: 'Copy line', copied: 'Copied', refused: 'The browser did not allow it' }[state];
  return <button type="button" className="log-copy" aria-label={label} title={label} onClick={(event) => { event.stopPropagation(); copy(); }}>{state === 'copied' ? <IconCheck size={13} /> : <IconCopy size={13} />}</button>;
}

function Details({ line, actions }: { line: LoggedLine; actions: RowActions }): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const { measured } = actions;
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => measured(line.id, element.offsetHeight));
    observer.observe(element);
    measured(line.id, element.offsetHeight);
    return () => observer.disconnect();
  }, [line.id, measured]);
  const fields = Object.entries(line.fields);
  return (
    <div className="log-details" ref={box}>
      <p className="log-message">{line.message}</p>
      <dl>
        <div><dt>time</dt><dd>{bothZones(line.at).replace('\n', ' · ')}</dd></div>
        {fields.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{typeof value === 'string' ? value : JSON.stringify(value, null, 1)}</dd></div>)}
      </dl>
      {line.ids.length > 0 && <p className="log-ids"><span className="muted">Everything about</span>{line.ids.map((id) => <button type="button" key={id} onClick={() => actions.about(id)}>{id}</button>)}</p>}
    </div>
  );
}

type Props = { readonly line: LoggedLine; readonly isOpen: boolean; readonly isActive: boolean; readonly top: number; readonly hasDay: boolean; readonly actions: RowActions };

/** The row, placed at its distance from the list's top. */
export const LogRow = memo(function LogRow({ line, isOpen, isActive, top, hasDay, actions }: Props): JSX.Element {
  const id = chiefId(line);
  return (
    <div className={`log-row at-${line.level} from-${line.source} ${isOpen ? 'open' : ''} ${isActive ? 'active' : ''}`} style={{ transform: `translateY(${top}px)` }} role="listitem">
      <div className="log-cells" onClick={() => actions.toggle(line.id)}>
        <button type="button" className="log-time" tabIndex={-1} aria-expanded={isOpen} title={bothZones(line.at)}>{hasDay ? `${marketDayTime(line.at).split(',')[0] ?? ''} ` : ''}{marketTime(line.at)}<small>.{String(line.at % 1_000).padStart(3, '0')}</small></button>
        <span className="log-grade">{line.level}</span>
        <span className="log-part">{line.source === 'book' && <span title="From the book: what happened to the order, not a line of output"><IconBook2 size={12} aria-label="From the book" /></span>}{partName(line.unit)}</span>
        <span className="log-words">{line.message}<span className="log-fields">{fieldsText(line.fields)}</span></span>
        {id !== null && <button type="button" className="log-about" title={`Everything about ${id}`} onClick={(event) => { event.stopPropagation(); actions.about(id); }}>{id}</button>}
        <CopyLine line={line} />
      </div>
      {isOpen && <Details line={line} actions={actions} />}
    </div>
  );
});
