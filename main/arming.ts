/** Arming of the real account: typed, boxed in time, gone at every stop. Nothing of it is ever stored. */
import type { Mode } from '#app/contracts/config.ts';
import { ARM_MINUTES, LIVE_PHRASE } from '#app/contracts/shell.ts';
import { armedDeadline, armedForMs } from '#app/domain/arming.ts';
import type { ArmedDeadline, Instant } from '#app/domain/arming.ts';
import { AppError, invariant } from '#app/domain/errors.ts';
import { MINUTE_MS } from '#app/domain/time.ts';
import type { EpochMs } from '#app/domain/time.ts';

const LOOK_EVERY_MS = 1_000;
/** A gap between the clocks, or between two looks, that means that the computer slept. */
const SLEPT_MS = 30_000;

/** What the arming needs from outside. `wall` is EpochMs; `monotonic` milliseconds that nobody can set back. */
export type ArmingPorts = {
  readonly mode: Mode;
  readonly wall: () => number;
  readonly monotonic: () => number;
  /** True while parts run that could trade. */
  readonly isUp: () => boolean;
  /** Tells the workers. */
  readonly apply: (armedUntil: number | null) => void;
  /** Tells people, and the record. */
  readonly tell: (text: string) => void;
};

/** The arming of one run. */
export type Arming = {
  /** Until when (EpochMs) orders may go to the real account; null = disarmed. Never later than the time that is left. */
  armedUntil(): number | null;
  /**
   * Arms, or begins the time anew. Returns until when (EpochMs).
   * @throws AppError INPUT_INVALID for another phrase or time; LIVE_REFUSED (denied) outside mode live or while nothing runs.
   */
  arm(phrase: string, minutes: number): number;
  /** Disarms; nothing happens when it is disarmed already. `reason` is shown to people. */
  disarm(reason: string): void;
};

type Armed = { readonly deadline: ArmedDeadline; readonly timer: NodeJS.Timeout };

/** A disarmed arming. Call `disarm` at the end of the run. */
export function openArming(ports: ArmingPorts): Arming {
  let armed: Armed | null = null;
  const clocks = (): Instant => ({ wall: ports.wall() as EpochMs, monotonic: ports.monotonic() });
  let lastLook = clocks();

  const disarm = (reason: string): void => {
    if (armed === null) return;
    clearInterval(armed.timer);
    armed = null;
    ports.apply(null);
    ports.tell(`Live trading is disarmed: ${reason}. No new position is opened with real money; resting entries are cancelled.`);
  };
  const look = (): void => {
    if (armed === null) return;
    const now = clocks();
    const slept = Math.max(now.monotonic - lastLook.monotonic, now.wall - lastLook.wall);
    lastLook = now;
    if (armedForMs(armed.deadline, now) <= 0) disarm('its time is over');
    else if (slept > SLEPT_MS) disarm('the computer slept');
  };

  return {
    armedUntil: () => {
      look();
      const now = clocks();
      return armed === null ? null : Math.floor(now.wall + armedForMs(armed.deadline, now));
    },
    arm: (phrase, minutes) => {
      if (phrase !== LIVE_PHRASE) throw new AppError('INPUT_INVALID', `Live trading is armed by typing exactly: ${LIVE_PHRASE}`);
      if (!ARM_MINUTES.some((known) => known === minutes)) throw new AppError('INPUT_INVALID', `Live trading is armed for ${ARM_MINUTES.join(', ')} minutes, nothing else.`);
      if (ports.mode !== 'live') throw new AppError('LIVE_REFUSED', `This is the ${ports.mode} market: there is nothing to arm. Choose the live market first.`);
      if (!ports.isUp()) throw new AppError('LIVE_REFUSED', 'Live trading is armed while everything runs. Wait until all parts are up, then try again.');
      if (armed !== null) clearInterval(armed.timer);
      lastLook = clocks();
      const deadline = armedDeadline(lastLook.wall + minutes * MINUTE_MS, lastLook);
      invariant(deadline !== null, 'An arming for a known time has an end', { minutes });
      armed = { deadline, timer: setInterval(look, LOOK_EVERY_MS).unref() };
      ports.apply(deadline.wall);
      ports.tell(`Live trading is ARMED for ${minutes} minutes: orders with real money are possible until ${new Date(deadline.wall).toISOString()}.`);
      return deadline.wall;
    },
    disarm,
  };
}
