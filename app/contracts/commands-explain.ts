/** Commands about why a strategy did or did not trade. */
import * as z from 'zod';
import { symbolSchema } from '#app/domain/ids.ts';
import { explainedBarSchema } from './explain.ts';
import type { CommandContract } from './request.ts';

/** How long the engine may look back for one explanation. */
export const EXPLAIN_MS = 4_000;

/** Its commands. */
export const EXPLAIN_COMMANDS = {
  /** Runs a strategy again over the stored bars up to the last one of its own within [from, until) (epoch ms), and tells what it looked at there. Changes nothing. */
  explainBar: {
    service: 'strategy_engine', timeoutMs: EXPLAIN_MS * 2, output: explainedBarSchema,
    input: z.object({ strategyId: z.string().min(1).max(64), symbol: symbolSchema, from: z.number().int().min(0), until: z.number().int() }),
  },
} as const satisfies Record<string, CommandContract>;
