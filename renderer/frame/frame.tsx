/** The frame around every page: mode line, top bar, navigation, side sheets, palette, keyboard. */
import type { JSX, ReactNode } from 'react';
import { useNavigate } from '@tanstack/react-router';
import type { Mode } from '#app/contracts/config.ts';
import { useArmedUntil } from '../data/arming.ts';
import { useIsStale } from '../data/clock.ts';
import { hasShell } from '../shell/bridge.ts';
import { useHold } from '../ui/hold-button.tsx';
import { Navigation } from './navigation.tsx';
import { Palette } from './palette.tsx';
import { openSheet } from './panels.ts';
import { Sheets } from './sheets.tsx';
import { useShortcuts } from './shortcuts.ts';
import { TopBar } from './top-bar.tsx';
import { useHalt } from './use-halt.ts';

/** The frame. */
export function Frame({ mode, children }: { mode: Mode; children: ReactNode }): JSX.Element {
  const navigate = useNavigate();
  const isStale = useIsStale();
  const isDisarmed = useArmedUntil() === null;
  const { halt, error, told } = useHalt();
  const byKey = useHold(halt);
  useShortcuts({ go: (path) => void navigate({ to: path }), order: () => openSheet({ kind: 'ticket', start: {} }), settings: () => { if (hasShell) openSheet({ kind: 'application', section: null }); }, halt: byKey });
  return (
    <div className={`frame mode-${mode} ${isDisarmed ? 'disarmed' : ''} ${hasShell ? 'in-window' : ''}`} data-stale={isStale}>
      <div className="mode-line" aria-hidden />
      <TopBar mode={mode} />
      <div className="frame-body">
        <Navigation isHeldByKey={byKey.isHeld} halt={halt} haltError={error} haltTold={told} />
        <main className="page">{children}</main>
      </div>
      <Sheets mode={mode} />
      <Palette />
    </div>
  );
}
