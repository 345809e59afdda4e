/** Reads what a sandbox's process answers: signals become orders, so they are looked at like any other input from outside. */
import * as z from 'zod';
import { AppError, ERROR_CODES, type ErrorCode } from '#app/domain/errors.ts';
import { MAX_LOG_LINES } from '#app/contracts/studio.ts';
import { plainText } from '#chassis/plain-text.ts';
import type { SandboxAnswer, SandboxTasks } from './protocol.ts';
import { orderSchema, reasonsSchema } from './guest-acts.ts';
import { lineText } from './run-log.ts';

const MAX_SIGNALS = 10_000;
const MAX_STATES = 1_000;
const codes = Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]];
const answerSchema = z.union([
  z.object({ id: z.number(), error: z.object({ code: z.enum(codes), message: z.string().transform((text) => plainText(text.slice(0, 4_000))), context: z.record(z.string(), z.unknown()) }) }),
  z.object({ id: z.number(), progress: z.object({ done: z.number(), rows: z.map(z.number(), z.instanceof(Float64Array)) }) }),
  z.object({ id: z.number(), answer: z.unknown() }),
]);

const price = z.number().nullable();
const count = z.number().int().nullable();
const signalSchema = z.object({
  symbol: z.string().max(60), target: z.enum(['long', 'short', 'flat']), weight: z.number().nullable(), atr: price, exits: z.object({ stopPrice: price, takeProfitPrice: price }).exactOptional(),
  order: orderSchema.nullable(), orderId: count, cancels: count, reasons: reasonsSchema, n: z.number().int().min(0),
});
const logSchema = z.object({
  lines: z.array(z.object({ barTime: z.number().nullable(), symbol: z.string().max(60).transform(plainText).nullable(), level: z.enum(['info', 'warn', 'error']), line: lineText })).max(MAX_LOG_LINES), dropped: z.number().int().min(0),
});
const stateSchema = z.object({ seen: z.number(), needed: z.number().nullable(), outputs: z.array(z.object({ name: z.string(), output: z.string(), value: z.union([z.number(), z.nan()]) })) });
const advancedSchema = z.object({ signals: z.array(signalSchema).max(MAX_SIGNALS), saved: z.unknown(), log: logSchema, states: z.map(z.string(), stateSchema).refine((states) => states.size <= MAX_STATES), tookMs: z.number(), usage: z.object({ cpuMs: z.number(), memoryBytes: z.number() }).nullable() });

/** An answer's envelope; null for what is none. */
export function readAnswer(raw: unknown): SandboxAnswer | null {
  return answerSchema.safeParse(raw).data ?? null;
}

/** The signals of a moment. @throws AppError STRATEGY_FAILED for what is none */
export function readSignals(raw: unknown): SandboxTasks['advance']['answer'] {
  const read = advancedSchema.safeParse(raw);
  if (!read.success) throw new AppError('STRATEGY_FAILED', `The process of the strategy gave signals that cannot be read: ${read.error.issues[0]?.path.join('.') ?? ''} ${read.error.issues[0]?.message ?? ''}`);
  return read.data;
}
