/** author: is this idea any good? Files and versions left, the editor in the middle, results right, a bar at the bottom to run, optimise and deploy. */
import { useEffect, useRef } from 'react';
import type { JSX } from 'react';
import { useElementSize } from '@mantine/hooks';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { AUTHOR_PANES } from './address.ts';
import type { AuthorPane } from './address.ts';
import { DeployPane } from './deploy/deploy-pane.tsx';
import { EditorPart } from './editor/editor-part.tsx';
import { useGallery } from './editor/gallery/gallery-store.ts';
import { changeAuthorLayout, NARROW_BELOW, RIGHT, showCode, showRight, useAuthorLayout } from './layout.ts';
import { useOpenProject } from './open-project.ts';
import { ResultsPane } from './results/results-pane.tsx';
import { RunBar } from './results/run-bar.tsx';
import { SplitEdge } from './split-edge.tsx';

const PANE_NAMES: Readonly<Record<AuthorPane, string>> = { run: 'Back-test', optimise: 'Optimise', compare: 'Runs', deploy: 'Deploy', live: 'Live' };
/** What the text keeps however wide the right side is drawn. */
const MIDDLE_LEAST = 500;

function PaneTabs({ pane, isNarrow }: { pane: AuthorPane; isNarrow: boolean }): JSX.Element {
  const navigate = useNavigate();
  const { front } = useAuthorLayout();
  const isCode = isNarrow && front === 'code';
  const go = (next: AuthorPane): void => {
    showRight();
    void navigate({ to: '/author', search: (now) => ({ ...now, pane: next }) });
  };
  return (
    <div className="au-tabs" role="tablist" aria-label="Parts of the page">
      {isNarrow && <button type="button" role="tab" className={isCode ? 'au-tab active' : 'au-tab'} aria-selected={isCode} onClick={showCode}>Code</button>}
      {AUTHOR_PANES.map((name) => {
        const isActive = name === pane && !isCode;
        return <button key={name} type="button" role="tab" className={isActive ? 'au-tab active' : 'au-tab'} aria-selected={isActive} onClick={() => go(name)}>{PANE_NAMES[name]}</button>;
      })}
    </div>
  );
}

/** Where code and results do not fit beside each other, what the address asks for comes to the front: a link that is opened, and whatever is asked for later. `wanted`: '' = nothing by name. */
function useFront(wanted: string): void {
  const before = useRef('');
  useEffect(() => {
    if (wanted !== '' && before.current !== wanted) showRight();
    before.current = wanted;
  }, [wanted]);
}

/** The page. */
export function AuthorPage(): JSX.Element {
  const { pane: asked, run, strategy, project } = useSearch({ from: '/author' });
  const pane = asked ?? 'run';
  const { rightWidth, front, isSideOpen, sideWidth } = useAuthorLayout();
  const isOpen = useOpenProject() !== null;
  const isGallery = useGallery();
  const { ref, width } = useElementSize();
  useFront([asked, run, strategy].some((part) => part !== undefined) ? `${pane}/${run ?? ''}/${strategy ?? ''}` : '');
  const isNarrow = width > 0 && width < NARROW_BELOW;
  // Without a project the gallery takes the page, unless a link names a run or a deployment.
  const hasRight = !isGallery && (isOpen || project !== undefined || run !== undefined || strategy !== undefined || pane === 'live');
  const most = Math.max(RIGHT.least, Math.min(RIGHT.most, width - MIDDLE_LEAST - (isSideOpen ? sideWidth : 0)));
  const shown = Math.min(rightWidth, most);
  const isRightHidden = !hasRight || (isNarrow && front === 'code');
  return (
    <div ref={ref} className={isNarrow ? 'author-page narrow' : 'author-page'} style={{ gridTemplateColumns: isNarrow || !hasRight ? 'minmax(0, 1fr)' : `minmax(0, 1fr) 9px ${shown}px` }}>
      {isNarrow && hasRight && <PaneTabs pane={pane} isNarrow />}
      <div className="au-left" hidden={isNarrow && hasRight && front === 'right'}><EditorPart /></div>
      {!isNarrow && hasRight && <SplitEdge label="Width of the results" width={shown} limits={{ ...RIGHT, most }} from="right" change={(rightWidthNow) => changeAuthorLayout({ rightWidth: rightWidthNow })} />}
      <section className="author-right" aria-label={PANE_NAMES[pane]} hidden={isRightHidden}>
        {!isNarrow && <PaneTabs pane={pane} isNarrow={false} />}
        <div className="au-pane">{pane === 'deploy' || pane === 'live' ? <DeployPane /> : <ResultsPane />}</div>
      </section>
      {isOpen && !isGallery && <RunBar />}
    </div>
  );
}
