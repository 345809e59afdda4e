/** May these keys be used with this address in this mode? Asked before the first byte is sent. */
import type { AlpacaAccess, Mode } from '#app/contracts/config.ts';
import { AppError } from '#app/domain/errors.ts';

const LIVE_HOST = 'api.alpaca.markets';
const PAPER_HOST = 'paper-api.alpaca.markets';
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** The longest pause between two tries to reach the broker: a broker on this computer is back within a second, Alpaca deserves patience. */
export function retryCapMs(access: AlpacaAccess): number {
  return LOOPBACK.has(new URL(access.tradingUrl).hostname) ? 1_000 : 10_000;
}

function refuse(message: string): never {
  throw new AppError('BROKER_KEYS_REJECTED', message);
}

/**
 * Refuses combinations with which money could move by mistake: live keys or the live address outside live mode, paper keys in live mode,
 * and any address that is neither Alpaca's nor this computer (the keys would be sent there).
 * @throws AppError BROKER_KEYS_REJECTED (operator) with the remedy.
 */
export function checkAccess(access: AlpacaAccess, mode: Mode): void {
  const hosts = [access.tradingUrl, access.dataUrl, access.tradingStreamUrl, access.dataStreamUrl].map((url) => new URL(url));
  for (const { hostname, protocol, host } of hosts) {
    const isLocal = LOOPBACK.has(hostname);
    if (!isLocal && !hostname.endsWith('.alpaca.markets')) refuse(`The keys would be sent to ${host}, which is not Alpaca; correct ALPACA_BASE_URL`);
    if (!isLocal && protocol !== 'https:' && protocol !== 'wss:') refuse(`The keys would be sent to ${host} without encryption; the address must begin with https`);
    if (mode === 'demo' && !isLocal) refuse('Demo mode trades with the simulator on this computer only');
  }
  const trading = hosts.filter((_, index) => index === 0 || index === 2);
  const isLiveKey = access.keyId.startsWith('AK');
  const isPaperKey = access.keyId.startsWith('PK');
  if (mode !== 'live' && (isLiveKey || trading.some(({ hostname }) => hostname === LIVE_HOST))) {
    refuse(`These are keys or an address for live trading, but the mode is ${mode}; use a paper key (it begins with PK) and https://${PAPER_HOST}`);
  }
  if (mode === 'live' && (isPaperKey || trading.some(({ hostname }) => hostname === PAPER_HOST))) {
    refuse(`These are keys or an address for paper trading, but the mode is live; use a live key (it begins with AK) and https://${LIVE_HOST}`);
  }
}
