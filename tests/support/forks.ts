/** A program of ours in a process of its own, for benchmarks. */
import { fork } from 'node:child_process';

/** A running program. */
export type Fork = { /** Ends it at once and waits until it is gone. */ kill(): Promise<void> };

/** Starts a TypeScript file that speaks over the channel, and waits for its first word. */
export async function forkProgram(file: string, args: readonly string[]): Promise<Fork> {
  const child = fork(file, [...args], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  await new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`${file} ended with ${String(code)} before it spoke`)));
  });
  return {
    async kill() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}
