/** Which keys may go where. */
import { describe, expect, it } from 'vitest';
import { checkAccess } from './access.ts';

const paper = {
  tradingUrl: 'https://paper-api.alpaca.markets', dataUrl: 'https://data.alpaca.markets', tradingStreamUrl: 'wss://paper-api.alpaca.markets/stream', dataStreamUrl: 'wss://stream.data.alpaca.markets/v2/iex',
  keyId: 'PKX', secretKey: 's',
};
const live = { ...paper, tradingUrl: 'https://api.alpaca.markets', tradingStreamUrl: 'wss://api.alpaca.markets/stream', keyId: 'AKX' };
const local = { ...paper, tradingUrl: 'http://127.0.0.1:8010', dataUrl: 'http://127.0.0.1:8010', tradingStreamUrl: 'ws://127.0.0.1:8010/stream', dataStreamUrl: 'ws://127.0.0.1:8010/v2/iex', keyId: 'SIM' };

describe('access', () => {
  it('lets each mode use its own keys and address', () => {
    checkAccess(paper, 'paper');
    checkAccess(live, 'live');
    checkAccess(local, 'demo');
    checkAccess(local, 'paper');
  });
  it.each([
    ['live keys in paper mode', { ...paper, keyId: 'AKX' }, 'paper'],
    ['the live address in paper mode', live, 'paper'],
    ['only the live stream in paper mode', { ...paper, tradingStreamUrl: live.tradingStreamUrl }, 'paper'],
    ['paper keys in live mode', { ...live, keyId: 'PKX' }, 'live'],
    ['a stranger', { ...paper, dataUrl: 'https://alpaca.markets.evil.example' }, 'paper'],
    ['no encryption', { ...paper, tradingUrl: 'http://paper-api.alpaca.markets' }, 'paper'],
    ['the internet in demo mode', paper, 'demo'],
  ] as const)('refuses %s', (_, access, mode) => {
    expect(() => checkAccess(access, mode)).toThrow(expect.objectContaining({ code: 'BROKER_KEYS_REJECTED' }));
  });
});
