/** Every answer of the broker, and every failure to get one, seen in one place: health, reasons, holds, metrics. */
import { AppError } from '#app/domain/errors.ts';
import type { Health } from '#chassis/health.ts';
import type { Metrics } from '#chassis/metrics.ts';
import { KEYS_REFUSED } from '../alpaca/http.ts';
import type { Broker, Permit, SubmitOutcome } from '../alpaca/ports.ts';
import type { Holds } from './holds.ts';

/** The observed broker and what is known of its health. */
export type ObservedBroker = { readonly broker: Broker; lastAnswerAgeMs(): number };

/** Wraps a broker. Failures degrade the part with a remedy; the first answer takes it back. */
export function observeBroker(inner: Broker, parts: { readonly health: Health; readonly holds: Holds; readonly metrics: Metrics; readonly monotonicMs: () => number }): ObservedBroker {
  const { health, holds, monotonicMs } = parts;
  const latency = parts.metrics.histogram('broker_call_ms', 'Round trip to the broker', ['call']);
  const failures = parts.metrics.counter('broker_failures_total', 'Calls to the broker that failed', ['code']);
  let answeredAt = -Infinity;

  const answered = (latencyMs: number): void => {
    answeredAt = monotonicMs();
    health.set('broker', { ok: true, latencyMs });
    health.degraded('broker', null);
    holds.set('keys', null);
  };
  const failed = (code: string, message: string): void => {
    failures.inc({ code });
    health.set('broker', { ok: false, message });
    health.degraded('broker', message);
    if (code === 'BROKER_KEYS_REJECTED') holds.set('keys', message);
  };
  const observed = <A extends unknown[], T>(call: string, fn: (...args: A) => Promise<T>) => async (...args: A): Promise<T> => {
    const began = monotonicMs();
    try {
      const value = await fn(...args);
      latency.observe({ call }, monotonicMs() - began);
      answered(monotonicMs() - began);
      return value;
    } catch (error) {
      if (error instanceof AppError && error.code === 'BROKER_REJECTED') answered(monotonicMs() - began);
      else if (error instanceof AppError) failed(error.code, error.message);
      throw error;
    }
  };

  const written = <T>(call: string, fn: (ticket: T, permit: Permit) => Promise<SubmitOutcome>) => async (ticket: T, permit: Permit): Promise<SubmitOutcome> => {
    const began = monotonicMs();
    const outcome = await fn(ticket, permit);
    latency.observe({ call }, monotonicMs() - began);
    if (outcome.kind !== 'unknown' || outcome.cause === 'duplicate') answered(monotonicMs() - began);
    else if (outcome.cause === 'keys') failed('BROKER_KEYS_REJECTED', KEYS_REFUSED);
    else failed('BROKER_UNREACHABLE', `An order got no answer (${outcome.cause}); its outcome is being looked up`);
    return outcome;
  };

  const broker: Broker = {
    permit: inner.permit,
    submit: written('submit', inner.submit),
    replace: written('replace', inner.replace),
    getByClientId: observed('get_by_client_id', inner.getByClientId),
    getOrder: observed('get_order', inner.getOrder),
    cancel: observed('cancel', inner.cancel),
    cancelAll: observed('cancel_all', inner.cancelAll),
    listOpen: observed('list_open', inner.listOpen),
    positions: observed('positions', inner.positions),
    account: observed('account', inner.account),
    fillsAfter: observed('fills', inner.fillsAfter),
    activitiesAfter: observed('activities', inner.activitiesAfter),
    newestActivityId: observed('newest_fill', inner.newestActivityId),
    clock: observed('clock', inner.clock),
  };
  return { broker, lastAnswerAgeMs: () => monotonicMs() - answeredAt };
}
