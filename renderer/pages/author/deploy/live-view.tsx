/** Deployments as cards, and one of them in full. */
import { useState } from 'react';
import type { JSX } from 'react';
import { SegmentedControl, UnstyledButton } from '@mantine/core';
import { IconArrowLeft } from '@tabler/icons-react';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import type { DeploymentCard, DeploymentLive } from '#app/contracts/deploy.ts';
import { useAge } from '../../../data/clock.ts';
import { Age, Answer, Empty, Failure } from '../../../ui/kit.tsx';
import { useOpenProject } from '../open-project.ts';
import { LIVE_STALE_MS, useDeployed, useDeployedLive } from './deploy-queries.ts';
import { LiveCard, StateMark, universeWords } from './live-card.tsx';
import { LiveControls } from './live-controls.tsx';
import { LiveFacts } from './live-facts.tsx';
import { LimitsView } from './live-limits.tsx';
import { LogView } from './live-log.tsx';
import { CellsView, SignalsView } from './live-now.tsx';
import { ParityView } from './live-parity.tsx';
import { PnlView } from './live-pnl.tsx';
import { inOrder, STATE_WORDS, versionWords, whyNot } from './live-words.ts';

const TABS = { now: 'Now', signals: 'Signals', pnl: 'P&L', log: 'Log', parity: 'Parity', limits: 'Limits' } as const;
type Tab = keyof typeof TABS;

function Trouble({ card, toLog }: { card: DeploymentCard; toLog: () => void }): JSX.Element | null {
  const why = whyNot(card);
  if (why === null) return <p className="muted">{STATE_WORDS[card.state].about}</p>;
  return <section className={`dp-trouble ${why.tone}`} role={why.tone === 'idle' ? undefined : 'alert'}><p><strong>{why.cause}</strong></p><p>{why.remedy}{why.tone !== 'idle' && <> <UnstyledButton className="link" onClick={toLog}>Look at the log</UnstyledButton></>}</p></section>;
}

function Version({ card }: { card: DeploymentCard }): JSX.Element {
  const version = versionWords(card.project);
  if (version === null || card.project === null) return <span>of the house, {card.kind}</span>;
  const { projectId, newest, version: own } = card.project;
  return <span><Link className="link" to="/author" search={({ version: _other, ...now }) => ({ ...now, project: projectId, ...(own === newest ? {} : { version: own }) })}>{version.own}</Link>{version.newer !== null && <Link className="link dp-newer" to="/author" search={({ version: _other, ...now }) => ({ ...now, project: projectId, pane: 'deploy' })}>{version.newer}: deploy it</Link>}</span>;
}

function Body({ tab, live }: { tab: Tab; live: DeploymentLive }): JSX.Element {
  switch (tab) {
    case 'now': return <CellsView live={live} />;
    case 'signals': return <SignalsView live={live} />;
    case 'pnl': return <PnlView live={live} />;
    case 'log': return <LogView strategyId={live.card.strategyId} />;
    case 'parity': return <ParityView strategyId={live.card.strategyId} />;
    case 'limits': return <LimitsView card={live.card} />;
  }
}

function Detail({ live, failure }: { live: DeploymentLive; failure: unknown }): JSX.Element {
  const [tab, setTab] = useState<Tab>('now');
  const ageMs = useAge(live.at);
  const isStale = ageMs !== null && ageMs > LIVE_STALE_MS;
  const { card } = live;
  return (
    <article className={isStale ? 'dp-detail stale' : 'dp-detail'} aria-label={card.name} data-state={card.state}>
      <header className="dp-detail-head"><div><h2>{card.name}</h2><p className="muted">{universeWords(card)} · <Version card={card} /></p></div><div className="dp-detail-marks"><StateMark state={card.state} /><span className={`mode-mark ${card.mode}`}>{card.mode.toUpperCase()}</span><Age at={live.at} limitMs={LIVE_STALE_MS} source="Strategy engine and our ledger" /></div></header>
      {isStale && failure !== null && <Failure error={failure} />}
      <Trouble card={card} toLog={() => setTab('log')} />
      <LiveControls card={card} positions={live.positions} />
      <div className="dp-stales"><LiveFacts card={card} /></div>
      <div className="dp-tabs" role="tablist" aria-label="Of this strategy">{(Object.keys(TABS) as Tab[]).map((name) => <button key={name} type="button" role="tab" aria-selected={tab === name} className={tab === name ? 'tab active' : 'tab'} onClick={() => setTab(name)}>{TABS[name]}</button>)}</div>
      <div className="dp-tab dp-stales" role="tabpanel"><Body tab={tab} live={live} /></div>
    </article>
  );
}

function One({ strategyId }: { strategyId: string }): JSX.Element {
  const query = useDeployedLive(strategyId);
  return (
    <div className="dp-pane">
      <Link className="link dp-back" to="/author" search={({ strategy: _left, ...now }) => ({ ...now, pane: 'live' })}><IconArrowLeft size={14} aria-hidden />All deployments</Link>
      <Answer query={query}>{(live) => <Detail live={live} failure={query.error} />}</Answer>
    </div>
  );
}

function List(): JSX.Element {
  const project = useOpenProject()?.project ?? null;
  const [scope, setScope] = useState<'project' | 'all'>('all');
  const navigate = useNavigate();
  const query = useDeployed();
  return (
    <div className="dp-pane">
      <header className="dp-head"><h3>Deployments</h3>{project !== null && <SegmentedControl size="xs" aria-label="Which" value={scope} onChange={setScope} data={[{ value: 'all', label: 'All' }, { value: 'project', label: 'Of this project' }]} />}<span className="dp-head-age">{query.data !== undefined && <Age at={query.data.at} limitMs={3 * LIVE_STALE_MS} source="Strategy engine and our ledger" />}</span></header>
      <Answer query={query}>{(data) => <Cards cards={inOrder(data.deployed.filter((card) => scope === 'all' || project === null || card.project?.projectId === project.projectId))} at={data.at} open={(strategyId) => void navigate({ to: '/author', search: (now) => ({ ...now, pane: 'live', strategy: strategyId }) })} />}</Answer>
    </div>
  );
}

function Cards({ cards, at, open }: { cards: readonly DeploymentCard[]; at: number; open: (strategyId: string) => void }): JSX.Element {
  const ageMs = useAge(at);
  const isStale = ageMs !== null && ageMs > 3 * LIVE_STALE_MS;
  if (cards.length === 0) return <Empty title="Nothing is deployed">A version that passed its gates is deployed under “Deploy”. What it does then stands here, with its log and its parity.</Empty>;
  return <ul className="dp-cards">{cards.map((card) => <LiveCard key={card.strategyId} card={card} isStale={isStale} open={() => open(card.strategyId)} />)}</ul>;
}

/** The pane. */
export function LiveView(): JSX.Element {
  const { strategy } = useSearch({ from: '/author' });
  return strategy === undefined ? <List /> : <One key={strategy} strategyId={strategy} />;
}
