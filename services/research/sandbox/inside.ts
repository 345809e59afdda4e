/** Entry of the sandbox's process or thread. */
import { parentPort, Worker } from 'node:worker_threads';
import { invariant } from '#app/domain/errors.ts';
import type { SandboxAsk } from './protocol.ts';
import { serveSandbox, type SandboxPort } from './serve.ts';

/** Looks after the process while the interpreter is in a loop: without the one who asks nobody would end it. Windows does not give orphans another parent, so it is asked for as well. */
const WATCH = `const { workerData: parent } = require('node:worker_threads');
const isThere = () => { try { return process.ppid === parent && process.kill(parent, 0); } catch (error) { return error.code === 'EPERM'; } };
setInterval(() => { if (!isThere()) process.kill(process.pid, 'SIGKILL'); }, 500);`;

/** A process's channel where there is one, else the thread's port. */
function portOf(): SandboxPort {
  const thread = parentPort;
  if (thread !== null) return { onAsk: (listener) => void thread.on('message', listener), answer: (answer) => thread.postMessage(answer) };
  const send = process.send?.bind(process);
  invariant(send, 'This file is the entry of a child process or a thread');
  // Without the one who asks there is nothing to answer for.
  process.on('disconnect', () => process.exit(0));
  new Worker(WATCH, { eval: true, workerData: process.ppid, env: {} }).unref();
  return { onAsk: (listener) => void process.on('message', (message) => listener(message as SandboxAsk)), answer: (answer) => void send(answer) };
}

serveSandbox(portOf());
