/** A simple filter by fields: what is looked at with its numbers, how it is compared, and with what. */
import type { JSX } from 'react';
import { NumberInput, Select, TagsInput, TextInput } from '@mantine/core';
import { PRICE_SOURCES } from '#app/indicators/indicator.ts';
import { formulaOf } from '#app/screener/sentence.ts';
import type { Operator, Sentence } from '#app/screener/sentence.ts';
import { printTree } from '#app/screener/tree.ts';
import type { Tree } from '#app/screener/tree.ts';
import { entryOf } from '#app/screener/vocabulary.ts';
import { checkFormula } from './checks.ts';
import { choicesOf, isAlike, literalOf, nameOf, numbersOf, sideOf, stepOf, withLiteral, withNumber } from './fields.ts';
import { FormulaField } from './formula-field.tsx';
import { exampleOf, SIDES, snippetOf } from './words.ts';

const WORDS: Readonly<Record<Operator, string>> = {
  '<': 'below', '<=': 'at most', '>': 'above', '>=': 'at least', '=': 'equal to', '!=': 'not equal to', between: 'between', 'not between': 'not between', 'crosses above': 'crosses above', 'crosses below': 'crosses below',
  in: 'is one of', 'not in': 'is none of', contains: 'contains', 'not contains': 'does not contain', 'is true': 'is true', 'is false': 'is not true',
};
/** What can be asked of a number, a text and a condition. */
const ASKED = {
  number: ['<', '<=', '>', '>=', '=', '!=', 'between', 'not between', 'crosses above', 'crosses below'], text: ['=', '!=', 'in', 'not in', 'contains', 'not contains'], boolean: ['is true', 'is false'],
} as const satisfies Record<string, readonly Operator[]>;
const NAMES = SIDES.map(({ name, title }) => ({ value: name, label: title }));
const NUMBER = 'a number';

function Numbers({ side, change, label }: { side: Tree; change: (text: string) => void; label: string }): JSX.Element {
  const { outputs, hasSource } = choicesOf(side);
  return (
    <>
      {numbersOf(side).map(({ name, title, value, min, max, isWhole }, n) => (
        <NumberInput key={name} size="xs" label={title} aria-label={`${label}: ${title}`} value={value} min={min} max={max} step={isWhole ? 1 : 0.1} allowDecimal={!isWhole} clampBehavior="blur"
          onChange={(next) => { if (typeof next === 'number' && next >= min && next <= max) change(printTree(withNumber(side, n, next))); }} />
      ))}
      {side.kind === 'indicator' && outputs.length > 0 && <Select size="xs" label="Which value" aria-label={`${label}: which value`} allowDeselect={false} data={[...outputs]} value={side.output} onChange={(output) => { if (output !== null) change(printTree({ ...side, output })); }} />}
      {side.kind === 'indicator' && hasSource && <Select size="xs" label="Made of" aria-label={`${label}: made of`} allowDeselect={false} data={[...PRICE_SOURCES]} value={side.source} onChange={(source) => { const next = PRICE_SOURCES.find((one) => one === source); if (next !== undefined) change(printTree({ ...side, source: next })); }} />}
    </>
  );
}

/** One side that is a number: a name with its numbers, a written number where it may be one, else a formula. */
function NumberSide({ text, change, label, mayBeWritten }: { text: string; change: (text: string) => void; label: string; mayBeWritten: boolean }): JSX.Element {
  const side = sideOf(text);
  if (side === null) return <FormulaField value={text} wanted="number" label={label} change={change} />;
  const literal = literalOf(side);
  return (
    <>
      <Select size="xs" className={literal === null ? 'wide' : ''} aria-label={label} searchable allowDeselect={false} maxDropdownHeight={260} data={mayBeWritten ? [{ value: NUMBER, label: NUMBER }, ...NAMES] : NAMES} value={literal === null ? nameOf(side) : NUMBER}
        onChange={(name) => { if (name !== null) change(name === NUMBER ? '100' : snippetOf(name)); }} />
      {literal !== null && <NumberInput size="xs" aria-label={`${label}, number`} value={literal.shown} step={stepOf(literal.shown)} prefix={literal.prefix} suffix={literal.suffix} thousandSeparator="," onChange={(next) => { if (typeof next === 'number' && Number.isFinite(next)) change(printTree(withLiteral(side, next))); }} />}
      <Numbers side={side} change={change} label={label} />
    </>
  );
}

