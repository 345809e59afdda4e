/** `mainspring start`: brings everything up in the foreground, says so, and takes everything down again. */
import { EXIT } from '#app/contracts/control.ts';
import type { TapeSummary } from '#app/contracts/control.ts';
import type { Notice, UnitHealth, VerifyReport } from '#app/contracts/health.ts';
import { describeError } from '#app/domain/errors.ts';
import { boot } from '../boot.ts';
import type { Stack } from '../boot.ts';
import { openAccounts } from '../broker/accounts.ts';
import { choiceOf } from '../broker-keys.ts';
import type { ReplayEnd } from '../invariants/replay-end.ts';
import type { Layout } from '../layout.ts';
import { marketOfSettings } from '../store/read-settings.ts';
import { plainSealer } from '../store/secrets.ts';
import { nodeSpawner } from '../supervisor/node-spawner.ts';
import type { Command } from './arguments.ts';
import { duration, inStateColour, replayText, verifyText } from './format.ts';
import type { Place } from './place.ts';

const VERIFY_LIMIT_MS = 20_000;
const VERIFY_EVERY_MS = 250;
const SHOWN_STATES: ReadonlySet<string> = new Set(['ready', 'done', 'degraded', 'unresponsive', 'backoff', 'failed']);
const LAST_LINES = 15;
/** Exit code of a replay after which the book is not as it must be. */
const BROKEN = 1;

/** Why the foreground ends: the person, the end of a replay, or a part that cannot start. */
type Ending = { readonly kind: 'asked'; readonly reason: string } | { readonly kind: 'replayed'; readonly tape: TapeSummary } | { readonly kind: 'failed'; readonly unit: UnitHealth };

/** A promise with its key outside. */
function ending(): { promise: Promise<Ending>; settle: (how: Ending) => void; isSettled: () => boolean } {
  let isSettled = false;
  let resolve: (how: Ending) => void = () => undefined;
  const promise = new Promise<Ending>((take) => (resolve = take));
  return {
    promise,
    isSettled: () => isSettled,
    settle: (how) => {
      isSettled = true;
      resolve(how);
    },
  };
}

/** Runs until something ends it; returns the exit code. */
export async function runStart(command: Command, place: Place, layout: Layout): Promise<number> {
  const { home, dataDir, mode } = place;
  const began = performance.now();
  const end = ending();
  let stack: Stack | null = null;
  let isUp = false;
  const say = (text: string): void => {
    if (!command.isJson) process.stdout.write(`${text}\n`);
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    if (end.isSettled()) {
      say('Asked again: everything is ended by force.');
      stack?.supervisor.killAll();
    }
    end.settle({ kind: 'asked', reason: signal });
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);

  say(`Mainspring ${layout.version}, data in ${dataDir}`);
  for (const note of place.notes) say(note);
  const isDecided = command.replay !== null || marketOfSettings(home.envFile, process.env) !== null;
  stack = await boot({
    dataDir,
    // What recorded bars are tried on stays with the replay.
    ...(command.replay === null ? { libraryDir: home.libraryDir } : {}),
    envFile: home.envFile,
    choice: isDecided ? { mode, keys: null } : await choiceOf(home, plainSealer, mode),
    accounts: openAccounts({ home, sealer: plainSealer, env: process.env, withVault: (task) => task(), monotonic: () => performance.now() }),
    layout,
    env: process.env,
    replay: command.replay,
    spawner: nodeSpawner(),
    events: {
      onUnit: (unit) => {
        if (SHOWN_STATES.has(unit.state)) say(unitLine(unit, performance.now() - began));
        if (unit.state === 'failed' && !isUp && !command.isKeeping) end.settle({ kind: 'failed', unit });
      },
      onNotice: (notice) => showNotice(notice, say),
      onReplayDone: (tape) => {
        if (!command.isKeeping) end.settle({ kind: 'replayed', tape });
        else conclude(dataDir, tape).then((result) => tellReplay(result, command.isJson), (error: unknown) => say(`The replay could not be counted: ${describeError(error)}`));
      },
      onStopAsked: () => end.settle({ kind: 'asked', reason: 'asked at the control door' }),
    },
  });
  const running = stack;

  try {
    await Promise.race([untilUp(running), end.promise]);
    if (!end.isSettled()) {
      isUp = true;
      const report = await verifyUntilHealthy(running, end.isSettled);
      announce({ stack: running, report, tookMs: performance.now() - began, isJson: command.isJson, say });
    }
    return await finish(await end.promise, running, command, say);
  } finally {
    await running.stop('the command ended');
  }
}

