/** The test of a connection: account, clock and market data, one question each, one after the other; the first that fails ends it. */
import * as z from 'zod';
import { isKeyShaped } from '#app/contracts/broker-keys.ts';
import type { BrokerAccount, KeyPair } from '#app/contracts/broker-keys.ts';
import type { AlpacaAccess } from '#app/contracts/config.ts';
import { FINDING_KINDS } from '#app/contracts/connection-test.ts';
import type { ConnectionFinding, ConnectionTest, TestedAccount } from '#app/contracts/connection-test.ts';
import type { SettingEntry } from '#app/contracts/env-text.ts';
import { tryRead } from '#app/contracts/read.ts';
import { LOOPBACK } from '#app/contracts/setting-reader.ts';
import { accountAccess } from '#app/contracts/settings.ts';
import { describeError } from '#app/domain/errors.ts';
import { decimalText } from '#app/domain/numeric.ts';
import { MINUTE_MS, parseRfc3339, rfc3339Schema, toRfc3339 } from '#app/domain/time.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { askBroker } from './ask-broker.ts';
import { accountFindings, answerFinding, clockFinding, unreadable } from './findings.ts';
import type { Asked } from './findings.ts';

/** How long one answer may take, as for every question of the services to the broker. */
export const ANSWER_LIMIT_MS = 5_000;
const ENDING_LETTERS = 4;
/** A share that trades every minute of a session. */
const PROBE_SYMBOL = 'SPY';
/** The free subscription does not show the consolidated tape younger than 15 minutes: a range that ends now tells the two apart. */
const PROBE_SPAN_MS = 5 * MINUTE_MS;
const NOT_SUBSCRIBED = /subscription does not permit/i;

const AccountWire = z.object({
  account_number: z.string().min(1), status: z.string().regex(/^[A-Z_]{1,40}$/), currency: z.string().regex(/^[A-Z]{3}$/).default('USD'), equity: decimalText, buying_power: decimalText,
  account_blocked: z.boolean(), trading_blocked: z.boolean(), transfers_blocked: z.boolean().nullish(), trade_suspended_by_user: z.boolean().nullish(), pattern_day_trader: z.boolean().nullish(),
});
const ClockWire = z.object({ timestamp: rfc3339Schema.transform(instantOf), is_open: z.boolean() });
const BarsWire = z.object({ bars: z.record(z.string(), z.array(z.unknown())).nullable() });

function instantOf(text: string, context: z.RefinementCtx<string>): EpochMs {
  try {
    return parseRfc3339(text);
  } catch (error) {
    // Shaped as a time, and none: the 99th of a month.
    context.issues.push({ code: 'custom', input: text, message: describeError(error) });
    return z.NEVER;
  }
}

/** What is tested. `keys` null: there are none. `entries`: the settings, for the address. */
export type TestQuestion = { readonly account: BrokerAccount; readonly keysFrom: ConnectionTest['keysFrom']; readonly keys: KeyPair | null; readonly entries: readonly SettingEntry[] };

/** `limitMs`: how long one answer may take; five seconds unless told. */
export type TestOptions = { readonly limitMs?: number };

type Way = { readonly access: AlpacaAccess } | { readonly finding: ConnectionFinding };

/** How the broker is reached, or why nothing is sent. */
function wayTo({ account, keys, entries }: TestQuestion): Way {
  if (keys === null) return { finding: { kind: 'no_keys', problem: `There are no keys for the ${account} account`, remedy: `Enter them in the application, or with "mainspring keys set ${account}"` } };
  if (!isKeyShaped(keys.keyId) || !isKeyShaped(keys.secretKey)) return { finding: { kind: 'keys_misshapen', problem: 'The key has characters that no Alpaca key has, or is too short', remedy: "Copy it again from Alpaca's page, without spaces or quotes" } };
  const { access, complaint } = accountAccess(entries, account, keys);
  if (access !== null) return { access };
  const { about, problem, remedy } = complaint;
  return { finding: about === 'key' ? { kind: 'wrong_account', problem: `The key id ${problem}`, remedy } : { kind: 'wrong_address', problem: `ALPACA_BASE_URL ${problem}`, remedy } };
}

/** What is found out, step by step. */
type Findings = { tested: TestedAccount | null; clock: ConnectionTest['clock']; feed: ConnectionTest['feed']; readonly findings: ConnectionFinding[] };

type Step = { readonly asked: Asked; readonly url: string; readonly keys: KeyPair };

/** One question with its answer read; what was wrong goes to `findings`, and then null is returned. */
async function read<S extends z.ZodType>({ asked, url, keys }: Step, schema: S, findings: ConnectionFinding[]): Promise<{ readonly value: z.output<S>; readonly askedAt: number; readonly heardAt: number; readonly roundTripMs: number } | null> {
  const answer = await askBroker({ url, keys, limitMs: asked.limitMs });
  const wrong = answerFinding(asked, answer);
  if (wrong !== null || answer.kind === 'silent') {
    if (wrong !== null) findings.push(wrong);
    return null;
  }
  const parsed = tryRead(schema, parse(answer.text));
  if (parsed.success) return { value: parsed.data, askedAt: answer.askedAt, heardAt: answer.heardAt, roundTripMs: answer.roundTripMs };
  findings.push(unreadable(asked, answer.text));
  return null;
}

