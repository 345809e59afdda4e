/** A test of the connection to the broker: what it finds out, and the one word that sums it up. */
import * as z from 'zod';
import { decimalText } from '#app/domain/numeric.ts';
import { BrokerAccountSchema } from './broker-keys.ts';

/** Nothing was sent: there are no keys, they belong to the other account, or the address is not the broker's. */
const NOT_ASKED = ['no_keys', 'keys_misshapen', 'wrong_account', 'wrong_address'] as const;
/** The broker answered, and the account cannot trade. */
const CLOSED = ['account_inactive', 'account_blocked', 'trading_blocked', 'trading_suspended'] as const;
/** The broker answered and the keys are not good. */
const REFUSED = ['keys_refused'] as const;
/** No answer that could be used. */
const UNANSWERED = ['no_network', 'name_unknown', 'unreachable', 'tls_failed', 'out_of_time', 'throttled', 'broker_failed', 'question_refused', 'intercepted', 'answer_unreadable'] as const;
/** Worth knowing; trading is possible. */
const REMARKS = ['clock_off', 'day_trader', 'transfers_blocked'] as const;

/** Everything that a test can find, the worst first. */
export const FINDING_KINDS = [...NOT_ASKED, ...REFUSED, ...UNANSWERED, ...CLOSED, ...REMARKS] as const;
/** What a test can find. */
export type FindingKind = (typeof FINDING_KINDS)[number];

/** One thing that was found: what it is and what to do, in words for people. Never repeats a key, nor what a server wrote. */
export const connectionFindingSchema = z.object({ kind: z.enum(FINDING_KINDS), problem: z.string(), remedy: z.string() });
/** One thing that was found. */
export type ConnectionFinding = z.infer<typeof connectionFindingSchema>;

/** What the broker says of an account: its number by the last four letters, money as decimal text in `currency`; null flags are those that it does not tell. */
export const testedAccountSchema = z.object({
  numberEnding: z.string().max(4), status: z.string(), currency: z.string(), equity: decimalText, buyingPower: decimalText,
  isAccountBlocked: z.boolean(), isTradingBlocked: z.boolean(), isSuspendedByUser: z.boolean(), areTransfersBlocked: z.boolean(), isDayTrader: z.boolean().nullable(),
});
/** What the broker says of an account. */
export type TestedAccount = z.infer<typeof testedAccountSchema>;

/** The outcome of a test. Parts that were not reached are null. */
export const connectionTestSchema = z.object({
  account: BrokerAccountSchema,
  /** Which keys were used: typed and not kept, kept by the application, or written into the settings (which win). */ keysFrom: z.enum(['typed', 'stored', 'settings']),
  /** The last four letters of the key id; null: there were no keys. */ keyEnding: z.string().max(4).nullable(),
  /** Where was asked; null: nothing was sent. */ host: z.string().nullable(),
  /** A stand-in on this computer, not Alpaca. */ isStandIn: z.boolean(),
  /** When the test ended (EpochMs), and how long all of it took. */ at: z.number().int(), tookMs: z.number().int().min(0),
  tested: testedAccountSchema.nullable(),
  /** `differenceMs`: the broker's clock minus ours (above 0: ours is behind). `roundTripMs`: question to answer over a connection that stands. */
  clock: z.object({ differenceMs: z.number().int(), roundTripMs: z.number().int().min(0), isMarketOpen: z.boolean() }).nullable(),
  /** The market data that the subscription covers: `sip` all exchanges, `iex` one of them. */ feed: z.enum(['iex', 'sip']).nullable(),
  /** What is wrong or worth knowing, the worst first; empty: all is well. */ findings: z.array(connectionFindingSchema),
});
/** The outcome of a test. */
export type ConnectionTest = z.infer<typeof connectionTestSchema>;

/** `connected`: orders can be sent; `closed`: connected, but the account cannot trade; `refused`: the keys are not taken; `unanswered`: no usable answer; `not_asked`: nothing was sent. */
export type ConnectionVerdict = 'connected' | 'closed' | 'refused' | 'unanswered' | 'not_asked';

const VERDICTS: readonly (readonly [ConnectionVerdict, readonly FindingKind[]])[] = [['not_asked', NOT_ASKED], ['refused', REFUSED], ['unanswered', UNANSWERED], ['closed', CLOSED]];

/** One word for a test; the worst finding decides. */
export function connectionVerdict({ findings }: Pick<ConnectionTest, 'findings'>): ConnectionVerdict {
  return VERDICTS.find(([, kinds]) => findings.some(({ kind }) => kinds.includes(kind)))?.[0] ?? 'connected';
}

/** The verdict as a sentence. `account` is the one that was asked for. */
export function verdictWords({ account, findings }: Pick<ConnectionTest, 'account' | 'findings'>): string {
  const words: Readonly<Record<ConnectionVerdict, string>> = {
    connected: `Connected. The ${account} account takes orders.`,
    closed: `Connected, but the ${account} account takes no orders.`,
    refused: `The keys are not taken for the ${account} account.`,
    unanswered: `No usable answer from the broker of the ${account} account.`,
    not_asked: 'Not tested: nothing was sent.',
  };
  return words[connectionVerdict({ findings })];
}

/** The difference of clocks in words: "12 ms behind the broker's"; ours is meant. */
export function clockWords(differenceMs: number): string {
  const size = Math.abs(differenceMs);
  if (size < 1) return "as the broker's";
  const amount = size < 10_000 ? `${size} ms` : size < 600_000 ? `${Math.round(size / 1_000)} s` : `${Math.round(size / 60_000)} min`;
  return `${amount} ${differenceMs > 0 ? 'behind' : 'ahead of'} the broker's`;
}

/** What a test says of this computer's clock; a simulator keeps the time of its own market, which says nothing of ours. */
export function testedClockWords({ differenceMs }: NonNullable<ConnectionTest['clock']>, isStandIn: boolean): string {
  return isStandIn ? 'not compared: a simulator keeps its own' : clockWords(differenceMs);
}

/** The data of a subscription in words. Mainspring reads IEX in either. */
export const FEED_WORDS = {
  iex: 'IEX: one exchange, the free subscription',
  sip: 'SIP: all exchanges are subscribed; Mainspring reads IEX',
} as const;
