/** Tells the orchestrator which flows exist and how runs fare: in batches, bounded, never in the way of the run. */
import type { RuntimeConfig } from '#app/contracts/config.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import { backoffMs, sleep } from './clock.ts';
import { MAX_REPORTS, type Announcement, type RunReport } from './flows-wire.ts';
import type { Logger } from './log.ts';

const FLUSH_AFTER_MS = 300;
const MAX_WAITING = 2_000;
/** Most characters of reports in one request; the orchestrator takes a megabyte. */
const MAX_BATCH_CHARS = 300_000;
const REQUEST_TIMEOUT_MS = 5_000;
const RETRY = { baseMs: 200, capMs: 5_000 };

/** Sends reports about runs. */
export type Reporter = {
  /** Queues a report; when too many wait, the oldest are dropped (the book of the engine knows the outcome anyway). */
  report(report: RunReport): void;
  /** Sends what waits, once, without repeating; for the end of the process. */
  flush(): Promise<void>;
  stop(): void;
};

/** Posts JSON to the orchestrator. @throws AppError UNIT_TIMEOUT (temporary) when it cannot be reached, INPUT_INVALID when it refuses. */
export async function postToOrchestrator(config: RuntimeConfig, path: string, body: unknown): Promise<void> {
  const endpoint = config.units.orchestrator;
  if (!endpoint) throw new AppError('UNIT_TIMEOUT', 'The orchestrator has no address in the runtime configuration');
  let response: Response;
  try {
    response = await fetch(`http://${endpoint.host}:${endpoint.port}${path}`, {
      method: 'POST', body: JSON.stringify(body), signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      headers: { 'content-type': 'application/json', authorization: `Bearer ${config.internalToken}` },
    });
    if (response.ok) return void (await response.arrayBuffer());
  } catch (error) {
    throw new AppError('UNIT_TIMEOUT', 'The orchestrator does not answer', { cause: error });
  }
  const text = (await response.text()).slice(0, 500);
  const code = response.status >= 500 || response.status === 429 ? 'UNIT_TIMEOUT' : 'INPUT_INVALID';
  throw new AppError(code, `The orchestrator answered ${response.status} to ${path}`, { context: { body: text } });
}

function firstOf(waiting: readonly RunReport[]): RunReport[] {
  let chars = 0;
  const end = waiting.slice(0, MAX_REPORTS).findIndex((report) => (chars += JSON.stringify(report).length) > MAX_BATCH_CHARS);
  return waiting.slice(0, end === -1 ? MAX_REPORTS : Math.max(1, end));
}

/** Opens the reporter of a service. */
export function createReporter(config: RuntimeConfig, log: Logger): Reporter {
  const waiting: RunReport[] = [];
  let dropped = 0;
  let failures = 0;
  let timer: NodeJS.Timeout | null = null;
  let isSending = false;
  let isStopped = false;

  const arm = (ms: number): void => {
    if (timer !== null || isStopped) return;
    timer = setTimeout(() => {
      timer = null;
      void send();
    }, ms);
    timer.unref();
  };
  const drop = (count: number): void => {
    waiting.splice(0, count);
    dropped += count;
  };
  const send = async (): Promise<void> => {
    if (isSending || waiting.length === 0) return;
    isSending = true;
    const batch = firstOf(waiting);
    try {
      await postToOrchestrator(config, '/api/runs/report', { reports: batch });
      waiting.splice(0, batch.length);
      if (dropped > 0) log.warn({ dropped }, 'Reports about runs were dropped while the orchestrator was away');
      [failures, dropped] = [0, 0];
    } catch (error) {
      failures += 1;
      if (error instanceof AppError && error.family === 'invalid') {
        log.warn({ error: describeError(error), context: error.context }, 'The orchestrator refused reports about runs');
        drop(batch.length);
      } else if (failures === 1) log.info({ error: describeError(error) }, 'Reports about runs wait for the orchestrator');
    } finally {
      isSending = false;
    }
    if (waiting.length > 0) arm(failures > 0 ? backoffMs(failures, RETRY) : 0);
  };

  return {
    report(report) {
      if (waiting.length >= MAX_WAITING && !isSending) drop(1);
      if (waiting.length < MAX_WAITING) waiting.push(report);
      else dropped += 1;
      arm(FLUSH_AFTER_MS);
    },
    flush: send,
    stop() {
      isStopped = true;
      if (timer) clearTimeout(timer);
    },
  };
}

/** Announces the service's flows until the orchestrator has accepted them or the signal aborts. */
export async function announce(config: RuntimeConfig, log: Logger, announcement: Announcement, signal: AbortSignal): Promise<void> {
  for (let n = 0; !signal.aborted; n += 1) {
    try {
      await postToOrchestrator(config, '/api/deployments/announce', announcement);
      log.info({ flows: announcement.deployments.length }, 'Flows announced');
      return;
    } catch (error) {
      if (n === 0 || n === 10) log.warn({ error: describeError(error), attempt: n + 1 }, 'The orchestrator has not accepted the flows yet');
      await sleep(backoffMs(n, RETRY), signal);
    }
  }
}
