/** The files of the project: open, add, rename with the imports that follow, delete and take it back. */
import { useState } from 'react';
import type { JSX } from 'react';
import { ActionIcon, TextInput, Tooltip } from '@mantine/core';
import { IconFileCode, IconFilePlus, IconPencil, IconTrash } from '@tabler/icons-react';
import { ENTRY_FILE, MAX_PROJECT_FILES } from '#app/contracts/author.ts';
import { tell } from '../../../../ui/notice.ts';
import { takeTypedNow } from '../acts.ts';
import { changesBetween, pathFrom, pathProblem, withFile, withoutFile, withRenamed } from '../files.ts';
import { useProblems } from '../places.ts';
import { sessionNow, setFiles, showFile } from '../session.ts';
import type { Doc } from '../session.ts';

/** A name being typed; Enter takes it, Escape leaves it. */
function NameField({ start, problem, take, leave }: { start: string; problem: (path: string) => string | null; take: (path: string) => void; leave: () => void }): JSX.Element {
  const [typed, setTyped] = useState(start);
  const path = pathFrom(typed);
  const wrong = typed === '' ? null : problem(path);
  return (
    <TextInput size="xs" className="ed-name-field" autoFocus aria-label="Name of the file" placeholder="levels.ts" value={typed} maxLength={80} error={wrong} onChange={(event) => setTyped(event.currentTarget.value)}
      onFocus={(event) => event.currentTarget.setSelectionRange(0, Math.max(0, event.currentTarget.value.length - 3))} onBlur={leave}
      onKeyDown={(event) => { if (event.key === 'Escape') leave(); else if (event.key === 'Enter' && typed !== '' && wrong === null) take(path); }} />
  );
}

function addFile(path: string): void {
  takeTypedNow();
  const { doc } = sessionNow();
  if (doc === null) return;
  setFiles(withFile(doc.files, { path, text: `/** What this file is for. */\n` }), path);
}

function renameFile(from: string, to: string): void {
  takeTypedNow();
  const { doc } = sessionNow();
  if (doc === null || from === to) return;
  const before = doc.files;
  const after = withRenamed(before, from, to);
  const followed = after.filter(({ path, text }) => path !== to && before.find((file) => file.path === path)?.text !== text).length;
  setFiles(after, doc.active === from ? to : doc.active);
  tell({ text: `${from} is ${to} now${followed === 0 ? '' : `; the imports in ${followed === 1 ? 'one file' : `${followed} files`} follow`}.`, undo: () => { takeTypedNow(); const now = sessionNow().doc; if (now !== null) setFiles(withRenamed(now.files, to, from), now.active === to ? from : now.active); } });
}

function deleteFile(path: string): void {
  takeTypedNow();
  const { doc } = sessionNow();
  const file = doc?.files.find((one) => one.path === path);
  if (doc === null || file === undefined) return;
  setFiles(withoutFile(doc.files, path));
  tell({ text: `${path} was deleted.`, undo: () => { takeTypedNow(); const now = sessionNow().doc; if (now !== null && !now.files.some((one) => one.path === path)) setFiles(withFile(now.files, file), path); } });
}

function useWorst(): ReadonlyMap<string, 'error' | 'warning'> {
  const worst = new Map<string, 'error' | 'warning'>();
  for (const { path, severity } of useProblems()) if (path !== null && severity !== 'info' && worst.get(path) !== 'error') worst.set(path, severity);
  return worst;
}

/** The list. */
export function FileList({ doc }: { doc: Doc }): JSX.Element {
  const [isAdding, setAdding] = useState(false);
  const [renamed, setRenamed] = useState<string | null>(null);
  const worst = useWorst();
  const kinds = new Map(changesBetween(doc.baseFiles, doc.files).map(({ path, kind }) => [path, kind]));
  const isFull = doc.files.length >= MAX_PROJECT_FILES;
  return (
    <section className="ed-files" aria-label="Files">
      <ul>
        {doc.files.map(({ path }) => (renamed === path ? <li key={path}><NameField start={path} problem={(next) => pathProblem(doc.files, next, path)} leave={() => setRenamed(null)} take={(next) => { setRenamed(null); renameFile(path, next); }} /></li> : (
          <li key={path} className={path === doc.active ? 'ed-file open' : 'ed-file'}>
            <button type="button" className={`ed-file-name ${worst.get(path) ?? ''}`} aria-current={path === doc.active} onClick={() => showFile(path)}><IconFileCode size={14} aria-hidden /><span>{path}</span>{kinds.get(path) !== 'same' && <i className="unsaved-dot" aria-label={kinds.get(path) === 'added' ? 'new, not saved' : 'changed, not saved'} />}</button>
            {path === ENTRY_FILE || doc.isReadOnly ? null : <span className="ed-file-acts">
              <Tooltip label="Rename; imports follow"><ActionIcon size="xs" variant="subtle" color="gray" aria-label={`Rename ${path}`} onClick={() => setRenamed(path)}><IconPencil size={12} /></ActionIcon></Tooltip>
              <Tooltip label="Delete"><ActionIcon size="xs" variant="subtle" color="gray" aria-label={`Delete ${path}`} onClick={() => deleteFile(path)}><IconTrash size={12} /></ActionIcon></Tooltip>
            </span>}
          </li>
        )))}
        {isAdding && <li><NameField start="" problem={(path) => pathProblem(doc.files, path)} leave={() => setAdding(false)} take={(path) => { setAdding(false); addFile(path); }} /></li>}
      </ul>
      {!doc.isReadOnly && <button type="button" className="ed-add" disabled={isFull} title={isFull ? `A project has at most ${MAX_PROJECT_FILES} files` : undefined} onClick={() => setAdding(true)}><IconFilePlus size={14} aria-hidden />Add a file</button>}
      <p className="muted ed-note">{ENTRY_FILE} exports the strategy. It imports the others by <code>./name</code>.</p>
    </section>
  );
}
