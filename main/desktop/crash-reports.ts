/** Crashes of the shell: written down on this computer, told, and ended in order. Nothing is sent anywhere. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { CrashReporter } from 'electron';

/** Reports that are kept; the oldest goes. */
const REPORTS_MAX = 20;
const TEXT_MAX = 64_000;
/** Exit code of a defect, as the workers'. */
export const DEFECT_EXIT = 70;
/** An orderly end may take so long before the process is ended anyway. */
const END_LIMIT_MS = 20_000;

/** Starts Chromium's crash reporter: minidumps in the folder for crash dumps, no upload. Before the application is ready. */
export function keepCrashDumps(crashReporter: Pick<CrashReporter, 'start'>): void {
  crashReporter.start({ uploadToServer: false, productName: 'Mainspring' });
}

function textOf(error: unknown): string {
  return (error instanceof Error ? (error.stack ?? error.message) : String(error)).slice(0, TEXT_MAX);
}

/** Writes a report and returns its file. `at` is EpochMs. */
export function writeCrashReport(folder: string, { at, version, what, error }: { readonly at: number; readonly version: string; readonly what: string; readonly error: unknown }): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = path.join(folder, `crash-${new Date(at).toISOString().replaceAll(':', '-')}.txt`);
  writeFileSync(file, `Mainspring ${version}, ${process.platform}, Node ${process.versions.node}\n${what}\n\n${textOf(error)}\n`, { mode: 0o600 });
  const reports = readdirSync(folder).filter((name) => /^crash-.*\.txt$/.test(name)).sort();
  for (const old of reports.slice(0, Math.max(0, reports.length - REPORTS_MAX))) rmSync(path.join(folder, old), { force: true });
  return file;
}

/** What the end after a defect is made of. */
export type DefectPorts = {
  /** Writes the report; returns where it is. */
  readonly write: (what: string, error: unknown) => string;
  /** Stops what runs, in order. */
  readonly stop: (reason: string) => Promise<void>;
  /** Tells the person; resolves when they have read it. */
  readonly tell: (message: string) => Promise<void>;
  readonly exit: (code: number) => void;
  readonly later: (act: () => void, ms: number) => void;
};

/**
 * What to do with an error that nobody caught: write it down, stop the trading in order, tell the person, end. A shell that goes on after a
 * defect could show a state that is not true. Later errors change nothing about that.
 */
export function endOnDefect({ write, stop, tell, exit, later }: DefectPorts): (what: string, error: unknown) => void {
  let isEnding = false;
  return (what, error) => {
    if (isEnding) return;
    isEnding = true;
    let where = 'It could not be written down';
    try {
      where = `It is written down in ${write(what, error)}`;
    } catch (failure) {
      where = `${where} (${String(failure)})`;
    }
    const leave = (): void => exit(DEFECT_EXIT);
    const message = `Mainspring met an error that it does not know and ends. Everything that traded is stopped in order; orders that are open stay at the broker. ${where}. Start it again.`;
    // Told while it stops; whoever does not answer does not hold it up.
    void tell(message).catch((failure: unknown) => write('The message could not be shown', failure));
    stop('the shell met a defect').then(() => later(leave, 3_000), leave);
    later(leave, END_LIMIT_MS);
  };
}
