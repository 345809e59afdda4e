/** Entry of the sandbox's process or thread. */
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { invariant } from '#app/domain/errors.ts';
import { sharedDeadline, shareDeadline, WATCH_MS } from './deadline.ts';
import type { SandboxAsk } from './protocol.ts';
import { serveSandbox, type SandboxPort } from './serve.ts';

/**
 * Looks after the process while the interpreter is in a loop: without the one who asks nobody would end it (Windows does not give orphans another parent, so it is asked for as well), and a loop
 * within the language itself hears no interrupt.
 */
const WATCH = `const { workerData: { parent, deadline } } = require('node:worker_threads');
const isThere = () => { try { return process.ppid === parent && process.kill(parent, 0); } catch (error) { return error.code === 'EPERM'; } };
const sharedMs = () => { const [seconds, nanoseconds] = process.hrtime(); return seconds * 1_000 + nanoseconds / 1_000_000; };
setInterval(() => {
  // Read once, as in deadline.ts: a call that ends between two looks leaves a 0.
  const until = deadline[0];
  if (until > 0 && sharedMs() > until) process.kill(process.pid, 'SIGTERM');
  if (!isThere()) process.kill(process.pid, 'SIGKILL');
}, ${WATCH_MS});`;

/** A process's channel where there is one, else the thread's port. */
function portOf(): SandboxPort {
  const thread = parentPort;
  if (thread !== null) {
    const given: unknown = workerData;
    if (given instanceof Float64Array) shareDeadline(given);
    return { onAsk: (listener) => void thread.on('message', listener), answer: (answer) => thread.postMessage(answer) };
  }
  const send = process.send?.bind(process);
  invariant(send, 'This file is the entry of a child process or a thread');
  // Without the one who asks there is nothing to answer for.
  process.on('disconnect', () => process.exit(0));
  const deadline = sharedDeadline();
  shareDeadline(deadline);
  new Worker(WATCH, { eval: true, workerData: { parent: process.ppid, deadline }, env: {} }).unref();
  return { onAsk: (listener) => void process.on('message', (message) => listener(message as SandboxAsk)), answer: (answer) => void send(answer) };
}

serveSandbox(portOf());
