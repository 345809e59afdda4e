/** Commands about quality of the stored bars. */
import * as z from 'zod';
import { findingDecisionSchema, findingSchema, quarantineDecisionSchema, quarantinedBarSchema } from './quality.ts';
import { request, type CommandContract } from './request.ts';

const service = 'data_ingestion';

/** Its commands. Asked twice is done once: what was decided already is answered as it is. */
export const QUALITY_COMMANDS = {
  decideDataFinding: { service, input: z.object({ ...request, findingId: z.number().int().positive(), decision: findingDecisionSchema }), output: findingSchema, timeoutMs: 30_000 },
  decideQuarantine: { service, input: z.object({ ...request, quarantineId: z.number().int().positive(), answer: quarantineDecisionSchema }), output: quarantinedBarSchema },
} as const satisfies Record<string, CommandContract>;
