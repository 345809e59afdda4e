/** health: can I trust it right now? The same parts as a page and as a panel over any page. */
import type { JSX } from 'react';
import { useGatewayAway } from '../data/stack.ts';
import { DiagnosticsButton } from '../shell/diagnostics-button.tsx';
import { AlertsCard } from './alerts-card.tsx';
import { BooksCard } from './books-card.tsx';
import { FlowsCard } from './flows-card.tsx';
import { GatewayAway, ThroughGateway } from './gateway-away.tsx';
import { IncidentsCard } from './incidents.tsx';
import { ReportsCard } from './reports-card.tsx';
import { ProofCard } from './proof-card.tsx';
import { DiskCard, InvariantsCard, NoticesCard, PipelineCard } from './side-cards.tsx';
import { UnitsCard } from './units-card.tsx';
import { VerdictCard } from './verdict-card.tsx';

/** All parts; two columns on a page, one in a panel. */
export function HealthView({ isPanel = false }: { isPanel?: boolean }): JSX.Element {
  const isAway = useGatewayAway() !== null;
  return (
    <div className={isPanel ? 'health panel' : 'health'}>
      <VerdictCard />
      {isAway && <section className="card"><GatewayAway>What stands below comes from the application itself and is fresh; trading does not need the gateway.</GatewayAway></section>}
      <div className="health-columns">
        <div className="health-main">
          <UnitsCard />
          <IncidentsCard />
          <ThroughGateway title="Flows" meanwhile="Flows go on by their schedules; their runs are shown again when the gateway is back."><FlowsCard /></ThroughGateway>
        </div>
        <div className="health-side">
          <ThroughGateway title="Pipeline" meanwhile="Events go on; who has heard whom is shown again when the gateway is back."><PipelineCard /></ThroughGateway>
          <ThroughGateway title="Ledger checks" meanwhile="The book checks itself when the gateway asks for it."><InvariantsCard /></ThroughGateway>
          <ThroughGateway title="Our book and the broker’s" meanwhile="The books are compared all the same."><BooksCard /></ThroughGateway>
          <ThroughGateway title="Proof run" meanwhile="Shown again when the gateway is back."><ProofCard /></ThroughGateway>
          <DiskCard />
          <ThroughGateway title="Daily reports" meanwhile="Reports are written all the same, into the data folder."><ReportsCard /></ThroughGateway>
          <ThroughGateway title="Alerts" meanwhile="Messages go out all the same; they are shown again when the gateway is back."><AlertsCard /></ThroughGateway>
          <NoticesCard />
          <DiagnosticsButton />
        </div>
      </div>
    </div>
  );
}
