/** A worker that does what it is told over its channel, for the contract of the spawners; it knows nothing of which one started it. */
import { writeSync } from 'node:fs';

const port = process.parentPort;
const send = port ? (message) => port.postMessage(message) : (message) => process.send(message);
const listen = (act) => (port ? port.on('message', (event) => act(event.data)) : process.on('message', act));

if (process.env.SUBJECT_CRASHES_AT_LOAD) throw new Error('planted: it cannot be loaded');

// Held open by a timer, as a real worker is by its beat.
setInterval(() => undefined, 1_000);

const acts = {
  echo: ({ payload }) => send({ echo: payload }),
  facts: () => send({ facts: { pid: process.pid, cwd: process.cwd(), argv: process.argv.slice(1), env: { ...process.env } } }),
  exit: ({ code }) => process.exit(code),
  talk: ({ lines, code }) => {
    for (let line = 1; line <= lines; line += 1) {
      // Not through process.stdout: that may lose what the pipe does not take at once, and this is about the spawner.
      writeSync(1, `out ${line}\n`);
      writeSync(2, `err ${line}\n`);
    }
    writeSync(1, 'the last words, without an end of line');
    process.exit(code);
  },
  spin: () => {
    for (;;);
  },
};
listen((message) => acts[message.act](message));
send({ started: true });
