/** Experiments at the broker's wire: partitions at each step of an order's life, half-open sockets, updates twice and in the wrong order, refused keys. */
import { seeded } from '../support/recorded-bars.ts';
import { until } from '../support/servers.ts';
import { openDesk, type Desk } from './desk.ts';
import { timesWithin } from './experiment.ts';
import type { Experiment, Outcome, RunOptions } from './experiment.ts';
import type { WireState } from './proxy.ts';

/** Where in an order's life the wire breaks, and how. */
const STEPS = ['before the submit', 'the submit is lost', 'the answer to the submit is lost', 'the cancel is lost', 'the answer to the cancel is lost', 'while it is filled'] as const;
type Step = (typeof STEPS)[number];
/** How long it stays broken, in seconds: every step with each but the last, which stands for a long night and is made once. */
const LENGTHS_S = [1, 3, 10, 30, 60] as const;
const LONG_NIGHT_S = 1_800;
const KEYS_AWAY_MS = 3_000;
const UPDATE_FAULTS = ['duplicate', 'drop', 'reorder'] as const;

type Partition = { readonly step: Step; readonly seconds: number };
const PARTITIONS: readonly Partition[] = [...LENGTHS_S.flatMap((seconds) => STEPS.map((step) => ({ step, seconds }))), { step: 'the answer to the submit is lost', seconds: LONG_NIGHT_S }];
const BROKEN_BY: Readonly<Record<Step, WireState>> = {
  'before the submit': 'cut', 'the submit is lost': 'lose_requests', 'the answer to the submit is lost': 'lose_replies', 'the cancel is lost': 'lose_requests', 'the answer to the cancel is lost': 'lose_replies', 'while it is filled': 'cut',
};

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs `act` at a desk and judges it at the end. */
async function atDesk<T>(act: (desk: Desk) => Promise<T>): Promise<{ readonly result: T; readonly verdict: Awaited<ReturnType<Desk['verdict']>> }> {
  const desk = await openDesk();
  try {
    const result = await act(desk);
    await desk.settled();
    return { result, verdict: await desk.verdict() };
  } finally {
    await desk.close();
  }
}

type Healed = { readonly resolvedMs: number; readonly early: string[] };

/** One partition: an order meets it, another one is approved while it lasts, and both must come to their end after it. */
async function partitionOnce(desk: Desk, { step, seconds }: Partition): Promise<Healed> {
  const { stack, wire } = desk;
  const isCancel = step.includes('cancel');
  const early: string[] = [];
  const first = step === 'before the submit' || step.includes('submit') ? null : await desk.order(isCancel ? 'resting' : 'market');
  if (first !== null) await stack.reaches(first, 'accepted');
  wire.turn(BROKEN_BY[step]);
  const began = performance.now();
  const met = first ?? (await desk.order('market'));
  if (isCancel) await stack.requestCancel(met);
  if (step === 'while it is filled') await stack.sim('step', { count: 1 });
  if (step !== 'before the submit') await until(async () => (await desk.isWaiting()) || isCancel, 'execution to notice', 30_000);
  // The new order must wait: nobody knows what the broker has.
  const later = isCancel ? null : await desk.order('market');
  await wait(Math.max(0, seconds * 1_000 - (performance.now() - began)));
  if (later !== null && (await stack.atBroker(later)).length > 0) early.push(`${later} went out while the wire was broken (${step})`);
  wire.turn('open');
  const back = performance.now();
  await until(async () => {
    const order = await stack.order(met);
    return isCancel ? order?.status === 'canceled' : order !== null && order.unknown_since === null && order.broker_order_id !== null;
  }, `${met} to be known after ${seconds} s (${step})`, 120_000);
  const resolvedMs = performance.now() - back;
  for (const id of isCancel ? [] : [met, later]) if (id !== null) await desk.filled(id);
  return { resolvedMs, early };
}

