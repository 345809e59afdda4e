/** The market's clock: the simulator's when it makes the market, else the wall clock; the session by the calendar. */
import * as z from 'zod';
import type { Endpoint, Mode } from '#app/contracts/config.ts';
import type { MarketClock } from '#app/contracts/views.ts';
import { isInSession, nextClose, nextOpen } from '#app/market/calendar.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import { epochMs, type EpochMs } from '#app/domain/time.ts';
import type { Logger } from '#chassis/log.ts';

const ASK_TIMEOUT_MS = 1_500;

/** What the simulator tells about its market (its control API, `GET /sim/state`); extra fields are its own. */
export const simulatorStateSchema = z.looseObject({
  marketTime: z.number().int(), speed: z.union([z.number(), z.literal('max')]), isPaused: z.boolean(), isFinished: z.boolean(), step: z.number().int(), stepsTotal: z.number().int().nullable(), waitingFor: z.string().nullable(),
});
export type SimulatorState = z.infer<typeof simulatorStateSchema>;

/** The clock at a market instant. Outside the calendar's years the session counts as closed without a next change. */
export function clockAt(tsMarket: EpochMs, about: Omit<MarketClock, 'tsMarket' | 'session' | 'changesAt'>): MarketClock {
  try {
    const isOpen = isInSession(tsMarket);
    return { ...about, tsMarket, session: isOpen ? 'open' : 'closed', changesAt: isOpen ? nextClose(tsMarket) : nextOpen(tsMarket) };
  } catch (error) {
    if (error instanceof AppError && error.family === 'invalid') return { ...about, tsMarket, session: 'closed', changesAt: null };
    throw error;
  }
}

/** The clock of a simulated market as the simulator tells it. */
export function simulatedClock(state: SimulatorState, isReplay: boolean): MarketClock {
  const replay = !isReplay ? null : `Replay, step ${state.step}${state.stepsTotal === null ? '' : ` of ${state.stepsTotal}`}${state.isFinished ? ', finished' : ''}`;
  const note = [replay, state.waitingFor].filter((part) => part !== null).join('; ');
  return clockAt(epochMs(state.marketTime), { isSimulated: true, isPaused: state.isPaused, speed: typeof state.speed === 'number' ? state.speed : null, note: note === '' ? null : note });
}

/** Reads the market clock. */
export type MarketClockReader = { read(newestMarketAt: number | null): Promise<MarketClock> };

/** Builds the reader for a mode. */
export function createMarketClock(options: { mode: Mode; isReplay: boolean; simulator: Endpoint | undefined; internalToken: string; now: () => EpochMs; log: Logger }): MarketClockReader {
  const { simulator, log } = options;
  const ask = async (): Promise<SimulatorState | null> => {
    if (!simulator) return null;
    try {
      const response = await fetch(`http://${simulator.host}:${simulator.port}/sim/state`, { headers: { authorization: `Bearer ${options.internalToken}` }, signal: AbortSignal.timeout(ASK_TIMEOUT_MS) });
      const state = simulatorStateSchema.safeParse(response.ok ? await response.json() : null);
      // Both ends come from one build: this is a defect, but not one for which people should lose their dashboard.
      if (!state.success) log.warn({ status: response.status, issues: state.error.issues }, 'The simulator told its time in words that are not ours');
      return state.data ?? null;
    } catch (error) {
      log.debug({ error: describeError(error) }, 'The simulator did not tell its time');
      return null;
    }
  };
  let last: SimulatorState | null = null;
  return {
    async read(newestMarketAt) {
      if (options.mode !== 'demo') return clockAt(options.now(), { isSimulated: false, isPaused: false, speed: 1, note: null });
      const state = await ask();
      last = state ?? last;
      if (state) return simulatedClock(state, options.isReplay);
      // Without an answer the newest bar tells the time; speed and pause are what was heard last.
      const known = last ? simulatedClock(last, options.isReplay) : null;
      return clockAt(epochMs(newestMarketAt ?? options.now()), { isSimulated: true, isPaused: known?.isPaused ?? false, speed: known?.speed ?? null, note: 'The simulator does not answer; this is the newest bar' });
    },
  };
}
