/** Commands about why a strategy did or did not trade. */
import type { CommandContract } from './request.ts';

/** Its commands. */
export const EXPLAIN_COMMANDS = {} as const satisfies Record<string, CommandContract>;
