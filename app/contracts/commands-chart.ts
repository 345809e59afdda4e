/** Commands about the chart's own things. */
import type { CommandContract } from './request.ts';

/** Its commands. */
export const CHART_COMMANDS = {} as const satisfies Record<string, CommandContract>;
