/** What a run says while it runs: log lines and progress, bounded, for people. */
import type { FlowContext } from './flows.ts';
import type { RunParts } from './flows-execution.ts';
import { boundFields, cutText } from './flows-result.ts';
import { MAX_LOG_LINES } from './flows-wire.ts';

const PROGRESS_EVERY_MS = 500;
/** Lines of one execution that go into the service's own log; what follows is counted. */
const MAX_OWN_LINES = 5_000;

/** The voice of one execution; `finish` sends what waits. */
export type Tellers = Pick<FlowContext, 'log' | 'progress'> & { finish(): void };

/** Opens the voice of an execution. */
export function tellersOf({ runId, definition, reporter, now, log, executionId }: RunParts): Tellers {
  let lines = 0;
  let toldAt = -Infinity;
  let waiting: { done: number; total: number } | null = null;
  let timer: NodeJS.Timeout | null = null;
  const tellProgress = (): void => {
    if (timer) clearTimeout(timer);
    timer = null;
    if (!waiting) return;
    reporter.report({ kind: 'progress', runId, at: now(), ...waiting });
    toldAt = now();
    waiting = null;
  };
  return {
    log(level, message, fields) {
      lines += 1;
      if (lines > MAX_OWN_LINES) return;
      const [text, facts] = [cutText(message), boundFields(fields)];
      log[level]({ runId, flow: definition.name, ...facts }, text);
      if (lines > MAX_LOG_LINES) return;
      const shown = lines === MAX_LOG_LINES ? cutText(`(This run has said enough; the rest is in the log of its service) ${text}`) : text;
      reporter.report({ kind: 'log', runId, at: now(), lineId: `${executionId}:${lines}`, level, message: shown, fields: facts });
    },
    progress(done, total) {
      waiting = { done, total };
      if (done >= total || now() - toldAt >= PROGRESS_EVERY_MS) tellProgress();
      else timer ??= setTimeout(tellProgress, PROGRESS_EVERY_MS).unref();
    },
    finish() {
      if (lines > MAX_LOG_LINES) {
        const text = `${lines} lines were logged by this run; the first ${MAX_LOG_LINES} are kept here`;
        reporter.report({ kind: 'log', runId, at: now(), lineId: `${executionId}:end`, level: 'warn', message: text, fields: null });
        if (lines > MAX_OWN_LINES) log.warn({ runId, flow: definition.name, lines, kept: MAX_OWN_LINES }, 'A run logged more lines than are kept');
      }
      tellProgress();
      void reporter.flush();
    },
  };
}
