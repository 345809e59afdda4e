/** What the answers of a connection test mean, and what to do about each: words for a trader, without a letter that a server wrote. */
import type { BrokerAccount } from '#app/contracts/broker-keys.ts';
import { clockWords } from '#app/contracts/connection-test.ts';
import type { ConnectionFinding, TestedAccount } from '#app/contracts/connection-test.ts';
import type { BrokerAnswer, Silence } from './ask-broker.ts';

/** What was asked for: which account, where, and about what. */
export type Asked = { readonly account: BrokerAccount; readonly host: string; readonly what: 'the account' | 'the clock' | 'market data'; readonly limitMs: number };

/** Farther apart than this, the times of bars and orders no longer fit those of the market. */
export const CLOCK_LIMIT_MS = 2_000;

const NETWORK = 'Check the internet connection, then test again';

const SILENCES: Readonly<Record<Silence['why'], (asked: Asked, code: string) => Omit<ConnectionFinding, 'kind'>>> = {
  no_network: ({ host }, code) => ({ problem: `This computer has no way to ${host} (${code})`, remedy: `${NETWORK}; a VPN or firewall may stand in between` }),
  name_unknown: ({ host }, code) => ({ problem: `The name ${host} is not known to this network (${code})`, remedy: `${NETWORK}. With other sites at hand, the network's name server (DNS) or a filter withholds this one` }),
  unreachable: ({ host }, code) => ({ problem: `${host} does not take the connection, or dropped it (${code})`, remedy: 'Let Mainspring through the firewall, VPN or proxy, then test again; on this computer, start the simulator first' }),
  tls_failed: ({ host }, code) => ({ problem: `${host} could not prove who it is (${code}); the keys were not sent`, remedy: "Check this computer's date and time. Behind a proxy or virus scanner that opens encrypted connections, let alpaca.markets pass unopened" }),
  out_of_time: ({ host, what, limitMs }) => ({ problem: `${host} did not answer about ${what} within ${limitMs / 1_000} s`, remedy: 'Test again in a minute; when it stays so, look at status.alpaca.markets and at the internet connection' }),
  answer_unreadable: ({ host, what }) => ({ problem: `What ${host} answered about ${what} is no answer of Alpaca's`, remedy: 'Something else answers at this address: check ALPACA_BASE_URL, and any proxy in between' }),
};

/** Keys that Alpaca does not know answer 401, or 403 without a code of its own. */
function isKeysRefused(status: number, text: string): boolean {
  return status === 401 || (status === 403 && !/"code"\s*:\s*\d/.test(text));
}

/** What is wrong with an answer; null when it is a good one. */
export function answerFinding(asked: Asked, answer: BrokerAnswer): ConnectionFinding | null {
  if (answer.kind === 'silent') return { kind: answer.why, ...SILENCES[answer.why](asked, answer.code) };
  const { status, text, retryAfterSeconds } = answer;
  if (status >= 200 && status < 300) return null;
  if (isKeysRefused(status, text)) return keysRefused(asked, status);
  return statusFinding(asked, status, retryAfterSeconds);
}

function keysRefused({ account, what }: Asked, status: number): ConnectionFinding {
  const other = account === 'paper' ? 'live' : 'paper';
  const about = what === 'market data' ? 'for market data' : `for the ${account} account`;
  return {
    kind: 'keys_refused', problem: `Alpaca does not take these keys ${about} (${status})`,
    remedy: `Copy key id and secret of the ${account} account again, both from the same line of Alpaca's page. ${account === 'paper' ? 'A paper account that was reset has new keys. ' : ''}Keys of the ${other} account do not open this one`,
  };
}

function statusFinding({ host, what }: Asked, status: number, retryAfterSeconds: number | null): ConnectionFinding {
  if (status === 429) return { kind: 'throttled', problem: `Alpaca was asked too often with these keys (429)`, remedy: `Wait ${retryAfterSeconds === null ? 'a minute' : `${Math.max(1, retryAfterSeconds)} s`}, then test again. Other programs with the same keys use up the same 200 questions a minute` };
  if (status >= 500) return { kind: 'broker_failed', problem: `Alpaca has trouble of its own (${status} about ${what})`, remedy: 'Nothing is wrong here. Test again in a few minutes; status.alpaca.markets says more' };
  if ((status >= 300 && status < 400) || status === 407 || status === 511) return { kind: 'intercepted', problem: `Something between here and ${host} answered in its place (${status})`, remedy: 'Sign in to the network (hotel, company proxy) in a browser first, then test again' };
  return { kind: 'question_refused', problem: `${host} refused to answer about ${what} (${status})`, remedy: status === 404 ? 'This is not where Alpaca answers: check ALPACA_BASE_URL, or delete the line' : 'Look at the account on alpaca.markets: it may lack an agreement or a permission' };
}

/** An answer that came and cannot be read. */
export function unreadable({ host, what }: Asked, text: string): ConnectionFinding {
  if (/^\s*</.test(text)) return { kind: 'intercepted', problem: `A web page came in place of Alpaca's answer about ${what}`, remedy: 'Sign in to the network (hotel, company proxy) in a browser first, then test again' };
  return { kind: 'answer_unreadable', ...SILENCES.answer_unreadable({ host, what, account: 'paper', limitMs: 0 }, '') };
}

const LATER = 'Alpaca opens it once its checks are done; the page of the account on alpaca.markets says what is missing';

function inactive(account: BrokerAccount, status: string): ConnectionFinding {
  const closed = /CLOSED|REJECTED|FAILED/i.test(status);
  return { kind: 'account_inactive', problem: `The ${account} account is not active: its status is ${status}`, remedy: closed ? 'It will not trade again; open another one at alpaca.markets' : LATER };
}

/** What keeps an account from trading, the hardest first, and what is worth knowing of it. */
export function accountFindings(account: BrokerAccount, tested: TestedAccount): ConnectionFinding[] {
  const found: ConnectionFinding[] = [];
  if (tested.status !== 'ACTIVE') found.push(inactive(account, tested.status));
  if (tested.isAccountBlocked) found.push({ kind: 'account_blocked', problem: `Alpaca has blocked the ${account} account`, remedy: 'Ask Alpaca (support@alpaca.markets) why; nothing here can lift it' });
  if (tested.isTradingBlocked) found.push({ kind: 'trading_blocked', problem: `Alpaca has blocked trading on the ${account} account`, remedy: 'Most often a margin call or a breach of the day-trading rules: its page on alpaca.markets says which' });
  if (tested.isSuspendedByUser) found.push({ kind: 'trading_suspended', problem: `Trading was suspended by you, in the configuration of the ${account} account`, remedy: 'Take "suspend trading" back in the configuration of the account on alpaca.markets' });
  if (tested.isDayTrader === true) found.push({ kind: 'day_trader', problem: 'The account is marked as a pattern day trader', remedy: 'Under 25,000 USD of equity Alpaca may refuse to open and close a position within one day' });
  if (tested.areTransfersBlocked) found.push({ kind: 'transfers_blocked', problem: 'Money cannot be moved in or out of the account', remedy: 'Trading goes on; the page of the account on alpaca.markets says why' });
  return found;
}

/** A clock that is off by more than the limit, beyond what the way of the answer can explain; null = fine. */
export function clockFinding(differenceMs: number, roundTripMs: number): ConnectionFinding | null {
  if (Math.abs(differenceMs) - roundTripMs / 2 <= CLOCK_LIMIT_MS) return null;
  return { kind: 'clock_off', problem: `This computer's clock is ${clockWords(differenceMs)}`, remedy: 'Let the system set the time from the internet: sessions, bars and the age of prices are judged by this clock' };
}
