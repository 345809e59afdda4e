/** A deployment in the list: state, P&L, signals, what it costs, parity, expectation, version. */
import type { JSX } from 'react';
import { UnstyledButton } from '@mantine/core';
import { IconAlertTriangle, IconCircleX, IconLoader2, IconPlayerPauseFilled, IconPlayerPlayFilled, IconPlayerStopFilled } from '@tabler/icons-react';
import type { DeploymentCard } from '#app/contracts/deploy.ts';
import { Pnl, Tag } from '../../../ui/kit.tsx';
import { Sparkline } from '../../../ui/sparkline.tsx';
import { bytes, count, counted, latency } from '../../../ui/format.ts';
import { parityTone, STANDINGS, STATE_WORDS, versionWords, whyNot } from './live-words.ts';

const ICONS = { running: IconPlayerPlayFilled, warming_up: IconLoader2, paused: IconPlayerPauseFilled, stopped: IconPlayerStopFilled, failed: IconCircleX } as const;

/** The state: colour, icon and word say the same. */
export function StateMark({ state }: { state: DeploymentCard['state'] }): JSX.Element {
  const Icon = ICONS[state];
  const { word, tone, about } = STATE_WORDS[state];
  return <span className={`dp-state ${tone}`} title={about}><Icon size={13} aria-hidden />{word}</span>;
}

/** Parity of the newest day. */
export function ParityMark({ parity }: { parity: DeploymentCard['parity'] }): JSX.Element {
  if (parity === null) return <span className="muted">not yet</span>;
  const { score, differences, day } = parity;
  return <span title={`${day}: ${counted(differences, 'difference')}`}><Tag tone={parityTone(score)}>{score === null ? 'nothing to compare' : `${Math.floor(score * 10) / 10} of 100`}</Tag></span>;
}

/** What its process costs, in a few words; null = it has none now. */
export function resourceWords(resource: DeploymentCard['resource']): string | null {
  if (resource === null) return null;
  if (!resource.isOwnProcess) return `inside the engine${resource.msPerBar === null ? '' : `, ${latency(resource.msPerBar)} a bar`}`;
  return [resource.cpuPercent === null ? null : `${resource.cpuPercent.toFixed(1)} % CPU`, resource.memoryBytes === null ? null : bytes(resource.memoryBytes), resource.msPerBar === null ? null : `${latency(resource.msPerBar)} a bar`].filter((part) => part !== null).join(' · ');
}

/** Symbols and timeframe. */
export function universeWords({ symbols, timeframe }: Pick<DeploymentCard, 'symbols' | 'timeframe'>): string {
  const names = symbols.includes('*') ? 'all watched' : symbols.length <= 4 ? symbols.join(' ') : `${symbols.slice(0, 3).join(' ')} +${symbols.length - 3}`;
  return `${names} · ${timeframe}`;
}

/** The card; a click opens the deployment. */
export function LiveCard({ card, isStale, open }: { card: DeploymentCard; isStale: boolean; open: () => void }): JSX.Element {
  const version = versionWords(card.project);
  const trouble = whyNot(card);
  const earned = card.expectation?.earned ?? [];
  const cost = resourceWords(card.resource);
  return (
    <li>
      <UnstyledButton className={`dp-card ${trouble === null || trouble.tone === 'idle' ? '' : trouble.tone} ${isStale ? 'stale' : ''}`} onClick={open} aria-label={`${card.name}: ${STATE_WORDS[card.state].word}`} data-strategy={card.strategyId}>
        <span className="dp-card-head"><strong title={card.name}>{card.name}</strong>{earned.length > 1 && <span title="What it earned since its start, day by day"><Sparkline values={earned} /></span>}<StateMark state={card.state} /><span className={`mode-mark ${card.mode}`}>{card.mode.toUpperCase()}</span></span>
        <span className="muted dp-card-sub">{universeWords(card)} · {version === null ? `of the house, ${card.kind}` : version.own}{version?.newer && <em className="dp-newer">{version.newer}</em>}</span>
        {trouble !== null && trouble.tone !== 'idle' && <span className={`dp-card-trouble ${trouble.tone}`}><IconAlertTriangle size={13} aria-hidden />{trouble.cause}</span>}
        <span className="dp-card-facts">
          <span className="dp-card-pnl"><small>Today, USD</small><b><Pnl value={card.todayPnl} /></b></span><span className="dp-card-pnl"><small>Realized, USD</small><b><Pnl value={card.realizedPnl} /></b></span><span className="dp-card-pnl"><small>Open, {counted(card.openPositions, 'position')}</small><b><Pnl value={card.openPnl} /></b></span>
          <span><small>Approved, denied</small><b className="num">{count(card.approved)}, {count(card.denied)}</b></span><span><small>Errors</small><b className={card.errors > 0 ? 'num warn-text' : 'num'}>{count(card.errors)}</b></span><span><small>Parity</small><b><ParityMark parity={card.parity} /></b></span>
        </span>
        {(cost !== null || card.expectation !== null) && <span className="muted dp-card-foot"><span className="num">{cost}</span>{card.expectation !== null && <Tag tone={STANDINGS[card.expectation.standing].tone}>{STANDINGS[card.expectation.standing].word}</Tag>}</span>}
      </UnstyledButton>
    </li>
  );
}
