/** `webContents`: a real page of Chromium, its frames, its messages, and the questions it asks before it goes elsewhere. */
import { readFileSync } from 'node:fs';
import type { CDPSession, Frame, Page } from 'playwright-core';
import type { Event, HandlerDetails, RenderProcessGoneDetails, WebContents, WebContentsWillFrameNavigateEventParams, WebContentsWillNavigateEventParams, WebContentsWillRedirectEventParams, WebFrameMain, WebPreferences, WindowOpenHandlerResponse } from 'electron';
import { app } from './app.ts';
import { Emitter, preventable } from './emitter.ts';
import type { PreventableEvent } from './emitter.ts';
import { originOf, toApp, toWeb } from './origin.ts';
import { preloadScript } from './preload-script.ts';
import { defaultSession } from './session.ts';

/** What a page emits here. */
export type ContentsEvents = {
  'will-navigate': [details: PreventableEvent & WebContentsWillNavigateEventParams, url: string];
  'will-frame-navigate': [details: PreventableEvent & WebContentsWillFrameNavigateEventParams];
  'will-redirect': [details: PreventableEvent & WebContentsWillRedirectEventParams, url: string];
  'will-attach-webview': [event: PreventableEvent, webPreferences: WebPreferences, params: Record<string, string>];
  'did-finish-load': [];
  'did-fail-load': [event: Event, errorCode: number, errorDescription: string, validatedURL: string, isMainFrame: boolean];
  'page-title-updated': [event: PreventableEvent, title: string, explicitSet: boolean];
  'render-process-gone': [event: Event, details: RenderProcessGoneDetails];
  destroyed: [];
};

/** What of a frame is stood in for. */
export type StandInFrame = Pick<WebFrameMain, 'url' | 'origin' | 'detached' | 'processId' | 'routingId' | 'frameToken'> & { readonly parent: StandInFrame | null; readonly top: StandInFrame | null; isDestroyed(): boolean };

type Paused = { requestId: string; request: { url: string }; frameId: string; redirectedRequestId?: string };

const ABORTED = -3;
let nextId = 1;
let frameCount = 0;

/** Stands in for `WebContents`. */
export class StandInContents extends Emitter<ContentsEvents> implements Pick<WebContents, 'id' | 'send' | 'isDestroyed' | 'reload' | 'getURL' | 'getTitle' | 'setWindowOpenHandler' | 'isCrashed'> {
  readonly id = nextId++;
  readonly session = defaultSession;
  /** The page, as soon as Chromium has made it. */
  readonly page: Promise<Page>;
  readonly #preferences: WebPreferences;
  #livePage: Page | null = null;
  #isDestroyed = false;
  #isGone = false;
  #ownLoad: string | null = null;
  #title = '';
  #openHandler: ((details: HandlerDetails) => WindowOpenHandlerResponse) | null = null;
  readonly #frames = new WeakMap<Frame, StandInFrame>();
  #messages: Promise<void> = Promise.resolve();

  constructor(newPage: Promise<Page>, preferences: WebPreferences) {
    super();
    this.#preferences = preferences;
    this.page = newPage.then((page) => this.#adopt(page));
    // Whoever loads an address hears of the failure there.
    this.page.catch((error: unknown) => process.stderr.write(`No page: ${String(error)}\n`));
    app.tell('web-contents-created', preventable({}), this as unknown as WebContents);
  }

  async #adopt(page: Page): Promise<Page> {
    const { preload } = this.#preferences;
    if (preload !== undefined) await page.addInitScript({ content: preloadScript(readFileSync(preload, 'utf8')) });
    page.on('popup', (popup) => void this.#popup(popup));
    page.on('crash', () => {
      this.#isGone = true;
      const details: RenderProcessGoneDetails = { reason: 'crashed', exitCode: 1 };
      this.tell('render-process-gone', preventable({}), details);
      app.tell('render-process-gone', preventable({}), this as unknown as WebContents, details);
    });
    page.on('domcontentloaded', () => void page.title().then((title) => this.#retitle(title), () => undefined));
    const debuggee = await page.context().newCDPSession(page);
    const mainFrameId = (await debuggee.send('Page.getFrameTree')).frameTree.frame.id;
    debuggee.on('Fetch.requestPaused', (paused: Paused) => void this.#navigating(page, debuggee, { ...paused, isMainFrame: paused.frameId === mainFrameId }));
    await debuggee.send('Fetch.enable', { patterns: [{ resourceType: 'Document', requestStage: 'Request' }] });
    this.#livePage = page;
    return page;
  }

  #retitle(title: string): void {
    if (this.ask('page-title-updated', preventable({}), title, true)) this.#title = title;
  }

  /** Electron asks before a window is made; here it was made, and goes at once. */
  async #popup(popup: Page): Promise<void> {
    const details: HandlerDetails = { url: toApp(popup.url()), frameName: '', features: '', disposition: 'foreground-tab', referrer: { url: '', policy: 'default' } };
    const answer = this.#openHandler?.(details) ?? { action: 'allow' as const };
    if (answer.action === 'deny') await popup.close();
  }

  /** A document is asked for: by us, or by the page. */
  async #navigating(page: Page, debuggee: CDPSession, paused: Paused & { isMainFrame: boolean }): Promise<void> {
    const url = toApp(paused.request.url);
    const isOwn = this.#ownLoad === url && paused.redirectedRequestId === undefined;
    if (isOwn || this.#mayGo(page, url, { isMainFrame: paused.isMainFrame, isRedirect: paused.redirectedRequestId !== undefined })) {
      await debuggee.send('Fetch.continueRequest', { requestId: paused.requestId }).catch(() => undefined);
    } else await debuggee.send('Fetch.failRequest', { requestId: paused.requestId, errorReason: 'Aborted' }).catch(() => undefined);
  }

  #mayGo(page: Page, url: string, { isMainFrame, isRedirect }: { isMainFrame: boolean; isRedirect: boolean }): boolean {
    const facts = { url, isMainFrame, isSameDocument: false, isInPlace: false, frame: this.frameOf(page.mainFrame()) as unknown as WebFrameMain, initiator: null };
    if (isRedirect) return this.ask('will-redirect', preventable(facts), url);
    if (!this.ask('will-frame-navigate', preventable(facts))) return false;
    return !isMainFrame || this.ask('will-navigate', preventable(facts), url);
  }

