/** The desktop application in a real Electron, through Playwright's own launcher. The probe is the same one, loaded with `-r`. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { _electron } from 'playwright-core';
import { until } from '../support/servers.ts';
import { cleanEnvironment, ENTRY, ROOT } from './driver.ts';
import type { Desktop, LaunchOptions } from './driver.ts';
import type { ProbeCommands, ProbeName } from './probe-types.ts';

const EXIT_LIMIT_MS = 60_000;
const KEPT_OUTPUT = 200_000;
const PROBE = path.join(import.meta.dirname, 'probe.cjs');
/** Containers give no user namespaces. */
const SWITCHES = process.platform === 'linux' ? ['--no-sandbox'] : [];

/** Starts the application in `executablePath`. */
export async function launchElectron(executablePath: string, options: LaunchOptions): Promise<Desktop> {
  const env = cleanEnvironment(options);
  const args = [...SWITCHES, '-r', PROBE, options.entry ?? ENTRY, ...(options.args ?? [])];
  const electron = await _electron.launch({ executablePath, args, env, cwd: ROOT });
  const child = electron.process();
  let text = '';
  let exit: number | string | null = null;
  const hear = (chunk: Buffer): void => void (text = (text + chunk.toString('utf8')).slice(-KEPT_OUTPUT));
  child.stdout?.on('data', hear);
  child.stderr?.on('data', hear);
  child.once('exit', (code, signal) => (exit = code ?? signal ?? 'unknown'));
  const probe = <N extends ProbeName>(name: N, input: ProbeCommands[N][0]): Promise<ProbeCommands[N][1]> =>
    electron.evaluate(async (_electronModule, [wanted, given]) => {
      const run = (globalThis as unknown as { __mainspringProbe: (name: string, input: unknown) => Promise<unknown> }).__mainspringProbe;
      return run(wanted, given);
    }, [name, input] as const) as Promise<ProbeCommands[N][1]>;
  const exited = async (limitMs = EXIT_LIMIT_MS): Promise<number | string> =>
    (await until(() => (exit === null ? null : { exit }), `the application to end. Output:\n${text}`, limitMs)).exit;
  return {
    kind: 'electron',
    home: options.home,
    pid: child.pid ?? 0,
    page: () => electron.firstWindow(),
    probe, exited,
    addressOf: (page) => page.url(),
    webAddress: (address) => address,
    look: () => probe('snapshot', {}),
    forge: (channel, given, frame, isOtherWindow = false) => probe('forge', { channel, args: given, frame, isOtherWindow }),
    startAgain: (given = []) =>
      new Promise((resolve, reject) => {
        const second = spawn(executablePath, [...SWITCHES, ENTRY, ...given], { env, cwd: ROOT, stdio: 'ignore' });
        second.once('error', reject);
        second.once('exit', (code) => resolve(code ?? -1));
      }),
    isRunning: () => exit === null,
    output: () => text,
    async kill() {
      child.kill('SIGKILL');
      await exited();
    },
  };
}
