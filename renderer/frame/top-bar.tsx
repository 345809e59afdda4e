/** The bar on top: name, search, market clock, mode, connection, health. */
import { useState } from 'react';
import type { JSX } from 'react';
import { ActionIcon, Kbd, Menu, Tooltip, UnstyledButton, useMantineColorScheme } from '@mantine/core';
import { IconDeviceDesktop, IconDownload, IconEyeglass, IconInfoCircle, IconLink, IconMoon, IconSearch, IconSettings, IconSun, IconUserCircle } from '@tabler/icons-react';
import type { Mode } from '#app/contracts/config.ts';
import { useIsStale, useNow } from '../data/clock.ts';
import { useLive, useStatus } from '../data/live.ts';
import { useAction } from '../data/queries.ts';
import { useSession } from '../data/session.ts';
import { useGatewayAway, useStack } from '../data/stack.ts';
import { setUiState, useUiState } from '../data/ui-state.ts';
import { hasShell } from '../shell/bridge.ts';
import { useShellPart, useShellSilence } from '../shell/shell-status.ts';
import { Dot } from '../ui/kit.tsx';
import { age, countdown } from '../ui/format.ts';
import { useArmedUntil } from '../data/arming.ts';
import { Logo } from './logo.tsx';
import { MarketClock } from './market-clock.tsx';
import { openSheet, setPalette } from './panels.ts';

const MODES: Readonly<Record<Mode, string>> = { demo: 'Demo: a simulated market and a simulated account. No real money', paper: 'Paper: real market data, Alpaca paper account. No real money', live: 'Live: real orders with real money' };

/** Live, and how long orders may still go out; shown wherever the market is. */
function Arming({ armedUntil }: { armedUntil: number | null }): JSX.Element {
  const now = useNow();
  const leftMs = armedUntil === null ? 0 : armedUntil - now;
  return leftMs > 0 ? <b className="num">ARMED {countdown(leftMs)}</b> : <b>DISARMED</b>;
}

/** DEMO, PAPER or LIVE; for live also whether orders may go out. In the window's bar it opens the choice of markets; in a sheet's title it is a mark and nothing more. */
export function ModeMark({ mode, isMarkOnly = false }: { mode: Mode; isMarkOnly?: boolean }): JSX.Element {
  const armedUntil = useArmedUntil();
  const words = <>{mode.toUpperCase()}{mode === 'live' && armedUntil !== undefined && <Arming armedUntil={armedUntil} />}</>;
  const isArmed = typeof armedUntil === 'number';
  const className = `mode-mark ${mode} ${mode === 'live' && isArmed ? 'armed' : ''}`;
  return (
    <Tooltip label={mode === 'live' && !isArmed && armedUntil !== undefined ? `${MODES.live}; disarmed: no order that opens or adds goes out` : MODES[mode]}>
      {hasShell && !isMarkOnly ? <UnstyledButton className={className} onClick={() => openSheet({ kind: 'application', section: mode === 'live' ? 'live' : 'market' })}>{words}</UnstyledButton> : <span className={className}>{words}</span>}
    </Tooltip>
  );
}

function Connection(): JSX.Element | null {
  const now = useNow();
  const isStale = useIsStale();
  const phase = useLive((state) => state.phase);
  const heardAt = useLive((state) => state.heardAt);
  const away = useGatewayAway();
  const silentMs = useShellSilence();
  if (silentMs !== null) return <span className="connection" role="status"><Dot tone="bad" />The application is silent for {age(silentMs)}</span>;
  if (away !== null) return <span className="connection calm" role="status"><Dot tone="warn" />Gateway {away}</span>;
  if (phase === 'open' && !isStale) return null;
  const words = phase === 'connecting' ? 'Connecting' : heardAt === null ? 'No connection' : `No news for ${age(now - heardAt)}`;
  return <span className="connection" role="status"><Dot tone={phase === 'connecting' ? 'busy' : 'bad'} />{words}</span>;
}

