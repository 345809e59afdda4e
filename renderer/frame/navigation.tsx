/** The pages on the left; icons only when space or the reader asks for it. */
import type { JSX } from 'react';
import { Link } from '@tanstack/react-router';
import { ActionIcon, Tooltip } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { IconBriefcase2, IconChartCandle, IconCode, IconDatabase, IconFilterSearch, IconHeartbeat, IconLayoutSidebarLeftCollapse, IconLayoutSidebarLeftExpand, IconListDetails, IconSettings, IconTimeline } from '@tabler/icons-react';
import type { Icon } from '@tabler/icons-react';
import { setUiState, useUiState } from '../data/ui-state.ts';
import { FirstSteps } from './first-steps-card.tsx';
import { PAGES } from './pages.ts';
import type { PagePath } from './pages.ts';
import { TradingSwitch } from './trading-switch.tsx';

const ICONS: Readonly<Record<PagePath, Icon>> = { '/portfolio': IconBriefcase2, '/analysis': IconChartCandle, '/screener': IconFilterSearch, '/author': IconCode, '/data': IconDatabase, '/flows': IconTimeline, '/logs': IconListDetails, '/settings': IconSettings, '/health': IconHeartbeat };

function PageLink({ page: { path, name, keys }, isNarrow }: { page: (typeof PAGES)[number]; isNarrow: boolean }): JSX.Element {
  const PageIcon = ICONS[path];
  return (
    <Tooltip label={`${name}  (${keys})`} position="right" disabled={!isNarrow}>
      <Link to={path} className="nav-link" activeProps={{ className: 'nav-link active', 'aria-current': 'page' }}>
        <PageIcon size={18} stroke={1.6} aria-hidden />{!isNarrow && <><span>{name}</span><kbd>{keys}</kbd></>}
      </Link>
    </Tooltip>
  );
}

/** The column on the left. */
export function Navigation({ isHeldByKey, halt, haltError, haltTold }: { isHeldByKey: boolean; halt: () => void; haltError: string | null; haltTold: string | null }): JSX.Element {
  const isChosenNarrow = useUiState('isNavigationNarrow');
  const isSmall = useMediaQuery('(max-width: 1200px)', false, { getInitialValueInEffect: false });
  const isNarrow = isSmall || isChosenNarrow;
  return (
    <nav className={isNarrow ? 'navigation narrow' : 'navigation'} aria-label="Pages">
      {PAGES.map((page) => <PageLink key={page.path} page={page} isNarrow={isNarrow} />)}
      <div className="nav-space" />
      <FirstSteps isNarrow={isNarrow} />
      {!isSmall && (
        <ActionIcon variant="subtle" color="gray" className="nav-fold" onClick={() => setUiState({ isNavigationNarrow: !isChosenNarrow })} aria-label={isNarrow ? 'Show names' : 'Icons only'}>
          {isNarrow ? <IconLayoutSidebarLeftExpand size={16} /> : <IconLayoutSidebarLeftCollapse size={16} />}
        </ActionIcon>
      )}
      <TradingSwitch isNarrow={isNarrow} isHeldByKey={isHeldByKey} halt={halt} error={haltError} told={haltTold} />
    </nav>
  );
}
