/** The delivery office: the postman with the carriers that are set up, its metrics, and what health says of them. */
import type { ServiceContext } from '#chassis/service.ts';
import { MAIL_LIMITS } from './digest.ts';
import { startPostman, type Postman } from './postman.ts';
import { smtpCarrier } from './smtp.ts';
import type { CarriedChannel, Outcome } from './store.ts';
import { webhookCarrier } from './webhook.ts';

/** The office as the service's wiring sees it. */
export type DeliveryOffice = { start(): Promise<void>; poke(): void; stop(deadlineMs: number): Promise<void> };

const NAMES: Readonly<Record<CarriedChannel, string>> = { email: 'E-mail', webhook: 'The webhook' };

/** Prepares it; nothing runs before `start`. `sweep` runs about once a minute. */
export function createDeliveryOffice(ctx: ServiceContext, sweep: () => void): DeliveryOffice {
  const { config, db, log, clock, health, metrics, signal } = ctx;
  const { email, webhook } = config.notification ?? { email: null, webhook: null };
  const attempts = metrics.counter('deliveries_total', 'Attempts to deliver a message, by what came of them', ['channel', 'status']);
  const onAttempt = (channel: CarriedChannel, outcome: Outcome): void => {
    attempts.inc({ channel, status: outcome.status });
    // A refused message says nothing about the next one; a server that is away, or refuses the sign-in, does.
    const problem = outcome.status === 'retry' || (outcome.status === 'failed' && outcome.isSetup === true) ? outcome.reason : null;
    health.set(channel, problem === null ? { ok: true } : { ok: false, message: problem });
    health.degraded(channel, problem === null ? null : `${NAMES[channel]} does not get through: ${problem}`);
  };
  let postman: Postman | null = null;
  return {
    poke: () => postman?.poke(),
    async start() {
      postman = await startPostman({
        db, log, onAttempt, sweep, onFatal: (error) => ctx.fatal(error),
        carriers: { ...(email ? { email: smtpCarrier(email) } : {}), ...(webhook ? { webhook: webhookCarrier(webhook, clock.now) } : {}) },
        digest: { instanceId: config.instanceId, mode: config.mode, domain: email?.from.address.split('@').at(-1) ?? 'localhost', limits: MAIL_LIMITS, now: clock.now },
      });
      signal.addEventListener('abort', () => postman?.poke(), { once: true });
    },
    stop: async (deadlineMs) => postman?.stop(Math.max(0, deadlineMs - 500)),
  };
}
