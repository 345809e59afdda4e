/** May these keys be used with this address in this mode? Asked before the first byte is sent; nothing of this room is built with access that was not checked. */
import type { AlpacaAccess, Mode } from '#app/contracts/config.ts';
import { AppError } from '#app/domain/errors.ts';

/** Access that `checkAccess` let pass: the only kind that clients and streams take. */
export type CheckedAccess = AlpacaAccess & { readonly __checked: Mode };

/** Where each account trades; the two never meet. */
const TRADING_HOST = { paper: 'paper-api.alpaca.markets', live: 'api.alpaca.markets' } as const;
const DATA_HOSTS = /^(stream\.)?data(\.sandbox)?\.alpaca\.markets$/;
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** The longest pause between two tries to reach the broker: a broker on this computer is back within a second, Alpaca deserves patience. */
export function retryCapMs(access: AlpacaAccess): number {
  return LOOPBACK.has(new URL(access.tradingUrl).hostname) ? 1_000 : 10_000;
}

function refuse(message: string): never {
  throw new AppError('BROKER_KEYS_REJECTED', message);
}

/** Encrypted, with nothing hidden in front of or behind the host; this computer may speak in the clear. */
function checkTransport(url: URL): void {
  if (url.username !== '' || url.password !== '') refuse('An address with a user or password in it is not the broker\'s; correct ALPACA_BASE_URL');
  if (LOOPBACK.has(url.hostname)) return;
  if (!url.hostname.endsWith('.alpaca.markets')) refuse(`The keys would be sent to ${url.host}, which is not Alpaca; correct ALPACA_BASE_URL`);
  if (url.protocol !== 'https:' && url.protocol !== 'wss:') refuse(`The keys would be sent to ${url.host} without encryption; ALPACA_BASE_URL must begin with https`);
  if (url.port !== '') refuse(`${url.host} is not a port that Alpaca answers on; correct ALPACA_BASE_URL`);
}

function checkTradingHost(url: URL, account: 'paper' | 'live'): void {
  if (LOOPBACK.has(url.hostname) || url.hostname === TRADING_HOST[account]) return;
  refuse(`${url.host} is not the address of the ${account} account; write ALPACA_BASE_URL=https://${TRADING_HOST[account]}, or delete the line`);
}

function checkKey(keyId: string, mode: Mode): void {
  const isLiveKey = /^AK/i.test(keyId);
  if (mode === 'live' && !isLiveKey) refuse('ALPACA_API_KEY is not a key of the live account (those begin with AK), but the mode is live; enter the key of the live account');
  if (mode !== 'live' && isLiveKey) refuse(`ALPACA_API_KEY is a key of the live account (it begins with AK), but the mode is ${mode}; enter a paper key (it begins with PK)`);
}

/**
 * Lets through what belongs together, and refuses every combination with which money could move by mistake: the live address or a live key
 * outside of mode live, the paper address or any other key in mode live, and any address that is neither Alpaca's nor this computer
 * (the keys would be sent there). The messages name the setting and never a key.
 * @throws AppError BROKER_KEYS_REJECTED (operator) with the remedy.
 */
export function checkAccess(access: AlpacaAccess, mode: Mode): CheckedAccess {
  const [trading, tradingStream] = [new URL(access.tradingUrl), new URL(access.tradingStreamUrl)];
  const [data, dataStream] = [new URL(access.dataUrl), new URL(access.dataStreamUrl)];
  const all = [trading, tradingStream, data, dataStream];
  for (const url of all) {
    checkTransport(url);
    if (mode === 'demo' && !LOOPBACK.has(url.hostname)) refuse('Demo mode trades with the simulator on this computer only');
  }
  checkKey(access.keyId, mode);
  if (mode !== 'demo') for (const url of [trading, tradingStream]) checkTradingHost(url, mode);
  for (const url of [data, dataStream]) if (!LOOPBACK.has(url.hostname) && !DATA_HOSTS.test(url.hostname)) refuse(`${url.host} is not where Alpaca serves market data`);
  return { ...access, __checked: mode };
}
