/** The table at the end of a proof run: what was broken, what was measured against which target, what is wrong. */
import { isMet, isSound } from './experiment.ts';
import type { Experiment, Measure, Outcome } from './experiment.ts';

const SHOWN = 20;

/** An experiment that ran. `failure`: it could not be carried through. */
export type Row = { readonly experiment: Experiment; readonly seconds: number; readonly outcome: Outcome | null; readonly failure: string | null };

/** True when the row proves what its target says. */
export function isProven({ outcome }: Row): boolean {
  return outcome !== null && isSound(outcome) && outcome.measures.every(isMet);
}

function figure({ what, unit, value, most }: Measure): string {
  const text = value === null ? 'nothing measured' : `${value} ${unit}`;
  return `${what}: ${text} (at most ${most} ${unit})`;
}

function linesOf(row: Row): string[] {
  const { experiment, seconds, outcome, failure } = row;
  const verdict = isProven(row) ? 'ok    ' : outcome !== null && isSound(outcome) ? 'MISSED' : 'BROKEN';
  const head = `${verdict} ${experiment.id.padEnd(12)} ${experiment.what}; wanted: ${experiment.target}`;
  if (outcome === null) return [head, `         could not be carried through after ${seconds} s: ${failure ?? ''}`];
  const counts = `${outcome.faults} faults in ${outcome.runs} runs, ${outcome.orders} orders, ${outcome.fills} fills: ${outcome.lost.length} lost, ${outcome.doubled.length} doubled, ${outcome.broken.length} broken (${seconds} s)`;
  const wrong = [...outcome.lost.map((line) => `lost     ${line}`), ...outcome.doubled.map((line) => `doubled  ${line}`), ...outcome.broken.map((line) => `broken   ${line}`)];
  return [head, ...[counts, ...outcome.measures.map((measure) => `${isMet(measure) ? '' : 'MISSED '}${figure(measure)}`), ...(outcome.notes ?? []), ...wrong.slice(0, SHOWN)].map((line) => `         ${line}`)];
}

/** The table for people. */
export function tableText(rows: readonly Row[]): string {
  const proven = rows.filter(isProven).length;
  return [...rows.flatMap(linesOf), '', `${proven} of ${rows.length} experiments proven`].join('\n');
}
