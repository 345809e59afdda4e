/** Strategies that stopped by themselves, under "Can I trade now?": each with its cause, its remedy, and the way to it. */
import type { JSX } from 'react';
import { IconAlertTriangle, IconCircleX } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useRoute } from '../data/queries.ts';
import { closeSheet } from '../frame/panels.ts';
import { isInTrouble, whyNot } from '../pages/author/deploy/live-words.ts';

const EVERY_MS = 10_000;

/** The lines; nothing while all is well. */
export function StrategiesCheck(): JSX.Element | null {
  const query = useRoute('deployed', ['deployed', 'list', null], {}, { everyMs: EVERY_MS });
  const troubled = (query.data?.deployed ?? []).filter(isInTrouble);
  if (troubled.length === 0) return null;
  return (
    <ul aria-label="Strategies that stopped by themselves">
      {troubled.map((card) => {
        const why = whyNot(card);
        const Icon = why?.tone === 'bad' ? IconCircleX : IconAlertTriangle;
        return <li key={card.strategyId} className={`check ${why?.tone === 'bad' ? 'bad' : 'warn'}`}><Icon size={15} aria-hidden /><div><strong>Strategy <Link className="link" to="/author" search={{ strategy: card.strategyId, pane: 'live' }} onClick={closeSheet}>{card.name}</Link></strong> <span className="muted">{why?.cause}</span><p>{why?.remedy}</p></div></li>;
      })}
    </ul>
  );
}
