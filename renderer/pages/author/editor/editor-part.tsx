/** The left and the middle of the author page: projects, files, versions, the editor. Without a project the gallery. */
import { useEffect } from 'react';
import type { JSX } from 'react';
import { Button } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Failure } from '../../../ui/kit.tsx';
import { settleNotice } from '../../../ui/notice.ts';
import { authorLayoutNow, changeAuthorLayout, showCode, useAuthorLayout } from '../layout.ts';
import { setEditor } from '../open-project.ts';
import { openProject, save, saveQuietly, takeTypedNow } from './acts.ts';
import { followTyping } from './checking.ts';
import { Gallery } from './gallery/gallery.tsx';
import { setGallery, useGallery } from './gallery/gallery-store.ts';
import { useWays } from './go.ts';
import { CodeSkeleton, LazyCodeEditor, loadEditor } from './lazy.tsx';
import { checkLookAhead } from './look-ahead.ts';
import { Banners } from './middle/banners.tsx';
import { ComparisonView } from './middle/comparison.tsx';
import { compareWithSaved, MiddleHead } from './middle/head.tsx';
import { ProblemsPanel } from './middle/problems.tsx';
import { setPlace } from './places.ts';
import { useFreshLists, useProjects, useTypings } from './queries.ts';
import { flushKept, sessionNow, showFile, useSession } from './session.ts';
import type { Doc } from './session.ts';
import { NoticeLine, Side } from './side/side.tsx';

const ACTS = {
  save: () => saveQuietly(), compare: compareWithSaved,
  look: () => { const { doc } = sessionNow(); if (doc !== null) void checkLookAhead(doc.project.projectId, doc.base.version); },
  toggleProblems: () => changeAuthorLayout({ isProblemListOpen: !authorLayoutNow().isProblemListOpen }),
};

/** What the page does while it is shown, whichever project is open. */
function useEditorLife(): void {
  useEffect(() => {
    loadEditor();
    setEditor({ save, reveal(place) {
      showCode();
      setPlace(place);
      showFile(place.path);
    } });
    const keep = (): void => {
      takeTypedNow();
      flushKept(true);
    };
    // Where the focus is elsewhere on the page the key saves all the same; in the editor Monaco has taken it before.
    const onKey = (event: KeyboardEvent): void => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 's' || event.altKey || event.defaultPrevented) return;
      event.preventDefault();
      saveQuietly();
    };
    const endChecks = followTyping();
    addEventListener('keydown', onKey);
    addEventListener('pagehide', keep);
    document.addEventListener('visibilitychange', keep);
    return () => {
      keep();
      endChecks();
      setEditor(null);
      settleNotice();
      removeEventListener('keydown', onKey);
      removeEventListener('pagehide', keep);
      document.removeEventListener('visibilitychange', keep);
    };
  }, []);
}

/** Opens what the address names; without a name what was open last. */
function useAddress(): { readonly isNamed: boolean; readonly isUnknown: boolean } {
  const { project, version, run, strategy } = useSearch({ from: '/author' });
  const { lastProject } = useAuthorLayout();
  const navigate = useNavigate();
  const list = useProjects();
  const known = list.data?.projects;
  const isNamed = project !== undefined;
  const canGoOn = !isNamed && run === undefined && strategy === undefined && lastProject !== null;
  useEffect(() => {
    if (project !== undefined) void openProject(project, version ?? null);
  }, [project, version]);
  useEffect(() => {
    if (!canGoOn || known === undefined) return;
    if (known.some(({ projectId }) => projectId === lastProject)) void navigate({ to: '/author', search: (now) => ({ ...now, project: lastProject }), replace: true });
    else changeAuthorLayout({ lastProject: null });
  }, [canGoOn, known, lastProject, navigate]);
  return { isNamed, isUnknown: canGoOn && known === undefined && list.error === null };
}

function Middle({ doc }: { doc: Doc }): JSX.Element {
  const { comparison } = useSession();
  const typings = useTypings();
  return (
    <section className="ed-middle" aria-label="Editor">
      <MiddleHead doc={doc} />
      <Banners doc={doc} />
      <div className="ed-stage">
        {/* Keys of the text are the text's: the frame's single keys (an order, HALT) hear nothing of them. */}
        <div className="ed-text" hidden={comparison !== null} onKeyDown={(event) => { if (!event.ctrlKey && !event.metaKey) event.stopPropagation(); }}><LazyCodeEditor typings={typings.data?.text ?? null} acts={ACTS} /></div>
        {comparison !== null && <ComparisonView comparison={comparison} />}
        <NoticeLine />
      </div>
      <ProblemsPanel doc={doc} />
    </section>
  );
}

function Opening(): JSX.Element {
  return <section className="ed-middle" aria-label="Editor"><div className="ed-head" /><div className="ed-stage"><CodeSkeleton /></div></section>;
}

/** The part. */
export function EditorPart(): JSX.Element {
  const { doc, failure } = useSession();
  const { isSideOpen } = useAuthorLayout();
  const { project, version } = useSearch({ from: '/author' });
  const isGallery = useGallery();
  const ways = useWays();
  const { isNamed, isUnknown } = useAddress();
  useEditorLife();
  useFreshLists();
  // Asked beside the project, not after it.
  useTypings();
  const isOpen = doc !== null && doc.project.projectId === project;
  if (isGallery || (!isNamed && !isUnknown)) return <Gallery close={isGallery && isOpen ? () => setGallery(false) : null} />;
  if (failure !== null && !isOpen) {
    return <section className="ed-middle ed-failed" aria-label="Editor"><Failure error={failure} retry={() => { if (project !== undefined) void openProject(project, version ?? null); }} /><Button variant="default" size="compact-sm" onClick={ways.leave}>To all strategies</Button></section>;
  }
  if (!isOpen) return <Opening />;
  return (
    <>
      {isSideOpen && <Side doc={doc} />}
      <Middle doc={doc} />
    </>
  );
}
