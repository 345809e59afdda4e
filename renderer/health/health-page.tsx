/** The health panel at full size. */
import type { JSX } from 'react';
import { HealthView } from './health-view.tsx';

/** The page. */
export function HealthPage(): JSX.Element {
  return <HealthView />;
}
