/** `npm run fuzz [-- --cases 1000000] [--only http,bus,...] [--seed N] [--record]`: every parser against inputs that hurt; exit 0 when each ended as a value or a typed error, in time. */
import { parseArgs } from 'node:util';
import { recordProof } from '../support/proof-file.ts';
import { fuzzFamily, type FuzzResult } from './run.ts';
import { FAMILIES, type Family } from './target.ts';

const USAGE_EXIT = 64;
/** A server answers some thousand times a second, a parser a hundred thousand times. */
const SERVER_SHARE = 0.4;
const SERVERS: ReadonlySet<Family> = new Set(['http', 'simulator']);

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) throw new RangeError(`--${name} is "${text}": write a whole number from ${least} on`);
  return value;
}

/** How many cases each family gets of all: servers are slow, and get a smaller part. */
function sharesOf(families: readonly Family[], cases: number): ReadonlyMap<Family, number> {
  const weight = (family: Family): number => (SERVERS.has(family) ? SERVER_SHARE : 1);
  const sum = families.reduce((total, family) => total + weight(family), 0);
  return new Map(families.map((family) => [family, Math.max(1, Math.ceil((cases * weight(family)) / sum))]));
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { cases: { type: 'string', default: '1000000' }, only: { type: 'string' }, seed: { type: 'string', default: '1' }, record: { type: 'boolean', default: false } } });
  const wanted = values.only?.split(',');
  const unknown = wanted?.find((name) => FAMILIES.every((family) => family !== name));
  if (unknown !== undefined) throw new RangeError(`--only names "${unknown}". Families: ${FAMILIES.join(', ')}`);
  const families = FAMILIES.filter((family) => wanted?.includes(family) ?? true);
  const shares = sharesOf(families, wholeNumber('cases', values.cases, 1));
  const seed = wholeNumber('seed', values.seed, 0);
  const began = performance.now();
  const results: FuzzResult[] = [];
  for (const family of families) {
    const at = performance.now();
    const result = await fuzzFamily(family, shares.get(family) ?? 1, seed);
    process.stdout.write(`${result.wrong.length === 0 ? 'ok    ' : 'WRONG '} ${family.padEnd(10)} ${String(result.cases).padStart(8)} cases in ${((performance.now() - at) / 1_000).toFixed(1)} s, the slowest took ${result.slowestMs} ms of the processor\n`);
    for (const line of result.wrong) process.stdout.write(`         ${line}\n`);
    results.push(result);
  }
  const cases = results.reduce((sum, result) => sum + result.cases, 0);
  const wrong = results.reduce((sum, result) => sum + result.wrong.length, 0);
  process.stdout.write(`${cases} cases, seed ${seed}: ${wrong} wrong\n`);
  if (values.record) recordProof([{ name: 'fuzz', what: `every parser against inputs that hurt: ${families.join(', ')}`, runs: cases, faults: 0, orders: 0, fills: 0, doubled: 0, lost: wrong, seconds: Math.round((performance.now() - began) / 1_000) }]);
  return wrong === 0 ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error instanceof RangeError ? error.message : (error.stack ?? error.message)) : String(error)}\n`);
    process.exit(error instanceof RangeError ? USAGE_EXIT : 1);
  },
);