function HealthDot(): JSX.Element {
  const status = useStatus();
  const isStale = useIsStale();
  const units = useStack()?.units ?? [];
  const good = units.filter((unit) => unit.state === 'ready' || unit.state === 'done').length;
  // The window hears of the parts from the shell, whatever the gateway does; a browser knows nothing without it.
  const isOld = isStale && !hasShell;
  const isWell = units.length > 0 && good === units.length && !isOld;
  const tone = units.length === 0 || isOld ? 'idle' : !isStale && status?.verdict.canTrade === false ? 'bad' : isWell ? 'good' : 'warn';
  const words = status === null || isStale ? `${good} of ${units.length} parts are ready` : status.verdict.headline;
  return (
    <Tooltip label={units.length === 0 ? 'Health is not known yet' : `${words}. Click for the health panel`}>
      <UnstyledButton className="health-dot" onClick={() => openSheet({ kind: 'health' })} aria-label={`Health: ${good} of ${units.length} parts ready`}>
        <Dot tone={tone} /><span className="num">{good}/{units.length === 0 ? '–' : units.length}</span>
      </UnstyledButton>
    </Tooltip>
  );
}

/** A one-time link for another browser, into the clipboard. */
function LinkItem(): JSX.Element {
  const action = useAction('loginLink');
  const [outcome, setOutcome] = useState<'copied' | 'shown' | null>(null);
  // Where the clipboard is closed to pages, the link is shown to be copied by hand.
  const copy = (): void => action.mutate({}, { onSuccess: ({ url }) => void navigator.clipboard.writeText(url).then(() => setOutcome('copied'), () => setOutcome('shown')) });
  const words = action.error ? action.error.message : outcome === 'copied' ? 'Copied. It works once' : 'Copy a link for another browser';
  if (outcome === 'shown') return <Menu.Label><span className="muted">Works once:</span> <code className="one-time-link">{action.data?.url}</code></Menu.Label>;
  return <Menu.Item leftSection={<IconLink size={14} />} closeMenuOnClick={false} onClick={copy}>{words}</Menu.Item>;
}

/** How the page looks, links for other browsers, and in the window the application's own settings. */
export function Appearance(): JSX.Element {
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useUiState('scheme');
  const palette = useUiState('palette');
  const session = useSession();
  const hasUpdate = useShellPart((status) => status?.update.state === 'ready');
  const choose = (next: 'light' | 'dark' | 'system'): void => {
    setUiState({ scheme: next });
    setColorScheme(next === 'system' ? 'auto' : next);
  };
  return (
    <Menu position="bottom-end" width={250} shadow="md">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label="Appearance and links" size="md" className={hasUpdate ? 'has-news' : ''}>{scheme === 'dark' ? <IconMoon size={16} /> : scheme === 'light' ? <IconSun size={16} /> : <IconDeviceDesktop size={16} />}</ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Appearance</Menu.Label>
        <Menu.Item leftSection={<IconSun size={14} />} onClick={() => choose('light')}>Light</Menu.Item>
        <Menu.Item leftSection={<IconMoon size={14} />} onClick={() => choose('dark')}>Dark</Menu.Item>
        <Menu.Item leftSection={<IconDeviceDesktop size={14} />} onClick={() => choose('system')}>Like the system</Menu.Item>
        <Menu.Item leftSection={<IconEyeglass size={14} />} onClick={() => setUiState({ palette: palette === 'standard' ? 'colour_blind' : 'standard' })}>{palette === 'standard' ? 'Blue and orange for P&L' : 'Green and red for P&L'}</Menu.Item>
        <Menu.Divider />
        {session !== null && <Menu.Item leftSection={<IconUserCircle size={14} />} onClick={() => openSheet({ kind: 'profile' })}>Author profile</Menu.Item>}
        {session !== null && <LinkItem />}
        {hasUpdate && <Menu.Item leftSection={<IconDownload size={14} />} onClick={() => openSheet({ kind: 'application', section: 'updates' })}>An update is ready</Menu.Item>}
        {hasShell && <Menu.Item leftSection={<IconSettings size={14} />} onClick={() => openSheet({ kind: 'application', section: null })}>Application settings</Menu.Item>}
        <Menu.Item leftSection={<IconInfoCircle size={14} />} onClick={() => openSheet({ kind: 'about' })}>About Mainspring</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** The bar. */
export function TopBar({ mode }: { mode: Mode }): JSX.Element {
  return (
    <header className="top-bar">
      <div className="brand"><Logo /><strong>Mainspring</strong></div>
      <UnstyledButton className="search-button" onClick={() => setPalette(true)} aria-label="Search symbols, pages and actions">
        <IconSearch size={14} aria-hidden /><span>Search symbols, actions</span><Kbd size="xs">Ctrl K</Kbd>
      </UnstyledButton>
      <div className="top-right">
        <Connection />
        <MarketClock />
        <ModeMark mode={mode} />
        <HealthDot />
        <Appearance />
      </div>
    </header>
  );
}
