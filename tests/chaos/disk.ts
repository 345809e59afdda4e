/** Experiment: the disk fills up while it trades, in three steps, and is emptied again. Bars wait first, then trading is halted, and the book is never hurt. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { HALT_BELOW_BYTES, PAUSE_BELOW_BYTES } from '#app/domain/disk.ts';
import { checkDataFolder } from '#main/invariants/report.ts';
import { ownPorts } from '../support/fake-stack.ts';
import { until } from '../support/servers.ts';
import { startStack } from '../support/stack.ts';
import type { TestStack } from '../support/stack.ts';
import { makeDisk, noDisksBecause, unmountAll, type Disk } from './disks.ts';
import { surplus, timesWithin } from './experiment.ts';
import type { Experiment, RunOptions } from './experiment.ts';

const DISK_MB = 2_600;
const MB = 1_048_576;
/** The disk fills up in the midst of work. */
const ORDERS_FIRST = 5;
const QUIET_MS = 3_000;
const FULL_MS = 4_000;
const BACK_MS = 420_000;

/** Fills the disk until `left` bytes are free: the book's files lie beside. 0 fills the last block too. */
function fillTo(disk: Disk, left: number): void {
  const { bavail, bsize } = statfsSync(disk.folder);
  const size = bavail * bsize - left;
  const file = path.join(disk.folder, `filler-${left}`);
  if (left > 0) return void execFileSync('fallocate', ['-l', String(Math.max(size, MB)), file]);
  try {
    for (;;) writeFileSync(file, Buffer.alloc(64 * 1_024), { flag: 'a' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

function empty(disk: Disk): void {
  for (const left of [PAUSE_BELOW_BYTES - 100 * MB, HALT_BELOW_BYTES - 50 * MB, 0]) rmSync(path.join(disk.folder, `filler-${left}`), { force: true });
}

const countBars = (stack: TestStack): Promise<number> => stack.read(async (query) => (await query<{ n: number }>('SELECT count(*) AS n FROM data_ingestion.market_data'))[0]?.n ?? 0);
const countOrders = (stack: TestStack): Promise<number> => stack.read(async (query) => (await query<{ n: number }>('SELECT count(*) AS n FROM execution.orders'))[0]?.n ?? 0);
const tradingState = (stack: TestStack): Promise<string> => stack.read(async (query) => (await query<{ state: string }>('SELECT state FROM risk_management.trading_state ORDER BY version DESC LIMIT 1'))[0]?.state ?? '');

/** The halt is in the book soon after there is room: until then it holds in memory. */
async function tradingStateAtLast(stack: TestStack): Promise<string> {
  let last = '';
  await until(async () => (last = await tradingState(stack)) === 'HALTED' || stack.replayEnd() !== null || !stack.isRunning(), 'the halt to be in the book', 30_000);
  return last;
}

type Filled = { readonly pausedMs: number | null; readonly haltedMs: number | null; readonly backMs: number; readonly lost: string[]; readonly doubled: string[]; readonly broken: string[]; readonly orders: number; readonly fills: number };

async function timed(what: string, check: () => Promise<boolean>, limitMs = 60_000): Promise<number> {
  const began = performance.now();
  await until(check, what, limitMs);
  return performance.now() - began;
}

type Filling = { readonly pausedMs: number | null; readonly haltedMs: number | null; readonly broken: string[] };

/** Step by step, each one after the last was answered. */
async function fillInSteps(disk: Disk, stack: TestStack, { bars, steps }: { readonly bars: number; readonly steps: number }): Promise<Filling> {
  const broken: string[] = [];
  fillTo(disk, PAUSE_BELOW_BYTES - 100 * MB);
  const pausedMs = await timed('market data to wait for room', async () => (await stack.unit('data_ingestion')).reasons.some((reason) => reason.includes('not stored')));
  const before = await countBars(stack);
  await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  if ((await countBars(stack)) > before + bars / steps) broken.push('bars were stored while there was no room for them');
  fillTo(disk, HALT_BELOW_BYTES - 50 * MB);
  const haltedMs = await timed('trading to be halted', async () => (await tradingState(stack)) === 'HALTED');
  fillTo(disk, 0);
  await new Promise((resolve) => setTimeout(resolve, FULL_MS));
  return { pausedMs, haltedMs, broken };
}

/** To the last byte in one moment, while everything writes. Who cannot write cannot be asked: what came of it is seen afterwards. */
async function fillAtOnce(disk: Disk): Promise<Filling> {
  fillTo(disk, 0);
  await new Promise((resolve) => setTimeout(resolve, FULL_MS));
  return { pausedMs: null, haltedMs: null, broken: [] };
}

async function fillOnce({ tape, speed, entry, tell }: RunOptions, isSudden: boolean): Promise<Filled> {
  const reference = await tape.reference();
  const disk = makeDisk(DISK_MB);
  const dataDir = path.join(disk.folder, 'data');
  mkdirSync(dataDir);
  writeFileSync(path.join(dataDir, '.env'), Object.entries(await ownPorts()).map(([key, value]) => `${key}=${value}\n`).join(''));
  const stack = startStack({ dataDir, replay: tape.folder, speed, ...(entry === undefined ? {} : { entry }) });
  await stack.announced();
  await until(async () => (await countOrders(stack)) >= ORDERS_FIRST, 'the first orders', 300_000);
  const { pausedMs, haltedMs, broken } = isSudden ? await fillAtOnce(disk) : await fillInSteps(disk, stack, reference.end);
  tell(isSudden ? 'filled to the last byte at once' : `bars waited after ${Math.round(pausedMs ?? 0)} ms, trading was halted after ${Math.round(haltedMs ?? 0)} ms`);
  empty(disk);
  const backMs = await timed('all to be well after the disk was emptied', async () => stack.replayEnd() !== null || !stack.isRunning() || (await stack.health())?.healthy === true, BACK_MS);
  tell(`all well ${Math.round(backMs)} ms after the disk was emptied`);
  if ((await tradingStateAtLast(stack)) !== 'HALTED') broken.push('trading was not halted');
  const end = await stack.finished();
  const report = await checkDataFolder(dataDir, true);
  broken.push(...end.broken, ...report.results.flatMap(({ violations }) => violations.map(({ id, subject, detail }) => `${id} ${subject}: ${detail}`)));
  // Halted, the rest of the tape is not traded: what was ordered before must be there, and nothing but what the reference ordered.
  const ids = (lines: readonly string[]): string[] => lines.map((line) => line.split(' ')[0] ?? '');
  return { pausedMs, haltedMs, backMs, lost: [], doubled: surplus(ids(reference.orders), ids(report.orders)), broken: [...new Set(broken)], orders: report.orders.length, fills: end.fills };
}

const numbers = (values: readonly (number | null)[]): number[] => values.filter((value) => value !== null);

/** The disk fills up. */
export const diskFull: Experiment = {
  id: 'disk', what: 'the disk fills up under load: below 1 GB, below 200 MB, to the last byte, or at once; then it is emptied', target: 'bars wait first, then trading is halted (<= 10 s each), the book stays whole, all well <= 6 min after there is room', full: 5,
  async run(options) {
    const why = noDisksBecause();
    if (why !== null) throw new Error(`A small disk is needed, and ${why}. Run this experiment as root on Linux.`);
    const results: Filled[] = [];
    try {
      for (let n = 0; n < options.count; n += 1) {
        results.push(await fillOnce(options, n % 2 === 1));
        unmountAll();
      }
    } finally {
      unmountAll();
    }
    return {
      runs: results.length, faults: results.length * 3, orders: results.reduce((sum, { orders }) => sum + orders, 0), fills: results.reduce((sum, { fills }) => sum + fills, 0),
      lost: results.flatMap(({ lost }) => lost), doubled: results.flatMap(({ doubled }) => doubled), broken: results.flatMap(({ broken }) => broken),
      measures: [
        timesWithin('bars wait', numbers(results.map(({ pausedMs }) => pausedMs)), 1, 10_000), timesWithin('trading halted', numbers(results.map(({ haltedMs }) => haltedMs)), 1, 10_000),
        timesWithin('all well after there is room', results.map(({ backMs }) => backMs), 1, 360_000),
      ],
      notes: ['trading stays halted until a person resumes it: the rest of the tape is not traded'],
    };
  },
};
