/** The worker's end of the control channel, over a port in memory. */
import { describe, expect, it } from 'vitest';
import type { FromWorker } from '#app/contracts/control.ts';
import { linkOver } from './link.ts';
import type { Port } from './link.ts';

function memoryPort(): { port: Port; sent: FromWorker[]; receive(raw: unknown): void; close(): void } {
  const sent: FromWorker[] = [];
  let receive: (raw: unknown) => void = () => undefined;
  let close: () => void = () => undefined;
  return {
    sent,
    receive: (raw) => receive(raw),
    close: () => close(),
    port: {
      post: (message, flushed) => {
        sent.push(message);
        flushed?.();
      },
      onMessage: (listener) => (receive = listener),
      onClose: (listener) => (close = listener),
    },
  };
}

const lastId = (sent: readonly FromWorker[]): string => {
  const last = sent.at(-1);
  return last?.type === 'request' ? last.requestId : '';
};

describe('the link', () => {
  it('answers a ping by itself', () => {
    const memory = memoryPort();
    linkOver(memory.port, () => undefined);
    memory.receive({ type: 'ping', nonce: 7 });
    expect(memory.sent).toEqual([{ type: 'pong', nonce: 7 }]);
  });

  it('matches answers to questions, and turns a refusal into an error', async () => {
    const memory = memoryPort();
    const link = linkOver(memory.port, () => undefined);
    const first = link.request('redeemLogin', { token: 'a' });
    const firstId = lastId(memory.sent);
    const second = link.request('stopUnit', { unitId: 'redis' });
    memory.receive({ type: 'reply', requestId: lastId(memory.sent), ok: false, error: { code: 'AUTH_INVALID', message: 'you may not' } });
    memory.receive({ type: 'reply', requestId: firstId, ok: true, result: { valid: true } });
    await expect(first).resolves.toEqual({ valid: true });
    await expect(second).rejects.toThrow('you may not');
  });

  it('gives up on a question that is not answered in time', async () => {
    const link = linkOver(memoryPort().port, () => undefined);
    await expect(link.request('stackHealth', {}, 10)).rejects.toMatchObject({ code: 'UNIT_TIMEOUT', family: 'temporary' });
  });

  it('refuses open questions and tells its listeners when the supervisor is gone', async () => {
    const memory = memoryPort();
    const heard: string[] = [];
    const link = linkOver(memory.port, () => heard.push('ended'));
    link.onClose(() => heard.push('closed'));
    const question = link.request('loginLink', {});
    memory.close();
    await expect(question).rejects.toThrow('gone');
    expect(heard).toEqual(['ended', 'closed']);
    link.send({ type: 'recovered' });
    expect(memory.sent.at(-1)?.type).toBe('request');
  });

  it('takes a message that it does not know for a defect', () => {
    const memory = memoryPort();
    linkOver(memory.port, () => undefined);
    expect(() => memory.receive({ type: 'dance' })).toThrow('Unknown message');
  });
});
