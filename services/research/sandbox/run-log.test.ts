/** What comes out of a sandbox in words: plain, so that the book can keep it. */
import { describe, expect, it } from 'vitest';
import { readAnswer, readSignals } from './answers.ts';
import { readRequests } from './guest-acts.ts';
import { GuestJournal } from './guest-journal.ts';
import { readLines } from './run-log.ts';

describe('words of a guest', () => {
  it('are plain in a line, also where the guest has cut a letter in two', () => {
    const journal = new GuestJournal();
    journal.write(`${'x'.repeat(499)}😀`, 'info');
    journal.write('a\0b', 'error');
    expect(readLines(JSON.parse(journal.outside())).lines).toEqual([[null, 'info', `${'x'.repeat(499)}\uFFFD`], [null, 'error', 'ab']]);
  });

  it('are plain in reasons and conditions', () => {
    const reasons = [{ name: 'a\0', value: '\ud83d', threshold: 'ok\0' }];
    expect(readRequests([{ v: 0, kind: 'reasons', reasons }, { v: 0, kind: 'check', name: 'RSI\0', isMet: true, value: 1, threshold: null }])).toEqual([
      { v: 0, kind: 'reasons', reasons: [{ name: 'a', value: '\uFFFD', threshold: 'ok' }] }, { v: 0, kind: 'check', name: 'RSI', isMet: true, value: 1, threshold: null },
    ]);
  });

  it('are plain in what its process answers, whatever that process is', () => {
    const signal = { symbol: 'SPY', target: 'long', weight: null, atr: null, order: null, orderId: null, cancels: null, reasons: [{ name: 'a\0', value: '1', threshold: null }], n: 0 };
    const log = { lines: [{ barTime: null, symbol: 'SPY\0', level: 'info', line: '\ude00' }], dropped: 0 };
    expect(readSignals({ signals: [signal], saved: null, log, states: new Map(), tookMs: 1, usage: null })).toMatchObject({ signals: [{ reasons: [{ name: 'a' }] }], log: { lines: [{ symbol: 'SPY', line: '\uFFFD' }] } });
    expect(readAnswer({ id: 1, error: { code: 'STRATEGY_FAILED', message: `${'x'.repeat(3_999)}😀`, context: {} } })).toMatchObject({ error: { message: `${'x'.repeat(3_999)}\uFFFD` } });
  });
});
