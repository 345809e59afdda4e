/** The verbs that ask a running Mainspring: status, verify, stop. */
import * as z from 'zod';
import { StackHealthSchema, VerifyReportSchema } from '#app/contracts/health.ts';
import { askDoor, isHeld } from '../supervisor/door.ts';
import { statusText, verifyText } from './format.ts';

const ASK_LIMIT_MS = 15_000;
const STOP_LIMIT_MS = 90_000;
const POLL_MS = 50;
/** Exit code when nothing runs in the data folder (as of service scripts). */
const NOT_RUNNING = 3;

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Says that nothing runs there. */
export function tellNotRunning(isJson: boolean, dataDir: string): void {
  print(isJson ? JSON.stringify({ running: false, healthy: false }) : `Mainspring is not running with the data folder ${dataDir}. Start it with "mainspring start".`);
}

/** `status`: exit 0 when all is healthy, 1 when not, 3 when nothing runs. */
export async function runStatus(door: string, dataDir: string, isJson: boolean): Promise<number> {
  const answer = await askDoor(door, 'status', ASK_LIMIT_MS);
  if (!answer) {
    tellNotRunning(isJson, dataDir);
    return NOT_RUNNING;
  }
  const stack = StackHealthSchema.parse(answer.result);
  print(isJson ? JSON.stringify({ running: true, ...stack }, null, 2) : statusText(stack));
  return stack.healthy ? 0 : 1;
}

/** `verify`: exit 0 when every part answered, 1 when not. */
export async function runVerify(door: string, dataDir: string, isJson: boolean): Promise<number> {
  const answer = await askDoor(door, 'verify', ASK_LIMIT_MS);
  if (!answer) {
    tellNotRunning(isJson, dataDir);
    return 1;
  }
  const report = VerifyReportSchema.parse(answer.result);
  print(isJson ? JSON.stringify(report, null, 2) : verifyText(report));
  return report.healthy ? 0 : 1;
}

/** `stop`: asks, then waits for the end. Nothing to stop is no error. */
export async function runStop(door: string, dataDir: string, isJson: boolean): Promise<number> {
  const before = performance.now();
  const answer = await askDoor(door, 'stop', ASK_LIMIT_MS);
  if (!answer) {
    print(isJson ? JSON.stringify({ stopped: true, wasRunning: false }) : `Mainspring is not running with the data folder ${dataDir}.`);
    return 0;
  }
  const { pid, isResident } = z.object({ pid: z.number().int(), isResident: z.boolean() }).parse(answer.result);
  const deadline = performance.now() + STOP_LIMIT_MS;
  while (performance.now() < deadline) {
    // The desktop application itself goes on; its stack is what was asked to stop.
    if ((isResident || !isAlive(pid)) && !(await isHeld(door))) {
      const tookMs = Math.round(performance.now() - before);
      print(isJson ? JSON.stringify({ stopped: true, wasRunning: true, tookMs }) : `Stopped in ${(tookMs / 1_000).toFixed(1)} s.`);
      return 0;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  process.stderr.write(`Mainspring (process ${pid}) did not stop within ${STOP_LIMIT_MS / 1_000} s. Look at "mainspring status".\n`);
  return 1;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    if ((error as NodeJS.ErrnoException).code === 'EPERM') return true;
    throw error;
  }
}
