/** The window under attack: a page that was taken over gets nothing that the contract does not give. */
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SHELL_BRIDGE, SHELL_CALL_NAMES, SHELL_CHANNEL_PREFIX, SHELL_EVENT_NAMES, SHELL_ORIGIN } from '#app/contracts/shell-names.ts';
import { ShellAnswerSchema } from '#app/contracts/shell.ts';
import type { ShellAnswer, ShellBridge } from '#app/contracts/shell.ts';
import { HOME_ADDRESS, openDesk, preparedHome } from './desk.ts';
import type { Desk } from './desk.ts';
import { cleanUp } from './launch.ts';
import type { ForgedFrame } from './probe-types.ts';

type Bridged = Readonly<Record<typeof SHELL_BRIDGE, ShellBridge>>;

let desk: Desk;
const STATUS = `${SHELL_CHANNEL_PREFIX}status`;

beforeAll(async () => {
  desk = await openDesk({ home: await preparedHome() });
  await desk.page.getByRole('heading', { name: 'Welcome to Mainspring' }).waitFor();
});
afterAll(cleanUp);

/** Runs `act` in the page, then sees that the window is where it was. */
async function staysHome(act: () => Promise<unknown>): Promise<void> {
  const before = desk.desktop.addressOf(desk.page);
  await act().catch((error: unknown) => {
    // Whatever the page thinks of it; what counts is where it is.
    expect(String(error)).not.toBe('');
  });
  expect((await desk.call('status', {})).isWelcomeDone).toBe(false);
  expect(desk.desktop.addressOf(desk.page)).toBe(before);
}

describe('the window', () => {
  it('is built with every guard', async () => {
    const { windows } = await desk.desktop.look();
    expect(windows).toHaveLength(1);
    expect(windows[0]?.webPreferences).toMatchObject({
      sandbox: true, contextIsolation: true, nodeIntegration: false, nodeIntegrationInWorker: false, nodeIntegrationInSubFrames: false, webSecurity: true,
      allowRunningInsecureContent: false, experimentalFeatures: false, webviewTag: false,
    });
    expect(windows[0]?.url).toBe(HOME_ADDRESS);
  });

  it('has no Node in its page', async () => {
    expect(await desk.page.evaluate(() => ['require', 'process', 'module', 'Buffer', 'global'].filter((name) => name in globalThis))).toEqual([]);
  });

  it('is told nothing more than crash reports that stay here', async () => {
    expect((await desk.desktop.look()).crashOptions).toMatchObject({ uploadToServer: false });
  });
});

describe('permissions', () => {
  it.each(['media', 'geolocation', 'notifications', 'clipboard-read', 'openExternal', 'fullscreen', 'display-capture', 'usb', 'serial', 'hid', 'midi', 'unknown'])('%s is denied', async (name) => {
    expect(await desk.desktop.probe('askPermission', { name })).toEqual({ request: false, check: false, device: false });
  });

  it('only the way to this computer is open, without which there is no gateway', async () => {
    expect(await desk.desktop.probe('askPermission', { name: 'loopback-network' })).toMatchObject({ request: true, check: true });
  });
});

