/** Faults on demand: how a broker goes wrong, so that tests can see its client go right. Never active by itself. */
import * as z from 'zod';

/**
 * `before` = the order was not taken, `after` = it was taken, the client just does not hear so.
 * timeout: no answer; reset: the connection is cut; error_500: an answer without meaning; garbled: broken JSON.
 */
export const ORDER_FAULTS = ['timeout_before', 'timeout_after', 'reset_before', 'reset_after', 'error_500_before', 'error_500_after', 'error_429', 'garbled_after'] as const;
/** One way in which POST /v2/orders goes wrong. */
export type OrderFault = (typeof ORDER_FAULTS)[number];

const count = z.number().int().min(1).max(100).default(1);
const streams = z.enum(['trading', 'data', 'all']).default('all');
const ms = z.number().int().min(1).max(3_600_000);

/** What POST /sim/faults takes. `count` = the next n occasions, `ms` = from now on for so long. */
export const faultSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('order'), fault: z.enum(ORDER_FAULTS), count }),
  /** The next cancels take effect only after the next bars, which may fill the order first. */
  z.object({ kind: z.literal('slow_cancel'), count }),
  /** DELETE is answered late: not at all. */
  z.object({ kind: z.literal('cancel_timeout'), count }),
  z.object({ kind: z.literal('updates'), fault: z.enum(['duplicate', 'drop', 'reorder']), count }),
  /** All REST answers 503. */
  z.object({ kind: z.literal('rest_down'), ms }),
  z.object({ kind: z.literal('drop_streams'), streams }),
  /** Sockets stay open and say nothing, not even a pong; what would have been said is lost. */
  z.object({ kind: z.literal('silent_streams'), streams, ms }),
  /** Connections are cut and new ones refused. */
  z.object({ kind: z.literal('refuse_streams'), streams, ms }),
  z.object({ kind: z.literal('clear') }),
]);
/** A fault as it is asked for. */
export type Fault = z.infer<typeof faultSchema>;
/** Which of the two sockets. */
export type StreamName = 'trading' | 'data';

/** The faults that are armed. */
export type Faults = {
  arm(fault: Fault): void;
  takeOrderFault(): OrderFault | null;
  takeSlowCancel(): boolean;
  takeCancelTimeout(): boolean;
  /** What to do with the next batch of trade updates. */
  takeUpdateFault(): 'duplicate' | 'drop' | 'reorder' | null;
  isRestDown(): boolean;
  isSilent(stream: StreamName): boolean;
  isRefusing(stream: StreamName): boolean;
  /** Hears that sockets shall be cut now. */
  onDrop(listener: (stream: StreamName) => void): void;
};

const MAX_ARMED = 1_000;
const BOTH: readonly StreamName[] = ['trading', 'data'];

/** Creates an empty set of faults. `monotonic` gives milliseconds on a clock that never goes back. */
export function createFaults(monotonic: () => number): Faults {
  const orderFaults: OrderFault[] = [];
  const updateFaults: ('duplicate' | 'drop' | 'reorder')[] = [];
  const left = { slowCancel: 0, cancelTimeout: 0 };
  const until = { rest: -Infinity, silent: { trading: -Infinity, data: -Infinity }, refusing: { trading: -Infinity, data: -Infinity } };
  const listeners: ((stream: StreamName) => void)[] = [];
  const drop = (names: readonly StreamName[]): void => {
    for (const name of names) for (const listener of listeners) listener(name);
  };
  const namesOf = (wanted: StreamName | 'all'): readonly StreamName[] => (wanted === 'all' ? BOTH : [wanted]);
  const clear = (): void => {
    orderFaults.length = 0;
    updateFaults.length = 0;
    Object.assign(left, { slowCancel: 0, cancelTimeout: 0 });
    until.rest = -Infinity;
    for (const name of BOTH) until.silent[name] = until.refusing[name] = -Infinity;
  };
  const add = <T>(list: T[], value: T, times: number): void => {
    for (let n = 0; n < times && list.length < MAX_ARMED; n += 1) list.push(value);
  };
  const take = (name: keyof typeof left): boolean => {
    if (left[name] === 0) return false;
    left[name] -= 1;
    return true;
  };
  return {
    arm: (fault) => {
      const end = 'ms' in fault ? monotonic() + fault.ms : 0;
      switch (fault.kind) {
        case 'order': return add(orderFaults, fault.fault, fault.count);
        case 'updates': return add(updateFaults, fault.fault, fault.count);
        case 'slow_cancel': left.slowCancel += fault.count; return;
        case 'cancel_timeout': left.cancelTimeout += fault.count; return;
        case 'rest_down': until.rest = end; return;
        case 'drop_streams': return drop(namesOf(fault.streams));
        case 'silent_streams': for (const name of namesOf(fault.streams)) until.silent[name] = end; return;
        case 'refuse_streams':
          for (const name of namesOf(fault.streams)) until.refusing[name] = end;
          return drop(namesOf(fault.streams));
        case 'clear': return clear();
      }
    },
    takeOrderFault: () => orderFaults.shift() ?? null,
    takeSlowCancel: () => take('slowCancel'),
    takeCancelTimeout: () => take('cancelTimeout'),
    takeUpdateFault: () => updateFaults.shift() ?? null,
    isRestDown: () => monotonic() < until.rest,
    isSilent: (name) => monotonic() < until.silent[name],
    isRefusing: (name) => monotonic() < until.refusing[name],
    onDrop: (listener) => {
      listeners.push(listener);
    },
  };
}
