/** data: can I trust the bars? Coverage, quality, the universe, what fills the book, where it lies. */
import type { JSX, ReactNode } from 'react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useGatewayAway } from '../../data/stack.ts';
import { usePageKeys } from '../../frame/shortcuts.ts';
import { GatewayAway } from '../../health/gateway-away.tsx';
import { DATA_TABS, type DataTab } from './address.ts';
import { CoverageTab } from './days/coverage-tab.tsx';
import { BackfillTab } from './filling/backfill-tab.tsx';
import { FilesTab } from './filling/files-tab.tsx';
import { DataHeadline } from './headline.tsx';
import { QualityTab } from './quality/quality-tab.tsx';
import { StorageTab } from './storage-tab.tsx';
import { UniverseTab } from './universe/universe-tab.tsx';

const NAMES: Readonly<Record<DataTab, string>> = { coverage: 'Coverage', quality: 'Quality', universe: 'Universe', fill: 'Fill from broker', files: 'Import and export', storage: 'Storage and archive' };

function bodyOf(tab: DataTab, symbol: string | undefined): ReactNode {
  switch (tab) {
    case 'coverage': return <CoverageTab symbol={symbol} />;
    case 'quality': return <QualityTab symbol={symbol} />;
    case 'universe': return <UniverseTab symbol={symbol} />;
    case 'fill': return <BackfillTab />;
    case 'files': return <FilesTab />;
    case 'storage': return <StorageTab />;
  }
}

/** The page. */
export function DataPage(): JSX.Element {
  const { tab = 'coverage', symbol } = useSearch({ from: '/data' });
  const navigate = useNavigate();
  const isAway = useGatewayAway() !== null;
  const choose = (next: DataTab): void => void navigate({ to: '/data', search: next === 'coverage' ? {} : { tab: next } });
  usePageKeys((event) => {
    const next = DATA_TABS[Number(event.key) - 1];
    if (next === undefined) return false;
    choose(next);
    return true;
  });
  return (
    <div className="data-page">
      {isAway && <section className="card"><GatewayAway>What stands here is what was known last; bars go on coming in.</GatewayAway></section>}
      <DataHeadline />
      <nav className="card tabs-card" aria-label="Data"><div className="tab-row" role="tablist">
        {DATA_TABS.map((name, n) => <button key={name} type="button" role="tab" aria-selected={tab === name} title={`${NAMES[name]} (${n + 1})`} className={tab === name ? 'tab active' : 'tab'} onClick={() => choose(name)}>{NAMES[name]}</button>)}
      </div></nav>
      <div role="tabpanel" aria-label={NAMES[tab]}>{bodyOf(tab, symbol)}</div>
    </div>
  );
}
