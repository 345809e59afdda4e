/** Flows that follow from events which come in crowds: soon after the first, at most one run a minute, and the last is never left out. */
import type { FlowName } from '#app/contracts/flows.ts';
import { describeError } from '#app/domain/errors.ts';
import { MINUTE_MS, toRfc3339, type Clock, type EpochMs } from '#app/domain/time.ts';
import { monotonicMs } from './clock.ts';
import type { FlowRegistry } from './flows.ts';
import type { Logger } from './log.ts';

/** What a trigger needs. `signal`: the service is stopping; what was asked for by then is left to the flow's own schedule. */
export type MinuteTriggerParts = { readonly flows: FlowRegistry; readonly clock: Clock; readonly log: Logger; readonly signal: AbortSignal };

/** Who triggers has something urgent at hand, an order on its way or a batch of signals: the run begins when that is through. */
const SOON_MS = 500;

/**
 * Gives the function to call after the commit of each event; it only sets a timer. A run begins soon after the call, and not within a minute of the
 * run before; calls up to its beginning share it. A run that could not be started is tried again in a minute. The clock may jump: it makes the
 * run's key, which is never used twice, and decides nothing.
 */
export function triggerByMinute(name: FlowName, { flows, clock, log, signal }: MinuteTriggerParts): () => void {
  let timer: NodeJS.Timeout | null = null;
  let ranAt = -Infinity;
  let stamp = 0;
  const run = (): void => {
    timer = null;
    ranAt = monotonicMs();
    stamp = Math.max(clock.now(), stamp + 1);
    const key = toRfc3339(stamp as EpochMs);
    flows.trigger(name, {}, key).catch((error: unknown) => {
      log.warn({ flow: name, key, error: describeError(error) }, 'A run was not started by its event; it is tried again in a minute');
      ask();
    });
  };
  const ask = (): void => {
    if (signal.aborted || timer !== null) return;
    timer = setTimeout(run, Math.max(SOON_MS, Math.ceil(ranAt + MINUTE_MS - monotonicMs()))).unref();
  };
  signal.addEventListener('abort', () => {
    if (timer) clearTimeout(timer);
  });
  return ask;
}
