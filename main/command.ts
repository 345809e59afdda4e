/** Commands from a person to the worker that owns them, straight and past the gateway: HALT must work when everything else does not. */
import * as z from 'zod';
import { COMMANDS } from '#app/contracts/commands.ts';
import type { CommandAsk, CommandName, CommandOutput } from '#app/contracts/commands.ts';
import { AppError, ERROR_CODES } from '#app/domain/errors.ts';
import type { ErrorCode } from '#app/domain/errors.ts';
import type { RunFacts } from './runtime-config.ts';

const LIMIT_MS = 10_000;
const RefusalSchema = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

function codeOf(text: string): ErrorCode {
  return Object.hasOwn(ERROR_CODES, text) ? (text as ErrorCode) : 'INVARIANT_BROKEN';
}

/**
 * Runs a command on the worker that owns it. Commands are idempotent by their key: after no answer, ask again with the same key.
 * @throws AppError UNIT_TIMEOUT (temporary) when the worker cannot be reached or gives no answer that can be read; else its own code and message.
 */
export async function runCommand<N extends CommandName>(facts: Pick<RunFacts, 'ports' | 'internalToken'>, name: N, input: CommandAsk<N>): Promise<CommandOutput<N>> {
  const { service, input: inputSchema, output } = COMMANDS[name];
  const port = facts.ports.get(service) ?? 0;
  const noAnswer = (cause: unknown): AppError => new AppError('UNIT_TIMEOUT', `The part ${service} does not answer. Look at the health panel; try again when it is ready.`, { cause, context: { service, name } });
  let status: number;
  let body: unknown;
  try {
    const response = await fetch(`http://127.0.0.1:${port}/commands/${name}`, {
      method: 'POST',
      body: JSON.stringify(inputSchema.parse(input)),
      headers: { 'content-type': 'application/json', authorization: `Bearer ${facts.internalToken}` },
      signal: AbortSignal.timeout(LIMIT_MS),
      redirect: 'error',
    });
    status = response.status;
    body = await response.json();
  } catch (error) {
    if (error instanceof z.ZodError) throw new AppError('INPUT_INVALID', `The command ${name} was given something it does not take`, { cause: error });
    throw noAnswer(error);
  }
  if (status === 200) {
    const answer = output.safeParse(body);
    if (answer.success) return answer.data as CommandOutput<N>;
    throw noAnswer(answer.error);
  }
  const refusal = RefusalSchema.safeParse(body);
  if (!refusal.success) throw noAnswer(`status ${status}`);
  throw new AppError(codeOf(refusal.data.error.code), refusal.data.error.message, { context: { status, name } });
}