/** Undefined is nothing that JSON can hold: the schema refuses it, and the parser's words, which repeat the text, are not needed. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Above 0: ours is behind. The broker looked at its clock somewhere on the way: the middle is the best guess. */
function differenceOf(brokerTime: number, askedAt: number, heardAt: number): number {
  return Math.round(brokerTime - (askedAt + heardAt) / 2);
}

/** Market data: refused for want of a subscription is an answer, too. */
async function feedOf({ asked, url, keys }: Step, findings: ConnectionFinding[]): Promise<ConnectionTest['feed']> {
  const answer = await askBroker({ url, keys, limitMs: asked.limitMs });
  if (answer.kind === 'answered' && answer.status === 403 && NOT_SUBSCRIBED.test(answer.text)) return 'iex';
  const wrong = answerFinding(asked, answer);
  if (wrong !== null) findings.push(wrong);
  if (wrong !== null || answer.kind === 'silent') return null;
  if (tryRead(BarsWire, parse(answer.text)).success) return 'sip';
  findings.push(unreadable(asked, answer.text));
  return null;
}

function probeOf(dataUrl: string, now: number): string {
  const query = new URLSearchParams({ symbols: PROBE_SYMBOL, timeframe: '1Min', feed: 'sip', limit: '1', start: toRfc3339((now - PROBE_SPAN_MS) as EpochMs), end: toRfc3339(now as EpochMs) });
  return `${dataUrl}/v2/stocks/bars?${query.toString()}`;
}

async function ask(access: AlpacaAccess, account: BrokerAccount, limitMs: number): Promise<Findings> {
  const found: Findings = { tested: null, clock: null, feed: null, findings: [] };
  const keys = { keyId: access.keyId, secretKey: access.secretKey };
  const [host, dataHost] = [new URL(access.tradingUrl).host, new URL(access.dataUrl).host];
  const first = await read({ asked: { account, host, limitMs, what: 'the account' }, url: `${access.tradingUrl}/v2/account`, keys }, AccountWire, found.findings);
  if (first === null) return found;
  const wire = first.value;
  found.tested = {
    numberEnding: wire.account_number.slice(-ENDING_LETTERS), status: wire.status, currency: wire.currency, equity: wire.equity, buyingPower: wire.buying_power,
    isAccountBlocked: wire.account_blocked, isTradingBlocked: wire.trading_blocked, isSuspendedByUser: wire.trade_suspended_by_user === true, areTransfersBlocked: wire.transfers_blocked === true, isDayTrader: wire.pattern_day_trader ?? null,
  };
  found.findings.push(...accountFindings(account, found.tested));
  const second = await read({ asked: { account, host, limitMs, what: 'the clock' }, url: `${access.tradingUrl}/v2/clock`, keys }, ClockWire, found.findings);
  if (second === null) return found;
  const brokerTime = second.value.timestamp;
  const differenceMs = differenceOf(brokerTime, second.askedAt, second.heardAt);
  found.clock = { differenceMs, roundTripMs: Math.round(second.roundTripMs), isMarketOpen: second.value.is_open };
  // A simulator keeps the time of its own market.
  const off = LOOPBACK.has(new URL(access.tradingUrl).hostname) ? null : clockFinding(differenceMs, second.roundTripMs);
  found.feed = await feedOf({ asked: { account, host: dataHost, limitMs, what: 'market data' }, url: probeOf(access.dataUrl, brokerTime), keys }, found.findings);
  if (off !== null) found.findings.push(off);
  return found;
}

/** Tests a connection. Every way of failing is an answer; nothing of the keys is in it but the last letters of the key id. */
export async function testConnection(question: TestQuestion, { limitMs = ANSWER_LIMIT_MS }: TestOptions = {}): Promise<ConnectionTest> {
  const began = performance.now();
  const { account, keysFrom, keys } = question;
  const way = wayTo(question);
  const url = 'access' in way ? new URL(way.access.tradingUrl) : null;
  const found: Findings = 'access' in way ? await ask(way.access, account, limitMs) : { tested: null, clock: null, feed: null, findings: [way.finding] };
  return {
    account, keysFrom, keyEnding: keys?.keyId.slice(-ENDING_LETTERS) ?? null, host: url?.host ?? null, isStandIn: url !== null && LOOPBACK.has(url.hostname),
    ...found, findings: found.findings.toSorted((a, b) => FINDING_KINDS.indexOf(a.kind) - FINDING_KINDS.indexOf(b.kind)), at: Date.now(), tookMs: Math.round(performance.now() - began),
  };
}
