/** One way to look at and act on the desktop application, whether it runs in real Electron or on the stand-in. */
import path from 'node:path';
import type { Page } from 'playwright-core';
import type { ForgedFrame, ProbeCommands, ProbeName, Snapshot } from './probe-types.ts';

/** The repository's top folder. */
export const ROOT = path.resolve(import.meta.dirname, '../..');
/** The built entry; `MAINSPRING_DESKTOP_PROGRAM` names the folder of another build than the repository's own. */
export const ENTRY = path.join(process.env['MAINSPRING_DESKTOP_PROGRAM'] ?? ROOT, 'dist', 'main', 'desktop.mjs');

/** How to start. `home`: the folder of this person's Mainspring. `keyring`: what key store the system has (stand-in alone). `entry`: another program than ours. */
export type LaunchOptions = { readonly home: string; readonly args?: readonly string[]; readonly env?: Readonly<Record<string, string>>; readonly keyring?: 'system' | 'basic_text' | 'unavailable'; readonly entry?: string };

/** A running desktop application. */
export type Desktop = {
  readonly kind: 'stand-in' | 'electron';
  readonly home: string;
  /** The main process. */
  readonly pid: number;
  /** The window's page; waits until there is one. */
  page(): Promise<Page>;
  /** As the page's own address bar would say it. */
  addressOf(page: Page): string;
  /** An address of the application as this window can ask for it. */
  webAddress(address: string): string;
  /** Looks or acts in the main process. */
  probe<N extends ProbeName>(name: N, input: ProbeCommands[N][0]): Promise<ProbeCommands[N][1]>;
  look(): Promise<Snapshot>;
  /** Asks a channel as somebody else would. */
  forge(channel: string, args: readonly unknown[], frame: ForgedFrame, isOtherWindow?: boolean): Promise<{ answer?: unknown; thrown?: string }>;
  /** Starts the program once more, with the same home; resolves with its exit code. */
  startAgain(args?: readonly string[]): Promise<number>;
  /** Resolves with the exit code, or the signal's name, when the main process has ended. */
  exited(limitMs?: number): Promise<number | string>;
  isRunning(): boolean;
  /** What it wrote, for the message of a failing test. */
  output(): string;
  /** Ends it whatever it does. */
  kill(): Promise<void>;
};

/** Our settings must come from the home folder, not from the shell or the test runner. */
export function cleanEnvironment(options: LaunchOptions): Record<string, string> {
  const foreign = /^(VITEST|NODE_OPTIONS$|NODE_V8_COVERAGE$|NODE_ENV$|MAINSPRING_HOME$|INIT_CWD$|npm_|ALPACA_|POSTGRES_|REDIS_|ELECTRON_RUN_AS_NODE$)/;
  const inherited = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined && !foreign.test(entry[0]));
  return { ...Object.fromEntries(inherited), MAINSPRING_HOME: options.home, XDG_CONFIG_HOME: path.join(options.home, '..', 'electron'), ...options.env };
}
