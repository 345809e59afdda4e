/** Entry of the sandbox's process or thread. */
import { parentPort } from 'node:worker_threads';
import { invariant } from '#app/domain/errors.ts';
import type { SandboxAsk } from './protocol.ts';
import { serveSandbox, type SandboxPort } from './serve.ts';

/** A process's channel where there is one, else the thread's port. */
function portOf(): SandboxPort {
  const thread = parentPort;
  if (thread !== null) return { onAsk: (listener) => void thread.on('message', listener), answer: (answer) => thread.postMessage(answer) };
  const send = process.send?.bind(process);
  invariant(send, 'This file is the entry of a child process or a thread');
  // Without the one who asks there is nothing to answer for.
  process.on('disconnect', () => process.exit(0));
  return { onAsk: (listener) => void process.on('message', (message) => listener(message as SandboxAsk)), answer: (answer) => void send(answer) };
}

serveSandbox(portOf());
