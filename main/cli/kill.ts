/** `mainspring kill`: the kill switch from the command line, past gateway and dashboard. */
import { randomUUID } from 'node:crypto';
import { KILL_LEVELS, killOutcomeSchema, type KillOutcome } from '#app/contracts/kill.ts';
import { askDoor } from '../supervisor/door.ts';
import { refuse } from './arguments.ts';
import { tellNotRunning } from './ask.ts';

const ASK_LIMIT_MS = 15_000;
const NOT_RUNNING = 3;
const NOT_DONE_YET = 1;

/** What came of it, in lines for people. */
export function killText({ stoppedAfterMs, steps }: KillOutcome): string {
  const stopped = stoppedAfterMs === null ? 'Execution does not run: no order leaves.' : `Execution stopped after ${stoppedAfterMs} ms.`;
  return [stopped, ...steps.map(({ step, ok, message }) => `${ok ? 'done   ' : 'pending'}  ${step}: ${message}`)].join('\n');
}

/** `kill LEVEL`: exit 0 when everything is done, 1 when something is still under way, 3 when nothing runs. */
export async function runKill(words: readonly string[], { door, dataDir, isJson }: { readonly door: string; readonly dataDir: string; readonly isJson: boolean }): Promise<number> {
  const [word, ...rest] = words;
  const level = KILL_LEVELS.find((known) => known.replace('_', '-') === word);
  if (level === undefined || rest.length > 0) return refuse(`kill takes one of ${KILL_LEVELS.map((known) => known.replace('_', '-')).join(', ')}.`);
  const answer = await askDoor(door, 'kill', ASK_LIMIT_MS, { level, reason: 'kill switch on the command line', actor: 'command line', key: `cli-${randomUUID()}` });
  if (answer === null) {
    tellNotRunning(isJson, dataDir);
    if (!isJson) process.stdout.write('Nothing trades, and what rests at the broker stays there: look at it on the broker\'s own page, or start Mainspring and try again.\n');
    return NOT_RUNNING;
  }
  const outcome = killOutcomeSchema.parse(answer.result);
  process.stdout.write(`${isJson ? JSON.stringify(outcome) : killText(outcome)}\n`);
  return outcome.steps.every(({ ok }) => ok) ? 0 : NOT_DONE_YET;
}
