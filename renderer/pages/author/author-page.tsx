/** author: is this idea any good? Files and versions left, the editor in the middle, results right, a bar at the bottom to run, optimise and deploy. */
import type { JSX } from 'react';
import { useSearch } from '@tanstack/react-router';
import { DeployPane } from './deploy/deploy-pane.tsx';
import { EditorPart } from './editor/editor-part.tsx';
import { RunBar } from './results/run-bar.tsx';
import { ResultsPane } from './results/results-pane.tsx';

/** The page. */
export function AuthorPage(): JSX.Element {
  const { pane = 'run' } = useSearch({ from: '/author' });
  return (
    <div className="author-page">
      <EditorPart />
      <section className="author-right" aria-label="Results">{pane === 'deploy' || pane === 'live' ? <DeployPane /> : <ResultsPane />}</section>
      <RunBar />
    </div>
  );
}
