/** What every command carries. */
import * as z from 'zod';
import type { ServiceId } from '#app/domain/ids.ts';

/** One command: its service, input and output. `timeoutMs`: how long a caller waits for the answer, 10 s when left out; `bodyBytes`: largest body, 256 kB when left out. */
export type CommandContract = { readonly service: ServiceId; readonly input: z.ZodType; readonly output: z.ZodType; readonly timeoutMs?: number; readonly bodyBytes?: number };

/** Who asks, and the key under which asking twice is asking once. */
export const request = { idempotencyKey: z.string().regex(/^[A-Za-z0-9._-]{8,64}$/), actor: z.string().min(1).max(80) };
