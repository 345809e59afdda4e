/** Chromium cannot learn a scheme from outside, so the page's `app://` addresses are served under a secure web origin and translated both ways. */

/** The only scheme that is stood in for. */
export const SCHEME = 'app';
/** Chromium treats names below `localhost` as secure contexts, as Electron treats a scheme registered as secure. */
const WEB_HOST_ENDING = '.localhost';

/** `app://mainspring/x` -> `http://mainspring.localhost/x`; other addresses stay. */
export function toWeb(text: string): string {
  return text.replaceAll(/app:\/\/([a-z0-9-]+)/g, `http://$1${WEB_HOST_ENDING}`);
}

/** `http://mainspring.localhost/x` -> `app://mainspring/x`; other addresses stay. */
export function toApp(text: string): string {
  return text.replaceAll(/http:\/\/([a-z0-9-]+)\.localhost(?::80)?(?=[/?#"'\s;,]|$)/g, `${SCHEME}://$1`);
}

/** The host of the scheme's address that this web host stands for; null = a host of its own. */
export function appHostOf(webHost: string): string | null {
  return webHost.endsWith(WEB_HOST_ENDING) ? webHost.slice(0, -WEB_HOST_ENDING.length) : null;
}

/** The origin that Electron would tell for an address: of standard schemes scheme and host, else `null`. */
export function originOf(address: string): string {
  const parts = /^(app):\/\/([^/?#]*)/.exec(address);
  if (parts) return `${parts[1] ?? ''}://${parts[2] ?? ''}`;
  return URL.canParse(address) ? new URL(address).origin : 'null';
}
