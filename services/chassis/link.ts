/** The worker's end of the control channel: hides whether a Node parent or Electron holds the other end. */
import { randomUUID } from 'node:crypto';
import { CONTROL_VERBS, EXIT, ORPHAN_EXIT_MS, ToWorkerSchema } from '#app/contracts/control.ts';
import type { ControlArgs, ControlResult, ControlVerb, FromWorker, ToWorker } from '#app/contracts/control.ts';
import type { RuntimeConfig } from '#app/contracts/config.ts';
import { tryRead } from '#app/contracts/read.ts';
import { AppError, invariant } from '#app/domain/errors.ts';

const DEFAULT_REQUEST_TIMEOUT_MS = 5_000;
const MAX_OPEN_REQUESTS = 100;

/** The raw channel below the link: one of Node's IPC channel or Electron's parent port. */
export type Port = {
  post(message: FromWorker, flushed?: () => void): void;
  onMessage(listener: (raw: unknown) => void): void;
  onClose(listener: () => void): void;
};

/** The open control channel of this worker. */
export type Link = {
  /** Says hello and waits for the configuration. Call once. */
  init(): Promise<RuntimeConfig>;
  /** Listens to every parsed message; returns the function that ends it. */
  onMessage(listener: (message: ToWorker) => void): () => void;
  /** Sends, without waiting. A closed channel is not an error: the worker is ending already. */
  send(message: FromWorker): void;
  /** Sends and resolves once the message has left the process (or the channel is closed). */
  sendFlushed(message: FromWorker): Promise<void>;
  /**
   * Asks the supervisor.
   * @throws AppError UNIT_TIMEOUT (temporary) without an answer in time; INPUT_INVALID when the supervisor refused.
   */
  request<V extends ControlVerb>(verb: V, args: ControlArgs<V>, timeoutMs?: number): Promise<ControlResult<V>>;
  /** Called once when the supervisor is gone; the process ends by itself at most 2 s later. */
  onClose(listener: () => void): void;
};

type Pending = { resolve: (value: unknown) => void; reject: (error: AppError) => void; timer: NodeJS.Timeout };

/** Electron's end of the channel in a utility process. It begins to read with its first listener, and it never tells that the other end is gone. */
type ParentPort = {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { data: unknown }) => void): void;
};

const PARENT_LOOK_MS = 250;
/** A message and the end of its process travel by separate ways under Electron: the words get this head start, in milliseconds. */
const WORDS_FIRST_MS = 20;

