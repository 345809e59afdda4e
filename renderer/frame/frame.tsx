/** The frame around every page: mode line, top bar, navigation, side sheets, palette, keyboard. */
import { useState } from 'react';
import type { JSX, ReactNode } from 'react';
import { useNavigate } from '@tanstack/react-router';
import type { Mode } from '#app/contracts/config.ts';
import { newKey } from '../data/client.ts';
import { useIsStale } from '../data/clock.ts';
import { useAction } from '../data/queries.ts';
import { useHold } from '../ui/hold-button.tsx';
import { Navigation } from './navigation.tsx';
import { Palette } from './palette.tsx';
import { openSheet } from './panels.ts';
import { Sheets } from './sheets.tsx';
import { useShortcuts } from './shortcuts.ts';
import { TopBar } from './top-bar.tsx';

/** Halting from anywhere: one key per press, so that a repeated answer is one halt. */
function useHalt(): { halt: () => void; error: string | null } {
  const action = useAction('setTradingState', [['tradingState']]);
  const [error, setError] = useState<string | null>(null);
  const halt = (): void => {
    setError(null);
    action.mutate({ state: 'HALTED', reason: 'Halted by hand on the dashboard', idempotencyKey: newKey() }, { onError: (failure) => setError(`Not halted: ${failure.message}`) });
  };
  return { halt, error };
}

/** The frame. */
export function Frame({ mode, children }: { mode: Mode; children: ReactNode }): JSX.Element {
  const navigate = useNavigate();
  const isStale = useIsStale();
  const { halt, error } = useHalt();
  const byKey = useHold(halt);
  useShortcuts({ go: (path) => void navigate({ to: path }), order: () => openSheet({ kind: 'ticket', start: {} }), halt: byKey });
  return (
    <div className={`frame mode-${mode}`} data-stale={isStale}>
      <div className="mode-line" aria-hidden />
      <TopBar mode={mode} />
      <div className="frame-body">
        <Navigation isHeldByKey={byKey.isHeld} halt={halt} haltError={error} />
        <main className="page">{children}</main>
      </div>
      <Sheets mode={mode} />
      <Palette />
    </div>
  );
}
