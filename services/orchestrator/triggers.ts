/** node-cron: reads cron expressions and wakes the scheduler on every whole minute. */
import { createTask, parse, validateDetailed } from 'node-cron';
import { AppError } from '#app/domain/errors.ts';
import { cronFields, type CronFields } from './ticks.ts';

/** Reads a cron expression. @throws AppError INPUT_INVALID that names the field and the remedy. */
export function readCron(expression: string): CronFields {
  const checked = validateDetailed(expression);
  if (!checked.valid) {
    const problem = checked.errors[0];
    throw new AppError('INPUT_INVALID', `The schedule "${expression}" cannot be read: ${problem?.field ?? 'it'} ${problem?.message ?? 'is not valid'}`);
  }
  return cronFields(expression, parse(expression));
}

/**
 * Calls `wake` at the start of every minute. One clock for all schedules, instead of a timer each: the scheduler asks what fell due since it last
 * looked, so a wake that comes late, twice or not at all (sleep, a changed clock, an hour that does not exist) loses and doubles nothing.
 */
export function everyMinute(wake: () => Promise<void>): { start(): void; stop(): Promise<void> } {
  const task = createTask('* * * * *', wake, { name: 'scheduler', noOverlap: true, suppressMissedWarning: true, unref: true, logger: { info: () => undefined, warn: () => undefined, error: () => undefined, debug: () => undefined } });
  return {
    start: () => void task.start(),
    async stop() {
      await task.destroy();
    },
  };
}
