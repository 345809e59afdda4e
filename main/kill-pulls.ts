/** Pulls of the kill switch as they are kept outside of the book: what is still to be done of each, and how it went. */
import * as z from 'zod';
import { killLevelSchema, LatchSchema, type KillLevel, type KillOutcome, type KillWish, type Latch } from '#app/contracts/kill.ts';
import { describeError } from '#app/domain/errors.ts';
import type { ControlStore } from './store/control-store.ts';

/** What a pull consists of, in this order. state: the book has the trading state; cancel: execution has asked for every cancel; flatten: risk has decided every exit. */
const KILL_STEPS = ['state', 'cancel', 'flatten'] as const;
/** One step of a pull. */
export type KillStep = (typeof KILL_STEPS)[number];

/** The steps in words. */
export const STEP_WORDS: Readonly<Record<KillStep, string>> = { state: 'Trading state in the book', cancel: 'Cancels of all open orders', flatten: 'Exits of all positions' };
/** The steps of each level. */
export const STEPS_OF: Readonly<Record<KillLevel, readonly KillStep[]>> = { stop_entries: ['state'], halt: ['state'], cancel_all: ['state', 'cancel'], flatten: ['state', 'cancel', 'flatten'] };

const pullSchema = z.object({ latch: LatchSchema, level: killLevelSchema, left: z.array(z.enum(KILL_STEPS)) });
/** One pull with the steps that are left. */
export type Pull = z.infer<typeof pullSchema>;

const KEPT = 'kill';

function newPull({ key, level, reason, actor }: KillWish, at: number): Pull {
  const state: Latch['state'] = level === 'halt' || level === 'cancel_all' ? 'HALTED' : 'REDUCING';
  return { latch: { key, state, isCanceling: STEPS_OF[level].includes('cancel'), reason, actor, at }, level, left: [...STEPS_OF[level]] };
}

/** What is kept, read back. A text that cannot be read counts as none, and `isDamaged` says so: a person must know that a pull may be lost. */
function readPulls(text: string | null): { readonly pulls: Pull[]; readonly isDamaged: boolean } {
  if (text === null) return { pulls: [], isDamaged: false };
  try {
    return { pulls: z.array(pullSchema).parse(JSON.parse(text)), isDamaged: false };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return { pulls: [], isDamaged: true };
    throw error;
  }
}

/** The pulls that are not done. */
export type Pulls = {
  all(): readonly Pull[];
  find(key: string): Pull | null;
  /** The pull of a wish: the known one with its key, or a new one, kept before this returns. */
  take(wish: KillWish, at: number): Pull;
  /** Why a step is not done yet; true when that was not said before. */
  say(key: string, step: KillStep, message: string): boolean;
  /** A step is done; a pull without steps left is forgotten. */
  done(key: string, step: KillStep, message: string): void;
  outcomeOf(wish: KillWish, stoppedAfterMs: number | null): KillOutcome;
};

/** Opens what is kept in the control store. `tell` hears what a person must know about the keeping. */
export function openPulls(store: Pick<ControlStore, 'kept' | 'keep'>, tell: (level: 'warn' | 'error', text: string) => void): Pulls {
  const kept = readPulls(store.kept(KEPT));
  if (kept.isDamaged) tell('error', 'A kill switch that was pulled before could not be read back. Look at the trading state before you trade.');
  let pulls = kept.pulls;
  /** How the steps of the pulls of this run went. */
  const words = new Map<string, Map<KillStep, string>>();
  const find = (key: string): Pull | null => pulls.find(({ latch }) => latch.key === key) ?? null;
  const say = (key: string, step: KillStep, message: string): boolean => {
    const before = words.get(key)?.get(step);
    words.set(key, (words.get(key) ?? new Map<KillStep, string>()).set(step, message));
    return before !== message;
  };
  const keep = (next: Pull[]): void => {
    pulls = next;
    try {
      store.keep(KEPT, pulls.length === 0 ? null : JSON.stringify(pulls));
    } catch (error) {
      // A full disk must not keep anybody from stopping.
      tell('error', `The kill switch holds, but it could not be written down and would be forgotten by a restart: ${describeError(error)}`);
    }
  };
  return {
    all: () => pulls,
    find, say,
    take(wish, at) {
      const pull = find(wish.key) ?? newPull(wish, at);
      if (!pulls.includes(pull)) keep([...pulls, pull]);
      return pull;
    },
    done(key, step, message) {
      say(key, step, message);
      keep(pulls.map((pull) => (pull.latch.key === key ? { ...pull, left: pull.left.filter((one) => one !== step) } : pull)).filter((pull) => pull.left.length > 0));
    },
    outcomeOf(wish, stoppedAfterMs) {
      const left = find(wish.key)?.left ?? [];
      const steps = STEPS_OF[wish.level].map((step) => {
        const ok = !left.includes(step);
        const message = words.get(wish.key)?.get(step);
        return { step: STEP_WORDS[step], ok, message: ok ? (message ?? 'done') : `${message === undefined ? '' : `${message} `}It is done as soon as that is possible.` };
      });
      return { stoppedAfterMs, steps };
    },
  };
}
