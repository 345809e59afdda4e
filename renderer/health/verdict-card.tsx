/** "Can I trade now?": the answer first, then every reason with its remedy. */
import type { JSX } from 'react';
import { Skeleton } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconCircleX } from '@tabler/icons-react';
import type { TradeCheck, Verdict } from '#app/contracts/views.ts';
import { useIsStale } from '../data/clock.ts';
import { useStatus } from '../data/live.ts';
import { useGatewayAway, useTradingState } from '../data/stack.ts';
import { useShellStatus } from '../shell/shell-status.ts';
import { shellVerdict } from './shell-verdict.ts';
import { StrategiesCheck } from './strategies-check.tsx';

function toneOf(check: TradeCheck): 'good' | 'warn' | 'bad' {
  return check.ok ? 'good' : check.level === 'hindrance' ? 'bad' : 'warn';
}

function Check({ check }: { check: TradeCheck }): JSX.Element {
  const tone = toneOf(check);
  const Icon = tone === 'good' ? IconCircleCheck : tone === 'bad' ? IconCircleX : IconAlertTriangle;
  return (
    <li className={`check ${tone}`}>
      <Icon size={15} aria-label={check.ok ? 'well' : check.level} />
      <div><strong>{check.name}</strong> <span className="muted">{check.observed}</span>{check.remedy !== null && <p>{check.remedy}</p>}</div>
    </li>
  );
}

function Answered({ verdict, isStale, isAway }: { verdict: Verdict; isStale: boolean; isAway: boolean }): JSX.Element {
  const cautions = verdict.checks.some((check) => !check.ok);
  const tone = isStale ? 'idle' : !verdict.canTrade ? 'bad' : cautions ? 'warn' : 'good';
  const Icon = tone === 'good' ? IconCircleCheck : tone === 'bad' ? IconCircleX : IconAlertTriangle;
  const [answer, ...rest] = verdict.headline.split(/[:,] /);
  const order = { bad: 0, warn: 1, good: 2 };
  const checks = [...verdict.checks].sort((a, b) => order[toneOf(a)] - order[toneOf(b)]);
  return (
    <section className={`card verdict ${tone}`} aria-label="Can I trade now?">
      <header><Icon size={28} aria-hidden /><div><small>Can I trade now?</small><h2>{isStale ? 'Not known: no news from the gateway' : answer}</h2></div>{!isStale && rest.length > 0 && <p>{rest.join(', ')}</p>}</header>
      <ul>{checks.map((check) => <Check key={check.name} check={check} />)}</ul>
      {!isAway && <StrategiesCheck />}
    </section>
  );
}

/** The card. */
export function VerdictCard(): JSX.Element {
  const told = useStatus()?.verdict;
  const isGatewayStale = useIsStale();
  const shell = useShellStatus();
  const isAway = useGatewayAway() !== null;
  const { state } = useTradingState();
  const verdict = isAway && shell ? shellVerdict(shell, state) : told;
  const isStale = isGatewayStale && !isAway;
  return verdict ? <Answered verdict={verdict} isStale={isStale} isAway={isAway} /> : <Skeleton height={150} radius="md" />;
}
