/** The desktop application on the stand-in: its own process, its window attached through Chromium's debugging port. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { until } from '../support/servers.ts';
import { cleanEnvironment, ENTRY, ROOT } from './driver.ts';
import type { Desktop, LaunchOptions } from './driver.ts';
import type { ProbeCommands, ProbeName } from './probe-types.ts';
import { toApp, toWeb } from './stand-in/origin.ts';

const PAGE_LIMIT_MS = 60_000;
const EXIT_LIMIT_MS = 60_000;
const KEPT_OUTPUT = 200_000;
const REGISTER = path.join(import.meta.dirname, 'stand-in', 'register.mjs');

type Told = { id?: number; result?: unknown; error?: string; event?: string; endpoint?: string };
type Waiting = { resolve(value: unknown): void; reject(error: Error): void };

function start(options: LaunchOptions, args: readonly string[]): ChildProcess {
  mkdirSync(path.join(options.home, '..', 'stand-in'), { recursive: true });
  const env = {
    ...cleanEnvironment(options),
    MAINSPRING_STAND_IN_KEYRING: options.keyring ?? 'system',
    MAINSPRING_STAND_IN_FOLDER: path.join(options.home, '..', 'stand-in'),
  };
  return spawn(process.execPath, ['--import', REGISTER, options.entry ?? ENTRY, ...args], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
}

/** Starts the application. Returns at once. */
export function launchStandIn(options: LaunchOptions): Desktop {
  const child = start(options, options.args ?? []);
  const waiting = new Map<number, Waiting>();
  let text = '';
  let exit: number | string | null = null;
  let endpoint: string | null = null;
  let browser: Browser | null = null;
  let asked = 0;
  const hear = (chunk: string): void => void (text = (text + chunk).slice(-KEPT_OUTPUT));
  child.stdout?.setEncoding('utf8').on('data', hear);
  child.stderr?.setEncoding('utf8').on('data', hear);
  child.on('message', (message) => {
    const told = message as Told;
    if (told.event === 'browser') endpoint = told.endpoint ?? null;
    const asker = waiting.get(told.id ?? -1);
    waiting.delete(told.id ?? -1);
    if (told.error === undefined) asker?.resolve(told.result);
    else asker?.reject(new Error(told.error));
  });
  child.once('exit', (code, signal) => {
    exit = code ?? signal ?? 'unknown';
    for (const { reject } of waiting.values()) reject(new Error(`The application has ended (${exit})`));
    waiting.clear();
  });

  const probe = <N extends ProbeName>(name: N, input: ProbeCommands[N][0]): Promise<ProbeCommands[N][1]> =>
    new Promise((resolve, reject) => {
      if (exit !== null) return reject(new Error(`The application has ended (${exit}). Output:\n${text}`));
      const id = ++asked;
      waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      child.send({ id, name, args: input });
    });
  const page = async (): Promise<Page> => {
    const address = await until(() => {
      if (exit !== null) throw new Error(`The application has ended (${exit})`);
      return endpoint;
    }, `a window. Output:\n${text}`, PAGE_LIMIT_MS);
    browser ??= await chromium.connectOverCDP(address);
    const attached = browser;
    return until(() => attached.contexts().flatMap((context) => context.pages()).find((candidate) => toApp(candidate.url()).startsWith('app://')), 'the page', PAGE_LIMIT_MS);
  };
  const exited = async (limitMs = EXIT_LIMIT_MS): Promise<number | string> => {
    const ended = await until(() => (exit === null ? null : { exit }), 'the application to end', limitMs).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${text}`, { cause: error });
    });
    await browser?.close();
    browser = null;
    return ended.exit;
  };
  return {
    kind: 'stand-in',
    home: options.home,
    pid: child.pid ?? 0,
    page, probe, exited,
    addressOf: (shown) => toApp(shown.url()),
    webAddress: toWeb,
    look: () => probe('snapshot', {}),
    forge: (channel, args, frame, isOtherWindow = false) => probe('forge', { channel, args, frame, isOtherWindow }),
    async startAgain(args = []) {
      const second = start(options, args);
      let code: number | null = null;
      second.once('exit', (status) => (code = status ?? -1));
      second.stderr?.setEncoding('utf8').on('data', hear);
      second.stdout?.setEncoding('utf8').on('data', hear);
      const ended = await until(() => (code === null ? null : { code }), 'the second start to end', EXIT_LIMIT_MS);
      return ended.code;
    },
    isRunning: () => exit === null,
    output: () => text,
    async kill() {
      child.kill('SIGKILL');
      await exited();
    },
  };
}
