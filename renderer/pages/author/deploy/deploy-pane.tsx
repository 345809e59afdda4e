/** Deploying the open project, and what its deployments do. */
import type { JSX } from 'react';

/** The pane. */
export function DeployPane(): JSX.Element {
  return <div className="author-deploy" />;
}
