/** The window goes nowhere: no other page, no second window, no webview, no download from elsewhere. */
import type { Event, Session, WebContents } from 'electron';
import { SHELL_ORIGIN } from '#app/contracts/shell-names.ts';
import { isOwnAddress } from './scheme.ts';

type Destination = Event<{ readonly url: string }>;

function stayHome(event: Destination): void {
  if (!isOwnAddress(event.url)) event.preventDefault();
}

/** Guards one web contents; called for each one that is created, whoever creates it. */
export function guardNavigation(contents: Pick<WebContents, 'on' | 'setWindowOpenHandler'>): void {
  contents.on('will-navigate', stayHome);
  contents.on('will-frame-navigate', stayHome);
  contents.on('will-redirect', stayHome);
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
}

/** Lets the page save what it made itself (an export), and nothing that comes from an address. */
export function guardDownloads(session: Pick<Session, 'on'>): void {
  session.on('will-download', (event, item) => {
    if (!item.getURL().startsWith(`blob:${SHELL_ORIGIN}/`)) event.preventDefault();
  });
}
