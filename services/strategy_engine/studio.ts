/** The studio's part of the engine: what back-tests need beside bars, and the look at a run bar by bar. */
import { SCREEN_ROWS_MAX } from '#app/contracts/screener.ts';
import type { STUDIO_COMMANDS } from '#app/contracts/commands-studio.ts';
import type { Db } from '#chassis/db.ts';
import type { CommandHandlers } from '#chassis/service.ts';
import { openSandbox } from '../research/sandbox/sandbox.ts';
import type { WarmSandboxes } from '../research/sandbox/warm.ts';
import type { SandboxOpener } from './backtest-authored.ts';
import type { BarSource } from './backtest-bars.ts';
import type { BacktestParts } from './backtest-flow.ts';
import { createStepper } from './backtest-steps.ts';
import { settleLost } from './backtest-store.ts';
import type { Screener } from './screen-run.ts';
import { savedScreen } from './screen-save.ts';

/** What it works with. */
export type StudioParts = { readonly db: Db; readonly source: BarSource; readonly screener: Screener; readonly warm: WarmSandboxes };

/** The studio. `flows`: what back-tests take from it; `recover`: rows of runs that are gone are settled, at the start. */
export type Studio = { readonly flows: Required<Pick<BacktestParts, 'screened' | 'sandboxes'>>; readonly commands: Pick<CommandHandlers, keyof typeof STUDIO_COMMANDS>; recover(): Promise<number> };

/** Builds it. */
export function openStudio({ db, source, screener, warm }: StudioParts): Studio {
  const sandboxes: SandboxOpener = (files, parameters) => openSandbox(files, parameters, { warm });
  return {
    flows: {
      sandboxes,
      async screened(screenId) {
        const { definition } = await savedScreen(db, screenId);
        const { rows } = await screener.run({ ...definition, asOf: null, limit: SCREEN_ROWS_MAX });
        return rows.map(({ symbol }) => symbol);
      },
    },
    commands: { stepBacktest: createStepper({ db, source, sandboxes }) },
    recover: () => settleLost(db),
  };
}
