/** Time for the installer's compressor: electron-builder stops makensis after four minutes, and has no option for it. */

/** electron-builder's limit (builder-util, `spawnAndWriteWithOutput`); a real payload takes two to ten minutes of one core. */
const IMPATIENT_MS = 4 * 60_000;
const PATIENT_MS = 60 * 60_000;

/**
 * While `work` runs, a timer of exactly four minutes waits for an hour. Nothing else is changed, and should the limit of
 * electron-builder change one day, this does nothing.
 */
export async function withPatience<T>(work: () => Promise<T>): Promise<T> {
  const { setTimeout: original } = globalThis;
  const patient = (handler: (...args: unknown[]) => void, delay?: number, ...args: unknown[]): NodeJS.Timeout =>
    original(handler, delay === IMPATIENT_MS ? PATIENT_MS : delay, ...args);
  globalThis.setTimeout = Object.assign(patient, original) as typeof setTimeout;
  try {
    return await work();
  } finally {
    globalThis.setTimeout = original;
  }
}
