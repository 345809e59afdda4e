/** A thread of the pool at work: takes points from the shared queue until there are none, or it is asked to stop. */
import { parentPort, workerData } from 'node:worker_threads';
import * as z from 'zod';
import { AppError, describeError, invariant } from '#app/domain/errors.ts';
import type { RunResult } from '#app/backtest/run/types.ts';
import { runSingle, Trials, type StrategyTypes } from './trial.ts';
import { CANCEL, DONE, FAILED, FREE, NEXT, PROGRESS, rowWidth, type CarriedError, type Order, type Reply } from './work.ts';

const THOUSAND = 1_000;
const MAX_WHY = 500;

/** The result with its columns cut to their length, and their memory, to be handed over without a copy. */
function packed(result: RunResult): { readonly result: RunResult; readonly memory: ArrayBuffer[] } {
  const memory: ArrayBuffer[] = [];
  const pack = (value: unknown): unknown => {
    if (ArrayBuffer.isView(value)) {
      const isWhole = value.buffer.byteLength === value.byteLength && !(value.buffer instanceof SharedArrayBuffer);
      const own = isWhole || !(value instanceof Float64Array || value instanceof Int32Array || value instanceof Int8Array) ? value : value.slice();
      if (own.buffer instanceof ArrayBuffer && !memory.includes(own.buffer)) memory.push(own.buffer);
      return own;
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, pack(part)]));
  };
  return { result: pack(result) as RunResult, memory };
}

function carried(error: unknown): CarriedError {
  return { code: error instanceof AppError ? error.code : 'STRATEGY_FAILED', message: describeError(error).slice(0, MAX_WHY) };
}

/** Serves the pool that has started this thread, for ever. `types`: the strategies that it knows. */
export function serveThread(types: StrategyTypes): void {
  invariant(parentPort, 'Only a thread of a pool can serve it');
  const port = parentPort;
  const { number } = z.object({ number: z.number().int().positive() }).parse(workerData);
  const say = (reply: Reply, memory: ArrayBuffer[] = []): void => port.postMessage(reply, memory);
  let trials: { readonly id: string; readonly trials: Trials } | null = null;

  const runBatch = ({ turn, study, batch }: Extract<Order, { type: 'batch' }>): void => {
    if (trials?.id !== study.id) trials = { id: study.id, trials: new Trials(study, types) };
    const { points, values, states, control, span } = batch;
    const goOn = (): boolean => Atomics.load(control, CANCEL) === 0;
    while (goOn()) {
      const place = Atomics.add(control, NEXT, 1);
      if (place >= points.length) break;
      // Done in an earlier round, or given up.
      if (Atomics.compareExchange(states, place, FREE, number) !== FREE) continue;
      try {
        const row = trials.trials.run(points[place] ?? -1, span, goOn);
        // A run that was asked to end tells nothing.
        if (goOn()) values.set(row, place * rowWidth(study));
        Atomics.store(states, place, goOn() ? DONE : FREE);
      } catch (error) {
        Atomics.store(states, place, goOn() ? FAILED : FREE);
        if (goOn()) say({ type: 'failed', turn, place, why: describeError(error).slice(0, MAX_WHY) });
      }
    }
    say({ type: 'idle', turn });
  };

  const runOne = ({ turn, run, control }: Extract<Order, { type: 'single' }>): void => {
    try {
      const { result: own, measured } = runSingle(run, types, (done) => {
        Atomics.store(control, PROGRESS, Math.floor(done * THOUSAND));
        return Atomics.load(control, CANCEL) === 0;
      });
      const { result, memory } = packed(own);
      say({ type: 'single', turn, outcome: { result, measured } }, memory);
    } catch (error) {
      say({ type: 'single', turn, outcome: { error: carried(error) } });
    }
  };

  port.on('message', (order: Order) => (order.type === 'batch' ? runBatch(order) : runOne(order)));
  say({ type: 'ready' });
}
