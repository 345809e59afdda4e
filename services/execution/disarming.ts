/** The end of an arming as something that a lane still has to act on: it is owed until the act succeeded, whatever was armed meanwhile. */
import type { LiveArming } from '#chassis/arming.ts';

/** What one lane owes to the end of the arming. */
export type Disarming = {
  /** True from the moment of disarming until the lane has acted on it. */
  isOwed(): boolean;
  /** Acts when it is owed; a failed act stays owed. */
  settle(act: () => Promise<void>): Promise<void>;
};

/** Watches the arming for one lane; `ring` wakes the lane at each change. A start that finds the account disarmed owes the act, too. */
export function watchDisarming(arming: LiveArming, ring: () => void): Disarming {
  let isOwed = arming.now() === 'disarmed';
  arming.onChange((now) => {
    isOwed ||= now === 'disarmed';
    ring();
  });
  return {
    isOwed: () => isOwed,
    async settle(act) {
      if (!isOwed) return;
      // Before the act: what is disarmed while it runs is owed anew.
      isOwed = false;
      try {
        await act();
      } catch (error) {
        isOwed = true;
        throw error;
      }
    },
  };
}
