/** The control door: a local socket that only the owner of a data folder holds, and through which the command line talks to it. */
import { existsSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import * as z from 'zod';
import { AppError, describeError } from '#app/domain/errors.ts';

const MAX_MESSAGE_BYTES = 4 * 1_024 * 1_024;
const MAX_VISITORS = 50;
const CONNECT_LIMIT_MS = 2_000;
/** How long visitors have to read what they were answered when the door closes. */
const FAREWELL_MS = 300;

/** What can be asked at the door. */
export const DoorVerbSchema = z.enum(['status', 'verify', 'loginLink', 'stop', 'arm', 'disarm', 'kill', 'history', 'flows', 'workerConfig']);
/** What can be asked at the door. */
export type DoorVerb = z.infer<typeof DoorVerbSchema>;

const QuestionSchema = z.object({ verb: DoorVerbSchema, args: z.unknown().optional() });
const AnswerSchema = z.union([
  z.object({ ok: z.literal(true), result: z.unknown() }),
  z.object({ ok: z.literal(false), error: z.string() }),
]);

/** The open door. `close` hangs up on visitors who do not leave within a moment. */
export type Door = { close(): Promise<void> };

/** Calls back with each line; hangs up on a visitor who sends too much. */
function onLines(socket: Socket, take: (line: string) => void): void {
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    if (rest.length > MAX_MESSAGE_BYTES) socket.destroy();
    for (const part of parts) take(part);
  });
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    return { broken: describeError(error) };
  }
}

/**
 * Opens the door. The caller must hold the lock of the data folder: a socket file that lies there is then stale and is removed.
 * @throws the system's error when the socket cannot be made.
 */
export function openDoor(address: string, answer: (verb: DoorVerb, args: unknown) => Promise<unknown>): Promise<Door> {
  const visitors = new Set<Socket>();
  const server = createServer((socket) => {
    visitors.add(socket);
    socket.on('close', () => visitors.delete(socket));
    // A visitor who leaves in the middle is no concern of ours.
    socket.on('error', () => socket.destroy());
    onLines(socket, (line) => {
      const question = QuestionSchema.safeParse(parse(line));
      const work = question.success ? answer(question.data.verb, question.data.args) : Promise.reject(new AppError('INPUT_INVALID', 'Unknown question at the control door'));
      work.then(
        (result) => socket.end(`${JSON.stringify({ ok: true, result })}\n`),
        (error: unknown) => socket.end(`${JSON.stringify({ ok: false, error: describeError(error) })}\n`),
      );
    });
  });
  server.maxConnections = MAX_VISITORS;
  const isFile = process.platform !== 'win32';
  if (isFile && existsSync(address)) rmSync(address);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // Only for us: the socket is born without rights for others.
    const before = isFile ? process.umask(0o177) : null;
    server.listen(address, () => {
      resolve({
        close: () =>
          new Promise((closed) => {
            server.close(() => {
              clearTimeout(patience);
              closed();
            });
            for (const visitor of visitors) visitor.end();
            // One who was stopped (Ctrl-Z) never hangs up: a stop must not wait for him.
            const patience = setTimeout(() => {
              for (const visitor of visitors) visitor.destroy();
            }, FAREWELL_MS);
          }),
      });
    });
    if (before !== null) process.umask(before);
  });
}

/**
 * Asks the owner of a data folder; null when nobody owns it.
 * @throws AppError UNIT_TIMEOUT (temporary) when it does not answer in time; CONFIG_INVALID-free text of its own refusal as INPUT_INVALID.
 */
export function askDoor(address: string, verb: DoorVerb, limitMs: number, args?: unknown): Promise<{ result: unknown } | null> {
  return new Promise((resolve, reject) => {
    const socket = connect(address);
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new AppError('UNIT_TIMEOUT', `Mainspring is running but did not answer within ${Math.round(limitMs / 1_000)} s`));
    }, limitMs);
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      socket.destroy();
      act();
    };
    socket.once('error', (error: NodeJS.ErrnoException) => {
      const isNobody = error.code === 'ENOENT' || error.code === 'ECONNREFUSED';
      settle(() => (isNobody ? resolve(null) : reject(new AppError('DATA_FOLDER_UNUSABLE', `The control door ${address} cannot be used (${error.code ?? ''}). Ask as the user who started Mainspring.`, { cause: error }))));
    });
    socket.once('close', () => settle(() => reject(new AppError('UNIT_TIMEOUT', 'Mainspring ended before it answered'))));
    onLines(socket, (line) => {
      const parsed = AnswerSchema.safeParse(parse(line));
      settle(() => {
        if (!parsed.success) reject(new AppError('INPUT_INVALID', 'Mainspring gave an answer that this version does not understand'));
        else if (parsed.data.ok) resolve({ result: parsed.data.result });
        else reject(new AppError('INPUT_INVALID', parsed.data.error));
      });
    });
    socket.once('connect', () => socket.write(`${JSON.stringify({ verb, args })}\n`));
  });
}

/** True when somebody holds the door. */
export function isHeld(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address);
    const finish = (held: boolean): void => {
      socket.destroy();
      resolve(held);
    };
    socket.setTimeout(CONNECT_LIMIT_MS, () => finish(true));
    socket.once('connect', () => finish(true));
    socket.once('error', () => finish(false));
  });
}
