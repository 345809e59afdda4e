/** What is being edited: the open version with its files as they stand now, the edits that wait to be taken up, and what stands in the middle. Outside of React: typing draws nothing but what changed. */
import { ENTRY_FILE } from '#app/contracts/author.ts';
import type { ProjectCheck, ProjectFile, ProjectVersion, ProjectView, VersionView } from '#app/contracts/author.ts';
import { createStore, useStore } from '../../../data/external-store.ts';
import { settleNotice } from '../../../ui/notice.ts';
import { setOpenProject } from '../open-project.ts';
import { inOrder, isSameFiles, textOf, withText } from './files.ts';
import { forgetOwn, keepAtOnce, keepEdits, WINDOW_ID } from './unsaved.ts';
import type { KeptEdits } from './unsaved.ts';

/** A version that is open. `active`: the file in front; `isReadOnly`: an older version that is only looked at. */
export type Doc = { readonly project: ProjectView; readonly base: VersionView; readonly baseFiles: readonly ProjectFile[]; readonly files: readonly ProjectFile[]; readonly active: string; readonly isReadOnly: boolean };
/** One side of a comparison. */
export type CompareSide = { readonly title: string; readonly files: readonly ProjectFile[] };
/** What stands in the middle: the editor, or two states beside each other. */
export type Comparison = { readonly left: CompareSide; readonly right: CompareSide };
/** Another window saved meanwhile. `note`: what was written for the version that was refused. */
export type Conflict = { readonly theirs: ProjectVersion; readonly note: string };

/** Everything. `kept`: edits that are offered; `broughtBackAt`: since when the edits are, that a reload brought back by itself; `opening`: what is on its way. */
export type Session = {
  readonly doc: Doc | null; readonly opening: string | null; readonly failure: unknown; readonly kept: KeptEdits | null; readonly broughtBackAt: number | null; readonly conflict: Conflict | null;
  readonly comparison: Comparison | null; readonly isSaving: boolean; readonly saveFailure: unknown; readonly isUnkept: boolean;
};

const NOTHING: Session = { doc: null, opening: null, failure: null, kept: null, broughtBackAt: null, conflict: null, comparison: null, isSaving: false, saveFailure: null, isUnkept: false };
const session = createStore<Session>(NOTHING);
const check = createStore<FoundIn | null>(null);
const KEEP_AFTER_MS = 300;
let keepTimer: ReturnType<typeof setTimeout> | undefined;

/** The session. */
export const useSession = (): Session => useStore(session);
/** The session, outside of components. */
export const sessionNow = (): Session => session.get();
/** Hears each change. */
export const onSession = (listener: () => void): (() => void) => session.subscribe(listener);

/** Are there edits that no version holds? */
export function isDirty(doc: Doc | null): boolean {
  return doc !== null && !doc.isReadOnly && !isSameFiles(doc.files, doc.baseFiles);
}

function publish(): void {
  const { doc } = session.get();
  const known = check.get();
  setOpenProject(doc === null ? null : { project: doc.project, base: doc.base, files: doc.files, isDirty: isDirty(doc), isReadOnly: doc.isReadOnly, check: known !== null && isSameFiles(known.files, doc.files) ? known.check : null });
}

/** Changes the session. */
export function changeSession(change: Partial<Session>): void {
  const before = session.get();
  session.set({ ...before, ...change });
  if (before.doc !== session.get().doc) publish();
}

/** Notes what the gateway found in files. */
export function setCheck(files: readonly ProjectFile[], found: ProjectCheck): void {
  check.set({ files, check: found });
  publish();
}
/** What was found, and in which files. */
export type FoundIn = { readonly files: readonly ProjectFile[]; readonly check: ProjectCheck };
/** What was last found. */
export const useCheck = (): FoundIn | null => useStore(check);
/** What was last found, outside of components. */
export const checkNow = (): FoundIn | null => check.get();
/** Hears of each look. */
export const onCheck = (listener: () => void): (() => void) => check.subscribe(listener);

