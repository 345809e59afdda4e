/** How long one turn of this thread's event loop takes, in its own processor time: other programs on the machine do not count. */

/** Looks from now on. `stop`: the longest turn in ms. */
export function watchTurns(): { stop(): number } {
  let longest = 0;
  const used = (): number => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1_000;
  };
  let before = used();
  // A timer comes once a turn: what was used since the last one was used in one turn, or in two short ones.
  const look = (): void => {
    const now = used();
    longest = Math.max(longest, now - before);
    before = now;
  };
  const timer = setInterval(look, 1);
  return {
    stop() {
      clearInterval(timer);
      look();
      return longest;
    },
  };
}
