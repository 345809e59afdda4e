/** The pacer: what goes out in which order, what a kill repeats, and how it is held. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_VENUE_CONFIG, PLAIN_REQUEST } from '#app/backtest/venue-types.ts';
import { invariant } from '#app/domain/errors.ts';
import { openBroker, sessionEndsBetween, type Broker } from './broker.ts';
import type { Gate } from './gate.ts';
import { openJournal } from './journal.ts';
import { openReplayMarket } from './replay.ts';
import { parseSeries } from './replay-files.ts';
import { startPacer, type Pacer } from './pacer.ts';
import { parseRfc3339, toRfc3339 } from '#app/domain/time.ts';

const CSV = ['time,open,high,low,close,volume', '2024-07-02 15:58:00,100,101,99,100,500', '2024-07-02 15:59:00,100,101,99,100.5,500', '2024-07-03 09:20:00,101,101,101,101,10', '2024-07-03 09:30:00,102,103,101,102,500', ''].join('\n');
const market = () => openReplayMarket({ series: [parseSeries('aapl.csv', CSV)], ignored: [], fingerprint: 'test' });
let folder = '';
const brokerOf = (): Broker => openBroker(DEFAULT_VENUE_CONFIG, openJournal({ file: path.join(folder, 'j.sqlite'), config: DEFAULT_VENUE_CONFIG, fingerprint: 'test' }), market(), { assetFault: () => null, onFailure: (error) => { throw error; } });
const buy = (broker: Broker, clientOrderId: string, over: object = {}) => {
  const result = broker.submit({ ...PLAIN_REQUEST, clientOrderId, symbol: 'AAPL', side: 'buy', type: 'market', timeInForce: 'day', qty: '1', ...over });
  invariant(result.ok, 'The order was refused', { result });
  return result.value;
};
/** Notes what happens, in order. The gate opens at once, unless `hold` says so. */
function scene(broker: Broker, hold: (entry: string) => Promise<void> = async () => undefined) {
  const log: string[] = [];
  const abort = new AbortController();
  const note = async (entry: string): Promise<void> => {
    log.push(entry);
    await hold(entry);
  };
  const gate: Gate = {
    booked: (touched) => note(`booked ${[...touched.values()].map((order) => `${order.clientOrderId}=${order.status}`).join(',')}`.trim()),
    settled: (step, touched) => note(`settled ${step ? toRfc3339(step.openTime).slice(5, 16) : 'session end'} ${[...touched.values()].map((order) => `${order.clientOrderId}=${order.status}`).join(',')}`.trim()),
    waitingFor: () => null,
  };
  broker.onEvents((events) => events.forEach((event) => log.push(`update ${event.kind} ${event.order.clientOrderId}`)));
  const start = (isPaused = false): Pacer => startPacer({
    broker, gate, signal: abort.signal, speed: 'max', isPaused, hasClients: () => true, pushBars: (bars) => log.push(`bars ${toRfc3339(bars[0]?.openTime ?? broker.now()).slice(5, 16)}`),
  });
  return { log, start, abort };
}

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'pacer-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('lockstep', () => {
  it('books fills before it shows the bar, settles each minute, ends the day after its last bar', async () => {
    const broker = brokerOf();
    const { log, start } = scene(broker, async (entry) => {
      if (entry.startsWith('settled 07-02T19:58')) buy(broker, 'a');
      if (entry.startsWith('settled 07-02T19:59')) buy(broker, 'late');
    });
    expect(await start().done).toBe(true);
    expect(log).toEqual([
      'booked', 'bars 07-02T19:58', 'settled 07-02T19:58', 'update new a',
      'update fill a', 'booked a=filled', 'bars 07-02T19:59', 'settled 07-02T19:59 a=filled', 'update accepted late',
      'settled session end late=accepted',
      'booked', 'bars 07-03T13:20', 'settled 07-03T13:20',
      'update new late', 'update fill late', 'booked late=filled', 'bars 07-03T13:30', 'settled 07-03T13:30 late=filled', 'settled session end',
    ]);
    expect(broker.venue.positions()[0]?.qty.toString()).toBe('2');
    // The half day of 3 July ended at 13:00, and the market's clock with it.
    expect(toRfc3339(broker.now())).toBe('2024-07-03T17:00:00.000Z');
    broker.journal.close();
  });
  it('after a kill shows the released minute again and goes on from there', async () => {
    const first = brokerOf();
    const held = new Promise<void>(() => undefined);
    const one = scene(first, async (entry) => {
      if (entry.startsWith('settled 07-02T19:58')) buy(first, 'a');
      if (entry.startsWith('booked a=filled')) await held;
    });
    one.start();
    while (!one.log.includes('booked a=filled')) await new Promise((resolve) => setTimeout(resolve, 1));
    // Killed between the fill and the bar: the journal is left open, as a dead process would leave it.
    const second = brokerOf();
    const two = scene(second);
    expect(await two.start().done).toBe(true);
    expect(two.log.slice(0, 3)).toEqual(['booked a=filled', 'bars 07-02T19:59', 'settled 07-02T19:59 a=filled']);
    expect(two.log.filter((entry) => entry.startsWith('bars'))).toEqual(['bars 07-02T19:59', 'bars 07-03T13:20', 'bars 07-03T13:30']);
    expect(second.venue.state.executionSeq).toBe(1);
    one.abort.abort();
    second.journal.close();
  });
  it('can be paused, stepped and let go', async () => {
    const broker = brokerOf();
    const { log, start } = scene(broker);
    const pacer = start(true);
    await pacer.step(2);
    expect(log.filter((entry) => entry.startsWith('bars'))).toHaveLength(2);
    expect([pacer.isPaused(), pacer.isFinished()]).toEqual([true, false]);
    pacer.resume();
    expect(await pacer.done).toBe(true);
    await pacer.step(5);
    expect(log.filter((entry) => entry.startsWith('bars'))).toHaveLength(4);
    broker.journal.close();
  });
});

describe('the times of sessions', () => {
  const at = parseRfc3339;
  it('finds the ends of sessions that a jump in time passes', () => {
    expect(sessionEndsBetween(at('2024-07-02T18:00:00Z'), at('2024-07-02T19:00:00Z'))).toEqual([]);
    expect(sessionEndsBetween(at('2024-07-02T20:00:00Z'), at('2024-07-03T13:20:00Z'))).toEqual([]);
    expect(sessionEndsBetween(at('2024-07-02T18:00:00Z'), at('2024-07-03T13:30:00Z'))).toEqual([at('2024-07-02T20:00:00Z')]);
    expect(sessionEndsBetween(at('2024-07-02T18:00:00Z'), at('2024-07-10T13:30:00Z'))).toEqual([at('2024-07-02T20:00:00Z'), at('2024-07-09T20:00:00Z')]);
  });
});
