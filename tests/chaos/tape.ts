/** The market of the replays, recorded once for a whole proof run, and the undisturbed replay that all others are held against. */
import { recordBars } from '../support/recorded-bars.ts';
import type { RecordingOptions } from '../support/recorded-bars.ts';
import { tradeReplay } from '../support/replays.ts';
import type { ReplayResult } from '../support/replays.ts';
import type { RunOptions, Tape } from './experiment.ts';

/** Six symbols, three days: about eighty orders, long enough at a thousand times real time for a dozen kills. */
export const LONG_TAPE: RecordingOptions = { symbols: ['AAA', 'BBB', 'CCC', 'DDD', 'EEE', 'FFF'], days: ['2024-03-04', '2024-03-05', '2024-03-06'], minutes: 200, seed: 5 };

/** A tape over a folder of recorded bars; the reference is traded when it is first asked for. */
export function openTape(folder: string, { entry, tell }: Pick<RunOptions, 'entry' | 'tell'>): Tape {
  let reference: Promise<ReplayResult> | null = null;
  const trade = async (): Promise<ReplayResult> => {
    tell('The undisturbed reference ...');
    const result = await tradeReplay({ folder, ...(entry === undefined ? {} : { entry }) });
    tell(`${result.orders.length} orders, list ${result.end.orderList}, ${result.end.seconds} s, ${result.broken.length} violations`);
    return result;
  };
  return { folder, reference: () => (reference ??= trade()) };
}

/** A recorded tape for the proof run. */
export function recordTape(options: Pick<RunOptions, 'entry' | 'tell'>): Tape {
  return openTape(recordBars(LONG_TAPE), options);
}
