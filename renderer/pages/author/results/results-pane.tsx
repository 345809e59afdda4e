/** What runs of the open project gave: the verdict first. */
import type { JSX } from 'react';

/** The pane. */
export function ResultsPane(): JSX.Element {
  return <div className="author-results" />;
}
