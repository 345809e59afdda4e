/** Why a back-test failed, as its author reads it: the words, the place in the file, the bar. */
import * as z from 'zod';
import type { RunProblem } from '#app/contracts/studio.ts';
import type { BarColumns } from '#app/domain/bar-columns.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import type { SandboxLog } from '../research/sandbox/run-log.ts';

const MAX_MESSAGE = 2_000;
const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
const whole = (value: unknown): number | null => (typeof value === 'number' && Number.isInteger(value) ? value : null);

/** The facts of an error and of what caused it: the outermost that names one counts. */
function factsOf(error: unknown): Readonly<Record<string, unknown>> {
  const facts: Record<string, unknown> = {};
  for (let at: unknown = error; at instanceof Error; at = at.cause) if (at instanceof AppError) for (const [name, value] of Object.entries(at.context)) facts[name] ??= value;
  return facts;
}

/** The problem. `barsOf`: bars of a symbol, by which the open of the bar is found whose close an error tells. */
export function problemOf(error: unknown, barsOf: (symbol: string) => BarColumns | null = () => null): RunProblem {
  const { path, line, column, symbol, openTime, at } = factsOf(error);
  const closed = typeof at === 'string' ? Date.parse(at) : NaN;
  const named = text(symbol);
  const bars = named === null || !Number.isFinite(closed) ? null : barsOf(named);
  return {
    code: error instanceof AppError ? error.code : 'INVARIANT_BROKEN', message: describeError(error).slice(0, MAX_MESSAGE), path: text(path), line: whole(line), column: whole(column), symbol: named,
    openTime: whole(openTime) ?? bars?.time.findLast((time) => time < closed) ?? null,
  };
}

const logSchema = z.object({
  lines: z.array(z.object({ barTime: z.number().nullable(), symbol: z.string().nullable(), level: z.enum(['info', 'warn', 'error']), line: z.string() })), dropped: z.number().int(),
});

/** What a strategy had written before it failed; null when it had written nothing, or the error tells nothing of it. */
export function logOfFailure(error: unknown): SandboxLog | null {
  return logSchema.safeParse(factsOf(error)['log']).data ?? null;
}
