/** Saved screens: what is done with them. */
import { useEffect } from 'react';
import { useQueryClient } from '@tanstack/react-query';
import type { UseQueryResult } from '@tanstack/react-query';
import type { RouteOutput } from '#app/contracts/http.ts';
import type { SavedScreen } from '#app/contracts/screener.ts';
import { call, newKey } from '../../data/client.ts';
import { createStore, useStore } from '../../data/external-store.ts';
import { useAction, useRoute } from '../../data/queries.ts';
import { copyOf, draftOf, emptyDraft, follow, isChanged, savedDefinitionOf } from './draft.ts';
import type { ScreenDraft } from './draft.ts';
import { tell } from '../../ui/notice.ts';
import { changeDraft, draftNow } from './page-state.ts';

/** The key of the list. */
const SCREENS = ['screens'] as const;
const AGAIN_MS = 15_000;
const NONE: readonly SavedScreen[] = [];
/** Deleted by the person, still in the book for as long as it can be taken back. */
const leaving = createStore<ReadonlySet<string>>(new Set());

/** The list as the book has it. */
export const useScreens = (): UseQueryResult<RouteOutput<'screens'>> => useRoute('screens', SCREENS, {}, { everyMs: AGAIN_MS });

/** The list without those that were just deleted. */
export function useSavedScreens(): readonly SavedScreen[] {
  const known = useScreens().data?.screens ?? NONE;
  const gone = useStore(leaving);
  return gone.size === 0 ? known : known.filter((screen) => !gone.has(screen.screenId));
}

/** The screen that is worked on follows what is saved elsewhere, while nobody changed it here. */
export function useFollowing(): void {
  const { data } = useScreens();
  useEffect(() => {
    if (data) changeDraft((now) => follow(now, data.screens));
  }, [data]);
}

/** Puts another screen in place of the one that is worked on; unsaved work can be brought back. */
function replaceDraft(next: ScreenDraft): void {
  const left = draftNow();
  changeDraft(() => next);
  if (isChanged(left)) tell({ text: `“${left.name.trim() === '' ? 'A new screen' : left.name}” was left with unsaved changes.`, undo: () => changeDraft(() => left) });
}

/** Opens a saved screen; the open one stays as it is. */
export function openScreen(screen: SavedScreen): void {
  if (draftNow().base?.screenId !== screen.screenId) replaceDraft(draftOf(screen, draftNow().asOf));
}
/** Begins a new one. */
export function beginScreen(): void {
  replaceDraft({ ...emptyDraft(), asOf: draftNow().asOf });
}
/** Begins a copy. */
export function duplicateScreen(screen: SavedScreen): void {
  replaceDraft(copyOf(screen));
}

/** Forgets a saved screen, once the time to take it back is over. */
export function useDeletion(): (screen: SavedScreen) => void {
  const client = useQueryClient();
  return (screen) => {
    const left = draftNow();
    const isOpen = left.base?.screenId === screen.screenId;
    leaving.update((now) => new Set(now).add(screen.screenId));
    const comeBack = (): void => leaving.update((now) => new Set([...now].filter((id) => id !== screen.screenId)));
    const settle = (): void => {
      call('deleteScreen', { screenId: screen.screenId }, { idempotencyKey: newKey() })
        .then(() => client.invalidateQueries({ queryKey: SCREENS }))
        .then(comeBack)
        .catch((error: unknown) => {
          comeBack();
          tell({ text: `“${screen.name}” was not deleted: ${error instanceof Error ? error.message : String(error)}` });
        });
    };
    tell({ text: `“${screen.name}” is deleted.`, settle, undo: () => { comeBack(); if (isOpen) changeDraft(() => left); } });
    if (isOpen) changeDraft((now) => ({ ...emptyDraft(), asOf: now.asOf }));
  };
}

/** Schedule and alerts of a saved screen. */
export type Telling = Pick<SavedScreen, 'schedule' | 'alerts'>;

/** Saving: the screen that is worked on, or when a saved one runs by itself. */
export function useSaving(): { save(name: string): void; tellMe(screen: SavedScreen, telling: Telling): void; readonly isSaving: boolean; readonly error: Error | null; reset(): void } {
  const action = useAction('saveScreen', [SCREENS]);
  const save = (name: string): void => {
    const draft = draftNow();
    // Those of the house stay as they are: a changed one becomes one's own.
    const base = draft.base?.isBuiltIn === true ? null : draft.base;
    action.mutate({ screenId: base?.screenId ?? null, version: base?.version ?? null, name, definition: savedDefinitionOf(draft), schedule: base?.schedule ?? 'off', alerts: base?.alerts ?? { onEntry: false, onExit: false } }, {
      // What was typed meanwhile stays typed.
      onSuccess: (saved) => changeDraft((now) => ({ ...now, base: saved, name: now.name === draft.name ? saved.name : now.name })),
    });
  };
  const tellMe = (screen: SavedScreen, telling: Telling): void => action.mutate({ screenId: screen.screenId, version: screen.version, name: screen.name, definition: screen.definition, ...telling }, {
    onSuccess: (saved) => changeDraft((now) => (now.base?.screenId === saved.screenId ? { ...now, base: saved } : now)),
  });
  return { save, tellMe, isSaving: action.isPending, error: action.error, reset: action.reset };
}