/** The broker cannot be reached for a while. */
export const partition: Experiment = {
  id: 'partition', what: 'the broker cannot be reached for 1 s to 30 min, at each step of submit, cancel and fill', target: '0 doubled; UNKNOWN resolved <= 30 s after the return; new orders wait', full: PARTITIONS.length,
  async run({ count, tell }: RunOptions): Promise<Outcome> {
    const wanted = PARTITIONS.slice(0, count);
    const { result, verdict } = await atDesk(async (desk) => {
      const healed: Healed[] = [];
      for (const one of wanted) {
        const outcome = await partitionOnce(desk, one);
        tell(`${one.step}, ${one.seconds} s: known ${Math.round(outcome.resolvedMs)} ms after the return`);
        healed.push(outcome);
        await desk.settled();
      }
      return healed;
    });
    return {
      ...verdict, runs: 1, faults: result.length, broken: [...verdict.broken, ...result.flatMap(({ early }) => early)],
      measures: [timesWithin('known after the return', result.map(({ resolvedMs }) => resolvedMs), 1, 30_000)],
      notes: [`lengths of ${[...new Set(wanted.map(({ seconds }) => seconds))].join(', ')} s`],
    };
  },
};

/** Sockets that stay open and say nothing. */
export const halfOpen: Experiment = {
  id: 'half-open', what: 'connections stay open and nothing arrives; an order is filled meanwhile', target: 'noticed <= 20 s, gap repaired <= 60 s after that', full: 10,
  async run({ count, tell }) {
    const { result, verdict } = await atDesk(async (desk) => {
      const times: { noticed: number; repaired: number }[] = [];
      for (let n = 0; n < count; n += 1) {
        const id = await desk.order('market');
        await desk.stack.reaches(id, 'accepted');
        desk.wire.turn('silent');
        const began = performance.now();
        await desk.stack.sim('step', { count: 1 });
        await until(() => desk.isWaiting(), 'execution to notice the silence', 60_000);
        const noticed = performance.now() - began;
        desk.wire.turn('open');
        await desk.stack.reaches(id, 'filled', 120_000);
        times.push({ noticed, repaired: performance.now() - began - noticed });
        tell(`noticed after ${Math.round(noticed)} ms, fill booked ${Math.round(performance.now() - began - noticed)} ms after the wire was whole`);
        await desk.settled();
      }
      return times;
    });
    return { ...verdict, runs: 1, faults: result.length, measures: [timesWithin('noticed', result.map(({ noticed }) => noticed), 1, 20_000), timesWithin('gap repaired', result.map(({ repaired }) => repaired), 1, 60_000)] };
  },
};

/** Updates that come twice, not at all, or in the wrong order. */
export const wrongUpdates: Experiment = {
  id: 'updates', what: 'updates of orders come twice, not at all or in the wrong order', target: 'the same ledger: 0 lost, 0 doubled', full: 100,
  async run({ count, seed }) {
    const random = seeded(seed);
    const { verdict } = await atDesk(async (desk) => {
      for (let n = 0; n < count; n += 1) {
        const fault = UPDATE_FAULTS[Math.floor(random() * UPDATE_FAULTS.length)] ?? 'drop';
        await desk.stack.sim('faults', { kind: 'updates', fault, count: 1 + Math.floor(random() * 4) });
        const id = await desk.order('market');
        await desk.filled(id);
      }
      await desk.stack.sim('faults', { kind: 'clear' });
    });
    return { ...verdict, runs: 1, faults: count, measures: [] };
  },
};

/** The keys are refused for a while. */
export const keyLoss: Experiment = {
  id: 'keys', what: 'the broker refuses the keys for a while, an order is approved meanwhile', target: 'nothing is sent meanwhile; trading again <= 90 s after the keys are taken again', full: 10,
  async run({ count, tell }) {
    const { result, verdict } = await atDesk(async (desk) => {
      const times: number[] = [];
      const early: string[] = [];
      for (let n = 0; n < count; n += 1) {
        desk.wire.turn('refuse_keys');
        await until(() => desk.isWaiting(), 'execution to notice that its keys are refused', 60_000);
        const id = await desk.order('market');
        await wait(KEYS_AWAY_MS);
        if ((await desk.stack.atBroker(id)).length > 0) early.push(`${id} went out with refused keys`);
        desk.wire.turn('open');
        const back = performance.now();
        await desk.filled(id);
        times.push(performance.now() - back);
        tell(`trading again ${Math.round(times.at(-1) ?? 0)} ms after the keys were taken again`);
        await desk.settled();
      }
      return { times, early };
    });
    return { ...verdict, broken: [...verdict.broken, ...result.early], runs: 1, faults: count, measures: [timesWithin('trading again', result.times, 1, 90_000)] };
  },
};
