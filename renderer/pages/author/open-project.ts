/** The project that is open in the editor: what all parts of the author page know of it. */
import type { ProjectCheck, ProjectFile, ProjectView, VersionView } from '#app/contracts/author.ts';
import { createStore, useStore } from '../../data/external-store.ts';

/** The open project. `base`: the version that is edited; `files`: as they stand in the editor; `check`: of these files, null while it is on its way. */
export type OpenProject = {
  readonly project: ProjectView; readonly base: VersionView; readonly files: readonly ProjectFile[]; readonly isDirty: boolean; readonly check: ProjectCheck | null;
  /** An older version that is only looked at: it can be run and deployed as it is, and not edited. */
  readonly isReadOnly: boolean;
};

/** A place in the files, from 1. */
export type Place = { readonly path: string; readonly line: number; readonly column: number };

/**
 * What the editor does for the others: it registers itself while it is there. `save` makes a version when something changed, and answers the one that holds the files;
 * it throws an Error in words for people when it could not (another window saved, the gateway is away), and the editor shows by itself what can be done.
 */
export type EditorPort = { save(note: string): Promise<VersionView>; reveal(place: Place): void };

/** What Ctrl-Enter in the editor does: the bar at the bottom registers it. */
export type RunPort = () => void;

const open = createStore<OpenProject | null>(null);
const port = createStore<EditorPort | null>(null);
let runPort: RunPort | null = null;

/** The open project; null = none. */
export const useOpenProject = (): OpenProject | null => useStore(open);
/** The open project, outside of components. */
export const openProjectNow = (): OpenProject | null => open.get();
/** Notes what is open: the editor alone does. */
export const setOpenProject = (next: OpenProject | null): void => open.set(next);
/** The editor, while it is there. */
export const editorNow = (): EditorPort | null => port.get();
/** Registers the editor. */
export const setEditor = (next: EditorPort | null): void => port.set(next);
/** Registers what Ctrl-Enter does; answers a function that takes it back. */
export function setRunPort(next: RunPort): () => void {
  runPort = next;
  return () => {
    if (runPort === next) runPort = null;
  };
}
/** Does what Ctrl-Enter does. false: there is no bar that runs. */
export function runNow(): boolean {
  runPort?.();
  return runPort !== null;
}
