/** `npm run differential [-- --runs 20000] [--seed N]`: random orders through the column engine and the exact venue; exit 0 when both said the same of all. The seed repeats a run. */
import { parseArgs } from 'node:util';
import * as fc from 'fast-check';
import { bothSayTheSame, noCentIsMade, type Seen } from '../support/venue-differential.ts';

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) throw new RangeError(`--${name} is "${text}": write a whole number from ${least} on`);
  return value;
}

const { values } = parseArgs({ options: { runs: { type: 'string', default: '20000' }, seed: { type: 'string', default: '1' } } });
const [numRuns, seed] = [wholeNumber('runs', values.runs, 1), wholeNumber('seed', values.seed, 0)];
const seen: Seen = { fills: 0, refused: 0, exits: 0 };

/** One property; what fails is shrunk to the least that fails, and told. */
function holds(name: string, failed: () => string | null): boolean {
  const began = performance.now();
  const why = failed();
  process.stdout.write(`${why === null ? 'ok    ' : 'WRONG '} ${name}: ${numRuns} runs of seed ${seed} in ${((performance.now() - began) / 1_000).toFixed(1)} s\n${why === null ? '' : `${why}\n`}`);
  return why === null;
}

function failureOf<Ts>(property: fc.IProperty<Ts>): string | null {
  const details = fc.check(property, { numRuns, seed });
  return details.failed ? fc.defaultReportMessage(details) ?? 'It failed without a word' : null;
}

const results = [holds('the engine and the venue say the same', () => failureOf(bothSayTheSame(seen))), holds('no cent is lost or made', () => failureOf(noCentIsMade()))];
process.stdout.write(`${seen.fills} fills, ${seen.exits} of them stop-losses, ${seen.refused} refusals compared\n`);
process.exitCode = results.every(Boolean) ? 0 : 1;
