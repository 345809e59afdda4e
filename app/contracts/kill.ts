/** The kill switch: how far it goes, what is remembered of it outside of the book, and what came of it. */
import * as z from 'zod';

/**
 * How far the kill switch goes. stop_entries: only orders that reduce a position go out (REDUCING). halt: none goes out (HALTED). cancel_all: HALTED, and all open
 * orders are canceled. flatten: REDUCING, all open orders are canceled and every position is closed at market.
 */
export const KILL_LEVELS = ['stop_entries', 'halt', 'cancel_all', 'flatten'] as const;
/** How far the kill switch goes. */
export type KillLevel = (typeof KILL_LEVELS)[number];
export const killLevelSchema = z.enum(KILL_LEVELS);

/**
 * The kill switch as it was pulled: kept by the supervisor outside of the book until the book holds it under the same key (idempotency key of the trading state).
 * `state`: what trading shall be; `isCanceling`: open orders are to be canceled at the broker at once. `at`: wall clock, EpochMs.
 */
export const LatchSchema = z.object({
  key: z.string().regex(/^[A-Za-z0-9._-]{8,64}$/), state: z.enum(['REDUCING', 'HALTED']), isCanceling: z.boolean(), reason: z.string().min(1).max(200), actor: z.string().min(1).max(80), at: z.number().int(),
});
/** The kill switch as it was pulled. */
export type Latch = z.infer<typeof LatchSchema>;

/** Orders and positions are touched only while the wish is so fresh, milliseconds; the trading state is kept until the book has it. */
export const KILL_FRESH_MS = 15 * 60_000;

/** Who pulls it, how far and why. The same key again is the same pull. */
export const killWishSchema = z.object({ key: LatchSchema.shape.key, level: killLevelSchema, reason: z.string().trim().min(1).max(200), actor: LatchSchema.shape.actor });
/** Who pulls it, how far and why. */
export type KillWish = z.infer<typeof killWishSchema>;

/**
 * What came of it. `stoppedAfterMs`: until execution answered that nothing more leaves; null = it does not run, or has not answered but the book has the new state.
 * A step that is not `ok` yet is tried again by the supervisor until it is done.
 */
export const killOutcomeSchema = z.object({ stoppedAfterMs: z.number().nullable(), steps: z.array(z.object({ step: z.string(), ok: z.boolean(), message: z.string() })) });
/** What came of it. */
export type KillOutcome = z.infer<typeof killOutcomeSchema>;
