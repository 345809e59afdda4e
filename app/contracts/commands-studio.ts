/** Commands of the studio's runs. Back-tests themselves are runs of the flow `backtest_strategy`. */
import * as z from 'zod';
import type { CommandContract } from './request.ts';
import { stepAnswerSchema, stepAskFields } from './studio.ts';

/** Its commands. */
export const STUDIO_COMMANDS = {
  /** Runs a stored back-test again and tells its bars one by one. */
  stepBacktest: { service: 'strategy_engine', input: z.object(stepAskFields), output: stepAnswerSchema, timeoutMs: 120_000 },
} as const satisfies Record<string, CommandContract>;
