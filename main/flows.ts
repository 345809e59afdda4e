/** Questions about flows from the command line, asked of the orchestrator with the secret of this launch. */
import * as z from 'zod';
import { ORCHESTRATOR, requestOf } from '#app/contracts/orchestrator.ts';
import type { OrchestratorInput, OrchestratorName, OrchestratorOutput } from '#app/contracts/orchestrator.ts';
import { AppError, ERROR_CODES } from '#app/domain/errors.ts';
import type { ErrorCode } from '#app/domain/errors.ts';
import type { RunFacts } from './runtime-config.ts';

const LIMIT_MS = 10_000;
/** What the control door carries in one answer, with some room. */
const MAX_ANSWER_CHARS = 3_500_000;
const NAMES = Object.keys(ORCHESTRATOR) as [OrchestratorName, ...OrchestratorName[]];
const RefusalSchema = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

/** A question as it comes through the control door. */
export const FlowQuestionSchema = z.object({ name: z.enum(NAMES), input: z.record(z.string(), z.unknown()) });
/** A question as it comes through the control door. */
export type FlowQuestion = z.infer<typeof FlowQuestionSchema>;

/** What goes back: the answer, or the refusal with its code, which the door's own errors have not. */
export const FlowAnswerSchema = z.union([z.object({ output: z.unknown() }), z.object({ refusal: z.object({ code: z.string(), message: z.string() }) })]);
/** What goes back. */
export type FlowAnswer = { readonly output: unknown } | { readonly refusal: { readonly code: string; readonly message: string } };

type Address = Pick<RunFacts, 'ports' | 'internalToken'>;

/** An error code of the house out of a text from elsewhere. */
export function errorCodeOf(text: string): ErrorCode {
  return Object.hasOwn(ERROR_CODES, text) ? (text as ErrorCode) : 'UNIT_TIMEOUT';
}

/** Asks the orchestrator. @throws AppError UNIT_TIMEOUT (temporary) when it does not answer; else its own code and message. */
export async function askOrchestrator<N extends OrchestratorName>(facts: Address, name: N, input: OrchestratorInput<N>): Promise<OrchestratorOutput<N>> {
  const { method, path, body } = requestOf(name, input);
  const port = facts.ports.get('orchestrator') ?? 0;
  let text: string;
  let isOk: boolean;
  try {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method, signal: AbortSignal.timeout(LIMIT_MS), redirect: 'error', headers: { authorization: `Bearer ${facts.internalToken}`, ...(body === null ? {} : { 'content-type': 'application/json' }) },
      ...(body === null ? {} : { body: JSON.stringify(body) }),
    });
    text = await response.text();
    isOk = response.ok;
  } catch (error) {
    throw new AppError('UNIT_TIMEOUT', 'The orchestrator does not answer; flows wait until it is back. "mainspring status" shows why.', { cause: error });
  }
  if (text.length > MAX_ANSWER_CHARS) throw new AppError('INPUT_TOO_LARGE', 'The answer is too large for the command line; look at it in the dashboard, or ask for fewer rows with -n');
  const answer: unknown = JSON.parse(text);
  if (isOk) return ORCHESTRATOR[name].output.parse(answer) as OrchestratorOutput<N>;
  const refusal = RefusalSchema.safeParse(answer);
  throw new AppError(errorCodeOf(refusal.data?.error.code ?? ''), refusal.data?.error.message ?? 'The orchestrator gave an answer that this version does not understand');
}

/** The answer to a question at the door. Acts are written down as the command line's. */
export async function answerFlows(facts: Address, { name, input }: FlowQuestion): Promise<FlowAnswer> {
  try {
    const said = ORCHESTRATOR[name].method === 'GET' ? input : { ...input, actor: 'command line' };
    return { output: await askOrchestrator(facts, name, said as unknown as OrchestratorInput<typeof name>) };
  } catch (error) {
    if (error instanceof AppError && error.family !== 'bug') return { refusal: { code: error.code, message: error.message } };
    throw error;
  }
}
