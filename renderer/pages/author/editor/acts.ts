/** What is done with projects and versions: opening, saving, restoring, and what follows when two windows save. */
import type { ProjectFile, ProjectSource, ProjectVersion, ProjectView, VersionView } from '#app/contracts/author.ts';
import { call, ClientError, isUnanswered, newKey } from '../../../data/client.ts';
import { tell } from '../../../ui/notice.ts';
import { changeAuthorLayout } from '../layout.ts';
import { filesProblem, isSameFiles } from './files.ts';
import { checkLookAhead } from './look-ahead.ts';
import { changeSession, flushKept, isDirty, noteProject, noteSaved, openVersion, sessionNow, setFiles } from './session.ts';
import { forgetKept, forgetOwn, readKept, setAside, WINDOW_ID } from './unsaved.ts';
import type { KeptEdits } from './unsaved.ts';

type Listener = (projectId: string) => void;
const listeners = new Set<Listener>();
let takeTyped: (() => void) | null = null;
let underWay: Promise<VersionView> | null = null;
/** The last attempt that nobody answered: sent again as it is, it keeps its key, so that it makes one version at most. */
let unanswered: { readonly key: string; readonly projectId: string; readonly files: readonly ProjectFile[]; readonly note: string; readonly isOver: boolean } | null = null;

