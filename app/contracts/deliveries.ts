/** Deliveries as people see them: what was sent where, when, and what became of it. */
import * as z from 'zod';

/**
 * The states of a delivery. `sending` has reached nobody yet; `handing_over` is in the server's hands; `unknown` was handed over without an answer
 * and is never sent again by itself; `held` was over the hourly limit and is told in a digest.
 */
export const DELIVERY_STATES = ['queued', 'sending', 'handing_over', 'sent', 'failed', 'unknown', 'held'] as const;
/** A state of a delivery. */
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** One delivery. Times in epoch ms; `recipient` is an address, the host of a webhook, or this computer; `error` is in words for people. */
export const deliveryViewSchema = z.object({
  deliveryId: z.string(), notificationId: z.string(), kind: z.string(), severity: z.enum(['info', 'warning', 'critical']), title: z.string(), channel: z.enum(['email', 'webhook', 'desktop']), recipient: z.string(),
  status: z.enum(DELIVERY_STATES), attempts: z.number().int(), /** When it is tried next; null unless it waits. */ nextAttemptAt: z.number().nullable(), error: z.string().nullable(), /** What the receiver said. */ response: z.string().nullable(),
  /** A digest told of it. */ isInDigest: z.boolean(), createdAt: z.number(), updatedAt: z.number(), sentAt: z.number().nullable(),
});
/** One delivery. */
export type DeliveryView = z.infer<typeof deliveryViewSchema>;

/** Which deliveries to list: those that leave this computer (`outside`), or all. */
export const deliveryQuerySchema = z.object({ scope: z.enum(['outside', 'all']).default('outside'), limit: z.coerce.number().int().min(1).max(200).default(50) });

/** Newest first, and how the last seven days stand in numbers. */
export const deliveryListSchema = z.object({ deliveries: z.array(deliveryViewSchema), week: z.record(z.enum(DELIVERY_STATES), z.number().int()), at: z.number() });
/** Deliveries with their numbers. */
export type DeliveryList = z.infer<typeof deliveryListSchema>;
