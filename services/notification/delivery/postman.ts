/** The postman: sends what is due, one at a time per channel, and survives being killed at any moment. */
import { randomUUID } from 'node:crypto';
import { AppError } from '#app/domain/errors.ts';
import { backoffMs, sleep } from '#chassis/clock.ts';
import type { Db } from '#chassis/db.ts';
import type { Logger } from '#chassis/log.ts';
import { holdSurplus, queueDigests, type DigestParts } from './digest.ts';
import type { Carrier } from './smtp.ts';
import { claimDelivery, dueInMs, finishDelivery, giveUpOld, markHandingOver, recoverDeliveries, removeOld, type CarriedChannel, type Claimed, type Outcome } from './store.ts';

/** The bell rings when something is queued; this is the net below it. */
const POLL_MS = 5_000;
const SWEEP_MS = 60_000;
const ROUNDS_A_DAY = 1_440;
/** Greylisting servers want a mail again after some minutes; a server that is away is asked for a day. */
const RETRY = { baseMs: 30_000, capMs: 1_800_000, jitter: 0.3 };

/** Told about each attempt, for metrics and the service's health. */
export type AttemptListener = (channel: CarriedChannel, outcome: Outcome) => void;

/** What a postman needs; `carriers` has those channels that are set up. */
export type PostmanParts = {
  readonly db: Db; readonly log: Logger; readonly carriers: Partial<Record<CarriedChannel, Carrier>>; readonly digest: DigestParts;
  readonly onAttempt: AttemptListener; readonly onFatal: (error: unknown) => void;
  /** Runs about once a minute: nets below what events start. */ readonly sweep?: () => void;
  /** For tests. */ readonly retry?: { baseMs: number; capMs: number };
};

/** The running postman. */
export type Postman = {
  /** Something may be due: look now. */
  poke(): void;
  /** Ends the dialogues that have not been handed over, and waits for the others. */
  stop(deadlineMs: number): Promise<void>;
};

type Bell = { ring(): void; rings(): number; /** Waits for a ring after the one numbered `since`, or for some time. */ rest(ms: number, since: number): Promise<void> };

function openBell(signal: AbortSignal): Bell {
  let rung = 0;
  let resting = new AbortController();
  return {
    ring() {
      rung += 1;
      resting.abort();
      resting = new AbortController();
    },
    rings: () => rung,
    rest: (ms, since) => (rung === since ? sleep(ms, AbortSignal.any([signal, resting.signal])) : Promise.resolve()),
  };
}

/** Takes up what an earlier process left behind, then sends what is due. */
export async function startPostman(parts: PostmanParts): Promise<Postman> {
  const left = await recoverDeliveries(parts.db);
  if (left.again + left.unknown > 0) parts.log.warn(left, 'Deliveries of an earlier process were taken up');
  const abort = new AbortController();
  const bell = openBell(abort.signal);
  const rounds = Object.entries(parts.carriers) as [CarriedChannel, Carrier][];
  const running = [...rounds.map(([channel, carrier]) => serve({ parts, channel, carrier, signal: abort.signal, bell, holder: randomUUID() })), sweepAll(parts, bell, abort.signal)].map((loop) =>
    loop.catch((error: unknown) => {
      if (!abort.signal.aborted) parts.onFatal(error);
    }));
  return {
    poke: () => bell.ring(),
    async stop(deadlineMs) {
      abort.abort();
      await Promise.race([Promise.all(running), sleep(deadlineMs)]);
    },
  };
}

type Round = { readonly parts: PostmanParts; readonly channel: CarriedChannel; readonly carrier: Carrier; readonly signal: AbortSignal; readonly bell: Bell; readonly holder: string };

async function serve(round: Round): Promise<void> {
  const { parts, channel, signal } = round;
  while (!signal.aborted) {
    const heard = round.bell.rings();
    if (channel === 'email') await holdSurplus(parts.db, parts.digest.limits);
    const claimed = await claimDelivery(parts.db, channel, round.holder);
    if (claimed) await attempt(round, claimed);
    else await round.bell.rest(await dueInMs(parts.db, channel, POLL_MS), heard);
  }
}

async function attempt({ parts, channel, carrier, signal, holder }: Round, claimed: Claimed): Promise<void> {
  const { deliveryId, attempts, kind } = claimed;
  const handOver = async (): Promise<void> => {
    if (!(await markHandingOver(parts.db, deliveryId, holder))) throw new AppError('VERSION_CONFLICT', 'another process has taken this delivery up');
  };
  const outcome = await carrier(claimed, { handOver, signal });
  const waitMs = outcome.status === 'retry' ? backoffMs(attempts - 1, { ...RETRY, ...parts.retry }) : 0;
  // A stop is no failure of the receiver: what was cut off is due at once at the next start.
  await finishDelivery(parts.db, { deliveryId, holder }, outcome, signal.aborted ? 0 : waitMs);
  parts.onAttempt(channel, outcome);
  const fields = { deliveryId, channel, kind, attempts, status: outcome.status, ...(outcome.status === 'sent' ? {} : { reason: outcome.reason }) };
  if (outcome.status === 'sent') parts.log.info(fields, 'Delivered');
  else if (outcome.status === 'retry') parts.log.info({ ...fields, waitMs: Math.round(waitMs) }, 'A delivery will be tried again');
  else parts.log.error(fields, 'A delivery did not succeed');
}

async function sweepAll(parts: PostmanParts, bell: Bell, signal: AbortSignal): Promise<void> {
  for (let round = 0; !signal.aborted; round += 1) {
    if (round % ROUNDS_A_DAY === 0) await removeOld(parts.db);
    const given = await giveUpOld(parts.db);
    if (given > 0) parts.log.error({ deliveries: given }, 'Deliveries were given up');
    if (parts.carriers.email && (await queueDigests(parts.db, parts.digest)) > 0) bell.ring();
    parts.sweep?.();
    await sleep(SWEEP_MS, signal);
  }
}
