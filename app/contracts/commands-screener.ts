/** Commands of the screener. */
import * as z from 'zod';
import { request, type CommandContract } from './request.ts';
import { modelStateSchema, savedScreenSchema, screenAnswerSchema, screenDefinitionSchema, screenResultSchema, screenSaveSchema } from './screener.ts';

const service = 'strategy_engine';
const screenId = z.string().min(1).max(64);

/** Its commands. */
export const SCREENER_COMMANDS = {
  runScreen: { service, input: z.object({ definition: screenDefinitionSchema }), output: screenResultSchema, timeoutMs: 60_000 },
  saveScreen: { service, input: screenSaveSchema.extend(request), output: savedScreenSchema },
  deleteScreen: { service, input: z.object({ ...request, screenId }), output: z.object({ screenId }) },
  askScreen: { service, input: z.object({ text: z.string().min(1).max(400), useModel: z.boolean() }), output: screenAnswerSchema, timeoutMs: 40_000 },
  screenModel: { service, input: z.object({}), output: modelStateSchema },
  /** Gives a strategy the symbols that the screen finds now, with an audit row that holds the list before. */
  screenToStrategy: { service, input: z.object({ ...request, screenId, strategyId: z.string().min(1).max(64) }), output: z.object({ strategyId: z.string(), symbols: z.array(z.string()), skipped: z.array(z.object({ symbol: z.string(), reason: z.string() })) }), timeoutMs: 60_000 },
} as const satisfies Record<string, CommandContract>;
