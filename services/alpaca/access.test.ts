/** Which keys may go where. */
import { describe, expect, it } from 'vitest';
import { AppError } from '#app/domain/errors.ts';
import { checkAccess } from './access.ts';

const SECRET = 'the-secret-half-of-the-pair';
const paper = {
  tradingUrl: 'https://paper-api.alpaca.markets', dataUrl: 'https://data.alpaca.markets', tradingStreamUrl: 'wss://paper-api.alpaca.markets/stream', dataStreamUrl: 'wss://stream.data.alpaca.markets/v2/iex',
  keyId: 'PKPAPERKEY', secretKey: SECRET,
};
const live = { ...paper, tradingUrl: 'https://api.alpaca.markets', tradingStreamUrl: 'wss://api.alpaca.markets/stream', keyId: 'AKLIVEKEY' };
const local = { ...paper, tradingUrl: 'http://127.0.0.1:8010', dataUrl: 'http://127.0.0.1:8010', tradingStreamUrl: 'ws://127.0.0.1:8010/stream', dataStreamUrl: 'ws://127.0.0.1:8010/v2/iex', keyId: 'SIMKEY' };

describe('access', () => {
  it('lets each mode use its own keys and address, and a stand-in on this computer', () => {
    checkAccess(paper, 'paper');
    checkAccess(live, 'live');
    checkAccess(local, 'demo');
    checkAccess(local, 'paper');
    checkAccess({ ...local, keyId: 'AKSIM' }, 'live');
    expect(checkAccess(paper, 'paper')).toMatchObject(paper);
  });
  it.each([
    ['live keys in paper mode', { ...paper, keyId: 'AKLIVEKEY' }, 'paper', 'ALPACA_API_KEY'],
    ['live keys in paper mode, in small letters', { ...paper, keyId: 'aklivekey' }, 'paper', 'ALPACA_API_KEY'],
    ['live keys in paper mode, even on this computer', { ...local, keyId: 'AKLIVEKEY' }, 'paper', 'ALPACA_API_KEY'],
    ['live keys in demo mode', { ...local, keyId: 'AKLIVEKEY' }, 'demo', 'ALPACA_API_KEY'],
    ['the live address in paper mode', { ...live, keyId: 'PKPAPERKEY' }, 'paper', 'ALPACA_BASE_URL'],
    ['only the live stream in paper mode', { ...paper, tradingStreamUrl: live.tradingStreamUrl }, 'paper', 'ALPACA_BASE_URL'],
    ['paper keys in live mode', { ...live, keyId: 'PKPAPERKEY' }, 'live', 'ALPACA_API_KEY'],
    ['keys of no known account in live mode', { ...live, keyId: 'SIMKEY' }, 'live', 'ALPACA_API_KEY'],
    ['the paper address in live mode', { ...paper, keyId: 'AKLIVEKEY' }, 'live', 'ALPACA_BASE_URL'],
    ['only the paper stream in live mode', { ...live, tradingStreamUrl: paper.tradingStreamUrl }, 'live', 'ALPACA_BASE_URL'],
    ['another service of Alpaca as the trading address', { ...paper, tradingUrl: 'https://broker-api.alpaca.markets' }, 'paper', 'ALPACA_BASE_URL'],
    ['a stranger', { ...paper, dataUrl: 'https://alpaca.markets.evil.example' }, 'paper', 'ALPACA_BASE_URL'],
    ['a stranger behind the name of Alpaca', { ...paper, tradingUrl: 'https://paper-api.alpaca.markets@evil.example' }, 'paper', 'ALPACA_BASE_URL'],
    ['a name that only ends like Alpaca', { ...paper, tradingUrl: 'https://evilalpaca.markets' }, 'paper', 'ALPACA_BASE_URL'],
    ['another computer of the house', { ...local, tradingUrl: 'http://192.168.1.20:8010' }, 'paper', 'ALPACA_BASE_URL'],
    ['this computer by a name that can be pointed elsewhere', { ...local, tradingUrl: 'http://localhost.evil.example:8010' }, 'paper', 'ALPACA_BASE_URL'],
    ['another port', { ...paper, tradingUrl: 'https://paper-api.alpaca.markets:8443' }, 'paper', 'ALPACA_BASE_URL'],
    ['no encryption', { ...paper, tradingUrl: 'http://paper-api.alpaca.markets' }, 'paper', 'https'],
    ['no encryption on a stream', { ...live, dataStreamUrl: 'ws://stream.data.alpaca.markets/v2/iex' }, 'live', 'https'],
    ['the internet in demo mode', paper, 'demo', 'simulator'],
    ['data from the trading address', { ...paper, dataUrl: 'https://api.alpaca.markets' }, 'paper', 'market data'],
  ] as const)('refuses %s, and says what to change without showing a key', (_, access, mode, words) => {
    let refusal: unknown;
    try {
      checkAccess(access, mode);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(AppError);
    const { code, family, message, context } = refusal as AppError;
    expect([code, family]).toEqual(['BROKER_KEYS_REJECTED', 'operator']);
    expect(message).toContain(words);
    for (const secret of [SECRET, access.keyId]) expect(JSON.stringify({ message, context })).not.toContain(secret);
  });
});
