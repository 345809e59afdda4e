/** `npm run simulator` as a process of its own, for tests and benchmarks. */
import { spawn } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './servers.ts';

const tool = resolve(dirname(fileURLToPath(import.meta.url)), '../..', join('services', 'simulator', 'tool.ts'));
const READY_MS = 60_000;

/** The tool at work. */
export type SimulatorTool = {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** What it has printed so far. */
  output(): string;
  /** Ctrl-C; resolves with its exit code. */
  stop(): Promise<number | null>;
  kill(): void;
};

/** Starts it on a free port and waits until it answers. */
export async function startSimulatorTool(args: readonly string[]): Promise<SimulatorTool> {
  const child = spawn(process.execPath, [tool, '--port', '0', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = new Promise<number | null>((done) => child.once('exit', (code) => done(code)));
  const port = await until(() => {
    if (child.exitCode !== null) throw new Error(`The simulator ended: ${text}`);
    return Number(/Ctrl-C ends it[\s\S]*/.test(text) ? /answers at http:\/\/127\.0\.0\.1:(\d+)/.exec(text)?.[1] : 0) || null;
  }, 'the simulator to answer', READY_MS);
  return {
    url: `http://127.0.0.1:${port}`, port, pid: child.pid ?? 0, output: () => text, kill: () => void child.kill('SIGKILL'),
    stop: () => {
      child.kill('SIGINT');
      return ended;
    },
  };
}
