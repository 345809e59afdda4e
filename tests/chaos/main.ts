/** `npm run chaos [-- --list] [--only a,b] [--scale 0.1] [--seed N] [--replay DIR] [--speed N] [--dist] [--record]`, or `npm run chaos -- flows [--kills N] [--seed S]`: exit 0 when every target is met and nothing was lost, doubled or broken. */
import { cpus, loadavg } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { recordProof } from '../support/proof-file.ts';
import { cleanUp } from '../support/stack.ts';
import { EXPERIMENTS } from './experiments.ts';
import type { Experiment, RunOptions } from './experiment.ts';
import { flowCampaignText, runFlowCampaign } from './flows.ts';
import { isProven, tableText, type Row } from './table.ts';
import { openTape, recordTape } from './tape.ts';

const USAGE_EXIT = 64;
/** However small the scale: once is the least that says anything. */
const LEAST = 1;

type Wish = { readonly experiments: readonly Experiment[]; readonly scale: number; readonly isRecorded: boolean; readonly options: Omit<RunOptions, 'count'> };

function numberOf(name: string, text: string, least: number, isWhole = true): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < least || (isWhole && !Number.isInteger(value))) throw new RangeError(`--${name} is "${text}": write a ${isWhole ? 'whole ' : ''}number from ${least} on`);
  return value;
}

function readWish(): Wish | null {
  const { values } = parseArgs({
    options: {
      list: { type: 'boolean', default: false }, only: { type: 'string' }, scale: { type: 'string', default: '1' }, seed: { type: 'string', default: '1' }, replay: { type: 'string' },
      speed: { type: 'string', default: '1000' }, dist: { type: 'boolean', default: false }, record: { type: 'boolean', default: false },
    },
  });
  if (values.list) return null;
  const wanted = values.only?.split(',');
  const unknown = wanted?.find((id) => EXPERIMENTS.every((experiment) => experiment.id !== id));
  if (unknown !== undefined) throw new RangeError(`--only names "${unknown}". Experiments: ${EXPERIMENTS.map(({ id }) => id).join(', ')}`);
  const how = { ...(values.dist ? { entry: 'dist/main/headless.mjs' } : {}), tell: (line: string) => void process.stdout.write(`${line}\n`) };
  return {
    experiments: EXPERIMENTS.filter(({ id }) => wanted?.includes(id) ?? true), scale: numberOf('scale', values.scale, 0.001, false), isRecorded: values.record,
    options: {
      ...how, seed: numberOf('seed', values.seed, 0), speed: numberOf('speed', values.speed, 1),
      tape: values.replay === undefined ? recordTape(how) : openTape(path.resolve(process.env['INIT_CWD'] ?? process.cwd(), values.replay), how),
    },
  };
}

/** The campaign against flows has a stand of its own. */
async function killFlows(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { kills: { type: 'string', default: '100' }, seed: { type: 'string', default: '1' } } });
  const result = await runFlowCampaign({ kills: numberOf('kills', values.kills, 1), seed: numberOf('seed', values.seed, 0), tell: (line) => process.stdout.write(`${line}\n`) });
  process.stdout.write(`\n${flowCampaignText(result)}\n`);
  return result.wrong.length === 0 ? 0 : 1;
}

async function runOne(experiment: Experiment, { scale, options }: Wish): Promise<Row> {
  const count = Math.max(LEAST, Math.round(experiment.full * scale));
  const began = performance.now();
  options.tell(`\n--- ${experiment.id}: ${experiment.what}, ${count} of ${experiment.full}`);
  const secondsSince = (): number => Math.round((performance.now() - began) / 1_000);
  try {
    const outcome = await experiment.run({ ...options, count });
    return { experiment, outcome, failure: null, seconds: secondsSince() };
  } catch (error) {
    // An experiment that cannot be carried through is a finding; the others are still wanted.
    return { experiment, outcome: null, failure: error instanceof Error ? (error.stack ?? error.message) : String(error), seconds: secondsSince() };
  } finally {
    await cleanUp({ isKeepingFolders: true });
  }
}

/** What goes into the record of proofs: all that ran, whatever came of it. */
function record(rows: readonly Row[]): void {
  recordProof(rows.flatMap(({ experiment, outcome, seconds }) => (outcome === null ? [] : [{
    name: `chaos ${experiment.id}`, what: experiment.what, runs: outcome.runs, faults: outcome.faults, orders: outcome.orders, fills: outcome.fills, doubled: outcome.doubled.length, lost: outcome.lost.length + outcome.broken.length, seconds,
  }])));
}

async function main(): Promise<number> {
  const [word, ...args] = process.argv.slice(2);
  if (word === 'flows') return killFlows(args);
  let wish: Wish | null;
  try {
    wish = readWish();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return USAGE_EXIT;
  }
  if (wish === null) {
    process.stdout.write(`${EXPERIMENTS.map(({ id, full, what, target }) => `${id.padEnd(12)} ${String(full).padStart(4)} times  ${what}; wanted: ${target}`).join('\n')}\n`);
    return 0;
  }
  const load = (): string => `load ${loadavg()[0]?.toFixed(1) ?? '?'}`;
  const machine = `${cpus().length} cores, seed ${wish.options.seed}, scale ${wish.scale}, ${load()}`;
  process.stdout.write(`${machine}\n`);
  const rows: Row[] = [];
  for (const experiment of wish.experiments) rows.push(await runOne(experiment, wish));
  process.stdout.write(`\n${tableText(rows)}\n${machine} at the beginning, ${load()} at the end\n`);
  if (wish.isRecorded) record(rows);
  return rows.every(isProven) ? 0 : 1;
}

process.once('SIGINT', () => {
  void cleanUp({ isKeepingFolders: true }).finally(() => process.exit(130));
});

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
