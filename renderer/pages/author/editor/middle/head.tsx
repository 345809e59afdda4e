/** Above the text: the files, and the way to a version. */
import { useState } from 'react';
import type { JSX } from 'react';
import { ActionIcon, Button, Popover, TextInput, Tooltip } from '@mantine/core';
import { IconChevronDown, IconGitCompare, IconLayoutSidebarLeftCollapse, IconLayoutSidebarLeftExpand } from '@tabler/icons-react';
import { changeAuthorLayout, useAuthorLayout } from '../../layout.ts';
import { save, saveQuietly, takeTypedNow, wordsOf } from '../acts.ts';
import { changesBetween } from '../files.ts';
import { changeSession, isDirty, sessionNow, showFile, useSession } from '../session.ts';
import type { Doc } from '../session.ts';
import { useAct } from '../use-act.ts';

/** Shows what was typed beside the version that is edited. */
export function compareWithSaved(): void {
  takeTypedNow();
  const { doc } = sessionNow();
  if (doc !== null) changeSession({ comparison: { left: { title: `Version ${doc.base.version}`, files: doc.baseFiles }, right: { title: 'In the editor', files: doc.files } } });
}

function FileTabs({ doc }: { doc: Doc }): JSX.Element {
  const kinds = new Map(changesBetween(doc.baseFiles, doc.files).map(({ path, kind }) => [path, kind]));
  return (
    <div className="ed-tabs" role="tablist" aria-label="Files in the editor">
      {doc.files.map(({ path }) => (
        <button key={path} type="button" role="tab" aria-selected={path === doc.active} className={path === doc.active ? 'ed-tab active' : 'ed-tab'} onClick={() => showFile(path)}>
          {path}{!doc.isReadOnly && kinds.get(path) !== 'same' && <i className="unsaved-dot" aria-label="not saved" />}
        </button>
      ))}
    </div>
  );
}

/** A note for the version, when it is worth one. */
function NoteField({ close }: { close: () => void }): JSX.Element {
  const [note, setNote] = useState('');
  const act = useAct();
  const submit = (): void => act.run(async () => {
    await save(note.trim());
    close();
  });
  return (
    <div className="stack">
      <TextInput size="xs" data-autofocus label="What changed" placeholder="Wider stop, longer average" maxLength={500} value={note} error={act.failure === null ? null : wordsOf(act.failure)} onChange={(event) => setNote(event.currentTarget.value)} onKeyDown={(event) => { if (event.key === 'Enter') submit(); }} />
      <Button size="compact-sm" loading={act.isRunning} onClick={submit}>Save with this note</Button>
    </div>
  );
}

function SaveButtons({ doc }: { doc: Doc }): JSX.Element {
  const { isSaving } = useSession();
  const [isNoting, setNoting] = useState(false);
  const isChanged = isDirty(doc);
  return (
    <Button.Group>
      <Tooltip label="Save a version (Ctrl S)"><Button size="compact-sm" variant={isChanged ? 'filled' : 'default'} disabled={!isChanged} loading={isSaving} onClick={() => saveQuietly()}>Save</Button></Tooltip>
      <Popover opened={isNoting} onChange={setNoting} width={280} position="bottom-end" shadow="md" trapFocus>
        <Popover.Target><Tooltip label="Save with a note"><Button size="compact-sm" px={4} variant={isChanged ? 'filled' : 'default'} disabled={!isChanged} aria-label="Save with a note" onClick={() => setNoting(!isNoting)}><IconChevronDown size={13} /></Button></Tooltip></Popover.Target>
        <Popover.Dropdown><NoteField close={() => setNoting(false)} /></Popover.Dropdown>
      </Popover>
    </Button.Group>
  );
}

function SavedState({ doc }: { doc: Doc }): JSX.Element {
  const isChanged = isDirty(doc);
  const words = doc.isReadOnly ? `Version ${doc.base.version}, to read` : isChanged ? `Edited since version ${doc.base.version}` : `Version ${doc.base.version}`;
  return <span className={isChanged ? 'ed-saved dirty' : 'ed-saved'} role="status"><i aria-hidden />{words}</span>;
}

/** The row. */
export function MiddleHead({ doc }: { doc: Doc }): JSX.Element {
  const { isSideOpen } = useAuthorLayout();
  return (
    <header className="ed-head">
      <Tooltip label={isSideOpen ? 'Fold the left column' : 'Show files and versions'}><ActionIcon size="sm" variant="subtle" color="gray" aria-label={isSideOpen ? 'Fold the left column' : 'Show files and versions'} onClick={() => changeAuthorLayout({ isSideOpen: !isSideOpen })}>{isSideOpen ? <IconLayoutSidebarLeftCollapse size={16} /> : <IconLayoutSidebarLeftExpand size={16} />}</ActionIcon></Tooltip>
      <FileTabs doc={doc} />
      <div className="ed-head-right">
        <SavedState doc={doc} />
        {isDirty(doc) && <Tooltip label="What changed since the version (Ctrl Alt D)"><ActionIcon size="sm" variant="subtle" color="gray" aria-label="What changed" onClick={compareWithSaved}><IconGitCompare size={15} /></ActionIcon></Tooltip>}
        {!doc.isReadOnly && <SaveButtons doc={doc} />}
      </div>
    </header>
  );
}
