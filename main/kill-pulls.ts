/** Pulls of the kill switch as they are kept outside of the book: what is still to be done of each. */
import * as z from 'zod';
import { killLevelSchema, LatchSchema, type Latch, type KillLevel, type KillWish } from '#app/contracts/kill.ts';

/** What a pull consists of, in this order. state: the book has the trading state; cancel: execution has asked for every cancel; flatten: risk has decided every exit. */
export const KILL_STEPS = ['state', 'cancel', 'flatten'] as const;
/** One step of a pull. */
export type KillStep = (typeof KILL_STEPS)[number];

/** One pull with the steps that are left. */
export const pullSchema = z.object({ latch: LatchSchema, level: killLevelSchema, left: z.array(z.enum(KILL_STEPS)) });
/** One pull with the steps that are left. */
export type Pull = z.infer<typeof pullSchema>;

const STEPS: Readonly<Record<KillLevel, readonly KillStep[]>> = { stop_entries: ['state'], halt: ['state'], cancel_all: ['state', 'cancel'], flatten: ['state', 'cancel', 'flatten'] };

/** A pull that has just been asked for. */
export function newPull({ key, level, reason, actor }: KillWish, at: number): Pull {
  const state: Latch['state'] = level === 'halt' || level === 'cancel_all' ? 'HALTED' : 'REDUCING';
  return { latch: { key, state, isCanceling: STEPS[level].includes('cancel'), reason, actor, at }, level, left: [...STEPS[level]] };
}

/** The steps of a level. */
export function stepsOf(level: KillLevel): readonly KillStep[] {
  return STEPS[level];
}

/** What is kept, read back. A text that cannot be read counts as none, and `isDamaged` says so: a person must know that a pull may be lost. */
export function readPulls(text: string | null): { readonly pulls: Pull[]; readonly isDamaged: boolean } {
  if (text === null) return { pulls: [], isDamaged: false };
  try {
    return { pulls: z.array(pullSchema).parse(JSON.parse(text)), isDamaged: false };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return { pulls: [], isDamaged: true };
    throw error;
  }
}