describe('ways out', () => {
  it.each(['https://evil.example/', 'http://127.0.0.1:9/', 'file:///etc/passwd', 'app://other/', 'data:text/html,<h1>hello', 'javascript:document.title="x"'])('the window does not go to %s', async (target) => {
    await staysHome(() => desk.page.evaluate((address) => {
      const link = document.createElement('a');
      link.href = address;
      document.body.append(link);
      link.click();
      link.remove();
    }, desk.desktop.webAddress(target)));
    expect(await desk.page.title()).not.toBe('x');
  });

  it('no second window, whoever asks', async () => {
    await staysHome(() => desk.page.evaluate(() => void window.open('https://evil.example/', '_blank', 'nodeIntegration=yes')));
    await expect.poll(async () => (await desk.desktop.look()).windows.length).toBe(1);
    expect((await desk.desktop.look()).opened).toEqual([]);
  });

  it('no webview, no frame of somebody else', async () => {
    expect(await desk.desktop.probe('attachWebview', {})).toBe(true);
    const address = await desk.page.evaluate(async () => {
      const frame = document.createElement('iframe');
      frame.src = 'https://evil.example/';
      const loaded = new Promise((resolve) => frame.addEventListener('load', resolve, { once: true }));
      document.body.append(frame);
      await loaded;
      let text: string;
      try {
        text = frame.contentDocument?.body.textContent ?? '';
      } catch (error) {
        text = `another origin: ${String(error)}`;
      }
      frame.remove();
      return text;
    });
    // Chromium shows its own empty page for what the policy refuses.
    expect(address).not.toContain('Example');
  });

  it('nothing but the page files is served, whatever the path', async () => {
    for (const name of ['/../package.json', '/..%2fpackage.json', '/%2e%2e/package.json', '/assets/..%5c..%5cpackage.json', '//etc/passwd', '/.env', '/keys.json', '/index.html/../../main/desktop.mjs']) {
      const body = await desk.page.evaluate((address) => fetch(address).then((answer) => answer.text(), (error: unknown) => String(error)), `${desk.desktop.webAddress(SHELL_ORIGIN)}${name}`);
      expect(body).not.toMatch(/"dependencies"|root:|ALPACA|createRequire/);
    }
  });

  it('no script from a string, and no talk to another program of this computer', async () => {
    const tried = await desk.page.evaluate(async () => {
      const violated: string[] = [];
      document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => violated.push(effectiveDirective));
      const inline = document.createElement('script');
      inline.textContent = 'globalThis.wasInline = true';
      document.body.append(inline);
      // What a debugger evaluates may evaluate; what a timer runs is the page's own.
      const evaluated = await new Promise((resolve) => setTimeout(() => {
        try {
          resolve(String(Reflect.construct(Function, ['return 42'])));
        } catch (error) {
          resolve(error instanceof EvalError ? 'refused' : String(error));
        }
      }));
      const answer = await fetch('http://127.0.0.1:9/').then(() => 'answered', () => 'refused');
      const socket = await new Promise((resolve) => {
        try {
          new WebSocket('ws://127.0.0.1:9/').addEventListener('error', () => resolve('refused'));
        } catch (error) {
          resolve(String(error));
        }
      });
      return { wasInline: 'wasInline' in globalThis, evaluated, answer, socket: String(socket), violated };
    });
    expect(tried).toMatchObject({ wasInline: false, evaluated: 'refused', answer: 'refused' });
    expect(tried.socket).toMatch(/refused|SecurityError/);
    expect(tried.violated).toEqual(expect.arrayContaining(['script-src-elem', 'connect-src']));
  });
});

