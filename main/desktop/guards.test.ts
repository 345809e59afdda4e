/** The window's guards with forged sessions and events: permissions, navigation, downloads, links. */
import type { BrowserWindowConstructorOptions, Event, Session, WebContents } from 'electron';
import { describe, expect, it } from 'vitest';
import { SHELL_LINKS } from '#app/contracts/shell.ts';
import { guardDownloads, guardNavigation } from './navigation.ts';
import { LINK_ADDRESSES, openLink } from './open-external.ts';
import { denyPermissions } from './permissions.ts';
import { windowSettings } from './window.ts';

type Check = NonNullable<Parameters<Session['setPermissionCheckHandler']>[0]>;
type Ask = NonNullable<Parameters<Session['setPermissionRequestHandler']>[0]>;
type Permission = Parameters<Check>[1];

/** Every permission that Electron 45 knows. */
const PERMISSIONS: readonly Permission[] = [
  'ar', 'automatic-fullscreen', 'background-fetch', 'background-sync', 'captured-surface-control', 'clipboard-read', 'clipboard-sanitized-write', 'deprecated-sync-clipboard-read', 'display-capture', 'fileSystem', 'fullscreen',
  'geolocation', 'geolocation-approximate', 'hand-tracking', 'hid', 'idle-detection', 'keyboardLock', 'local-fonts', 'local-network', 'local-network-access', 'loopback-network', 'media', 'mediaKeySystem', 'midi', 'midiSysex', 'nfc',
  'notifications', 'openExternal', 'payment-handler', 'periodic-background-sync', 'persistent-storage', 'pointerLock', 'screen-wake-lock', 'sensors', 'serial', 'smart-card', 'speaker-selection', 'storage-access', 'system-wake-lock',
  'top-level-storage-access', 'usb', 'vr', 'web-app-installation', 'web-printing', 'window-management', 'unknown',
];
const LOOPBACK: readonly Permission[] = ['local-network-access', 'loopback-network'];
const OURS = { id: 1 } as WebContents;

function handlers(): { check: Check; ask: (...args: Parameters<Ask> extends [infer C, infer P, unknown, unknown] ? [C, P, { requestingUrl: string; isMainFrame: boolean }] : never) => boolean; device: () => boolean } {
  let check: Check | null = null;
  let ask: Ask | null = null;
  let device: (() => boolean) | null = null;
  denyPermissions({
    setPermissionCheckHandler: (handler) => (check = handler),
    setPermissionRequestHandler: (handler) => (ask = handler),
    setDevicePermissionHandler: (handler) => (device = handler as () => boolean),
  }, () => OURS);
  return {
    check: (...args) => check?.(...args) ?? true,
    ask: (contents, permission, details) => {
      let answer = true;
      ask?.(contents, permission, (isGranted) => (answer = isGranted), details);
      return answer;
    },
    device: () => device?.() ?? true,
  };
}

describe('permissions', () => {
  const { check, ask, device } = handlers();
  const atHome = { requestingUrl: 'app://mainspring/portfolio', isMainFrame: true };

  it('are denied to our own page, all but the way to the gateway', () => {
    expect(PERMISSIONS.filter((permission) => check(OURS, permission, 'app://mainspring/', { isMainFrame: true }))).toEqual(LOOPBACK);
    expect(PERMISSIONS.filter((permission) => ask(OURS, permission, atHome))).toEqual(LOOPBACK);
    expect(device()).toBe(false);
  });

  it('are denied to everyone else', () => {
    const other = { id: 2 } as WebContents;
    for (const permission of PERMISSIONS) {
      expect(check(other, permission, 'app://mainspring/', { isMainFrame: true })).toBe(false);
      expect(check(null, permission, 'app://mainspring/', { isMainFrame: true })).toBe(false);
      expect(check(OURS, permission, 'app://mainspring/', { isMainFrame: false })).toBe(false);
      for (const origin of ['https://evil.example/', 'app://mainspring.evil/', 'null', '']) expect(check(OURS, permission, origin, { isMainFrame: true })).toBe(false);
      expect(ask(other, permission, atHome)).toBe(false);
      expect(ask(OURS, permission, { requestingUrl: 'https://evil.example/', isMainFrame: true })).toBe(false);
      expect(ask(OURS, permission, { requestingUrl: 'app://mainspring/', isMainFrame: false })).toBe(false);
    }
  });
});

