/** The stand-in behaves as Electron where the desktop tests lean on it; a small application shows it. */
import { readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { App, BrowserWindow, Session, WebContents } from 'electron';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { until } from '../../support/servers.ts';
import type { Desktop } from '../driver.ts';
import { ROOT } from '../driver.ts';
import { cleanUp, freshHome } from '../launch.ts';
import { launchStandIn } from '../stand-in-driver.ts';
import type { AppEvents } from './app.ts';
import { originOf, toApp, toWeb } from './origin.ts';
import type { SessionEvents } from './session.ts';
import type { ContentsEvents } from './web-contents.ts';
import type { WindowEvents } from './window.ts';

/** What the sample's page sees. */
type SampleGlobal = { sample: { echo(value: unknown): Promise<unknown>; ask(channel: string, value?: unknown): Promise<unknown>; onTold(listener: (payload: unknown) => void): void }; isLoaded?: boolean; told?: unknown };

/**
 * Never called; the compiler reads it. Each event that the stand-in emits exists in Electron's types, with arguments that a
 * listener of the real one understands.
 */
const _events = (app: App, window: BrowserWindow, contents: WebContents, session: Session): void => {
  app.on('second-instance', (...args: AppEvents['second-instance']) => void args);
  app.on('window-all-closed', (...args: AppEvents['window-all-closed']) => void args);
  app.on('before-quit', (...args: AppEvents['before-quit']) => void args);
  app.on('will-quit', (...args: AppEvents['will-quit']) => void args);
  app.on('quit', (...args: AppEvents['quit']) => void args);
  app.on('activate', (...args: AppEvents['activate']) => void args);
  app.on('web-contents-created', (...args: AppEvents['web-contents-created']) => void args);
  app.on('session-created', (...args: AppEvents['session-created']) => void args);
  app.on('render-process-gone', (...args: AppEvents['render-process-gone']) => void args);
  window.on('close', (...args: WindowEvents['close']) => void args);
  window.on('closed', (...args: WindowEvents['closed']) => void args);
  window.on('ready-to-show', (...args: WindowEvents['ready-to-show']) => void args);
  window.on('query-session-end', (...args: WindowEvents['query-session-end']) => void args);
  window.on('session-end', (...args: WindowEvents['session-end']) => void args);
  window.on('page-title-updated', (...args: WindowEvents['page-title-updated']) => void args);
  contents.on('will-navigate', (...args: [ContentsEvents['will-navigate'][0]]) => void args);
  contents.on('will-frame-navigate', (...args: ContentsEvents['will-frame-navigate']) => void args);
  contents.on('will-redirect', (...args: [ContentsEvents['will-redirect'][0]]) => void args);
  contents.on('did-finish-load', (...args: ContentsEvents['did-finish-load']) => void args);
  contents.on('render-process-gone', (...args: ContentsEvents['render-process-gone']) => void args);
  session.on('will-download', (...args: SessionEvents['will-download']) => void args);
};

let gateway: Server;
const seen: string[] = [];
let sample: Desktop;
let page: Page;
let port = 0;
const entry = path.join(import.meta.dirname, 'sample-app.mjs');
const home = freshHome('sample');

beforeAll(async () => {
  gateway = createServer((request, response) => {
    seen.push(`${request.method ?? ''} ${request.url ?? ''} ${request.headers.origin ?? 'none'}`);
    const allowed = request.url === '/other' ? 'app://else' : 'app://sample';
    response.writeHead(200, { 'access-control-allow-origin': allowed, 'access-control-allow-headers': 'authorization' }).end('from the gateway');
  });
  new WebSocketServer({ server: gateway }).on('connection', (socket, request) => {
    seen.push(`WS ${request.headers.origin ?? 'none'}`);
    socket.send('hello');
  });
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  ({ port } = gateway.address() as AddressInfo);
  sample = launchStandIn({ home, entry, env: { SAMPLE_PORT: String(port) } });
  page = await sample.page();
  await until(() => sample.output().includes('loaded'), 'the page to be loaded');
});

afterAll(async () => {
  if (sample.isRunning()) await sample.kill();
  await cleanUp();
  gateway.closeAllConnections();
  await new Promise((resolve) => gateway.close(resolve));
});

describe('addresses', () => {
  it('are translated both ways, and nothing else is', () => {
    expect(toWeb('app://mainspring/a?b#c')).toBe('http://mainspring.localhost/a?b#c');
    expect(toApp("connect-src http://mainspring.localhost ws://127.0.0.1:8000; img-src http://mainspring.localhost/x")).toBe('connect-src app://mainspring ws://127.0.0.1:8000; img-src app://mainspring/x');
    expect(toApp('http://mainspring.localhost.evil.example/')).toBe('http://mainspring.localhost.evil.example/');
    expect(originOf('app://mainspring/x')).toBe('app://mainspring');
    expect(originOf('app://mainspring.evil/x')).toBe('app://mainspring.evil');
  });

  it('the page is served by the handler of the scheme, with its query and its policy', async () => {
    expect(sample.addressOf(page)).toBe('app://sample/start?x=1');
    expect(await page.evaluate(() => (globalThis as unknown as SampleGlobal).isLoaded)).toBe(true);
    expect(await page.evaluate(() => fetch('/echo').then((answer) => answer.json()))).toMatchObject({ url: 'app://sample/echo' });
  });
});

describe('the way to the gateway', () => {
  const ask = (address: string): Promise<string> => page.evaluate((target) => fetch(target, { headers: { authorization: 'Bearer x' } }).then((answer) => answer.text(), (error: unknown) => String(error)), address);

  it('carries the origin of the scheme, asks before (preflight), and reads the answer', async () => {
    expect(await ask(`http://127.0.0.1:${port}/api`)).toBe('from the gateway');
    expect(seen).toEqual(expect.arrayContaining(['OPTIONS /api app://sample', 'GET /api app://sample']));
  });

  it('an answer for another origin is kept from the page', async () => {
    expect(await ask(`http://127.0.0.1:${port}/other`)).toContain('Failed to fetch');
  });

  it('a WebSocket carries the origin of the scheme', async () => {
    const said = await page.evaluate((target) => new Promise((resolve) => {
      const socket = new WebSocket(target);
      socket.onmessage = ({ data }) => resolve(data);
      socket.onerror = () => resolve('refused');
    }), `ws://127.0.0.1:${port}/live`);
    expect(said).toBe('hello');
    expect(seen).toContain('WS app://sample');
  });

  it('the content security policy is enforced', async () => {
    expect(await ask(`http://127.0.0.1:${port + 1}/api`)).toContain('Failed to fetch');
    const violated = page.evaluate(() => new Promise((resolve) => document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => resolve(effectiveDirective), { once: true })));
    await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'globalThis.isInline = true';
      document.body.append(script);
    });
    expect(await violated).toBe('script-src-elem');
    expect(await page.evaluate(() => 'isInline' in globalThis)).toBe(false);
  });
});

