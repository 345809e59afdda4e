/** The page's side of the desktop shell: typed calls and events. In a browser there is none, and nothing here does anything. */
import { SHELL_CALLS, SHELL_EVENTS, ShellAnswerSchema } from '#app/contracts/shell.ts';
import type { ShellBridge, ShellEvent, ShellInput, ShellOutput } from '#app/contracts/shell.ts';
import { SHELL_BRIDGE } from '#app/contracts/shell-names.ts';
import type { ShellCallName, ShellEventName } from '#app/contracts/shell-names.ts';
import { ClientError } from '../data/client.ts';

/** Stopping everything in order may take a minute; longer than this is no answer. */
const TIMEOUT_MS = 90_000;
/** These wait for a person, who may take as long as they like. */
const PATIENT: ReadonlySet<ShellCallName> = new Set(['saveDiagnostics']);
/** What a family means for the caller, as the status that the gateway would give it. */
const STATUS_OF: Readonly<Record<string, number>> = { invalid: 400, denied: 409, conflict: 409, temporary: 503, unknown: 504 };

const bridge: ShellBridge | null = (globalThis as { [SHELL_BRIDGE]?: ShellBridge })[SHELL_BRIDGE] ?? null;

/** Does the page stand in the application's window (and not in a browser)? It never changes while the page lives. */
export const hasShell = bridge !== null;

async function withinTime(name: ShellCallName, answer: Promise<unknown>): Promise<unknown> {
  if (PATIENT.has(name)) return answer;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new ClientError('The application did not answer in time. What you asked for may still happen: look before you ask again.', { status: 0, code: 'SHELL_TIMEOUT' })), TIMEOUT_MS);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}

/** Reads the shell's answer: its result, or its refusal as an error. Pure; exported for its test. @throws ClientError */
export function readAnswer<N extends ShellCallName>(name: N, raw: unknown): ShellOutput<N> {
  const answer = ShellAnswerSchema.safeParse(raw);
  if (!answer.success) throw new ClientError('The application gave an answer that this page does not understand. Restart Mainspring.', { status: 500, code: 'SHELL_ANSWER' });
  if (!answer.data.ok) throw new ClientError(answer.data.error.message, { status: STATUS_OF[answer.data.error.family] ?? 500, code: answer.data.error.code });
  const result = SHELL_CALLS[name].output.safeParse(answer.data.result);
  if (!result.success) throw new ClientError('The application gave an answer that this page does not understand. Restart Mainspring.', { status: 500, code: 'SHELL_ANSWER' });
  return result.data as ShellOutput<N>;
}

/**
 * Asks the desktop shell.
 * @throws ClientError with the shell's words; status 0 when it does not answer, or when there is none.
 */
export async function shellCall<N extends ShellCallName>(name: N, input: ShellInput<N>): Promise<ShellOutput<N>> {
  if (bridge === null) throw new ClientError('This works in the desktop application only.', { status: 0, code: 'NO_SHELL' });
  let raw: unknown;
  try {
    raw = await withinTime(name, bridge.call[name](input));
  } catch (error) {
    if (error instanceof ClientError) throw error;
    throw new ClientError(`The application does not answer (${error instanceof Error ? error.message : String(error)}).`, { status: 0, code: 'NO_ANSWER' });
  }
  return readAnswer(name, raw);
}

/** Listens to the shell; returns the end of it. Payloads that break the contract are reported and left out. */
export function onShell<N extends ShellEventName>(name: N, listener: (payload: ShellEvent<N>) => void): () => void {
  if (bridge === null) return () => undefined;
  return bridge.on[name]((payload) => {
    const parsed = SHELL_EVENTS[name].safeParse(payload);
    if (parsed.success) listener(parsed.data as ShellEvent<N>);
    else console.error(`The shell's event ${name} breaks the contract`, parsed.error);
  });
}
