/** What stands between a person and the text: another window saved, edits wait to be taken up, an old version is looked at, saving failed. */
import { useState } from 'react';
import type { JSX, ReactNode } from 'react';
import { Button } from '@mantine/core';
import { useSearch } from '@tanstack/react-router';
import { IconAlertTriangle, IconEye, IconHistory, IconUsers } from '@tabler/icons-react';
import type { VersionView } from '#app/contracts/author.ts';
import { call, isUnanswered } from '../../../../data/client.ts';
import { age, marketDayTime } from '../../../../ui/format.ts';
import { dropKept, giveUpEdits, openProject, saveAsCopy, saveOver, saveQuietly, takeKept, takeTheirs, takeTypedNow, wordsOf } from '../acts.ts';
import { freeName } from '../files.ts';
import { useWays } from '../go.ts';
import { useProjects, useVersions } from '../queries.ts';
import { changeSession, isDirty, sessionNow, useSession } from '../session.ts';
import type { Conflict, Doc } from '../session.ts';
import { RestoreAsk } from '../side/version-list.tsx';
import type { KeptEdits } from '../unsaved.ts';
import { useAct } from '../use-act.ts';
import { compareWithSaved } from './head.tsx';

function Banner({ tone, icon, words, children, failure }: { tone: 'warn' | 'calm' | 'bad'; icon: ReactNode; words: ReactNode; children?: ReactNode; failure?: unknown }): JSX.Element {
  return (
    <div className={`ed-banner ${tone}`} role={tone === 'calm' ? 'status' : 'alert'}>
      {icon}
      <div className="ed-banner-words">{words}{failure !== null && failure !== undefined && <p className="loss-text">{wordsOf(failure)}</p>}</div>
      <span className="ed-banner-acts">{children}</span>
    </div>
  );
}

const byWhom = ({ savedBy, signature }: VersionView): string => (signature === null || signature.name === '' ? savedBy : signature.name);

function compareWithEditor(title: string, files: Conflict['theirs']['files']): void {
  takeTypedNow();
  const { doc } = sessionNow();
  if (doc !== null) changeSession({ comparison: { left: { title, files }, right: { title: 'In the editor', files: doc.files } } });
}

/** Two windows saved: who, what, and three ways on. Nothing is lost on any of them. */
function ConflictBanner({ doc, conflict: { theirs, note } }: { doc: Doc; conflict: Conflict }): JSX.Element {
  const ways = useWays();
  const act = useAct();
  const names = (useProjects().data?.projects ?? []).map(({ name }) => name);
  const { version } = theirs;
  const copy = (): void => act.run(async () => ways.open(await saveAsCopy(freeName(`${doc.project.name} (mine)`, names))));
  return (
    <Banner tone="warn" icon={<IconUsers size={17} aria-hidden />} failure={act.failure} words={<>
      <strong>Version {version.version} was saved in another window while you edited version {doc.base.version}.</strong>
      <p>By {byWhom(version)}, {marketDayTime(version.savedAt)} New York{version.note === '' ? '' : `: “${version.note}”`}. Yours is not saved yet, and not lost.</p>
    </>}>
      <Button size="compact-xs" variant="default" onClick={() => compareWithEditor(`Theirs, version ${version.version}`, theirs.files)}>See the differences</Button>
      <Button size="compact-xs" variant="default" onClick={() => takeTheirs(theirs)}>Take theirs</Button>
      <Button size="compact-xs" variant="default" onClick={() => saveOver(note)}>Save mine over it, as version {version.version + 1}</Button>
      <Button size="compact-xs" loading={act.isRunning} onClick={copy}>Save mine as a copy</Button>
    </Banner>
  );
}

function KeptBanner({ doc, kept }: { doc: Doc; kept: KeptEdits }): JSX.Element {
  return (
    <Banner tone="warn" icon={<IconHistory size={17} aria-hidden />} words={<><strong>There are unsaved edits of {age(Date.now() - kept.at)} ago{kept.version === doc.base.version ? '' : `, made on version ${kept.version}`}.</strong><p>They are in no version, and kept in this browser.</p></>}>
      <Button size="compact-xs" variant="default" onClick={() => changeSession({ comparison: { left: { title: `Version ${doc.base.version}`, files: doc.files }, right: { title: 'Unsaved edits', files: kept.files } } })}>See them</Button>
      <Button size="compact-xs" onClick={() => takeKept(kept)}>Take them up</Button>
      <Button size="compact-xs" variant="subtle" color="gray" onClick={() => dropKept(kept)}>Give them up</Button>
    </Banner>
  );
}

