/** Running other programs: quietly with a progress line, or in the foreground with our signals passed on. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** Of a failed program's output, the first lines name the cause and the last ones the consequence. */
const HEAD_LINES = 15;
const TAIL_LINES = 25;
/** A terminal and npm each deliver the same Ctrl-C; within this time they are one. */
const SAME_SIGNAL_MS = 400;

/** What the person at the keyboard must hear: the program failed, and here are its last words. */
export class StepFailure extends Error {}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<number>} exit code, 128 + n for a signal
 */
function exitOf(child) {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}

/**
 * Runs a program to its end with its output kept back; shows what is going on and for how long.
 * @param {string} title what a person reads while it runs
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<string>} the first and last lines of its output
 * @throws {StepFailure} with the first and last lines of its output
 */
export async function runStep(title, command, args, options = {}) {
  const started = Date.now();
  const stopProgress = showProgress(title, started);
  const output = keepEnds();
  let code = 1;
  try {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout?.on('data', output.add);
    child.stderr?.on('data', output.add);
    code = await exitOf(child);
  } catch (error) {
    output.add(error instanceof Error ? error.message : String(error));
  } finally {
    stopProgress(code === 0);
  }
  const text = output.text();
  if (code !== 0) throw new StepFailure(`${title} failed (exit ${code}): ${command} ${args.join(' ')}\n${text}`);
  return text;
}

/** Keeps the first and the last lines of what a program says, and counts the ones between. */
function keepEnds() {
  /** @type {string[]} */
  const head = [];
  /** @type {string[]} */
  let tail = [];
  let left = 0;
  let partial = '';
  /** @param {Buffer | string} chunk */
  const add = (chunk) => {
    const lines = (partial + chunk.toString()).split('\n');
    partial = lines.pop() ?? '';
    head.push(...lines.splice(0, HEAD_LINES - head.length));
    tail.push(...lines);
    left += Math.max(0, tail.length - TAIL_LINES);
    tail = tail.slice(-TAIL_LINES);
  };
  const text = () => [...head, ...(left === 0 ? [] : [`... ${left} lines ...`]), ...tail, partial].join('\n').trim();
  return { add, text };
}

/**
 * A terminal sees one line with running seconds; a log sees a line at the start and one at the end.
 * @param {string} title
 * @param {number} started
 * @returns {(ok: boolean) => void}
 */
function showProgress(title, started) {
  const seconds = () => ((Date.now() - started) / 1000).toFixed(1);
  const isTerminal = process.stderr.isTTY === true;
  if (!isTerminal) {
    process.stderr.write(`${title} ...\n`);
    return (ok) => void process.stderr.write(`${title}: ${ok ? 'done' : 'FAILED'} in ${seconds()} s\n`);
  }
  const draw = () => process.stderr.write(`\r\x1b[2K  ${title} ... ${seconds()} s`);
  draw();
  const timer = setInterval(draw, 200);
  return (ok) => {
    clearInterval(timer);
    process.stderr.write(`\r\x1b[2K${ok ? '✔' : '✘'} ${title} (${seconds()} s)\n`);
  };
}

/**
 * Runs a program in the foreground. Each signal that reaches us reaches it exactly once, and we end with its exit code.
 *
 * On Unix it gets a process group of its own: otherwise a Ctrl-C would arrive there twice (from the terminal and
 * from us), and a second Ctrl-C means "force". On Windows the console itself tells every process of the window.
 * @param {string} command
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<number>} its exit code
 */
export async function runForeground(command, args, env) {
  const isWindows = process.platform === 'win32';
  const child = spawn(command, args, { env, stdio: 'inherit', detached: !isWindows });
  let lastSignalAt = -Infinity;
  /** @param {NodeJS.Signals} signal */
  const passOn = (signal) => {
    const now = performance.now();
    const isEcho = now - lastSignalAt < SAME_SIGNAL_MS;
    lastSignalAt = now;
    if (!isEcho && !isWindows) child.kill(signal);
  };
  /** @type {[NodeJS.Signals, NodeJS.Signals][]} received, passed on: a closed terminal means "stop" */
  const signals = [['SIGINT', 'SIGINT'], ['SIGTERM', 'SIGTERM'], ['SIGHUP', 'SIGTERM']];
  const listeners = signals.map(([received, sent]) => /** @type {const} */ ([received, () => passOn(sent)]));
  for (const [received, listener] of listeners) process.on(received, listener);
  try {
    return await exitOf(child);
  } finally {
    for (const [received, listener] of listeners) process.off(received, listener);
  }
}
