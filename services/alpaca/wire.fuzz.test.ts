/** Whatever comes over the wire ends as a value or as a typed error, quickly, and never as anything else. */
import fc from 'fast-check';
import * as z from 'zod';
import { describe, expect, it } from 'vitest';
import { AppError } from '#app/domain/errors.ts';
import { epochMs } from '#app/domain/time.ts';
import { wireOrder } from '../../tests/support/alpaca-stand-in.ts';
import { barFromSdk } from './data-stream.ts';
import { updateFromSdk } from './trade-stream.ts';
import { accountReply, assetsReply, barsReply, calendarReply, clockReply, fillsReply, orderListReply, orderReply, positionsReply } from './wire.ts';

const RUNS = 2_000;
/** Of the processor's time in this thread: the machine may be busy with other things. */
const LONGEST_US = 100_000;
const nasty = fc.constantFrom<unknown>('NaN', 'Infinity', '1e400', '-1', '-0', '0', '', '0x10', '1,000', '9'.repeat(400), '1.0000000001', '\u0000', '🚀', null, undefined, NaN, Infinity, -1, 1e400, true, [], {}, { __proto__: { qty: '1' } }, '2026-02-31T00:00:00Z', '9999-99-99T99:99:99Z', '2026-01-05T14:30:00.123456789Z', new Date(NaN));
const anything = fc.oneof(nasty, fc.anything({ maxDepth: 3, withNullPrototype: true }));

/** A true message with some of its fields spoiled. */
const spoiled = (truth: Record<string, unknown>) => fc.dictionary(fc.constantFrom(...Object.keys(truth)), anything, { maxKeys: 3 }).map((fields) => ({ ...truth, ...fields }));
const fill = { id: '20260105143000000::e', order_id: 'o', symbol: 'A', side: 'buy', qty: '1', price: '2', cum_qty: '1', transaction_time: '2026-01-05T14:30:00Z' };
const account = { account_number: 'A', status: 'ACTIVE', cash: '1', equity: '1', last_equity: '1', buying_power: '1', trading_blocked: false, account_blocked: false };
const bar = { t: '2026-01-05T14:30:00Z', o: 1, h: 1, l: 1, c: 1, v: 1 };

const parsers: Readonly<Record<string, readonly [fc.Arbitrary<unknown>, (raw: unknown) => unknown]>> = {
  order: [spoiled(wireOrder()), (raw) => orderReply.parse(raw)],
  'open orders': [fc.array(spoiled(wireOrder()), { maxLength: 3 }), (raw) => orderListReply((id) => id.startsWith('ms-')).parse(raw)],
  fills: [fc.array(spoiled(fill), { maxLength: 3 }), (raw) => fillsReply.parse(raw)],
  account: [spoiled(account), (raw) => accountReply.parse(raw)],
  positions: [fc.array(spoiled({ symbol: 'A', qty: '1', side: 'long', avg_entry_price: '1' })), (raw) => positionsReply.parse(raw)],
  clock: [spoiled({ timestamp: '2026-01-05T14:30:00Z', is_open: true, next_open: '2026-01-05T14:30:00Z', next_close: '2026-01-05T14:30:00Z' }), (raw) => clockReply.parse(raw)],
  calendar: [fc.array(spoiled({ date: '2026-01-05', open: '09:30', close: '16:00' })), (raw) => calendarReply.parse(raw)],
  assets: [fc.array(spoiled({ id: 'x', symbol: 'A', name: 'A', exchange: 'X', tradable: true, fractionable: true, shortable: true, status: 'active' })), (raw) => assetsReply.parse(raw)],
  bars: [fc.record({ bars: fc.dictionary(fc.string(), fc.array(spoiled(bar), { maxLength: 3 })), next_page_token: anything }), (raw) => barsReply('1Min').parse(raw)],
  'trade update': [spoiled({ event: 'fill', order: wireOrder(), execution_id: 'e', price: '1', qty: '1', timestamp: new Date(1) }), (raw) => updateFromSdk(raw, epochMs(1))],
  'streamed bar': [spoiled({ symbol: 'A', timestamp: new Date(1), open: 1, high: 1, low: 1, close: 1, volume: 1 }), (raw) => (raw as { timestamp?: unknown }).timestamp instanceof Date ? barFromSdk(raw as Parameters<typeof barFromSdk>[0], false, epochMs(1)) : null],
};

describe('the wire', () => {
  it.each(Object.entries(parsers))('%s: any input is a value or a typed error', (_, [input, parse]) => {
    fc.assert(fc.property(fc.oneof(input, anything), (raw) => {
      if (raw === null || raw === undefined) return;
      const began = process.threadCpuUsage();
      try {
        parse(raw);
      } catch (error) {
        expect(error instanceof z.ZodError || error instanceof AppError).toBe(true);
      }
      const spent = process.threadCpuUsage(began);
      expect(spent.user + spent.system).toBeLessThan(LONGEST_US);
    }), { numRuns: RUNS });
  });
});