function OldVersionBanner({ doc }: { doc: Doc }): JSX.Element {
  const ways = useWays();
  const [isAsked, setAsked] = useState(false);
  const newest = doc.project.latest.version;
  return (
    <>
      <Banner tone="calm" icon={<IconEye size={17} aria-hidden />} words={<><strong>You look at version {doc.base.version} of {newest}.</strong><p>Saved {age(Date.now() - doc.base.savedAt)} ago by {byWhom(doc.base)}{doc.base.note === '' ? '' : `: “${doc.base.note}”`}. It can be run, and not be changed.</p></>}>
        <Button size="compact-xs" variant="default" onClick={() => setAsked(true)}>Restore it</Button>
        <Button size="compact-xs" onClick={() => ways.open(doc.project.projectId)}>Back to version {newest}</Button>
      </Banner>
      {isAsked && <RestoreAsk version={doc.base.version} newest={newest} close={() => setAsked(false)} />}
    </>
  );
}

/** A newer version than the one that is edited, noticed before saving. */
function NewerBanner({ doc, newest }: { doc: Doc; newest: VersionView }): JSX.Element {
  const act = useAct();
  const { projectId } = doc.project;
  return (
    <Banner tone="warn" icon={<IconUsers size={17} aria-hidden />} failure={act.failure} words={<><strong>Version {newest.version} was saved in another window.</strong><p>By {byWhom(newest)}, {age(Date.now() - newest.savedAt)} ago{newest.note === '' ? '' : `: “${newest.note}”`}.{isDirty(doc) ? ' Your edits are made on an older one.' : ''}</p></>}>
      <Button size="compact-xs" variant="default" onClick={() => act.run(async () => compareWithEditor(`Version ${newest.version}`, (await call('project', { projectId })).files))}>See what changed</Button>
      <Button size="compact-xs" loading={act.isRunning} onClick={() => act.run(async () => takeTheirs(await call('project', { projectId })))}>{isDirty(doc) ? 'Take it in place of mine' : 'Show it'}</Button>
    </Banner>
  );
}

function SaveFailed({ error }: { error: unknown }): JSX.Element {
  return (
    <Banner tone="bad" icon={<IconAlertTriangle size={17} aria-hidden />} words={<><strong>Not saved.</strong><p>{isUnanswered(error) ? 'The gateway does not answer. Go on writing: what you type is kept in this browser, and saved once it answers.' : wordsOf(error)}</p></>}>
      <Button size="compact-xs" variant="default" onClick={() => saveQuietly()}>Save again</Button>
    </Banner>
  );
}

/** What the address names could not be opened: what stands below is what was open before. */
function OpenFailed({ doc, error }: { doc: Doc; error: unknown }): JSX.Element {
  const ways = useWays();
  const { project, version } = useSearch({ from: '/author' });
  return (
    <Banner tone="bad" icon={<IconAlertTriangle size={17} aria-hidden />} failure={error} words={<><strong>{version === undefined ? 'The newest version' : `Version ${version}`} could not be opened.</strong><p>Version {doc.base.version} is still shown.</p></>}>
      <Button size="compact-xs" variant="default" onClick={() => { if (project !== undefined) void openProject(project, version ?? null); }}>Try again</Button>
      {version !== undefined && <Button size="compact-xs" onClick={() => ways.open(doc.project.projectId)}>Back to the newest</Button>}
    </Banner>
  );
}

/** The banner that matters most; at most one of those that ask something. */
export function Banners({ doc }: { doc: Doc }): JSX.Element | null {
  const { conflict, failure, kept, broughtBackAt, saveFailure, isUnkept } = useSession();
  const newest = useVersions(doc.project.projectId).data?.versions[0] ?? null;
  if (conflict !== null) return <ConflictBanner doc={doc} conflict={conflict} />;
  if (failure !== null) return <OpenFailed doc={doc} error={failure} />;
  if (doc.isReadOnly) return <OldVersionBanner doc={doc} />;
  if (saveFailure !== null) return <SaveFailed error={saveFailure} />;
  if (newest !== null && newest.projectId === doc.project.projectId && newest.version > doc.base.version) return <NewerBanner doc={doc} newest={newest} />;
  if (kept !== null) return <KeptBanner doc={doc} kept={kept} />;
  if (broughtBackAt !== null && isDirty(doc)) {
    return (
      <Banner tone="calm" icon={<IconHistory size={17} aria-hidden />} words={<><strong>Your unsaved edits are back.</strong><p>They were typed on version {doc.base.version} and never saved.</p></>}>
        <Button size="compact-xs" variant="default" onClick={compareWithSaved}>See them</Button>
        <Button size="compact-xs" variant="subtle" color="gray" onClick={giveUpEdits}>Back to version {doc.base.version}</Button>
        <Button size="compact-xs" variant="subtle" color="gray" onClick={() => changeSession({ broughtBackAt: null })}>Keep them</Button>
      </Banner>
    );
  }
  return isUnkept && isDirty(doc) ? <Banner tone="warn" icon={<IconAlertTriangle size={17} aria-hidden />} words={<strong>This browser keeps nothing for the page: save before you leave it.</strong>} /> : null;
}