  /** The stand-in of a frame: always the same one, as in Electron. */
  frameOf(frame: Frame): StandInFrame {
    const known = this.#frames.get(frame);
    if (known) return known;
    const parent = frame.parentFrame();
    const made: StandInFrame = {
      get url() { return toApp(frame.url()); },
      // A frame without an address of its own speaks for its parent.
      get origin(): string { return /^about:/.test(frame.url()) && parent !== null ? (made.parent?.origin ?? 'null') : originOf(toApp(frame.url())); },
      get detached() { return frame.isDetached(); },
      parent: parent === null ? null : this.frameOf(parent),
      get top(): StandInFrame { return made.parent?.top ?? made; },
      isDestroyed: () => frame.isDetached(),
      processId: this.id,
      routingId: this.id,
      frameToken: `${this.id}-${++frameCount}`,
    };
    this.#frames.set(frame, made);
    return made;
  }

  isPage(page: Page): boolean {
    return this.#livePage === page;
  }

  get mainFrame(): StandInFrame {
    if (this.#livePage === null) throw new Error('The page is not there yet');
    return this.frameOf(this.#livePage.mainFrame());
  }

  /** As Electron's own test hook of this name. */
  getLastWebPreferences(): WebPreferences {
    return this.#preferences;
  }

  setWindowOpenHandler(handler: (details: HandlerDetails) => WindowOpenHandlerResponse): void {
    this.#openHandler = handler;
  }

  async loadURL(address: string): Promise<void> {
    const page = await this.page;
    this.#ownLoad = address;
    try {
      await page.goto(toWeb(address), { waitUntil: 'load' });
      this.#isGone = false;
      this.tell('did-finish-load');
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.tell('did-fail-load', preventable({}), ABORTED, text, address, true);
      throw error;
    }
  }

  reload(): void {
    void this.page.then(async (page) => {
      // As Chromium does: before anything was committed, what is on its way is loaded anew.
      const isInitial = toApp(page.url()) === 'about:blank';
      const address = isInitial ? this.#ownLoad : toApp(page.url());
      if (address === null) return;
      this.#ownLoad = address;
      // A page whose process has died cannot be reloaded by Playwright; going there again can.
      await (this.#isGone || isInitial ? this.loadURL(address) : page.reload());
    }).catch((error: unknown) => process.stderr.write(`Reload: ${String(error)}\n`));
  }

  send(channel: string, ...args: unknown[]): void {
    const copy: unknown = structuredClone(args);
    this.#messages = this.#messages.then(async () => {
      const page = await this.page;
      if (this.#isDestroyed || this.#isGone) return;
      await page.evaluate(([name, values]) => (globalThis as { __standInDeliver?: (name: unknown, values: unknown) => void }).__standInDeliver?.(name, values), [channel, copy] as const);
    }).catch((error: unknown) => {
      // A page on its way elsewhere hears nothing; everything else is a defect of the stand-in.
      if (!/context was destroyed|closed|navigat|crash/i.test(String(error))) process.stderr.write(`A message was not delivered: ${String(error)}\n`);
    });
  }

  getURL(): string {
    return this.#livePage === null ? '' : toApp(this.#livePage.url());
  }

  getTitle(): string {
    return this.#title;
  }

  isCrashed(): boolean {
    return this.#isGone;
  }

  isDestroyed(): boolean {
    return this.#isDestroyed;
  }

  /** Called by the window that goes. */
  destroy(): void {
    this.#isDestroyed = true;
    this.tell('destroyed');
    const closing = this.page.then((page) => page.close()).catch(() => undefined);
    app.endings.unshift(() => closing);
  }
}
