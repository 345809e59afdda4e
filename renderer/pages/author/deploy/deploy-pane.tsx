/** Deploying the open project, and what its deployments do. */
import type { JSX } from 'react';
import { useSearch } from '@tanstack/react-router';
import { DeployView } from './deploy-view.tsx';
import { LiveView } from './live-view.tsx';

/** The pane. */
export function DeployPane(): JSX.Element {
  const { pane } = useSearch({ from: '/author' });
  return <div className="author-deploy">{pane === 'live' ? <LiveView /> : <DeployView />}</div>;
}
