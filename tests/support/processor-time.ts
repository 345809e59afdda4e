/** How long something computed: unlike a clock on the wall it says the same on a computer with other work to do. */

/** Milliseconds of processor time that this thread has used, to be subtracted from a later reading. */
export function processorMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
