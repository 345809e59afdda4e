/** Flows that follow from events which come in crowds: at once for the first, at most one run a minute, and the last is never left out. */
import type { FlowName } from '#app/contracts/flows.ts';
import { describeError } from '#app/domain/errors.ts';
import { MINUTE_MS, toRfc3339, type Clock, type EpochMs } from '#app/domain/time.ts';
import type { FlowRegistry } from './flows.ts';
import type { Logger } from './log.ts';

/** What a trigger needs. `signal`: the service is stopping; what was asked for by then is left to the flow's own schedule. */
export type MinuteTriggerParts = { readonly flows: FlowRegistry; readonly clock: Clock; readonly log: Logger; readonly signal: AbortSignal };

/**
 * Gives the function to call after the commit of each event. The first call of a minute starts a run with that minute as its key; further ones
 * in the minute together start one at the beginning of the next. The first call of a process also does both: the minute's key may have been
 * used before a restart, by a run that did not see what is told now.
 */
export function triggerByMinute(name: FlowName, { flows, clock, log, signal }: MinuteTriggerParts): () => void {
  let last: number | null = null;
  let timer: NodeJS.Timeout | null = null;
  const run = (minute: number): void => {
    last = minute;
    const key = `${toRfc3339((minute * MINUTE_MS) as EpochMs).slice(0, 16)}Z`;
    flows.trigger(name, {}, key).catch((error: unknown) => log.warn({ flow: name, key, error: describeError(error) }, 'A run was not started by its event; it comes with the next, or by its schedule'));
  };
  const later = (now: number): void => {
    timer ??= setTimeout(() => {
      timer = null;
      run(Math.floor(clock.now() / MINUTE_MS));
    }, MINUTE_MS - (now % MINUTE_MS)).unref();
  };
  signal.addEventListener('abort', () => {
    if (timer) clearTimeout(timer);
  });
  return () => {
    if (signal.aborted) return;
    const now = clock.now();
    const minute = Math.floor(now / MINUTE_MS);
    const isFirst = last === null;
    const isNew = minute !== last;
    if (isNew) run(minute);
    if (isFirst || !isNew) later(now);
  };
}