describe('messages', () => {
  it('come from the frame that asked', async () => {
    expect(await page.evaluate(() => (globalThis as unknown as SampleGlobal).sample.echo([1, new Date(0), undefined]))).toEqual({ value: [1, new Date(0), undefined], url: 'app://sample/start?x=1', origin: 'app://sample', isMain: true });
    const child = await page.evaluate(async () => {
      const frame = document.createElement('iframe');
      document.body.append(frame);
      const inner = frame.contentWindow as unknown as { __standInIpc?: (channel: string, args: unknown[]) => Promise<{ value: unknown }>; sample?: unknown };
      return { hasBridge: inner.sample !== undefined, told: (await inner.__standInIpc?.('sample:echo', [1]))?.value };
    });
    // A frame without an address has its parent's origin, in Electron, too: the origin alone proves nothing.
    expect(child).toEqual({ hasBridge: false, told: { value: 1, url: 'about:blank', origin: 'app://sample', isMain: false } });
  });

  it('functions do not cross, and an unknown channel is an error', async () => {
    const refusal = (channel: string): Promise<string> => page.evaluate((name) => (globalThis as unknown as SampleGlobal).sample.ask(name).then(() => 'went through', (error: unknown) => String(error)), channel);
    expect(await refusal('sample:function')).toContain('could not be cloned');
    expect(await refusal('sample:unknown')).toContain("No handler registered for 'sample:unknown'");
    expect(await page.evaluate(() => (globalThis as unknown as SampleGlobal).sample.echo(() => 1).then(() => 'went through', (error: unknown) => String(error)))).toContain('could not be cloned');
  });

  it('reach the page', async () => {
    await page.evaluate(() => {
      const all = globalThis as unknown as SampleGlobal;
      all.sample.onTold((payload) => (all.told = payload));
    });
    await sample.probe('chooseTray', { item: 'tell' });
    await expect.poll(() => page.evaluate(() => (globalThis as unknown as SampleGlobal).told)).toEqual({ at: 1 });
  });

  it('secrets are sealed and unsealed', async () => {
    expect(await page.evaluate(() => (globalThis as unknown as SampleGlobal).sample.ask('sample:seal', 'a planted key'))).toEqual({ hasPlain: false, text: 'a planted key' });
  });
});