/** Hears of each change in the book. Answers a function that ends it. */
export function onChanged(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
function changed(projectId: string): void {
  for (const listener of listeners) listener(projectId);
}
/** The editor's own last keystrokes, which are handed over a moment later: this takes them now. */
export function setTakeTyped(next: (() => void) | null): void {
  takeTyped = next;
}
/** Takes what was typed up to now. */
export function takeTypedNow(): void {
  takeTyped?.();
}
function keepTyped(): void {
  takeTypedNow();
  flushKept(false);
}
/** An error in words. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function forgetQuietly(kept: KeptEdits): void {
  forgetKept(kept).catch((error: unknown) => console.warn('Kept edits could not be forgotten', error));
}

/** Edits of this window come back by themselves when they fit; all others are offered, and stay where they are kept until a person says what becomes of them. */
async function bringBack(opened: ProjectVersion): Promise<void> {
  const { projectId } = opened.project;
  try {
    const kept = await readKept(projectId);
    const { doc } = sessionNow();
    if (kept === null || doc === null || doc.project.projectId !== projectId || doc.isReadOnly || isDirty(doc)) return;
    if (isSameFiles(kept.files, opened.files)) return forgetQuietly(kept);
    if (kept.windowId === WINDOW_ID && kept.version === opened.version.version) {
      changeSession({ broughtBackAt: kept.at });
      return setFiles(kept.files);
    }
    const offered = kept.windowId === WINDOW_ID ? await setAside(kept) : kept;
    if (sessionNow().doc?.project.projectId === projectId) changeSession({ kept: offered });
  } catch (error) {
    console.warn('Kept edits could not be read', error);
    changeSession({ isUnkept: true });
  }
}

/** Opens a project: its newest version, or an older one to look at. The newest asked of the server stands beside what was typed here before. */
export async function openProject(projectId: string, version: number | null): Promise<void> {
  const key = `${projectId}@${version ?? ''}`;
  takeTypedNow();
  const now = sessionNow();
  const isOpen = now.doc?.project.projectId === projectId && (version === null ? !now.doc.isReadOnly : now.doc.isReadOnly && now.doc.base.version === version);
  if (isOpen) {
    // What was still on its way is not wanted any more.
    if (now.opening !== null || now.failure !== null) changeSession({ opening: null, failure: null });
    return;
  }
  if (now.opening === key) return;
  changeSession({ opening: key, failure: null });
  try {
    const opened = version === null ? await call('project', { projectId }) : await call('projectVersion', { projectId, version });
    if (sessionNow().opening !== key) return;
    // What was typed into the one that is left while this was on its way.
    keepTyped();
    openVersion(opened, version !== null && version !== opened.project.latest.version);
    changeAuthorLayout({ lastProject: projectId });
    await bringBack(opened);
  } catch (error) {
    if (sessionNow().opening === key) changeSession({ opening: null, failure: error });
  }
}

/** Takes up the edits that are offered, in place of what is in the editor; both can be had back for a moment. */
export function takeKept(kept: KeptEdits): void {
  takeTypedNow();
  const { doc } = sessionNow();
  if (doc === null) return;
  const left = doc.files;
  changeSession({ kept: null, comparison: null });
  setFiles(kept.files);
  tell({
    text: 'The unsaved edits were taken up.', settle: () => forgetQuietly(kept),
    undo: () => {
      setFiles(left);
      changeSession({ kept });
    },
  });
}
/** Gives them up; they can be had back for a moment. */
export function dropKept(kept: KeptEdits): void {
  changeSession({ kept: null, comparison: null });
  tell({ text: 'The unsaved edits were given up.', undo: () => changeSession({ kept }), settle: () => forgetQuietly(kept) });
}
/** Goes back to the version that was edited; what was typed can be had back for a moment. */
export function giveUpEdits(): void {
  takeTypedNow();
  const { doc } = sessionNow();
  if (doc === null || !isDirty(doc)) return;
  const left = doc.files;
  changeSession({ broughtBackAt: null, comparison: null });
  setFiles(doc.baseFiles);
  tell({ text: `Back at version ${doc.base.version}.`, undo: () => setFiles(left) });
}

async function meetConflict(projectId: string, note: string): Promise<void> {
  const theirs = await call('project', { projectId });
  if (isOpenNow(projectId)) changeSession({ conflict: { theirs, note }, comparison: null });
  changed(projectId);
}

const isOpenNow = (projectId: string): boolean => sessionNow().doc?.project.projectId === projectId;

/** Why nothing was stored. Another strategy may be open by now: its own edits are none of this. */
async function meetFailure(error: unknown, { projectId, name }: Pick<ProjectView, 'projectId' | 'name'>, note: string): Promise<void> {
  if (!isOpenNow(projectId)) tell({ text: `“${name}” was not saved: ${wordsOf(error)} What was typed is kept, and comes back when it is opened.` });
  else if (error instanceof ClientError && error.code === 'VERSION_CONFLICT') await meetConflict(projectId, note);
  else changeSession({ saveFailure: error });
}

async function store(note: string, isOver: boolean): Promise<VersionView> {
  takeTypedNow();
  const { doc, conflict } = sessionNow();
  if (doc === null) throw new Error('No strategy is open');
  if (!isDirty(doc) && !isOver) return doc.base;
  const { projectId } = doc.project;
  const problem = filesProblem(doc.files);
  if (problem !== null) {
    changeSession({ saveFailure: new Error(problem) });
    throw new Error(problem);
  }
  const attempt = { projectId, files: doc.files, note, isOver };
  const isAgain = unanswered !== null && unanswered.projectId === projectId && unanswered.note === note && unanswered.isOver === isOver && isSameFiles(unanswered.files, doc.files);
  const key = isAgain && unanswered !== null ? unanswered.key : newKey();
  changeSession({ isSaving: true, saveFailure: null });
  try {
    const base = isOver && conflict !== null ? conflict.theirs.version.version : doc.base.version;
    const saved = await call('saveProject', { projectId, files: [...doc.files], note, base, isOver }, { idempotencyKey: key });
    unanswered = null;
    noteSaved(saved, attempt.files);
    changed(projectId);
    void checkLookAhead(projectId, saved.version.version);
    return saved.version;
  } catch (error) {
    unanswered = isUnanswered(error) ? { ...attempt, key } : null;
    await meetFailure(error, doc.project, note);
    throw error instanceof Error ? error : new Error(String(error));
  } finally {
    changeSession({ isSaving: false });
  }
}

/** Makes a version of what is in the editor, when something changed; answers the version that holds it. @throws Error in words for people */
export function save(note: string): Promise<VersionView> {
  // One that is under way holds what was typed before it: what came since is saved after it.
  if (underWay !== null) return underWay.then(() => save(note));
  underWay = store(note, false).finally(() => { underWay = null; });
  return underWay;
}
/** Saves where the page shows by itself what went wrong. */
export function saveQuietly(note = ''): void {
  save(note).catch((error: unknown) => console.info('Not saved', wordsOf(error)));
}
/** After a conflict: makes a version of ours on top of theirs. */
export function saveOver(note: string): void {
  underWay ??= store(note, true).finally(() => { underWay = null; });
  underWay.catch((error: unknown) => console.info('Not saved', wordsOf(error)));
}
/** After a conflict, or when a newer version is noticed: shows theirs; ours can be had back for a moment. */
export function takeTheirs(theirs: ProjectVersion): void {
  takeTypedNow();
  const { doc } = sessionNow();
  const left = doc !== null && isDirty(doc) ? doc.files : null;
  openVersion(theirs, false);
  changed(theirs.project.projectId);
  tell({ text: `Version ${theirs.version.version} is shown.`, ...(left === null ? {} : { undo: () => setFiles(left) }) });
}

/** Begins a project; answers its id. @throws ClientError */
export async function createProject(name: string, source: ProjectSource, note = ''): Promise<string> {
  const created = await call('createProject', { name, source, note }, { idempotencyKey: newKey() });
  changed(created.project.projectId);
  void checkLookAhead(created.project.projectId, created.version.version);
  return created.project.projectId;
}
/** Saves what is in the editor as a project of its own; answers its id. @throws ClientError */
export async function saveAsCopy(name: string): Promise<string> {
  takeTypedNow();
  const { doc } = sessionNow();
  if (doc === null) throw new Error('No strategy is open');
  const copy = await createProject(name, { from: 'files', files: [...doc.files] }, `Copy of ${doc.project.name}, made on version ${doc.base.version}`);
  await forgetOwn(doc.project.projectId);
  changeSession({ doc: { ...doc, files: doc.baseFiles }, conflict: null });
  return copy;
}
/** Takes an old version up again, as a new one. Edits that no version holds stay, and are offered on top of it. @throws ClientError */
export async function restoreVersion(version: number): Promise<void> {
  const { doc } = sessionNow();
  if (doc === null) return;
  const { projectId } = doc.project;
  const restored = await call('restoreVersion', { projectId, version, note: '' }, { idempotencyKey: newKey() });
  keepTyped();
  openVersion(restored, false);
  await bringBack(restored);
  changed(projectId);
  void checkLookAhead(projectId, restored.version.version);
}
/** Gives a project another name. @throws ClientError */
export async function renameProject(projectId: string, name: string): Promise<void> {
  const renamed = await call('renameProject', { projectId, name }, { idempotencyKey: newKey() });
  if (sessionNow().doc?.project.projectId === projectId) noteProject({ name: renamed.name });
  changed(projectId);
}
/** Puts a project away, or takes it out again. @throws ClientError */
export async function archiveProject(projectId: string, isArchived: boolean): Promise<void> {
  await call('archiveProject', { projectId, isArchived }, { idempotencyKey: newKey() });
  if (sessionNow().doc?.project.projectId === projectId) noteProject({ isArchived });
  changed(projectId);
}
