/** health: can I trust it right now? The same parts as a page and as a panel over any page. */
import type { JSX } from 'react';
import { FlowsCard } from './flows-card.tsx';
import { DiskCard, InvariantsCard, NoticesCard, PipelineCard } from './side-cards.tsx';
import { UnitsCard } from './units-card.tsx';
import { VerdictCard } from './verdict-card.tsx';

/** All parts; two columns on a page, one in a panel. */
export function HealthView({ isPanel = false }: { isPanel?: boolean }): JSX.Element {
  return (
    <div className={isPanel ? 'health panel' : 'health'}>
      <VerdictCard />
      <div className="health-columns">
        <div className="health-main"><UnitsCard /><FlowsCard /></div>
        <div className="health-side"><PipelineCard /><InvariantsCard /><DiskCard /><NoticesCard /></div>
      </div>
    </div>
  );
}
