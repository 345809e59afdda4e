/** Why new orders wait. They are kept, visible and unsent, until every reason is gone; cancels never wait. */

/** The reasons: the stream is not live, the books are being compared, an outcome is unknown, the keys are refused, we are stopping. */
export type HoldReason = 'stream' | 'reconciling' | 'unknown_outcome' | 'keys' | 'stopping';

/** The set of present reasons. */
export type Holds = { set(reason: HoldReason, why: string | null): void; any(): boolean; reasons(): readonly string[] };

/** Creates the set; `onFree` is called whenever the last reason goes, `onChange` hears the reasons whenever they change. */
export function createHolds(onFree: () => void, onChange: (reasons: readonly string[]) => void = () => undefined): Holds {
  const present = new Map<HoldReason, string>();
  return {
    set(reason, why) {
      if ((present.get(reason) ?? null) === why) return;
      if (why === null) present.delete(reason);
      else present.set(reason, why);
      onChange([...present.values()]);
      if (present.size === 0) onFree();
    },
    any: () => present.size > 0,
    reasons: () => [...present.values()],
  };
}
