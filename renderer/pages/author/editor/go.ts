/** Ways through the address of the page: which project and version are open. */
import { useNavigate } from '@tanstack/react-router';
import { changeAuthorLayout } from '../layout.ts';
import { setGallery } from './gallery/gallery-store.ts';
import { closeProject } from './session.ts';

/** The ways. `open` without a version is the newest, to write in. */
export type Ways = { open(projectId: string, version?: number): void; leave(): void };

/** Gives the ways. */
export function useWays(): Ways {
  const navigate = useNavigate();
  return {
    open(projectId, version) {
      setGallery(false);
      void navigate({ to: '/author', search: ({ version: _before, ...now }) => ({ ...(now.project === projectId ? now : { pane: now.pane ?? 'run' }), project: projectId, ...(version === undefined ? {} : { version }) }) });
    },
    leave() {
      closeProject();
      changeAuthorLayout({ lastProject: null });
      void navigate({ to: '/author', search: {} });
    },
  };
}
