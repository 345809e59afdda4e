/** Words of the suite: a desk with the application on it, its page watched for everything that goes wrong. */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { SHELL_ORIGIN } from '#app/contracts/shell-names.ts';
import type { ShellCallName } from '#app/contracts/shell-names.ts';
import { SHELL_CALLS } from '#app/contracts/shell.ts';
import type { ShellAnswer, ShellBridge, ShellInput, ShellOutput, ShellPhase, ShellStatus } from '#app/contracts/shell.ts';
import { isAlive, ownPorts } from '../support/fake-stack.ts';
import { until } from '../support/servers.ts';
import type { Desktop, LaunchOptions } from './driver.ts';
import { freshHome, launch } from './launch.ts';
import type { MenuNode } from './probe-types.ts';

/** The first start makes databases; a loaded machine needs its time. */
export const START_LIMIT_MS = 120_000;
/** How long a page may take to show what it knows. */
export const SHOW_LIMIT_MS = 40_000;

/** The application on a desk. */
export type Desk = {
  readonly desktop: Desktop;
  readonly page: Page;
  /** What the page complained of: uncaught errors, console errors, violated policies. Empty at the end of a good test. */
  readonly problems: string[];
  /** Asks through the preload's bridge, as the page does. */
  ask<N extends ShellCallName>(name: N, input: ShellInput<N>): Promise<ShellAnswer>;
  /** As `ask`, with the result. @throws Error with the refusal's words */
  call<N extends ShellCallName>(name: N, input: ShellInput<N>): Promise<ShellOutput<N>>;
  status(): Promise<ShellStatus>;
  /** Waits for a phase. */
  phase(wanted: ShellPhase, limitMs?: number): Promise<ShellStatus>;
  /** Every process that was ever seen in a status. */
  readonly seen: ReadonlySet<number>;
  /** Waits until none of them is left. */
  nothingLeft(): Promise<void>;
};

type Window = { readonly mainspring: ShellBridge };

function watch(page: Page, problems: string[]): void {
  page.on('pageerror', (error) => problems.push(`uncaught: ${error.message}`));
  page.on('console', (message) => {
    // A gateway that was stopped on purpose cannot be reached; Chromium tells every attempt.
    if (message.type() === 'error' && !/net::ERR_|WebSocket connection to/.test(message.text())) problems.push(`console: ${message.text()}`);
  });
}

/** Settings beside the home, so that no test meets another one's ports. */
export async function preparedHome(settings: Readonly<Record<string, string>> = {}): Promise<string> {
  const home = freshHome();
  writeFileSync(path.join(home, '.env'), Object.entries({ ...(await ownPorts()), ...settings }).map(([key, value]) => `${key}=${value}\n`).join(''));
  return home;
}

/** Starts the application and waits until its page answers. */
export async function openDesk(options: LaunchOptions): Promise<Desk> {
  const desktop = await launch(options);
  const page = await desktop.page();
  const problems: string[] = [];
  const seen = new Set<number>([desktop.pid]);
  watch(page, problems);
  const ask: Desk['ask'] = (name, input) =>
    until(async () => {
      try {
        return await page.evaluate(([wanted, given]) => (globalThis as unknown as Window).mainspring.call[wanted](given), [name, input as unknown] as const);
      } catch (error) {
        // The window reloads when the gateway's address is known: the new page is asked.
        if (/context was destroyed|navigat/i.test(String(error))) return null;
        throw error;
      }
    }, `an answer to ${name}`, SHOW_LIMIT_MS);
  const call: Desk['call'] = async (name, input) => {
    const answer = await ask(name, input);
    if (!answer.ok) throw new Error(`${name}: ${answer.error.code} ${answer.error.message}`);
    return SHELL_CALLS[name].output.parse(answer.result) as never;
  };
  const status = async (): Promise<ShellStatus> => {
    const told = await call('status', {});
    for (const unit of told.stack?.units ?? []) if (unit.pid !== null) seen.add(unit.pid);
    return told;
  };
  /** For the message of a failing test. */
  const told = async (): Promise<string> => {
    const last = await status();
    return [JSON.stringify(last.problem), ...(last.stack?.units.map((unit) => `${unit.id}: ${unit.state} ${unit.reasons.join('; ')}`) ?? []), desktop.output()].join('\n');
  };
  await page.waitForFunction(() => 'mainspring' in globalThis, undefined, { timeout: SHOW_LIMIT_MS });
  return {
    desktop, page, problems, ask, call, status, seen,
    async phase(wanted, limitMs = START_LIMIT_MS) {
      const reached = await until(async () => {
        const last = await status();
        // A refused start will not come to anything by waiting.
        return last.phase === wanted || last.phase === 'failed' ? last : null;
      }, `the phase ${wanted}`, limitMs).catch(async (error: unknown) => {
        throw new Error(`${String(error)}\n${await told()}`, { cause: error });
      });
      if (reached.phase !== wanted) throw new Error(`The start failed: ${reached.problem?.message ?? 'no reason'}`);
      return reached;
    },
    async nothingLeft() {
      await until(() => [...seen].every((pid) => !isAlive(pid)), `the end of ${[...seen].filter(isAlive).join(', ')}`);
    },
  };
}

/** The item of a menu, at any depth. @throws Error when there is none */
export function itemOf(menu: readonly MenuNode[], id: string): MenuNode {
  const all = (nodes: readonly MenuNode[]): MenuNode[] => nodes.flatMap((node) => [node, ...all(node.submenu ?? [])]);
  const found = all(menu).find((node) => node.id === id || node.label === id);
  if (!found) throw new Error(`There is no item ${id} among ${all(menu).map((node) => node.id ?? node.label).join(', ')}`);
  return found;
}

/** Every file below a folder whose bytes hold the text. */
export function filesWith(folder: string, text: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => {
      try {
        return readFileSync(file).includes(text);
      } catch (error) {
        // Databases make and remove files all the time.
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
        throw error;
      }
    });
}

/** Every process on this Linux whose arguments or environment hold the text, as pids. */
export function processesWith(text: string): number[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => ['cmdline', 'environ'].some((part) => {
    try {
      return readFileSync(`/proc/${pid}/${part}`).includes(text);
    } catch (error) {
      if (['ENOENT', 'ESRCH', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
      throw error;
    }
  }));
}

/** The address of the window's page. */
export const HOME_ADDRESS = `${SHELL_ORIGIN}/`;
