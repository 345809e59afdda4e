/** What a decision looked at beside its rules: inputs with their ages, and the steps of the sizing. */
import type { JSX } from 'react';
import { Tooltip } from '@mantine/core';
import type { DecisionInput, DecisionRecord, SizingStep } from '#app/domain/limits.ts';
import { age, bothZones, counted } from '../../../ui/format.ts';
import { figureWithUnit } from './rules-list.tsx';

function Input({ input }: { input: DecisionInput }): JSX.Element {
  return (
    <tr>
      <td>{input.name.replaceAll('_', ' ')}</td>
      <td className="number num">{figureWithUnit(input.value, input.unit)}</td>
      <td className="muted">{input.source}</td>
      <td className="number num muted">{input.ageMs === null ? '' : <Tooltip label={input.asOf === null ? input.source : bothZones(input.asOf)} multiline style={{ whiteSpace: 'pre-line' }}><span>{age(input.ageMs)}</span></Tooltip>}</td>
    </tr>
  );
}

function Step({ step }: { step: SizingStep }): JSX.Element {
  return <li><span>{step.step.replaceAll('_', ' ')}</span><span className="muted">{step.how}</span><b className="num">{figureWithUnit(step.result, step.unit)}</b></li>;
}

/** The record, folded; a decision of an older version has none. */
export function RecordDetails({ record, isOpen = false }: { record: DecisionRecord | null; isOpen?: boolean }): JSX.Element {
  if (record === null) return <p className="muted record-note">This decision was made by a version that kept no record of its inputs.</p>;
  return (
    <details className="record" open={isOpen}>
      <summary>{counted(record.inputs.length, 'input')}{record.sizing.length > 0 && `, ${counted(record.sizing.length, 'step')} of sizing`}</summary>
      {record.inputs.length > 0 && (
        <table className="record-inputs">
          <thead><tr><th>Input</th><th className="number">Value</th><th>From</th><th className="number">Age</th></tr></thead>
          <tbody>{record.inputs.map((input) => <Input key={`${input.name}-${input.source}`} input={input} />)}</tbody>
        </table>
      )}
      {record.sizing.length > 0 && <ol className="record-sizing">{record.sizing.map((step) => <Step key={step.step} step={step} />)}</ol>}
    </details>
  );
}
