/** A thread of the pool at work: takes points from the shared queue until there are none, or it is asked to stop. */
import { parentPort, workerData } from 'node:worker_threads';
import * as z from 'zod';
import { AppError, describeError, invariant } from '#app/domain/errors.ts';
import { houseSteps } from './house-steps.ts';
import { judgeRun, tellRun } from './run-told.ts';
import { runSingle, Trials, type GoOn, type StrategyTypes } from './trial.ts';
import type { Asked, Order } from './thread-tasks.ts';
import { CANCEL, DONE, FAILED, FREE, NEXT, PROGRESS, rowWidth, type CarriedError, type Reply } from './work.ts';

const THOUSAND = 1_000;
const MAX_WHY = 500;

/** An answer with its columns cut to their length, and their memory, to be handed over without a copy. */
function packed(answer: unknown): { readonly answer: unknown; readonly memory: ArrayBuffer[] } {
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
  return { answer: pack(answer), memory };
}

/** Facts of an error that cross to another thread: texts and numbers. */
function plainContext(context: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(context).filter(([, value]) => typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'));
}

function carried(error: unknown): CarriedError {
  return { code: error instanceof AppError ? error.code : 'STRATEGY_FAILED', message: describeError(error).slice(0, MAX_WHY), context: error instanceof AppError ? plainContext(error.context) : {} };
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

  const answerOf = async (asked: Asked, goOn: GoOn): Promise<unknown> => {
    switch (asked.task) {
      case 'single':
        return runSingle(asked.ask, types, goOn);
      case 'ran':
        return tellRun(asked.ask, types, goOn);
      case 'judge':
        return judgeRun(asked.ask, types);
      case 'steps':
        return houseSteps(asked.ask, types);
    }
  };
  const runOne = async ({ turn, asked, control }: Extract<Order, { type: 'single' }>): Promise<void> => {
    try {
      const { answer, memory } = packed(await answerOf(asked, (done) => {
        Atomics.store(control, PROGRESS, Math.floor(done * THOUSAND));
        return Atomics.load(control, CANCEL) === 0;
      }));
      say({ type: 'single', turn, outcome: { answer } }, memory);
    } catch (error) {
      say({ type: 'single', turn, outcome: { error: carried(error) } });
    }
  };

  port.on('message', (order: Order) => (order.type === 'batch' ? runBatch(order) : void runOne(order)));
  say({ type: 'ready' });
}