describe('messages to the shell', () => {
  it('go through the functions of the contract; there is nothing else on the bridge', async () => {
    const shape = await desk.page.evaluate((name) => {
      const bridge = (globalThis as unknown as Bridged)[name as 'mainspring'];
      return { parts: Object.keys(bridge).sort(), call: Object.keys(bridge.call).sort(), on: Object.keys(bridge.on).sort(), isFrozen: Object.isFrozen(bridge) && Object.isFrozen(bridge.call) };
    }, SHELL_BRIDGE);
    expect(shape).toEqual({ parts: ['call', 'on'], call: [...SHELL_CALL_NAMES].sort(), on: [...SHELL_EVENT_NAMES].sort(), isFrozen: true });
  });

  it('have one channel for each call, and none besides', async () => {
    expect([...(await desk.desktop.look()).channels].sort()).toEqual(SHELL_CALL_NAMES.map((name) => `${SHELL_CHANNEL_PREFIX}${name}`).sort());
    expect(await desk.desktop.forge(`${SHELL_CHANNEL_PREFIX}readFile`, ['/etc/passwd'], 'main')).toEqual({ thrown: 'no handler' });
  });

  const hisToken = 'f'.repeat(32);
  it.each<[string, ForgedFrame, boolean]>([
    ['a frame inside our page', { url: 'about:blank', origin: SHELL_ORIGIN, frameToken: hisToken, parent: {} }, false],
    ['a frame that claims our address', { url: HOME_ADDRESS, origin: SHELL_ORIGIN, frameToken: hisToken }, false],
    ['the main frame after it went elsewhere', { url: 'https://evil.example/', origin: 'https://evil.example' }, false],
    ['an origin that begins like ours', { url: 'app://mainspring.evil/', origin: 'app://mainspring.evil' }, false],
    ['our address under an opaque origin', { url: HOME_ADDRESS, origin: 'null' }, false],
    ['a file', { url: 'file:///index.html', origin: 'file://' }, false],
    ['a frame that is gone', null, false],
    ['another window', 'main', true],
  ])('are refused from %s, on every channel', async (_who, frame, isOtherWindow) => {
    for (const name of SHELL_CALL_NAMES) {
      const { answer } = await desk.desktop.forge(`${SHELL_CHANNEL_PREFIX}${name}`, [{}], frame, isOtherWindow);
      expect(ShellAnswerSchema.parse(answer)).toMatchObject({ ok: false, error: { code: 'AUTH_INVALID' } });
    }
    expect((await desk.call('status', {})).phase).toBe('stopped');
  });

  it('are refused with wrong arguments, and too large ones, before anything is done', async () => {
    const answerTo = async (name: string, args: readonly unknown[]): Promise<ShellAnswer> => ShellAnswerSchema.parse((await desk.desktop.forge(`${SHELL_CHANNEL_PREFIX}${name}`, args, 'main')).answer);
    expect(await answerTo('status', [])).toMatchObject({ ok: false, error: { code: 'INPUT_INVALID' } });
    expect(await answerTo('status', [{}, {}])).toMatchObject({ ok: false, error: { code: 'INPUT_INVALID' } });
    expect(await answerTo('stopUnit', [{ unitId: '../gateway' }])).toMatchObject({ ok: false, error: { code: 'INPUT_INVALID' } });
    expect(await answerTo('unitLogs', [{ unitId: 'gateway', lines: 1e9 }])).toMatchObject({ ok: false, error: { code: 'INPUT_INVALID' } });
    expect(await answerTo('openLink', [{ link: 'https://evil.example/' }])).toMatchObject({ ok: false, error: { code: 'INPUT_INVALID' } });
    expect(await answerTo('setPreferences', [{ __proto__: null, updates: 'yes' }])).toMatchObject({ ok: false, error: { code: 'INPUT_INVALID' } });
    expect(await answerTo('setBrokerKeys', [{ account: 'paper', keyId: 'k'.repeat(2_000_000), secretKey: 'secret' }])).toMatchObject({ ok: false, error: { code: 'INPUT_TOO_LARGE' } });
    expect((await desk.desktop.look()).opened).toEqual([]);
  });

  it('from the page itself are copied: functions do not cross', async () => {
    const answer = await desk.page.evaluate((name) => (globalThis as unknown as Bridged)[name as 'mainspring'].call.status({ toString: () => 'x' }).then(() => 'went through', (error: unknown) => String(error)), SHELL_BRIDGE);
    expect(answer).toContain('could not be cloned');
  });

  it('of a frame that the page makes have no bridge, and the raw channel does not answer it', async () => {
    const told = await desk.page.evaluate(async (channel) => {
      const frame = document.createElement('iframe');
      document.body.append(frame);
      const inner = frame.contentWindow as unknown as { mainspring?: unknown; __standInIpc?: (channel: string, args: unknown[]) => Promise<unknown> };
      const answer = await inner.__standInIpc?.(channel, [{}]);
      frame.remove();
      return { hasBridge: inner.mainspring !== undefined, answer: JSON.stringify(answer ?? 'no channel') };
    }, STATUS);
    expect(told.hasBridge).toBe(false);
    // In Electron a frame without a preload has no channel at all; the stand-in has one, for this test.
    expect(told.answer).toMatch(desk.desktop.kind === 'electron' ? /no channel/ : /AUTH_INVALID/);
  });
});

describe('live trading', () => {
  it.each(['', 'trade real money', 'TRADE REAL MONEY ', 'yes'])('is not armed by "%s"', async (phrase) => {
    expect(await desk.ask('armLive', { phrase: phrase as 'TRADE REAL MONEY', minutes: 60 })).toMatchObject({ ok: false, error: { code: 'INPUT_INVALID' } });
  });

  it('is not armed while it does not run, nor for a time of the page\'s own', async () => {
    expect(await desk.ask('armLive', { phrase: 'TRADE REAL MONEY', minutes: 60 })).toMatchObject({ ok: false, error: { family: 'denied' } });
    expect(await desk.ask('armLive', { phrase: 'TRADE REAL MONEY', minutes: 100_000 as 60 })).toMatchObject({ ok: false, error: { code: 'INPUT_INVALID' } });
    expect((await desk.call('status', {})).armedUntil).toBeNull();
  });

  it('is not chosen without keys', async () => {
    expect(await desk.ask('setMode', { mode: 'live', isSure: true })).toMatchObject({ ok: false });
    expect((await desk.call('status', {})).mode).toBe('demo');
  });
});

describe('in the end', () => {
  it('the page complained of nothing but the attacks, and the application ends in order', async () => {
    expect(desk.problems.filter((text) => !/Content Security Policy|Not allowed to (load|navigate)|Failed to load resource|refused to connect|ERR_/i.test(text))).toEqual([]);
    await desk.desktop.probe('chooseTray', { item: 'quit' });
    expect(await desk.desktop.exited()).toBe(0);
    await desk.nothingLeft();
    expect(path.basename(desk.desktop.home)).toBe('Häuser & Höfe');
  });
});
