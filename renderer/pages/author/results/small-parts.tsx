/** Small parts of the results: a choice of a few words, a list to pick from, a labelled field with its problem below. */
import { useId } from 'react';
import type { JSX, ReactNode } from 'react';

type Options<Value extends string> = readonly (readonly [Value, string])[];

/** A few words of which one holds. */
export function Choices<Value extends string>({ label, value, options, onChange }: { label: string; value: Value; options: Options<Value>; onChange(value: Value): void }): JSX.Element {
  return (
    <div className="rs-choices" role="radiogroup" aria-label={label}>
      {options.map(([name, words]) => <button key={name} type="button" role="radio" aria-checked={name === value} onClick={() => onChange(name)}>{words}</button>)}
    </div>
  );
}

/** A list of which one holds. */
export function Picker<Value extends string>({ label, value, options, onChange }: { label: string; value: Value; options: Options<Value>; onChange(value: Value): void }): JSX.Element {
  return <select className="rs-select" aria-label={label} value={value} onChange={(event) => { const next = options.find(([name]) => name === event.currentTarget.value); if (next !== undefined) onChange(next[0]); }}>{options.map(([name, words]) => <option key={name} value={name}>{words}</option>)}</select>;
}

/** A field with its name, its unit, and what is wrong with it. */
export function Field({ label, unit, problem, help, children }: { label: string; unit?: string; problem?: string | undefined; help?: string; children: (id: string) => ReactNode }): JSX.Element {
  const id = useId();
  return (
    <div className={problem === undefined ? 'rs-field' : 'rs-field wrong'} title={help}>
      <label htmlFor={id}>{label}{unit !== undefined && unit !== '' && <small> {unit}</small>}</label>
      {children(id)}
      {problem !== undefined && <p className="rs-problem" role="alert">{problem}</p>}
    </div>
  );
}

/** A typed number or word. */
export function Typed({ id, value, onChange, isWide = false, placeholder, label }: { id?: string; value: string; onChange(value: string): void; isWide?: boolean; placeholder?: string; label?: string }): JSX.Element {
  return <input id={id} className={isWide ? 'rs-input wide' : 'rs-input'} value={value} placeholder={placeholder} aria-label={label} spellCheck={false} autoComplete="off" inputMode="decimal" maxLength={40} onChange={(event) => onChange(event.currentTarget.value)} />;
}
