/** In the window while the gateway is away: what cannot be known says so calmly, and how to get it back. */
import type { JSX, ReactNode } from 'react';
import { Button } from '@mantine/core';
import { IconPlugConnectedX } from '@tabler/icons-react';
import { useGatewayAway } from '../data/stack.ts';
import { Card } from '../ui/kit.tsx';
import { useUnitAction } from './unit-action.ts';

/** "The gateway is stopped": its state in a sentence, with the button that helps. */
export function GatewayAway({ children }: { children: ReactNode }): JSX.Element {
  const state = useGatewayAway();
  const start = useUnitAction('startUnit');
  const isDown = state === 'stopped' || state === 'failed' || state === 'backoff';
  return (
    <div className="away">
      <IconPlugConnectedX size={18} stroke={1.6} aria-hidden />
      <div><p>The gateway is {state ?? 'away'}. {children}</p>{start.error && <p className="switch-error" role="alert">{start.error.message}</p>}</div>
      {isDown && <Button size="compact-sm" variant="default" loading={start.isPending} onClick={() => start.mutate({ unitId: 'gateway' })}>Start gateway</Button>}
    </div>
  );
}

/** A card whose figures come through the gateway; while that is away it says what goes on meanwhile. */
export function ThroughGateway({ title, meanwhile, children }: { title: string; meanwhile: string; children: ReactNode }): ReactNode {
  const isAway = useGatewayAway() !== null;
  return isAway ? <Card title={title} extra={<span className="muted">told by the gateway</span>}><p className="silent muted">{meanwhile}</p></Card> : children;
}
