/** The market's clock: session and next change by the calendar, and what the simulator says about its own. */
import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pino } from 'pino';
import { epochMs, type EpochMs } from '#app/domain/time.ts';
import { clockAt, createMarketClock, simulatedClock } from './market-clock.ts';

const real = { isSimulated: false, isPaused: false, speed: 1, note: null };
const state = { marketTime: Date.UTC(2026, 0, 2, 15), speed: 60, isPaused: false, isFinished: false, step: 5, stepsTotal: null, waitingFor: null };
let answer: unknown = state;
let port = 0;
const server = createServer((_request, response) => {
  if (answer === null) response.writeHead(503).end();
  else response.end(JSON.stringify(answer));
});
beforeAll(() => new Promise<void>((resolve) => {
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    port = typeof address === 'object' && address ? address.port : 0;
    resolve();
  });
}));
afterAll(() => new Promise<void>((resolve) => { server.close(() => resolve()); }));

describe('the session', () => {
  it('is open on a trading day and closes at 16:00, on a half day at 13:00', () => {
    expect(clockAt(epochMs(Date.UTC(2026, 0, 2, 15)), real)).toMatchObject({ session: 'open', changesAt: Date.UTC(2026, 0, 2, 21) });
    expect(clockAt(epochMs(Date.UTC(2026, 10, 27, 15)), real)).toMatchObject({ session: 'open', changesAt: Date.UTC(2026, 10, 27, 18) });
  });
  it('opens again after a weekend', () => {
    expect(clockAt(epochMs(Date.UTC(2026, 0, 3, 15)), real)).toMatchObject({ session: 'closed', changesAt: Date.UTC(2026, 0, 5, 14, 30) });
  });
  it('is closed without a next change beyond the calendar', () => {
    expect(clockAt(epochMs(Date.UTC(2190, 0, 3)), real)).toMatchObject({ session: 'closed', changesAt: null });
  });
});

describe('a simulated market', () => {
  it('has its own time and speed, and a replay says how far it is', () => {
    expect(simulatedClock(state, false)).toMatchObject({ tsMarket: Date.UTC(2026, 0, 2, 15), speed: 60, note: null });
    expect(simulatedClock({ ...state, speed: 'max', stepsTotal: 9, waitingFor: 'analytics' }, true)).toMatchObject({ speed: null, note: 'Replay, step 5 of 9; analytics' });
  });
  it('falls back to the newest bar at the last known speed while the simulator does not answer', async () => {
    const clock = createMarketClock({ mode: 'demo', isReplay: false, simulator: { host: '127.0.0.1', port }, internalToken: 't', now: () => 0 as EpochMs, log: pino({ level: 'silent' }) });
    expect(await clock.read(1)).toMatchObject({ speed: 60, isSimulated: true });
    answer = null;
    expect(await clock.read(Date.UTC(2026, 0, 2, 16))).toMatchObject({ tsMarket: Date.UTC(2026, 0, 2, 16), speed: 60, note: expect.stringContaining('does not answer') as string });
  });
});
