/** The bar on top: name, search, market clock, mode, connection, health. */
import type { JSX } from 'react';
import { ActionIcon, Kbd, Menu, Tooltip, UnstyledButton, useMantineColorScheme } from '@mantine/core';
import { IconDeviceDesktop, IconLink, IconMoon, IconSearch, IconSun, IconEyeglass } from '@tabler/icons-react';
import type { Mode } from '#app/contracts/config.ts';
import { useIsStale, useNow } from '../data/clock.ts';
import { useLive, useStatus } from '../data/live.ts';
import { useAction } from '../data/queries.ts';
import { setUiState, useUiState } from '../data/ui-state.ts';
import { Dot } from '../ui/kit.tsx';
import { age } from '../ui/format.ts';
import { Logo } from './logo.tsx';
import { MarketClock } from './market-clock.tsx';
import { openSheet, setPalette } from './panels.ts';

const MODES: Readonly<Record<Mode, string>> = { demo: 'Demo: a simulated market and a simulated account. No real money', paper: 'Paper: real market data, Alpaca paper account. No real money', live: 'Live: real orders with real money' };

/** DEMO, PAPER or LIVE. */
export function ModeMark({ mode }: { mode: Mode }): JSX.Element {
  return (
    <Tooltip label={MODES[mode]}>
      <span className={`mode-mark ${mode}`}>{mode.toUpperCase()}</span>
    </Tooltip>
  );
}

function Connection(): JSX.Element | null {
  const now = useNow();
  const isStale = useIsStale();
  const phase = useLive((state) => state.phase);
  const heardAt = useLive((state) => state.heardAt);
  if (phase === 'open' && !isStale) return null;
  const words = phase === 'connecting' ? 'Connecting' : heardAt === null ? 'No connection' : `No news for ${age(now - heardAt)}`;
  return <span className="connection" role="status"><Dot tone={phase === 'connecting' ? 'busy' : 'bad'} />{words}</span>;
}

function HealthDot(): JSX.Element {
  const status = useStatus();
  const isStale = useIsStale();
  const units = status?.stack?.units ?? [];
  const good = units.filter((unit) => unit.state === 'ready' || unit.state === 'done').length;
  const isWell = units.length > 0 && good === units.length && !isStale;
  const tone = units.length === 0 || isStale ? 'idle' : status?.verdict.canTrade === false ? 'bad' : isWell ? 'good' : 'warn';
  return (
    <Tooltip label={status === null ? 'Health is not known yet' : `${status.verdict.headline}. Click for the health panel`}>
      <UnstyledButton className="health-dot" onClick={() => openSheet({ kind: 'health' })} aria-label={`Health: ${good} of ${units.length} parts ready`}>
        <Dot tone={tone} /><span className="num">{good}/{units.length === 0 ? '–' : units.length}</span>
      </UnstyledButton>
    </Tooltip>
  );
}

/** A one-time link for another browser, into the clipboard. */
function LinkItem(): JSX.Element {
  const action = useAction('loginLink');
  const copy = (): void => action.mutate({}, { onSuccess: ({ url }) => void navigator.clipboard.writeText(url) });
  const words = action.error ? action.error.message : action.isSuccess ? 'Copied. It works once' : 'Copy a link for another browser';
  return <Menu.Item leftSection={<IconLink size={14} />} closeMenuOnClick={false} onClick={copy}>{words}</Menu.Item>;
}

function Appearance(): JSX.Element {
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useUiState('scheme');
  const palette = useUiState('palette');
  const choose = (next: 'light' | 'dark' | 'system'): void => {
    setUiState({ scheme: next });
    setColorScheme(next === 'system' ? 'auto' : next);
  };
  return (
    <Menu position="bottom-end" width={250} shadow="md">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label="Appearance and links" size="md">{scheme === 'dark' ? <IconMoon size={16} /> : scheme === 'light' ? <IconSun size={16} /> : <IconDeviceDesktop size={16} />}</ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Appearance</Menu.Label>
        <Menu.Item leftSection={<IconSun size={14} />} onClick={() => choose('light')}>Light</Menu.Item>
        <Menu.Item leftSection={<IconMoon size={14} />} onClick={() => choose('dark')}>Dark</Menu.Item>
        <Menu.Item leftSection={<IconDeviceDesktop size={14} />} onClick={() => choose('system')}>Like the system</Menu.Item>
        <Menu.Item leftSection={<IconEyeglass size={14} />} onClick={() => setUiState({ palette: palette === 'standard' ? 'colour_blind' : 'standard' })}>{palette === 'standard' ? 'Blue and orange for P&L' : 'Green and red for P&L'}</Menu.Item>
        <Menu.Divider />
        <LinkItem />
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
