/** The child's side of the stand-in for utilityProcess: gives the module `process.parentPort` and takes away what only a forked Node would have. */
import { pathToFileURL } from 'node:url';
import { EventEmitter } from 'node:events';

const send = process.send.bind(process);
const entry = process.argv[2];
process.argv.splice(1, 2, entry);

class ParentPort extends EventEmitter {
  #waiting = [];

  constructor() {
    super();
    this.on('newListener', (name) => {
      if (name === 'message' && this.listenerCount('message') === 0) setImmediate(() => this.#flush());
    });
    process.on('message', (data) => {
      if (this.listenerCount('message') === 0) this.#waiting.push(data);
      else this.emit('message', { data, ports: [] });
    });
  }

  postMessage(data) {
    // A parent that is gone is silence here, never an error.
    if (process.connected) send({ message: data }, undefined, undefined, () => undefined);
  }

  #flush() {
    for (const data of this.#waiting.splice(0)) this.emit('message', { data, ports: [] });
  }
}

Object.defineProperty(process, 'parentPort', { enumerable: true, writable: false, value: new ParentPort() });
// As in Electron: the end is told over the channel before the process is gone.
process.on('exit', (code) => {
  if (process.connected) send({ exit: code }, undefined, undefined, () => undefined);
});
// Chromium would end us when its browser process dies; a worker must not lean on that, so here nothing happens.
process.on('disconnect', () => undefined);
// The channel below must stay where Node put it; nothing that speaks through it may.
for (const name of ['send', 'disconnect']) Reflect.deleteProperty(process, name);

await import(pathToFileURL(entry).href);