describe('ways out of the page', () => {
  it('are asked about before they are gone', async () => {
    for (const target of ['https://evil.example/', 'app://other/', `http://127.0.0.1:${port}/`]) {
      await page.evaluate((address) => void (location.href = address), toWeb(target)).catch(() => undefined);
      await until(() => sample.output().includes(`will-frame-navigate ${target}`), `the question about ${target}`);
    }
    expect(sample.addressOf(page)).toBe('app://sample/start?x=1');
    await page.evaluate(() => void window.open('https://evil.example/window'));
    await until(() => sample.output().includes('open '), 'the question about a window');
    await expect.poll(() => page.context().pages().filter((other) => other.url() !== 'about:blank').length).toBe(1);
  });
});

describe('the desktop', () => {
  it('is seen by the probe: tray, notification, window, permissions', async () => {
    const { tray, notifications, windows } = await sample.look();
    expect(tray).toMatchObject({ tooltip: 'Sample', image: entry, menu: [{ id: 'tell', enabled: true }, { label: 'Off', enabled: false }] });
    expect(notifications).toEqual([{ title: 'Ready', body: 'now' }]);
    expect(windows).toMatchObject([{ isVisible: true, bounds: { width: 900, height: 700 }, webPreferences: { sandbox: true } }]);
    await expect(sample.probe('chooseTray', { item: 'Off' })).rejects.toThrow('cannot be chosen');
    expect(await sample.probe('askPermission', { name: 'media' })).toMatchObject({ request: false });
    expect(await sample.probe('askPermission', { name: 'fullscreen' })).toMatchObject({ request: true });
  });

  it('power events arrive', async () => {
    await sample.probe('power', { event: 'suspend' });
    await sample.probe('power', { event: 'resume' });
    await until(() => /suspend\nresume/.test(sample.output()), 'both events');
  });

  it('a second start tells the first one and ends', async () => {
    expect(await sample.startAgain(['--wish'])).toBe(7);
    await until(() => sample.output().includes('first hears --wish show'), 'the first one to hear');
  });

  it('quits in the order of Electron; a window that refuses stops it', async () => {
    await sample.probe('quit', {});
    await until(() => sample.output().includes('close'), 'the first wish to quit');
    expect(sample.isRunning()).toBe(true);
    await sample.probe('quit', {});
    expect(await sample.exited()).toBe(0);
    expect(sample.output().split('\n').filter((line) => /^(close|before-quit|will-quit|window-all-closed|quit)$/.test(line))).toEqual(['before-quit', 'close', 'before-quit', 'close', 'will-quit', 'quit']);
  });
});

describe('the module', () => {
  it('has everything that main/desktop takes from electron', () => {
    const sources = readdirSync(path.join(ROOT, 'main/desktop')).filter((name) => name.endsWith('.ts') && !/\.test\.ts$|^preload\.ts$/.test(name)).map((name) => readFileSync(path.join(ROOT, 'main/desktop', name), 'utf8'));
    const taken = sources.flatMap((text) => [...text.matchAll(/^import \{([^}]+)\} from 'electron';$/gm)].flatMap((match) => (match[1] ?? '').split(',').map((name) => name.trim()).filter((name) => name !== '')));
    const served = [...readFileSync(path.join(import.meta.dirname, 'electron.ts'), 'utf8').matchAll(/\b(?:as )?(\w+)(?=[,\s]*[,}])/g)].map((match) => match[1]);
    expect(taken).toContain('BrowserWindow');
    expect(taken.filter((name) => !served.includes(name))).toEqual([]);
  });
});
