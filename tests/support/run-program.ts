/** Programs that run to their end, for benchmarks of whole processes. */
import { execFileSync } from 'node:child_process';

/** Runs a program under this Node and waits for it. `env`: beside that of this process. @returns what it printed. @throws when it does not end with 0 */
export function runProgram(file: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  return execFileSync(process.execPath, [file, ...args], { encoding: 'utf8', env: { ...process.env, ...env } });
}
