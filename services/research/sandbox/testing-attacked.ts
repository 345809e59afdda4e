/** A worker that takes strangers' strategies, one after the other, and answers others meanwhile; started by a test as a process of its own. */
import { barColumns } from '#app/domain/bar-columns.ts';
import { AppError } from '#app/domain/errors.ts';
import { sessionsBetween } from '#app/market/calendar.ts';
import { FLAT_POSITION } from '#app/strategy/view.ts';
import { ATTACKS } from './attack-suite.ts';
import { openSandbox, type SandboxOptions } from './sandbox.ts';
import { CROSS_PROJECT } from './testing-sources.ts';
import { warmSandboxes } from './warm.ts';

/** What the test asks: an attack by its place, a sound strategy, or whether it is there. */
export type AttackedAsk = { readonly id: number; readonly what: 'attack' | 'sound' | 'ping'; readonly place: number; readonly kind: 'process' | 'thread' };
/** What comes back: the code of the error (null: none), its words, what was written and left out, and what is used, MB. */
export type AttackedAnswer = { readonly id: number; readonly code: string | null; readonly message: string; readonly lines: number; readonly dropped: number; readonly longest: number; readonly rssMb: number };

const bars = barColumns(300);
sessionsBetween('2024-01-02', '2025-12-31').slice(0, 300).forEach(({ date }, i) => {
  const price = 100 + Math.round(1_000 * Math.sin(i / 9)) / 100;
  bars.time[i] = Date.parse(`${date}T05:00:00Z`);
  [bars.open[i], bars.high[i], bars.low[i], bars.close[i], bars.volume[i]] = [price, price + 0.5, price - 0.5, price, 1_000_000];
});

/** For what does not end: it is waited for in vain. What ends by itself has all the time there is, however busy the computer is. */
const QUICK = { loadMs: 800, barMs: 600, batchMs: 1_500 };
const warm = warmSandboxes(1, 'process');

async function run(files: (typeof ATTACKS)[number]['files'], isLive: boolean, options: SandboxOptions): Promise<Omit<AttackedAnswer, 'id' | 'rssMb'>> {
  try {
    using sandbox = await openSandbox(files, {}, options);
    if (isLive) {
      await sandbox.ask('open', { cell: 'one', symbols: ['AAA'], saved: null, wishes: null });
      for (let i = 0; i < 20; i += 1) {
        const time = bars.time[i] ?? NaN;
        const bar = { time, open: 100, high: 101, low: 99, close: 100, volume: 1 };
        await sandbox.ask('advance', { cell: 'one', openTime: time, closeTime: time + 1, bars: new Map([['AAA', bar]]), mode: 'live', equity: 1, cash: 1, positions: new Map([['AAA', FLAT_POSITION]]) });
      }
      return { code: null, message: '', lines: 0, dropped: 0, longest: 0 };
    }
    const job = { markets: [{ symbol: 'AAA', bars: 'AAA' }], timeframe: '1Day', sizing: { method: 'fixed_notional', notional: '10000' } } as const;
    const { log } = await sandbox.ask('backtest', { parameters: {}, job: { ...job, markets: [...job.markets] }, bars: new Map([['AAA', bars]]), hasLines: true });
    return { code: null, message: '', lines: log.lines.length, dropped: log.dropped, longest: Math.max(0, ...log.lines.map(({ line }) => line.length)) };
  } catch (error) {
    return { code: error instanceof AppError ? error.code : 'none', message: error instanceof Error ? error.message : String(error), lines: 0, dropped: 0, longest: 0 };
  }
}

async function answer({ id, what, place, kind }: AttackedAsk): Promise<void> {
  const attack = ATTACKS[place];
  const nothing = { code: null, message: '', lines: 0, dropped: 0, longest: 0 };
  const came = what === 'ping' ? nothing : what === 'sound' || attack === undefined ? await run(CROSS_PROJECT, false, { kind }) : await run(attack.files, attack.isLive, { kind, ...(attack.code === 'STRATEGY_OUT_OF_TIME' ? { limits: QUICK } : {}), ...(kind === 'process' ? { warm } : {}) });
  process.send?.({ id, ...came, rssMb: Math.round(process.memoryUsage.rss() / 1024 / 1024) } satisfies AttackedAnswer);
}

process.on('message', (ask) => void answer(ask as AttackedAsk));
process.on('disconnect', () => {
  warm[Symbol.dispose]();
  process.exit(0);
});
