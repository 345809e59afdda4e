/** The tool's options: what they mean, and what is said about those that make no sense. */
import { describe, expect, it } from 'vitest';
import { OptionError, readOptions } from './tool-options.ts';

const options = (...args: string[]) => {
  const asked = readOptions(args);
  if (asked.kind !== 'run') throw new Error(asked.kind);
  return asked.options;
};

describe('the options of the simulator', () => {
  it('have defaults like the broker\'s paper account', () => {
    expect(options()).toMatchObject({ port: 8_787, cash: '100000', margin: 2, rateLimit: 200, plan: 'basic', partialFills: 10, speed: 60, faults: [], isPaused: false });
  });
  it('are read', () => {
    expect(options('--port', '0', '--speed', 'max', '--start', '2025-03-10', '--cash', '2500.50', '--margin', '1', '--fault', '{"kind":"rest_down","ms":5}', '--fault', '{"kind":"order","fault":"timeout_after"}')).toMatchObject({
      port: 0, speed: 'max', start: Date.parse('2025-03-10T13:30:00Z'), cash: '2500.50', margin: 1, faults: [{ kind: 'rest_down', ms: 5 }, { kind: 'order', on: 'submit', fault: 'timeout_after', count: 1 }],
    });
    expect([readOptions(['--help']).kind, readOptions(['--conformance', '--check'])]).toEqual(['help', { kind: 'conformance', openapi: null, isCheck: true }]);
  });
  it.each([
    [['--port', '70000'], '--port takes a whole number from 0 to 65535, not "70000"'], [['--cash', '-5'], "Option '--cash' argument is ambiguous"], [['--cash', 'much'], '--cash takes dollars'], [['--margin', '3'], '--margin takes 1 or 2 or 4'],
    [['--speed', '0'], '--speed takes a number'], [['--start', '2025-03-09'], '--start takes a trading day'], [['--start', 'monday'], '--start takes a trading day'], [['--fault', '{'], '--fault is not JSON'],
    [['--fault', '{"kind":"earthquake"}'], 'docs/simulator.md lists them'], [['--key', 'a b'], '--key takes 1 to 128'], [['--plan', 'gold'], '--plan takes basic or plus'], [['--wat'], "Unknown option '--wat'"], [['stray'], 'Unexpected argument'],
    [['--replay', 'x', '--start', '2025-03-10'], '--start belongs to the synthetic market'], [['--rate-limit', '0'], '--rate-limit takes'], [['--partial-fills', '101'], '--partial-fills takes'],
  ])('%j: %s', (args, message) => {
    expect(() => readOptions(args)).toThrow(OptionError);
    expect(() => readOptions(args)).toThrow(message);
  });
});
