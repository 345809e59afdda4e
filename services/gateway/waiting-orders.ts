/** Why approved orders do not go out at this moment, as execution itself says it. */
import { WorkerHealthSchema } from '#app/contracts/health.ts';
import type { Endpoint } from '#app/contracts/config.ts';
import { describeError } from '#app/domain/errors.ts';
import type { Logger } from '#chassis/log.ts';

const ASK_TIMEOUT_MS = 1_000;

/** Asks execution. Null = orders go out, or there is no answer: then the state of the part tells enough. */
export type WaitingOrdersReader = { read(): Promise<string | null> };

/** Builds the reader over execution's health report. */
export function createWaitingOrders(options: { readonly execution: Endpoint | undefined; readonly log: Logger }): WaitingOrdersReader {
  const { execution, log } = options;
  return {
    async read() {
      if (!execution) return null;
      try {
        const response = await fetch(`http://${execution.host}:${execution.port}/health`, { signal: AbortSignal.timeout(ASK_TIMEOUT_MS) });
        const orders = WorkerHealthSchema.parse(await response.json()).detail['orders'];
        return orders === undefined || orders.ok ? null : (orders.message ?? 'no reason was given');
      } catch (error) {
        log.debug({ error: describeError(error) }, 'Execution did not say whether orders wait');
        return null;
      }
    },
  };
}
