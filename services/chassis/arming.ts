/** What this worker knows of the arming of the real account: told at its start and by the supervisor's messages, ended by its own clocks. */
import type { LiveArming as ConfiguredArming, Mode } from '#app/contracts/config.ts';
import { armedDeadline, armedForMs, type ArmedDeadline, type Arming, type Instant } from '#app/domain/arming.ts';
import type { EpochMs } from '#app/domain/time.ts';
import type { Logger } from './log.ts';

/** The arming of the real account, as a worker asks for it. */
export type LiveArming = {
  /** What holds at this moment. */
  now(): Arming;
  /** When it ends (EpochMs); null while disarmed, and where none is needed. */
  armedUntil(): EpochMs | null;
  /** Hears every change, the running out included. */
  onChange(listener: (arming: Arming) => void): void;
};

/** The arming with its inlet, for the chassis alone. */
export type LiveArmingKeeper = LiveArming & { tell(armedUntil: number | null): void };

/** What the keeper needs. `configured` is absent outside of mode live; in live its absence means disarmed. */
export type ArmingParts = { readonly mode: Mode; readonly configured: ConfiguredArming | undefined; readonly clocks: () => Instant; readonly log: Logger };

const SAME_MS = 1_000;

/** Keeps the arming. One that was seen to be over does not come back with the clock: only a new message arms again. */
export function createArming({ mode, configured, clocks, log }: ArmingParts): LiveArmingKeeper {
  const isNeeded = mode === 'live';
  const listeners: ((arming: Arming) => void)[] = [];
  let deadline: ArmedDeadline | null = null;
  let timer: NodeJS.Timeout | undefined;

  const announce = (words: string): void => {
    const arming = deadline === null ? 'disarmed' : 'armed';
    log.warn({ arming, armedUntil: deadline?.wall ?? null }, words);
    for (const listener of listeners) listener(arming);
  };
  const leftMs = (): number => {
    const left = armedForMs(deadline, clocks());
    if (left > 0 || deadline === null) return left;
    deadline = null;
    clearTimeout(timer);
    announce('The real account disarmed itself: its time is over');
    return 0;
  };
  /** The timer only brings the news early: every question looks at the clocks itself. */
  const watch = (): void => {
    clearTimeout(timer);
    const left = leftMs();
    if (left > 0) timer = setTimeout(watch, Math.max(1, left)).unref();
  };
  const tell = (armedUntil: number | null): void => {
    if (!isNeeded) return;
    const wasArmed = leftMs() > 0;
    deadline = armedDeadline(armedUntil, clocks());
    if (deadline !== null) announce('The real account is armed');
    else if (wasArmed) announce('The real account is disarmed');
    watch();
  };
  tell(configured?.armedUntil ?? null);
  return {
    tell,
    now: () => (isNeeded ? (leftMs() > 0 ? 'armed' : 'disarmed') : 'not_needed'),
    armedUntil() {
      const left = leftMs();
      if (left <= 0 || deadline === null) return null;
      const byClocks = Math.floor(clocks().wall + left);
      // The two clocks drift by fractions: what was told is shown, unless the wall clock was moved.
      return deadline.wall - byClocks < SAME_MS ? deadline.wall : (byClocks as EpochMs);
    },
    onChange: (listener) => void listeners.push(listener),
  };
}