const editsOf = (doc: Doc): KeptEdits => ({ projectId: doc.project.projectId, version: doc.base.version, files: doc.files, at: Date.now(), windowId: WINDOW_ID });

function keepNow(): void {
  clearTimeout(keepTimer);
  keepTimer = undefined;
  const { doc } = session.get();
  if (doc === null || doc.isReadOnly) return;
  const work = isDirty(doc) ? keepEdits(editsOf(doc)) : forgetOwn(doc.project.projectId);
  work.then(() => { if (session.get().isUnkept) changeSession({ isUnkept: false }); }, (error: unknown) => {
    console.warn('Unsaved edits could not be kept in this browser', error);
    changeSession({ isUnkept: true });
  });
}
function keepSoon(): void {
  clearTimeout(keepTimer);
  keepTimer = setTimeout(keepNow, KEEP_AFTER_MS);
}
/** Keeps what was typed at once. `isLeaving`: the page is about to go, and waits for nothing. */
export function flushKept(isLeaving: boolean): void {
  const { doc } = session.get();
  if (isLeaving && doc !== null && isDirty(doc)) keepAtOnce(editsOf(doc));
  if (keepTimer !== undefined) keepNow();
}

/** Puts other files in place of those that are edited. */
export function setFiles(files: readonly ProjectFile[], active?: string): void {
  const { doc } = session.get();
  if (doc === null || doc.isReadOnly) return;
  const front = active ?? doc.active;
  changeSession({ doc: { ...doc, files, active: textOf(files, front) === null ? ENTRY_FILE : front } });
  keepSoon();
}
/** Notes what was typed into a file. */
export function setText(path: string, text: string): void {
  const { doc } = session.get();
  if (doc === null || doc.isReadOnly) return;
  const files = withText(doc.files, path, text);
  if (files !== doc.files) setFiles(files);
}
/** Brings a file to the front. */
export function showFile(path: string): void {
  const { doc } = session.get();
  if (doc === null || textOf(doc.files, path) === null) return;
  changeSession({ comparison: null, ...(doc.active === path ? {} : { doc: { ...doc, active: path } }) });
}

/** Opens a version, as it was stored. What can be taken back is what was done to the files that are left: it is final now. */
export function openVersion(opened: ProjectVersion, isReadOnly: boolean): void {
  settleNotice();
  const before = session.get().doc;
  const files = inOrder(opened.files);
  const wanted = before?.project.projectId === opened.project.projectId ? before.active : ENTRY_FILE;
  changeSession({
    ...NOTHING, isUnkept: session.get().isUnkept,
    doc: { project: opened.project, base: opened.version, baseFiles: files, files, isReadOnly, active: textOf(files, wanted) === null ? ENTRY_FILE : wanted },
  });
}
/** Closes what is open. What was typed is kept. */
export function closeProject(): void {
  settleNotice();
  flushKept(false);
  changeSession(NOTHING);
}
/** Notes that a version was stored of `sent`; what was typed since stays unsaved. */
export function noteSaved(saved: ProjectVersion, sent: readonly ProjectFile[]): void {
  const { doc } = session.get();
  if (doc === null || doc.project.projectId !== saved.project.projectId) return;
  // An older version that was opened meanwhile stays what it is.
  if (doc.isReadOnly) return changeSession({ doc: { ...doc, project: saved.project }, conflict: null, saveFailure: null });
  changeSession({ doc: { ...doc, project: saved.project, base: saved.version, baseFiles: sent }, conflict: null, saveFailure: null, broughtBackAt: null });
  keepNow();
}
/** Notes another name or another state of the open project. */
export function noteProject(project: Partial<ProjectView>): void {
  const { doc } = session.get();
  if (doc !== null) changeSession({ doc: { ...doc, project: { ...doc.project, ...project } } });
}
