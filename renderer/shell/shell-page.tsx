/** The page around every screen without a dashboard: what to do on the left, the parts or the story on the right. */
import { useEffect, useRef } from 'react';
import type { JSX, ReactNode } from 'react';
import { UnstyledButton } from '@mantine/core';
import type { ShellStatus } from '#app/contracts/shell.ts';
import { Logo } from '../frame/logo.tsx';
import { openSheet } from '../frame/panels.ts';
import { Appearance, ModeMark } from '../frame/top-bar.tsx';
import { Dot } from '../ui/kit.tsx';
import { age } from '../ui/format.ts';
import { useShellAction } from './shell-queries.ts';
import { useShellSilence } from './shell-status.ts';

function Silence(): JSX.Element | null {
  const silentMs = useShellSilence();
  return silentMs === null ? null : <span className="connection" role="status"><Dot tone="bad" />The application is silent for {age(silentMs)}</span>;
}

function Footer({ status, isFirst }: { status: ShellStatus; isFirst: boolean }): JSX.Element {
  const open = useShellAction('openDataFolder');
  return (
    <footer className="shell-foot muted">
      <span className="shell-place">{isFirst ? null : open.error ? <span className="loss-text" role="alert">{open.error.message}</span> : <>Data: <UnstyledButton className="quiet-link" onClick={() => open.mutate({})} title="Open the data folder"><code>{status.homeDir}</code></UnstyledButton></>}</span>
      {!isFirst && <UnstyledButton className="quiet-link" onClick={() => openSheet({ kind: 'application', section: null })}>Application settings</UnstyledButton>}
      <UnstyledButton className="quiet-link" onClick={() => openSheet({ kind: 'about' })}>About</UnstyledButton>
    </footer>
  );
}

/** The page. `title` names the screen and takes the focus when it comes. */
export function ShellPage({ status, title, lead, children, aside, isFirst = false }: { status: ShellStatus; title: ReactNode; lead?: ReactNode; children: ReactNode; aside: ReactNode; isFirst?: boolean }): JSX.Element {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return (
    <div className={`shell-page mode-${status.mode} ${status.armedUntil === null ? 'disarmed' : ''}`}>
      <div className="mode-line" aria-hidden />
      <header className="shell-head">
        <div className="brand"><Logo /><strong>Mainspring</strong></div>
        <div className="top-right"><Silence />{!isFirst && <ModeMark mode={status.mode} />}<Appearance /></div>
      </header>
      <main className="shell-main">
        <section className="shell-left">
          <h1 ref={heading} tabIndex={-1}>{title}</h1>
          {lead !== undefined && <p className="shell-lead">{lead}</p>}
          {children}
        </section>
        <aside className="shell-right">{aside}</aside>
      </main>
      <Footer status={status} isFirst={isFirst} />
    </div>
  );
}
