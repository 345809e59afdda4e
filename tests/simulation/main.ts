/** `npm run simulate -- [--seeds N] [--from S] [--seed N] [--planted all|name,...] [--processes N] [--record]`: exit 0 when no promise was broken (and, with --planted, every defect was found). */
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { recordProof } from '../support/proof-file.ts';
import { runCampaign } from './campaign.ts';
import { PLANTED } from './planted.ts';
import { proofPart, seedLine, summaryText } from './report.ts';
import type { SeedResult } from './run-seed.ts';

const USAGE_EXIT = 64;
/** A planted defect must show within so many seeds. */
const PLANTED_SEEDS = 200;
const TELL_EVERY = 100;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) throw new RangeError(`--${name} is "${text}": write a whole number from ${least} on`);
  return value;
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch (error) {
    return `unknown (${error instanceof Error ? error.name : 'no git'})`;
  }
}

const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, n) => from + n);

function tellBroken(result: SeedResult): void {
  say(seedLine(result));
  for (const words of result.broken) say(`  ${words}`);
  say(`  Replay it at commit ${commit()}: npm run simulate -- --seed ${result.seed}`);
}

/** One seed, its whole trace, and a second time: the same bytes. */
async function replay(seed: number): Promise<number> {
  const [first] = await runCampaign({ seeds: [seed], planted: '', processes: 1, isEchoing: true });
  const [second] = await runCampaign({ seeds: [seed], planted: '', processes: 1 });
  if (!first || !second) return 1;
  say(seedLine(first));
  if (first.hash !== second.hash) {
    say(`The second run had the hash ${second.hash}: something in it is not determined by the seed`);
    return 1;
  }
  say(`The second run had the same hash ${second.hash}`);
  if (first.broken.length > 0) tellBroken(first);
  return first.broken.length === 0 ? 0 : 1;
}

async function hunt(names: readonly string[], processes: number): Promise<number> {
  const missed: string[] = [];
  const waiting = [...names];
  const search = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const results = await runCampaign({ seeds: range(1, PLANTED_SEEDS), planted: name, processes: 1, onResult: (result) => result.broken.length > 0 });
      const found = results.find((result) => result.broken.length > 0);
      if (found) say(`${name}: found by seed ${found.seed}: ${found.broken[0] ?? ''}`.slice(0, 220));
      else missed.push(name);
    }
  };
  await Promise.all(Array.from({ length: processes }, search));
  for (const name of missed) say(`${name}: NOT found within ${PLANTED_SEEDS} seeds`);
  say(`${names.length - missed.length} of ${names.length} planted defects found`);
  return missed.length === 0 ? 0 : 1;
}

async function campaign(from: number, seeds: number, options: { processes: number; isRecorded: boolean }): Promise<number> {
  const began = performance.now();
  let done = 0;
  const results = await runCampaign({
    seeds: range(from, seeds), planted: '', processes: options.processes,
    onResult(result) {
      done += 1;
      if (result.broken.length > 0) tellBroken(result);
      if (done % TELL_EVERY === 0) say(`${done} of ${seeds} seeds, ${((done * 1000) / (performance.now() - began)).toFixed(1)} a second`);
      return false;
    },
  });
  const seconds = (performance.now() - began) / 1000;
  say(summaryText(results, seconds));
  say(`Commit ${commit()}`);
  if (options.isRecorded) recordProof([proofPart(results, seconds)]);
  return results.every((result) => result.broken.length === 0) ? 0 : 1;
}

async function main(): Promise<number> {
  try {
    const { values } = parseArgs({
      options: {
        seeds: { type: 'string', default: '200' }, from: { type: 'string', default: '1' }, seed: { type: 'string' }, planted: { type: 'string' }, processes: { type: 'string', default: '2' }, record: { type: 'boolean', default: false },
      },
    });
    const processes = wholeNumber('processes', values.processes, 1);
    if (values.seed !== undefined) return await replay(wholeNumber('seed', values.seed, 0));
    if (values.planted !== undefined) {
      const names = values.planted === 'all' ? PLANTED.map((one) => one.name) : values.planted.split(',');
      const unknown = names.find((name) => PLANTED.every((one) => one.name !== name));
      if (unknown !== undefined) throw new RangeError(`--planted names "${unknown}". Defects: all, ${PLANTED.map((one) => one.name).join(', ')}`);
      return await hunt(names, processes);
    }
    return await campaign(wholeNumber('from', values.from, 0), wholeNumber('seeds', values.seeds, 1), { processes, isRecorded: values.record });
  } catch (error) {
    if (!(error instanceof RangeError || (error instanceof TypeError && 'code' in error))) throw error;
    process.stderr.write(`${error.message}\n`);
    return USAGE_EXIT;
  }
}

process.exitCode = await main();