/** True while the process that started us lives. Windows goes on naming a parent that is dead. */
function hasParent(parentPid: number): boolean {
  if (process.platform !== 'win32') return process.ppid === parentPid;
  try {
    return process.kill(parentPid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function onParentGone(listener: () => void): void {
  const parentPid = process.ppid;
  const timer = setInterval(() => {
    if (hasParent(parentPid)) return;
    clearInterval(timer);
    listener();
  }, PARENT_LOOK_MS);
}

function findPort(): Port {
  const parentPort = Reflect.get(process, 'parentPort') as ParentPort | undefined;
  if (parentPort) {
    return {
      post: (message, flushed) => {
        parentPort.postMessage(message);
        if (flushed) setTimeout(flushed, WORDS_FIRST_MS);
      },
      onMessage: (listener) => parentPort.on('message', (event) => listener(event.data)),
      onClose: onParentGone,
    };
  }
  if (!process.send) {
    throw new AppError(
      'CONFIG_INVALID',
      'This worker has no supervisor. Workers are started by `mainspring start`, not by hand.',
    );
  }
  const send = process.send.bind(process);
  return {
    post: (message, flushed) => {
      if (!process.connected) {
        flushed?.();
        return;
      }
      // The callback receives EPIPE when the parent dies in this very moment; `disconnect` follows and ends us.
      send(message, undefined, undefined, () => flushed?.());
    },
    onMessage: (listener) => process.on('message', listener),
    onClose: (listener) => process.once('disconnect', listener),
  };
}

/** Ends the process when the supervisor is gone: listeners may finish their transaction, but not longer than 2 s. */
function endAfterClose(): void {
  const timer = setTimeout(() => process.exit(EXIT.dependency), ORPHAN_EXIT_MS - 100);
  timer.unref();
}

/**
 * Opens the control channel of this process.
 * @throws AppError CONFIG_INVALID (operator) when the process was not started by a supervisor.
 */
export function connectLink(): Link {
  return linkOver(findPort(), endAfterClose);
}

function refusalOf(reply: Extract<ToWorker, { type: 'reply' }>): AppError {
  return new AppError('INPUT_INVALID', reply.error?.message ?? 'The supervisor refused', { context: { code: reply.error?.code } });
}

/** Both ends come from one build: anything else is a defect, and a worker must not guess. */
function parseMessage(raw: unknown): ToWorker {
  const parsed = tryRead(ToWorkerSchema, raw);
  invariant(parsed.success, 'Unknown message on the control channel', { issues: parsed.success ? [] : parsed.error.issues });
  return parsed.data;
}

function goneError(context: Record<string, unknown>): AppError {
  return new AppError('UNIT_TIMEOUT', 'The supervisor is gone', { context });
}

/** The link over any port; `ended` runs after the close listeners. Exposed for tests. */
export function linkOver(port: Port, ended: () => void): Link {
  const listeners = new Set<(message: ToWorker) => void>();
  const closeListeners: (() => void)[] = [];
  const pending = new Map<string, Pending>();
  let isClosed = false;

  const settle = (message: Extract<ToWorker, { type: 'reply' }>): void => {
    const waiting = pending.get(message.requestId);
    if (!waiting) return;
    pending.delete(message.requestId);
    clearTimeout(waiting.timer);
    if (message.ok) waiting.resolve(message.result);
    else waiting.reject(refusalOf(message));
  };

  port.onMessage((raw) => {
    const message = parseMessage(raw);
    if (message.type === 'ping') port.post({ type: 'pong', nonce: message.nonce });
    if (message.type === 'reply') settle(message);
    for (const listener of listeners) listener(message);
  });

  port.onClose(() => {
    isClosed = true;
    for (const [id, waiting] of pending) {
      clearTimeout(waiting.timer);
      waiting.reject(goneError({ requestId: id }));
    }
    pending.clear();
    ended();
    for (const listener of closeListeners) listener();
  });

  return {
    init: () =>
      new Promise((resolve) => {
        const listener = (message: ToWorker): void => {
          if (message.type !== 'init') return;
          listeners.delete(listener);
          resolve(message.config);
        };
        listeners.add(listener);
        port.post({ type: 'hello', pid: process.pid });
      }),
    onMessage: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    send: (message) => {
      if (!isClosed) port.post(message);
    },
    sendFlushed: (message) => new Promise((resolve) => (isClosed ? resolve() : port.post(message, resolve))),
    request: <V extends ControlVerb>(verb: V, args: ControlArgs<V>, timeoutMs = DEFAULT_REQUEST_TIMEOUT_MS) => {
      invariant(pending.size < MAX_OPEN_REQUESTS, 'Too many open requests to the supervisor', { verb });
      const requestId = randomUUID();
      return new Promise<unknown>((resolve, reject) => {
        if (isClosed) {
          reject(goneError({ verb }));
          return;
        }
        const timer = setTimeout(() => {
          pending.delete(requestId);
          reject(new AppError('UNIT_TIMEOUT', `The supervisor did not answer ${verb} within ${timeoutMs} ms`));
        }, timeoutMs);
        pending.set(requestId, { resolve, reject, timer });
        port.post({ type: 'request', requestId, verb, args });
      }).then((result) => CONTROL_VERBS[verb].result.parse(result) as ControlResult<V>);
    },
    onClose: (listener) => {
      closeListeners.push(listener);
    },
  };
}
