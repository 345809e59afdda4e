/** Asking another service a synchronous question over loopback HTTP. */
import * as z from 'zod';
import { COMMANDS, type CommandAsk, type CommandName, type CommandOutput } from '#app/contracts/commands.ts';
import type { CommandContract } from '#app/contracts/request.ts';
import type { RuntimeConfig } from '#app/contracts/config.ts';
import { AppError, invariant, isErrorCode } from '#app/domain/errors.ts';

const TIMEOUT_MS = 10_000;
const refusalSchema = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

/**
 * Runs a command on the service that owns it. Commands are idempotent by their key: after `unknown` ask again with the same key.
 * @throws AppError UNIT_TIMEOUT (temporary) when the service cannot be reached; else the service's own error code and message.
 */
export async function callCommand<N extends CommandName>(config: RuntimeConfig, name: N, input: CommandAsk<N>): Promise<CommandOutput<N>> {
  const contract: CommandContract = COMMANDS[name];
  const endpoint = config.units[contract.service];
  invariant(endpoint, 'The service is not in the runtime configuration', { service: contract.service });
  let response: Response;
  try {
    response = await fetch(`http://${endpoint.host}:${endpoint.port}/commands/${name}`, {
      method: 'POST', body: JSON.stringify(input), signal: AbortSignal.timeout(contract.timeoutMs ?? TIMEOUT_MS),
      headers: { 'content-type': 'application/json', authorization: `Bearer ${config.internalToken}` },
    });
  } catch (error) {
    throw new AppError('UNIT_TIMEOUT', `The part ${contract.service} does not answer; try again when the health panel shows it ready`, { cause: error });
  }
  const body: unknown = await response.json();
  if (response.ok) return contract.output.parse(body) as CommandOutput<N>;
  const refusal = refusalSchema.safeParse(body);
  const { code, message } = refusal.success ? refusal.data.error : { code: null, message: `The part ${contract.service} answered ${response.status}` };
  throw new AppError(isErrorCode(code) ? code : 'INVARIANT_BROKEN', message, { context: { status: response.status } });
}
