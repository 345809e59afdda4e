/** Commands about the universe of symbols. */
import * as z from 'zod';
import { request, type CommandContract } from './request.ts';
import { feedStateSchema, sectorReplySchema, sectorWishFields, watchReplySchema, WISH_MAX } from './universe.ts';
import { symbolSchema } from '#app/domain/ids.ts';

const service = 'data_ingestion';

/** Its commands. */
export const FEED_COMMANDS = {
  /** Follows symbols, or lets them go: minute bars as they close, quotes and trades as far as the broker's plan goes. What is stored stays. */
  setWatched: { service, input: z.object({ ...request, symbols: z.array(symbolSchema).min(1).max(WISH_MAX), isWatched: z.boolean() }), output: watchReplySchema },
  /** Gives symbols the sector that a person says. */
  setSectors: { service, input: z.object({ ...request, ...sectorWishFields }), output: sectorReplySchema },
  feedState: { service, input: z.object({}), output: feedStateSchema },
} as const satisfies Record<string, CommandContract>;
