/** Tries an attack in a sandbox, and says what came of it. For tests, and for `npm run attacks`. */
import { barColumns } from '#app/domain/bar-columns.ts';
import { AppError } from '#app/domain/errors.ts';
import { sessionsBetween } from '#app/market/calendar.ts';
import { barAt } from '#app/strategy/column-run.ts';
import { FLAT_POSITION } from '#app/strategy/view.ts';
import type { ProjectFileLike } from '../strategy-source.ts';
import type { Attack } from './attack-suite.ts';
import type { MachineLimits } from './machine.ts';
import type { Sandbox } from './sandbox.ts';

/** What came of it: the code of the error (null: none), its words, and what was written: lines, those beyond the limit, and characters of the longest. */
export type AttackOutcome = { readonly code: string | null; readonly message: string; readonly lines: number; readonly dropped: number; readonly longest: number };

const LIVE_BARS = 5;
/** Less time for what is waited for in vain, and less memory for what fills it: it ends as with the usual limits, sooner. What ends by itself has all there is, however busy the computer is. */
const LESS_TIME: Partial<MachineLimits> = { loadMs: 300, barMs: 300, batchMs: 400 };
const LESS_MEMORY: Partial<MachineLimits> = { bytes: 24 * 1024 * 1024 };

const bars = barColumns(300);
sessionsBetween('2024-01-02', '2025-12-31').slice(0, 300).forEach(({ date }, i) => {
  const price = 100 + Math.round(1_000 * Math.sin(i / 9)) / 100;
  bars.time[i] = Date.parse(`${date}T05:00:00Z`);
  [bars.open[i], bars.high[i], bars.low[i], bars.close[i], bars.volume[i]] = [price, price + 0.5, price - 0.5, price, 1_000_000];
});

/** Limits under which an attack is stopped soon. */
export function quickLimits({ code }: Pick<Attack, 'code'>): Partial<MachineLimits> {
  return code === 'STRATEGY_OUT_OF_TIME' ? LESS_TIME : code === 'STRATEGY_OUT_OF_MEMORY' ? LESS_MEMORY : {};
}

/** One live bar of a cell that is open. */
export async function liveBar({ ask }: Pick<Sandbox, 'ask'>, i: number): Promise<void> {
  const bar = barAt(bars, i % bars.time.length);
  await ask('advance', { cell: 'one', openTime: bar.time, closeTime: bar.time + 1, bars: new Map([['AAA', bar]]), mode: 'live', equity: 1, cash: 1, positions: new Map([['AAA', FLAT_POSITION]]) });
}

/** Opens the cell that `liveBar` shows its bars to. */
export async function openLive({ ask }: Pick<Sandbox, 'ask'>): Promise<void> {
  await ask('open', { cell: 'one', symbols: ['AAA'], saved: null, wishes: null });
}

async function played(sandbox: Pick<Sandbox, 'ask'>, isLive: boolean): Promise<Omit<AttackOutcome, 'code' | 'message'>> {
  if (isLive) {
    await openLive(sandbox);
    for (let i = 0; i < LIVE_BARS; i += 1) await liveBar(sandbox, i);
    return { lines: 0, dropped: 0, longest: 0 };
  }
  const job = { markets: [{ symbol: 'AAA', bars: 'AAA' }], timeframe: '1Day' as const, sizing: { method: 'fixed_notional' as const, notional: '10000' } };
  const { log } = await sandbox.ask('backtest', { parameters: {}, job, bars: new Map([['AAA', bars]]), hasLines: true });
  return { lines: log.lines.length, dropped: log.dropped, longest: Math.max(0, ...log.lines.map(({ line }) => line.length)) };
}

/** Tries it. `open`: a sandbox with its files. */
export async function tryAttack({ files, isLive }: { readonly files: readonly ProjectFileLike[]; readonly isLive: boolean }, open: (files: readonly ProjectFileLike[]) => Promise<Pick<Sandbox, 'ask'> & Disposable>): Promise<AttackOutcome> {
  try {
    using sandbox = await open(files);
    return { code: null, message: '', ...(await played(sandbox, isLive)) };
  } catch (error) {
    return { code: error instanceof AppError ? error.code : 'none', message: error instanceof Error ? error.message : String(error), lines: 0, dropped: 0, longest: 0 };
  }
}
