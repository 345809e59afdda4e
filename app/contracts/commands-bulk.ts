/** Commands about filling the book. */
import type { CommandContract } from './request.ts';

/** Its commands. */
export const BULK_COMMANDS = {} as const satisfies Record<string, CommandContract>;
