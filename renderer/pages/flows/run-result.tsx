/** What a run gave: key figures as tiles, like rows as a table, the rest as JSON. */
import type { JSX, ReactNode } from 'react';
import { CopyButton, UnstyledButton } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { closeSheet } from '../../frame/panels.ts';
import { bytes, count, money, percent } from '../../ui/format.ts';
import { hasShell } from '../../shell/bridge.ts';
import { Moment } from './flow-cells.tsx';
import { figureOf, shapeResult } from './result-shape.ts';
import type { Figure, ResultPart } from './result-shape.ts';
import { duration } from './run-words.ts';
import { backtestOf, outputLinks } from './result-links.ts';

/** Digits enough to tell a figure from its neighbours. */
const DIGITS = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 5 });
const WORD_MAX = 22;
const ROWS_MAX = 100;

/** A figure's value as people read it. */
function Value({ figure: { kind, value, unit } }: { figure: Figure }): ReactNode {
  if (value === null || value === undefined) return <span className="muted">–</span>;
  switch (kind) {
    case 'duration': return duration(Number(value));
    case 'bytes': return bytes(Number(value));
    case 'fraction': return percent(Number(value), { signed: false });
    case 'percent': return percent(Number(value) / 100, { signed: false });
    case 'money': return <>{money(value as string | number)}{unit !== null && <small> {unit}</small>}</>;
    case 'time': return <Moment at={Number(value)} />;
    case 'count': return count(Number(value));
    case 'number': return DIGITS.format(Number(value)).replace('-', '−');
    case 'decimal': return money(value as string, { decimals: Math.min(4, (String(value as string).split('.')[1] ?? '').length) });
    case 'yes_no': return value === true ? 'yes' : 'no';
    case 'text': return typeof value === 'string' ? value : JSON.stringify(value);
  }
}

/** Figures side by side; long words take a line of their own. */
function Figures({ figures }: { figures: readonly Figure[] }): JSX.Element {
  const isLong = (figure: Figure): boolean => figure.kind === 'text' && String(figure.value as string).length > WORD_MAX;
  return <dl className="figures">{figures.map((figure) => <div key={figure.label} className={isLong(figure) ? 'figure long' : 'figure'}><dt>{figure.label}</dt><dd className="num"><Value figure={figure} /></dd></div>)}</dl>;
}

function Table({ part }: { part: ResultPart & { kind: 'table' } }): JSX.Element {
  return (
    <div className="table-scroll result-table">
      <table className="data-table" aria-label={part.title}>
        <thead><tr>{part.columns.map((column) => <th key={column.key} className={column.isNumber ? 'number' : ''}>{column.label}</th>)}</tr></thead>
        <tbody>{part.rows.slice(0, ROWS_MAX).map((row, n) => <tr key={n}>{part.columns.map((column) => <td key={column.key} className={column.isNumber ? 'number' : ''}><span className="num"><Value figure={figureOf(column.key, row[column.key] ?? null)} /></span></td>)}</tr>)}</tbody>
      </table>
      {part.rows.length > ROWS_MAX && <p className="table-note muted">The first {ROWS_MAX} of {count(part.rows.length)} rows; the JSON has all.</p>}
    </div>
  );
}

function PartBody({ part }: { part: ResultPart }): JSX.Element {
  switch (part.kind) {
    case 'figures': return <Figures figures={part.figures} />;
    case 'table': return <Table part={part} />;
    case 'words': return <ul className="result-words">{part.words.slice(0, ROWS_MAX).map((word, n) => <li key={n}>{word}</li>)}{part.words.length > ROWS_MAX && <li className="muted">and {count(part.words.length - ROWS_MAX)} more</li>}</ul>;
    case 'json': return <pre className="exit-lines" tabIndex={0}>{JSON.stringify(part.value, null, 2)}</pre>;
  }
}

/** Everything of a value, part by part. */
export function ResultParts({ value }: { value: unknown }): ReactNode {
  return shapeResult(value).map((part, n) => <div key={n} className="result-part">{'title' in part && part.title !== null && <h4>{part.title}</h4>}<PartBody part={part} /></div>);
}

/** The result. Its links need the browser's cookie, which the application's window does not have. */
export function ResultChapter({ output }: { output: unknown }): JSX.Element | null {
  if (shapeResult(output).length === 0) return null;
  const backtestId = backtestOf(output);
  return (
    <section className="chapter run-result">
      <header><h3>Result</h3><CopyButton value={JSON.stringify(output, null, 2)}>{({ copied, copy }) => <UnstyledButton className="link muted" onClick={copy}>{copied ? 'Copied' : 'Copy as JSON'}</UnstyledButton>}</CopyButton></header>
      {backtestId !== null && <Link className="result-link" to="/author" search={{ run: backtestId, pane: 'run' }} onClick={closeSheet}>Open the back-test</Link>}
      {!hasShell && outputLinks(output).map(({ href, label }) => <a key={href} className="result-link" href={href} target="_blank" rel="noreferrer">{label}</a>)}
      <ResultParts value={output} />
    </section>
  );
}
