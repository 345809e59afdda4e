/** The one way in for the page: known calls, from the window's main frame at our own address, with parsed arguments. */
import type { IpcMain, IpcMainInvokeEvent, WebContents } from 'electron';
import * as z from 'zod';
import { SHELL_CALLS } from '#app/contracts/shell.ts';
import type { ShellAnswer, ShellOutput, ShellParsed } from '#app/contracts/shell.ts';
import { SHELL_CALL_NAMES, SHELL_CHANNEL_PREFIX, SHELL_ORIGIN } from '#app/contracts/shell-names.ts';
import type { ShellCallName } from '#app/contracts/shell-names.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import { isOwnAddress } from './scheme.ts';

/** The longest input, as JSON, in characters: the largest honest one is a key pair. */
const INPUT_MAX = 4_096;
/** Calls that may be under way at a time. */
const CALLS_MAX = 64;

/** One handler for each call of the contract; a missing one does not compile. */
export type ShellHandlers = { readonly [N in ShellCallName]: (input: ShellParsed<N>) => Promise<ShellOutput<N>> | ShellOutput<N> };

/** What the calls are served with. */
export type CallOptions = {
  readonly handlers: ShellHandlers;
  /** The contents of our window; null while there is none. */
  readonly ours: () => WebContents | null;
  /** Told of defects and forged calls; never of refusals that a person reads. */
  readonly onDefect: (call: ShellCallName, error: unknown) => void;
};

/** Did the main frame of our window, showing our own page, send this? */
export function isOurPage({ sender, senderFrame }: Pick<IpcMainInvokeEvent, 'sender' | 'senderFrame'>, ours: WebContents | null): boolean {
  if (ours === null || sender !== ours || senderFrame === null) return false;
  const { mainFrame } = ours;
  const isMain = senderFrame.parent === null && senderFrame.processId === mainFrame.processId && senderFrame.frameToken === mainFrame.frameToken;
  return isMain && senderFrame.origin === SHELL_ORIGIN && isOwnAddress(senderFrame.url);
}

/** The input of a call from what came over the channel. @throws AppError INPUT_INVALID or INPUT_TOO_LARGE */
function readInput(name: ShellCallName, args: readonly unknown[]): unknown {
  if (args.length !== 1) throw new AppError('INPUT_INVALID', `${name} takes one argument`);
  let size: number;
  try {
    size = JSON.stringify(args[0])?.length ?? 0;
  } catch (error) {
    throw new AppError('INPUT_INVALID', `${name} takes plain values only`, { cause: error });
  }
  if (size > INPUT_MAX) throw new AppError('INPUT_TOO_LARGE', `The input of ${name} is too large`);
  const parsed = SHELL_CALLS[name].input.safeParse(args[0]);
  // Only where and what, never the value: it may be a secret.
  if (!parsed.success) throw new AppError('INPUT_INVALID', `${name}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

function refusal(error: unknown): ShellAnswer {
  if (error instanceof AppError) return { ok: false, error: { code: error.code, family: error.family, message: error.message } };
  return { ok: false, error: { code: 'INVARIANT_BROKEN', family: 'bug', message: `Something went wrong in Mainspring itself: ${describeError(error)}` } };
}

function isDefect(error: unknown): boolean {
  return !(error instanceof AppError) || error.family === 'bug' || error.code === 'AUTH_INVALID';
}

/** Answers all calls of the contract; each outcome is an answer, nothing is thrown into the page. */
export function serveCalls(ipcMain: Pick<IpcMain, 'handle'>, { handlers, ours, onDefect }: CallOptions): void {
  let underWay = 0;
  const answer = async (name: ShellCallName, event: IpcMainInvokeEvent, args: readonly unknown[]): Promise<ShellAnswer> => {
    underWay += 1;
    try {
      if (!isOurPage(event, ours())) throw new AppError('AUTH_INVALID', 'Only the window of Mainspring may ask');
      if (underWay > CALLS_MAX) throw new AppError('RATE_LIMITED', 'Too many questions at once; wait for an answer');
      const handler = handlers[name] as (input: unknown) => unknown;
      const output = await handler(readInput(name, args));
      return { ok: true, result: SHELL_CALLS[name].output.parse(output) };
    } catch (error) {
      if (isDefect(error)) onDefect(name, error);
      return refusal(error);
    } finally {
      underWay -= 1;
    }
  };
  for (const name of SHELL_CALL_NAMES) ipcMain.handle(`${SHELL_CHANNEL_PREFIX}${name}`, (event, ...args: readonly unknown[]) => answer(name, event, args));
}