describe('navigation', () => {
  type Listener = (event: Event<{ url: string }>) => void;
  const listeners = new Map<string, Listener>();
  let openHandler: Parameters<WebContents['setWindowOpenHandler']>[0] | null = null;
  guardNavigation({
    on: ((name: string, listener: Listener) => listeners.set(name, listener)) as unknown as WebContents['on'],
    setWindowOpenHandler: (handler) => (openHandler = handler),
  });
  const isPrevented = (name: string, url: string): boolean => {
    let prevented = false;
    listeners.get(name)?.({ url, preventDefault: () => (prevented = true), defaultPrevented: false });
    return prevented;
  };

  it.each(['will-navigate', 'will-frame-navigate', 'will-redirect'])('%s leads to our own address only', (name) => {
    expect(isPrevented(name, 'app://mainspring/health')).toBe(false);
    for (const url of ['https://example.com/', 'http://127.0.0.1:8000/', 'file:///etc/passwd', 'app://other/', 'javascript:alert(1)', 'data:text/html,x', 'about:blank', 'blob:app://mainspring/1']) expect(isPrevented(name, url)).toBe(true);
  });

  it('has no webviews and no second window', () => {
    expect(isPrevented('will-attach-webview', 'app://mainspring/')).toBe(true);
    expect(openHandler?.({ url: 'app://mainspring/' } as never)).toEqual({ action: 'deny' });
  });

  it('saves only what the page made itself', () => {
    let listener: ((event: { preventDefault(): void }, item: { getURL(): string }) => void) | null = null;
    guardDownloads({ on: ((_name: string, given: never) => (listener = given)) as unknown as Session['on'] });
    const isStopped = (url: string): boolean => {
      let stopped = false;
      listener?.({ preventDefault: () => (stopped = true) }, { getURL: () => url });
      return stopped;
    };
    expect(isStopped('blob:app://mainspring/7d0b')).toBe(false);
    for (const url of ['https://example.com/x.exe', 'blob:https://example.com/1', 'blob:app://mainspring.evil/1', 'data:application/zip;base64,AA', 'app://mainspring/index.html', 'http://127.0.0.1:8000/logs']) expect(isStopped(url)).toBe(true);
  });
});

describe('the window', () => {
  it('states each guard', () => {
    const { webPreferences, show } = windowSettings({ preloadFile: '/x/preload.cjs', iconFile: '/x/icon.png', bounds: { width: 1, height: 1 } });
    expect(webPreferences).toEqual({
      preload: '/x/preload.cjs', sandbox: true, contextIsolation: true, nodeIntegration: false, nodeIntegrationInWorker: false, nodeIntegrationInSubFrames: false, webviewTag: false, webSecurity: true,
      allowRunningInsecureContent: false, experimentalFeatures: false, safeDialogs: true, navigateOnDragDrop: false, spellcheck: false,
    } satisfies BrowserWindowConstructorOptions['webPreferences']);
    expect(show).toBe(false);
  });
});

describe('links outside', () => {
  it('are a closed list of https addresses', () => {
    expect(Object.keys(LINK_ADDRESSES).sort()).toEqual([...SHELL_LINKS].sort());
    for (const address of Object.values(LINK_ADDRESSES)) if (address !== null) expect(new URL(address).protocol).toBe('https:');
  });

  it('open what the name says, and nothing for a name without an address', async () => {
    const opened: string[] = [];
    const shell = { openExternal: (url: string) => Promise.resolve(void opened.push(url)) };
    await openLink(shell, 'alpaca_paper_keys');
    expect(opened).toEqual([LINK_ADDRESSES.alpaca_paper_keys]);
    await expect(openLink(shell, 'project')).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await expect(openLink({ openExternal: () => Promise.reject(new Error('no handler')) }, 'alpaca_live_keys')).rejects.toMatchObject({ message: expect.stringContaining('Open it by hand') as string });
  });
});
