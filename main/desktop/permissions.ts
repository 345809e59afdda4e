/** Permissions: everything is denied but the one without which the page cannot reach the gateway. */
import type { Session, WebContents } from 'electron';
import { isOwnAddress } from './scheme.ts';

/**
 * Chromium asks before a page may speak to 127.0.0.1; the second name is what versions before the split called it.
 * Where exactly the page may connect to is the page's policy's business: one address, one port.
 */
const ALLOWED: ReadonlySet<string> = new Set(['loopback-network', 'local-network-access']);

type Asked = { readonly contents: WebContents | null; readonly permission: string; readonly address: string | undefined; readonly isMainFrame: boolean };

/** Denies by default. `ours` is the window's contents, null while there is no window. */
export function denyPermissions(session: Pick<Session, 'setPermissionCheckHandler' | 'setPermissionRequestHandler' | 'setDevicePermissionHandler'>, ours: () => WebContents | null): void {
  const isAllowed = ({ contents, permission, address, isMainFrame }: Asked): boolean =>
    ALLOWED.has(permission) && contents !== null && contents === ours() && isMainFrame && address !== undefined && isOwnAddress(address);
  session.setPermissionCheckHandler((contents, permission, origin, { isMainFrame }) => isAllowed({ contents, permission, address: origin, isMainFrame }));
  session.setPermissionRequestHandler((contents, permission, answer, { requestingUrl, isMainFrame }) => answer(isAllowed({ contents, permission, address: requestingUrl, isMainFrame })));
  session.setDevicePermissionHandler(() => false);
}