function untilUp(stack: Stack): Promise<void> {
  const { supervisor } = stack;
  return supervisor.until(() => supervisor.unitIds.every((id) => ['ready', 'degraded', 'done'].includes(supervisor.statusOf(id).state)));
}

/** Flows are announced just after their services are ready: give them a moment. */
async function verifyUntilHealthy(stack: Stack, isOver: () => boolean): Promise<VerifyReport> {
  const deadline = performance.now() + VERIFY_LIMIT_MS;
  for (;;) {
    const report = await stack.verify();
    if (report.healthy || isOver() || performance.now() > deadline) return report;
    await new Promise((resolve) => setTimeout(resolve, VERIFY_EVERY_MS));
  }
}

function announce({ stack, report, tookMs, isJson, say }: { stack: Stack; report: VerifyReport; tookMs: number; isJson: boolean; say: (text: string) => void }): void {
  const dashboard = stack.loginLink();
  if (isJson) {
    process.stdout.write(`${JSON.stringify({ healthy: report.healthy, mode: stack.mode, dashboard, pid: process.pid, tookMs: Math.round(tookMs), checks: report.checks })}\n`);
    return;
  }
  say(`\n${verifyText(report)}`);
  say(`\n${report.healthy ? 'All parts are healthy' : 'Not all parts are healthy'} after ${duration(tookMs)} (${stack.mode} mode).`);
  say(`Dashboard: ${dashboard}`);
  say('Ctrl-C stops everything.');
}

async function finish(how: Ending, stack: Stack, command: Command, say: (text: string) => void): Promise<number> {
  const before = performance.now();
  const result = how.kind === 'replayed' ? await conclude(stack.health().dataDir, how.tape) : null;
  if (result) tellReplay(result, command.isJson);
  if (how.kind === 'failed') process.stderr.write(`\n${failureText(how.unit)}\n`);
  say(how.kind === 'asked' ? `\nStopping (${how.reason}) ...` : 'Stopping ...');
  await stack.stop(how.kind === 'asked' ? how.reason : how.kind);
  say(`Stopped in ${duration(performance.now() - before)}.`);
  if (how.kind !== 'failed') return result && result.violations > 0 ? BROKEN : EXIT.ok;
  return how.unit.lastExit?.code === EXIT.config ? EXIT.config : EXIT.bug;
}

function unitLine(unit: UnitHealth, sinceMs: number): string {
  const detail = unit.reasons.length > 0 ? unit.reasons.join('; ') : unit.port === null ? '' : `port ${unit.port}`;
  return `${`${(sinceMs / 1_000).toFixed(2)} s`.padStart(9)}  ${unit.title.padEnd(16)} ${inStateColour(unit.state, unit.state.padEnd(12))} ${detail}`.trimEnd();
}

function showNotice(notice: Notice, say: (text: string) => void): void {
  // A unit's failure is told with its state already.
  if (notice.level === 'error' && notice.unit !== null) return;
  say(`           ${notice.text}`);
}

/** The checker is loaded only when there is something to check: a stack that trades has no use for it. */
async function conclude(dataDir: string, tape: TapeSummary): Promise<ReplayEnd> {
  const { concludeReplay } = await import('../invariants/replay-end.ts');
  return concludeReplay(dataDir, tape);
}

function tellReplay(end: ReplayEnd, isJson: boolean): void {
  process.stdout.write(isJson ? `${JSON.stringify({ replay: end })}\n` : `\n${replayText(end)}\n\n`);
}

function failureText(unit: UnitHealth): string {
  // An end for a person to mend has said in its reason all that helps; a bug has not.
  const words = unit.lastExit?.code === EXIT.config ? [] : (unit.lastExit?.lastLines.slice(-LAST_LINES) ?? []);
  const reason = unit.reasons.join('; ') || unit.lastExit?.reason || 'no reason was given';
  return [`${unit.title} cannot start: ${reason}`, ...(words.length > 0 ? ['Its last words:', ...words.map((line) => `  ${line}`)] : [])].join('\n');
}