function Texts({ sentence, write }: { sentence: Sentence; write: (part: Partial<Sentence>) => void }): JSX.Element {
  const { operator, left, words } = sentence;
  const known = entryOf(left)?.values ?? [];
  if (operator === 'in' || operator === 'not in') return <TagsInput size="xs" className="wide" aria-label="Texts" data={[...known]} value={[...words]} onChange={(next) => { if (next.length > 0) write({ words: next }); }} acceptValueOnBlur />;
  if (known.length > 0 && operator !== 'contains' && operator !== 'not contains') return <Select size="xs" className="wide" aria-label="Text" searchable allowDeselect={false} data={[...new Set([...known, ...words])]} value={words[0] ?? null} onChange={(word) => { if (word !== null) write({ words: [word] }); }} />;
  return <TextInput size="xs" className="wide" aria-label="Text" value={words[0] ?? ''} onChange={(event) => { const word = event.currentTarget.value; write({ words: [word === '' ? ' ' : word] }); }} />;
}

/** The same sides, asked in another way. */
function asked(sentence: Sentence, operator: Operator): Sentence {
  const isPair = operator === 'between' || operator === 'not between';
  const isCrossing = operator.startsWith('crosses');
  const wasPair = sentence.operator === 'between' || sentence.operator === 'not between';
  return { ...sentence, operator, upper: isPair ? (wasPair ? sentence.upper : sentence.right) : isCrossing && !wasPair ? sentence.upper : null };
}

/** Another thing to look at: where it counts in something else, its example says with what it is compared. */
function lookedAt(sentence: Sentence, left: string): string {
  const [one, other] = [sideOf(sentence.left), sideOf(left)];
  const right = sideOf(sentence.right);
  const name = other === null ? null : nameOf(other);
  if (one === null || other === null || name === null || right === null || literalOf(right) === null || isAlike(one, other)) return formulaOf({ ...sentence, left });
  const example = exampleOf(name);
  return checkFormula(example, 'condition').fault === null ? example : formulaOf({ ...sentence, left });
}

function Compared({ sentence, write }: { sentence: Sentence; write: (part: Partial<Sentence>) => void }): JSX.Element | null {
  const { operator, right, upper, words } = sentence;
  if (operator === 'is true' || operator === 'is false') return null;
  if (words.length > 0) return <div className="side-fields"><Texts sentence={sentence} write={write} /></div>;
  const isPair = operator === 'between' || operator === 'not between';
  return (
    <>
      <div className="side-fields"><NumberSide text={right} change={(next) => write({ right: next })} label={isPair ? 'From' : 'Compared with'} mayBeWritten /></div>
      {isPair && <div className="side-fields"><NumberSide text={upper ?? right} change={(next) => write({ upper: next })} label="To" mayBeWritten /></div>}
      {operator.startsWith('crosses') && <div className="side-fields"><NumberInput size="xs" label="Within the last so many bars" value={Number(upper ?? 1)} min={1} max={500} allowDecimal={false} onChange={(next) => { if (typeof next === 'number' && next >= 1) write({ upper: next === 1 ? null : String(next) }); }} /></div>}
    </>
  );
}

/** The fields; each change writes the formula anew. */
export function FieldsEditor({ sentence, change }: { sentence: Sentence; change: (formula: string) => void }): JSX.Element {
  const write = (part: Partial<Sentence>): void => change(formulaOf({ ...sentence, ...part }));
  const type = sentence.words.length > 0 ? 'text' : (checkFormula(sentence.left, 'value').formula?.type ?? 'number');
  return (
    <div className="fields">
      {type === 'number' ? <div className="side-fields"><NumberSide text={sentence.left} change={(left) => change(lookedAt(sentence, left))} label="What is looked at" mayBeWritten={false} /></div> : <p className="fields-left"><b>{entryOf(sentence.left)?.title ?? sentence.left}</b></p>}
      <div className="side-fields"><Select size="xs" className="wide" aria-label="How it is compared" allowDeselect={false} data={ASKED[type].map((value) => ({ value, label: WORDS[value] }))} value={sentence.operator} onChange={(next) => { const operator = ASKED[type].find((one) => one === next); if (operator !== undefined) change(formulaOf(asked(sentence, operator))); }} /></div>
      <Compared sentence={sentence} write={write} />
    </div>
  );
}
