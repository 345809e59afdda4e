/** The pages on the left; icons only when space or the reader asks for it. */
import type { JSX } from 'react';
import { Link } from '@tanstack/react-router';
import { ActionIcon, Tooltip } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { IconBriefcase2, IconHeartbeat, IconLayoutSidebarLeftCollapse, IconLayoutSidebarLeftExpand } from '@tabler/icons-react';
import { setUiState, useUiState } from '../data/ui-state.ts';
import { TradingSwitch } from './trading-switch.tsx';

const PAGES = [
  { path: '/portfolio', name: 'Portfolio', keys: 'g p', Icon: IconBriefcase2 },
  { path: '/health', name: 'Health', keys: 'g h', Icon: IconHeartbeat },
] as const;

/** The column on the left. */
export function Navigation({ isHeldByKey, halt, haltError }: { isHeldByKey: boolean; halt: () => void; haltError: string | null }): JSX.Element {
  const isChosenNarrow = useUiState('isNavigationNarrow');
  const isSmall = useMediaQuery('(max-width: 1200px)', false, { getInitialValueInEffect: false });
  const isNarrow = isSmall || isChosenNarrow;
  return (
    <nav className={isNarrow ? 'navigation narrow' : 'navigation'} aria-label="Pages">
      {PAGES.map(({ path, name, keys, Icon }) => (
        <Tooltip key={path} label={`${name}  (${keys})`} position="right" disabled={!isNarrow}>
          <Link to={path} className="nav-link" activeProps={{ className: 'nav-link active', 'aria-current': 'page' }}>
            <Icon size={18} stroke={1.6} aria-hidden />{!isNarrow && <><span>{name}</span><kbd>{keys}</kbd></>}
          </Link>
        </Tooltip>
      ))}
      <div className="nav-space" />
      {!isSmall && (
        <ActionIcon variant="subtle" color="gray" className="nav-fold" onClick={() => setUiState({ isNavigationNarrow: !isChosenNarrow })} aria-label={isNarrow ? 'Show names' : 'Icons only'}>
          {isNarrow ? <IconLayoutSidebarLeftExpand size={16} /> : <IconLayoutSidebarLeftCollapse size={16} />}
        </ActionIcon>
      )}
      <TradingSwitch isNarrow={isNarrow} isHeldByKey={isHeldByKey} halt={halt} error={haltError} />
    </nav>
  );
}
