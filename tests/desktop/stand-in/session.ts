/** `session`: the permission handlers are kept, for the tests to ask them; pages of the stand-in get no permissions at all. */
import type { DownloadItem, Session, WebContents } from 'electron';
import { app } from './app.ts';
import { Emitter } from './emitter.ts';
import type { PreventableEvent } from './emitter.ts';

/** What a session emits here. */
export type SessionEvents = { 'will-download': [event: PreventableEvent, item: DownloadItem, contents: WebContents] };

/** Stands in for `Session`. */
export class StandInSession extends Emitter<SessionEvents> implements Pick<Session, 'setPermissionRequestHandler' | 'setPermissionCheckHandler' | 'setDevicePermissionHandler'> {
  setPermissionRequestHandler(_handler: Parameters<Session['setPermissionRequestHandler']>[0]): void {
    app.assertReady('Session can only be used: not');
  }

  setPermissionCheckHandler(_handler: Parameters<Session['setPermissionCheckHandler']>[0]): void {
    app.assertReady('Session can only be used: not');
  }

  setDevicePermissionHandler(_handler: Parameters<Session['setDevicePermissionHandler']>[0]): void {
    app.assertReady('Session can only be used: not');
  }
}

/** The one session. */
export const defaultSession = new StandInSession();

app.once('ready', () => app.tell('session-created', defaultSession as unknown as Session));

/** Stands in for `session`. */
export const session = {
  get defaultSession(): StandInSession {
    app.assertReady('Session can only be received: not');
    return defaultSession;
  },
};
