/** The way out: asked when orders are open or unknown, then in order, and by force when asked again. */
import type { Mode } from '#app/contracts/config.ts';
import type { ShellPhase } from '#app/contracts/shell.ts';
import { count } from './words.ts';

/** What is known of the broker's side when somebody wants to stop. `openOrders` null = not known now. */
export type Standing = { readonly phase: ShellPhase; readonly mode: Mode; readonly openOrders: number | null; readonly positions: number | null };

/** A question before everything stops. */
export type StopQuestion = { readonly message: string; readonly detail: string };

/** A second wish within this time is the same hand on the same button. */
const DOUBLE_CLICK_MS = 2_000;

const BROKER: Readonly<Record<Mode, string>> = { demo: 'in the demo market', paper: "on Alpaca's paper account", live: 'on your live account at Alpaca' };

/**
 * The question to ask before stopping, null when nothing is at stake: nothing runs, or no order is open.
 * What stays at the broker is said: we never cancel on the way out, a resting stop order may be what protects a position.
 */
export function stopQuestion({ phase, mode, openOrders, positions }: Standing): StopQuestion | null {
  if (phase === 'stopped' || phase === 'failed' || phase === 'stopping' || openOrders === 0) return null;
  const held = positions !== null && positions > 0 ? ` ${count(positions, 'position')} ${positions === 1 ? 'stays' : 'stay'} open as well.` : '';
  if (openOrders === null) {
    return {
      message: 'It is not known whether orders are open.',
      detail: `Stopping cancels nothing: whatever is open ${BROKER[mode]} stays open, and may be filled while Mainspring does not watch.`,
    };
  }
  const rests = `${count(openOrders, 'order')} ${openOrders === 1 ? 'is' : 'are'} open ${BROKER[mode]}.`;
  const later =
    mode === 'demo'
      ? `The demo market stands still until the next start; ${openOrders === 1 ? 'it waits' : 'they wait'} in it.`
      : `Stopping cancels nothing: ${openOrders === 1 ? 'it stays' : 'they stay'} with the broker and may be filled while Mainspring does not watch. Fills are read at the next start.`;
  return { message: rests, detail: `${later}${held}` };
}

/** What the way out needs. */
export type QuitPorts = {
  readonly standing: () => Standing;
  /** Shows the question; true = stop. */
  readonly ask: (question: StopQuestion) => Promise<boolean>;
  /** Stops everything in order, or at once; resolves when nothing runs. Never rejects. */
  readonly stop: (reason: string, isAtOnce: boolean) => Promise<void>;
  /** Ends the process; nothing runs any more. */
  readonly leave: () => void;
  readonly monotonic: () => number;
};

/** The way out of the application. */
export type Quit = {
  /** Somebody wants to quit. The first time asks and stops in order; a later one, while stopping, ends by force. Resolves when it is decided and done. */
  request(reason: string): Promise<void>;
  /** Ends without a question: the computer shuts down, or there is nobody to ask. */
  now(reason: string): Promise<void>;
  /** Stops everything in order and leaves, without a question: whoever asked has decided (the command line). */
  inOrder(reason: string): Promise<void>;
  /** Stops everything in order, without a question; whoever asked ends the process (the installer of an update). */
  stopFor(reason: string): Promise<void>;
  /** The installer did not start, so we stay: after `stopFor`, unless somebody ends by force meanwhile. */
  stay(): void;
  /** Ends the process after `stopFor`. */
  leave(): void;
  readonly isLeaving: () => boolean;
};

/** Builds the way out. */
export function createQuit({ standing, ask, stop, leave, monotonic }: QuitPorts): Quit {
  let state: 'idle' | 'asking' | 'stopping' | 'forced' = 'idle';
  let since = 0;
  const halt = (reason: string, isAtOnce: boolean): Promise<void> => {
    state = isAtOnce ? 'forced' : 'stopping';
    since = monotonic();
    return stop(reason, isAtOnce);
  };
  const end = async (reason: string, isAtOnce: boolean): Promise<void> => {
    await halt(reason, isAtOnce);
    leave();
  };
  return {
    isLeaving: () => state === 'stopping' || state === 'forced',
    now: (reason) => end(reason, true),
    inOrder: (reason) => end(reason, false),
    stopFor: (reason) => halt(reason, false),
    stay: () => {
      if (state === 'stopping') state = 'idle';
    },
    leave,
    async request(reason) {
      if (state === 'stopping' && monotonic() - since >= DOUBLE_CLICK_MS) return end(`${reason}, asked again`, true);
      if (state !== 'idle') return undefined;
      const question = stopQuestion(standing());
      if (question !== null) {
        state = 'asking';
        const isSure = await ask(question).finally(() => (state = 'idle'));
        if (!isSure) return undefined;
      }
      return end(reason, false);
    },
  };
}
