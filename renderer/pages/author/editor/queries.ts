/** The questions of the editor's side, each under one key, and when they are asked again. */
import { useEffect } from 'react';
import { useQueryClient } from '@tanstack/react-query';
import type { UseQueryResult } from '@tanstack/react-query';
import type { RouteOutput } from '#app/contracts/http.ts';
import { useRoute } from '../../../data/queries.ts';
import { onChanged } from './acts.ts';
import { lookAheadNow, onLookAhead } from './look-ahead.ts';

const LIST_MS = 15_000;
/** Another window may save: soon enough noticed before one writes for long on an old version. */
const VERSIONS_MS = 8_000;
const never = (): false => false;

/** Projects of a kind, newest change first. */
export const useProjects = (archived: 'no' | 'only' = 'no'): UseQueryResult<RouteOutput<'projects'>> => useRoute('projects', ['projects', archived], { archived }, { everyMs: LIST_MS });
/** Versions of a project, newest first. */
export const useVersions = (projectId: string): UseQueryResult<RouteOutput<'projectVersions'>> => useRoute('projectVersions', ['projectVersions', projectId], { projectId }, { everyMs: VERSIONS_MS });
/** Strategies to begin with. */
export const useTemplates = (isEnabled: boolean): UseQueryResult<RouteOutput<'templates'>> => useRoute('templates', ['templates'], {}, { everyMs: never, isEnabled });
/** The declarations of the module. */
export const useTypings = (): UseQueryResult<RouteOutput<'strategyTypings'>> => useRoute('strategyTypings', ['strategyTypings'], {}, { everyMs: (last) => (last === undefined ? LIST_MS : false) });

/** Asks again after each change made here, and when the window is looked at again. */
export function useFreshLists(): void {
  const client = useQueryClient();
  useEffect(() => {
    const again = (): void => {
      void client.invalidateQueries({ queryKey: ['projects'] });
      void client.invalidateQueries({ queryKey: ['projectVersions'] });
    };
    const end = onChanged(again);
    // Marks of versions and gates stand on what a look found.
    const endLooks = onLookAhead(() => {
      if (lookAheadNow()?.isRunning !== false) return;
      void client.invalidateQueries({ queryKey: ['projectVersions'] });
      void client.invalidateQueries({ queryKey: ['gates'] });
    });
    addEventListener('focus', again);
    return () => {
      end();
      endLooks();
      removeEventListener('focus', again);
    };
  }, [client]);
}
