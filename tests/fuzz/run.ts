/** Runs cases against families of parsers: no crash, no hang, always a value or a typed error. */
import { busFamily, configFamily, flowFamily, ipcFamily, replayFamily, streamFamily, wireFamily } from './parsers.ts';
import { formulaFamily } from './formulas.ts';
import { importFamily } from './imports.ts';
import { randomOf } from './inputs.ts';
import { httpFamily, simulatorFamily } from './servers.ts';
import type { Family, OpenFamily, Target } from './target.ts';

/** Of the processor's time in this thread, in microseconds: the machine may be busy with other things. */
const LONGEST_US = 100_000;
const KEPT = 20;
const OPEN: Readonly<Record<Family, () => OpenFamily | Promise<OpenFamily>>> = {
  http: httpFamily, bus: busFamily, wire: wireFamily, config: configFamily, ipc: ipcFamily, simulator: simulatorFamily, streams: streamFamily, flows: flowFamily, replay: replayFamily, formulas: formulaFamily, imports: importFamily,
};

/** What came of a family. `wrong`: the first few, each with the number by which it can be made again. */
export type FuzzResult = { readonly family: Family; readonly cases: number; readonly slowestMs: number; readonly wrong: readonly string[] };

async function oneCase(target: Target, seed: number, n: number): Promise<{ readonly us: number; readonly wrong: string | null }> {
  const input = target.input(randomOf(seed, n));
  const before = process.threadCpuUsage();
  let wrong: string | null;
  try {
    wrong = await target.run(input);
  } catch (error) {
    wrong = `crashed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  }
  const spent = process.threadCpuUsage(before);
  return { us: spent.user + spent.system, wrong };
}

/** Runs `cases` cases of a family, shared among its parsers in turn. */
export async function fuzzFamily(family: Family, cases: number, seed: number): Promise<FuzzResult> {
  const wrong: string[] = [];
  const note = (text: string): void => void (wrong.length < KEPT && wrong.push(text));
  const onRejection = (reason: unknown): void => note(`${family}: a promise was rejected unseen: ${String(reason)}`);
  process.on('unhandledRejection', onRejection);
  const opened = await OPEN[family]();
  let slowest = 0;
  try {
    const turns = opened.targets.flatMap((target) => Array.from({ length: target.share ?? 1 }, () => target));
    for (let n = 0; n < cases; n += 1) {
      const target = turns[n % turns.length];
      if (target === undefined) break;
      let { us, wrong: flaw } = await oneCase(target, seed, n);
      // The collector may have run in the middle of it: what is slow is slow twice.
      if (us > LONGEST_US) us = Math.min(us, (await oneCase(target, seed, n)).us);
      slowest = Math.max(slowest, us);
      if (flaw === null && us > LONGEST_US) flaw = `took ${Math.round(us / 1_000)} ms of the processor`;
      if (flaw !== null) note(`${family} ${target.name}, case ${n} of seed ${seed}: ${flaw}`);
    }
    const unseen = await opened.close();
    if (unseen !== null) note(`${family}: ${unseen}`);
  } finally {
    process.off('unhandledRejection', onRejection);
  }
  return { family, cases, slowestMs: Math.round(slowest / 1_000), wrong };
}
