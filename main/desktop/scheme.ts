/** The scheme of the window's page: standard and secure, and nothing more. */
import type { Protocol } from 'electron';
import { SHELL_ORIGIN } from '#app/contracts/shell-names.ts';

/** The scheme alone: `app`. */
export const SCHEME = new URL(SHELL_ORIGIN).protocol.slice(0, -1);

/** Makes the scheme known to Chromium; only possible before the application is ready. */
export function registerScheme(protocol: Pick<Protocol, 'registerSchemesAsPrivileged'>): void {
  protocol.registerSchemesAsPrivileged([{ scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true } }]);
}

/**
 * Is this an address of our own page? Node gives schemes that are not the web's the origin `null`, so the parts are compared.
 * Credentials and a port make it another address.
 */
export function isOwnAddress(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, host, username, password } = new URL(address);
  return `${protocol}//${host}` === SHELL_ORIGIN && username === '' && password === '';
}
