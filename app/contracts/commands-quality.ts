/** Commands about quality of the stored bars. */
import type { CommandContract } from './request.ts';

/** Its commands. */
export const QUALITY_COMMANDS = {} as const satisfies Record<string, CommandContract>;
