/** Lines of every kind: read, split, placed, routed. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseLine, tableOf } from './parse.ts';
import { placeLines } from './place.ts';
import { LINE_BYTES_MAX, splitLines } from './split.ts';
import { wordsOf } from './words.ts';

describe('parseLine', () => {
  it('reads our own lines with their ids', () => {
    const line = parseLine('{"level":"warn","ts":1795363389631,"unit":"execution","orderId":"o1","strangers":["ms-x"],"fill":{"fillId":"f1"},"symbol":"AAPL","msg":"The broker rejected an order"}');
    expect(line).toMatchObject({ at: 1_795_363_389_631, level: 'warn', message: 'The broker rejected an order', ids: ['o1', 'f1'], isTrading: true, fields: { symbol: 'AAPL' } });
    expect(line.fields).not.toHaveProperty('unit');
    expect(tableOf(line)).toBe('trading_logs');
  });

  it('finds a client order id in any text', () => {
    expect(parseLine('{"level":"info","ts":1,"error":"no answer for ms-rsi_v1:AAPL:1740000000000:0.","msg":"x"}').ids).toEqual(['ms-rsi_v1:AAPL:1740000000000:0']);
    expect(parseLine('(node:12) Warning: order ms-v1:AAPL:1740000000000:0 timed out')).toMatchObject({ level: 'warn', ids: ['ms-v1:AAPL:1740000000000:0'] });
  });

  it('keeps what took how long apart', () => {
    const line = parseLine('{"level":"info","ts":1,"tookMs":5723,"msg":"Ready"}');
    expect(line.durationMs).toBe(5_723);
    expect(tableOf(line)).toBe('performance_logs');
    expect(tableOf(parseLine('{"level":"info","msg":"Drained","tookMs":{"lane":6}}'))).toBe('system_logs');
  });

  it.each([
    ['2026-11-22 16:03:03.813 UTC [29051] LOG:  database system is ready to accept connections', 'info', 'database system is ready to accept connections'],
    ['2026-11-22 16:03:03.813 UTC [29051] execution@trading_system ERROR:  deadlock detected', 'error', 'deadlock detected'],
    ['2026-11-22 16:03:03.813 UTC [29051] FATAL:  the database system is starting up', 'warn', 'the database system is starting up'],
    ['2026-11-22 16:03:03.813 UTC [29051] PANIC:  could not write', 'fatal', 'could not write'],
    ['2026-11-22 16:03:03.813 UTC [29051] execution@trading_system DETAIL:  Process 1 waits', 'info', 'DETAIL: Process 1 waits'],
  ])('reads PostgreSQL: %s', (text, level, message) => {
    expect(parseLine(text)).toMatchObject({ at: Date.UTC(2026, 10, 22, 16, 3, 3, 813), level, message, fields: { process: 29_051 } });
  });

  it('takes the duration of a slow statement', () => {
    const line = parseLine('2026-11-22 16:03:03.813 UTC [1] gateway@trading_system LOG:  duration: 2345.678 ms  statement: SELECT 1');
    expect(line.durationMs).toBe(2_345.678);
  });

  it.each([
    ['29065:M 22 Nov 2026 16:03:03.814 * monotonic clock: POSIX clock_gettime', 'info'],
    ['29065:C 22 Nov 2026 16:03:03.813 # oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo', 'info'],
    ['29065:M 22 Nov 2026 16:03:03.814 # WARNING Memory overcommit must be enabled! Without it, a background save may fail', 'warn'],
    ['29065:M 22 Nov 2026 16:03:03.814 # Fatal error, cannot open', 'error'],
    ['29065:M 22 Nov 2026 16:03:03.814 . 1 clients connected', 'debug'],
  ])('reads Redis: %s', (text, level) => {
    expect(parseLine(text)).toMatchObject({ at: new Date(2026, 10, 22, 16, 3, 3).getTime() + Number(/\.(\d+)/.exec(text)?.[1]), level });
  });

  it('guesses the level of plain text and takes broken JSON as text', () => {
    expect(parseLine('TypeError: x is not a function')).toMatchObject({ level: 'error', at: null });
    expect(parseLine('created the database trading_system')).toMatchObject({ level: 'info' });
    expect(parseLine('{"level":"error","msg":')).toMatchObject({ level: 'info', message: '{"level":"error","msg":' });
  });

  it('lets no secret through, whatever its writer forgot', () => {
    const line = parseLine('{"level":"info","msg":"to postgres://u:hunter2planted@h/db with Bearer planted.token-123456","keyId":"PKPLANTED","deep":{"secretKey":"planted","list":[{"apiToken":"planted"}]},"hasPassword":true,"ALPACA_SECRET_KEY":"planted"}');
    expect(JSON.stringify(line)).not.toMatch(/planted/i);
    expect(line.fields).toMatchObject({ hasPassword: true, deep: { secretKey: '[redacted]' } });
  });

  it('says that a line was cut, and what it can tell of it', () => {
    const line = parseLine(`{"level":"error","ts":1795363389631,"msg":"${'x'.repeat(8_000)}`, 10_485_760);
    expect(line).toMatchObject({ level: 'error', at: 1_795_363_389_631, fields: { isCut: true } });
    expect(line.message).toContain('10485760 bytes');
  });

  it('takes any text without throwing, and gives only what PostgreSQL takes', () => {
    fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json(), fc.string().map((s) => `{"level":"info","msg":${JSON.stringify(s)},"a":{"b":["\\u0000"]}}`)), (text) => {
      const line = parseLine(text);
       
      expect(line.message).not.toMatch(/\u0000/);
      expect(line.message.isWellFormed()).toBe(true);
      expect(JSON.stringify(line.fields)).not.toContain('\\u0000');
    }));
  });
});

describe('splitLines', () => {
  const piece = (text: string, more: { position?: number; isMidLine?: boolean; isWhole?: boolean } = {}): ReturnType<typeof splitLines> => splitLines({ bytes: Buffer.from(text), position: 0, isMidLine: false, isWhole: false, ...more });

  it('leaves half a line for later, unless nothing follows', () => {
    expect(piece('one\ntw', { position: 100 })).toEqual({ lines: [{ position: 100, text: 'one', cutBytes: null }], consumed: 4, isMidLine: false });
    expect(piece('one\ntw', { isWhole: true })).toMatchObject({ lines: [{ text: 'one' }, { position: 4, text: 'tw' }], consumed: 6 });
  });

  it('cuts a line that is too long and passes over its rest', () => {
    const first = piece('x'.repeat(LINE_BYTES_MAX + 10));
    expect(first).toMatchObject({ consumed: LINE_BYTES_MAX + 10, isMidLine: true, lines: [{ position: 0, cutBytes: LINE_BYTES_MAX + 10 }] });
    expect(piece('yyy', { isMidLine: true })).toEqual({ lines: [], consumed: 3, isMidLine: true });
    expect(piece('yyy\nnext\n', { isMidLine: true, position: 50 })).toEqual({ lines: [{ position: 54, text: 'next', cutBytes: null }], consumed: 9, isMidLine: false });
  });

  it('gives the same lines however the bytes are cut into pieces', () => {
    fc.assert(fc.property(fc.array(fc.string({ maxLength: 20 }).map((s) => s.replaceAll(/[\n\r]/g, ' '))), fc.array(fc.nat(40)), (texts, cuts) => {
      const bytes = Buffer.from(texts.map((text) => `${text}\n`).join(''));
      const whole = splitLines({ bytes, position: 0, isMidLine: false, isWhole: true }).lines;
      const lines: unknown[] = [];
      let position = 0;
      let size = 0;
      for (const cut of [...cuts, bytes.length]) {
        size = Math.min(bytes.length, size + cut);
        const split = splitLines({ bytes: bytes.subarray(position, size), position, isMidLine: false, isWhole: false });
        lines.push(...split.lines);
        position += split.consumed;
      }
      expect(lines).toEqual(whole);
    }));
  });
});

describe('placeLines', () => {
  const by = { lastAt: null, writtenAt: 5_000, now: 1_000_000_000_000, oldest: 0 };
  const raw = (text: string, position = 0): { position: number; text: string; cutBytes: null } => ({ position, text, cutBytes: null });

  it('joins indented lines to what they continue', () => {
    expect(placeLines([raw('Error: no'), raw('    at a.ts:1'), raw('    at b.ts:2'), raw('next', 40)], by).lines.map((line) => line.message)).toEqual(['Error: no\n    at a.ts:1\n    at b.ts:2', 'next']);
  });

  it('believes no time of tomorrow, and leaves out what is beyond retention', () => {
    const placed = placeLines([raw('{"ts":99999999999999,"msg":"mad clock"}'), raw('{"ts":1000,"msg":"old"}'), raw('  of the old'), raw('{"ts":500000000000,"msg":"good"}')], { ...by, writtenAt: 600_000_000_000, oldest: 2_000 });
    expect(placed.lines.map(({ at, message }) => [at, message])).toEqual([[600_000_000_000, 'mad clock'], [500_000_000_000, 'good']]);
    expect(placed).toMatchObject({ tooOld: 1, lastAt: 500_000_000_000 });
  });
});

it('finds words of letters and digits', () => {
  expect(wordsOf('Order ms-7 FAILED, order', '{"añb":"x_y"}')).toEqual(['order', 'ms', '7', 'failed', 'añb', 'x', 'y']);
});
