/** The orchestrator's API as the gateway asks it, with the internal token; its questions are those of the contract. */
import * as z from 'zod';
import type { RuntimeConfig } from '#app/contracts/config.ts';
import { ORCHESTRATOR, requestOf, type OrchestratorInput, type OrchestratorName, type OrchestratorOutput } from '#app/contracts/orchestrator.ts';
import { AppError, isErrorCode } from '#app/domain/errors.ts';

const TIMEOUT_MS = 8_000;
const errorSchema = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

/** Asks the orchestrator. @throws AppError UNIT_NOT_FOUND without one, UNIT_TIMEOUT (temporary) when it does not answer, else its own code and message. */
export type Orchestrator = { ask<N extends OrchestratorName>(name: N, input: OrchestratorInput<N>): Promise<OrchestratorOutput<N>> };

/** Builds the client from service discovery. */
export function createOrchestrator(config: RuntimeConfig): Orchestrator {
  return {
    async ask<N extends OrchestratorName>(name: N, input: OrchestratorInput<N>) {
      const endpoint = config.units.orchestrator;
      if (!endpoint) throw new AppError('UNIT_NOT_FOUND', 'The orchestrator is not part of this installation');
      const { method, path, body } = requestOf(name, input);
      let response: Response;
      let reply: unknown;
      try {
        response = await fetch(`http://${endpoint.host}:${endpoint.port}${path}`, {
          method, signal: AbortSignal.timeout(TIMEOUT_MS), headers: { authorization: `Bearer ${config.internalToken}`, ...(body === null ? {} : { 'content-type': 'application/json' }) },
          ...(body === null ? {} : { body: JSON.stringify(body) }),
        });
        reply = await response.json();
      } catch (error) {
        throw new AppError('UNIT_TIMEOUT', 'The orchestrator does not answer; flows wait until it is back', { cause: error });
      }
      if (response.ok) return ORCHESTRATOR[name].output.parse(reply) as OrchestratorOutput<N>;
      const parsed = errorSchema.safeParse(reply);
      const code = parsed.success && isErrorCode(parsed.data.error.code) ? parsed.data.error.code : 'UNIT_TIMEOUT';
      throw new AppError(code, parsed.success ? parsed.data.error.message : `The orchestrator answered ${response.status}`, { context: { name, status: response.status } });
    },
  };
}
