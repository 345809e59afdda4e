/** Commands about the universe of symbols. */
import type { CommandContract } from './request.ts';

/** Its commands. */
export const FEED_COMMANDS = {} as const satisfies Record<string, CommandContract>;
