/** The flows in the health panel: those that are not well first said in a line, then all of them in short. */
import type { JSX } from 'react';
import { UnstyledButton } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useDeployments } from '../data/flow-queries.ts';
import { closeSheet } from '../frame/panels.ts';
import { fleetOf } from '../pages/flows/fleet.ts';
import { CompactFlowTable } from '../pages/flows/flow-table.tsx';
import { Answer, Card, Dot, Empty } from '../ui/kit.tsx';

/** The card. */
export function FlowsCard(): JSX.Element {
  const query = useDeployments();
  const navigate = useNavigate();
  const fleet = query.data ? fleetOf(query.data.deployments) : null;
  const goThere = (): void => {
    closeSheet();
    void navigate({ to: '/flows' });
  };
  return (
    <Card title="Flows" extra={<><span className="flows-verdict">{fleet && <><Dot tone={fleet.tone} /> <span className="muted">{fleet.verdict}</span></>}</span><UnstyledButton className="link" onClick={goThere}>Open</UnstyledButton></>} isFlush>
      <Answer query={query}>{({ deployments }) => (deployments.length === 0 ? <Empty title="No flows announced yet">Each service announces its flows to the orchestrator a moment after it is ready.</Empty> : <CompactFlowTable rows={deployments} />)}</Answer>
    </Card>
  );
}
