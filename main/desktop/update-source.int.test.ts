/** Updates by electron-updater from a real server: whole, damaged, truncated, unreachable. */
import { createHash, randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { NsisUpdater } from 'electron-updater';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openUpdateSource, sourceOver } from './update-source.ts';
import type { UpdateSource } from './updater.ts';
import { createUpdater, updateFailure } from './updater.ts';

type Executor = new () => object;
// The library's own base class for fetching, with Node's http in place of Electron's net.
const fromUpdater = createRequire(createRequire(import.meta.url).resolve('electron-updater'));
const { HttpExecutor, configureRequestUrl, configureRequestOptions } = fromUpdater('builder-util-runtime') as { HttpExecutor: Executor; configureRequestUrl: (url: URL, options: object) => void; configureRequestOptions: (options: object) => void };

type Cancellable = { createPromise<T>(act: (resolve: (value: T) => void, reject: (error: Error) => void, onCancel: (act: () => void) => void) => void): Promise<T> };

class NodeExecutor extends HttpExecutor {
  createRequest(options: http.RequestOptions, callback: (response: http.IncomingMessage) => void): http.ClientRequest {
    return http.request(options, callback);
  }
  download(url: URL, destination: string, options: { headers?: http.OutgoingHttpHeaders; cancellationToken: Cancellable }): Promise<string> {
    return options.cancellationToken.createPromise((resolve, reject, onCancel) => {
      const request = { headers: options.headers, redirect: 'manual' };
      configureRequestUrl(url, request);
      configureRequestOptions(request);
      const self = this as unknown as { doDownload(request: object, call: object, redirects: number): void };
      self.doDownload(request, { destination, options, onCancel, callback: (error?: Error | null) => (error ? reject(error) : resolve(destination)), responseHandler: null }, 0);
    });
  }
}

const SETUP = randomBytes(300_000);
let served = SETUP;
let version = '0.2.0';
let requests: string[] = [];
let server: http.Server;
let folder = '';
let feed = '';
let logged: string[] = [];
let started: string[] = [];

function latest(): string {
  return [`version: ${version}`, 'files:', '  - url: Mainspring-Setup.exe', `    sha512: ${createHash('sha512').update(SETUP).digest('base64')}`, `    size: ${SETUP.length}`, 'path: Mainspring-Setup.exe', `sha512: ${createHash('sha512').update(SETUP).digest('base64')}`, "releaseDate: '2026-11-22T00:00:00.000Z'", ''].join('\n');
}

beforeAll(async () => {
  server = http.createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://x');
    requests.push(pathname);
    if (pathname === '/latest.yml') response.end(latest());
    else if (pathname === '/Mainspring-Setup.exe') response.end(served);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  feed = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise<void>((resolve) => {
  server.close(() => resolve());
}));

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'mainspring-update-'));
  served = SETUP;
  version = '0.2.0';
  requests = [];
  logged = [];
  started = [];
  return () => rmSync(folder, { recursive: true });
});

/** electron-updater itself, told by us what Electron would tell it. */
function openSource(address = feed): { source: UpdateSource; quits: string[]; files: () => string[] } {
  const quits: string[] = [];
  writeFileSync(path.join(folder, 'app-update.yml'), `provider: generic\nurl: ${address}\nupdaterCacheDirName: mainspring-updater\n`);
  const updater = new NsisUpdater(null, {
    version: '0.1.0', name: 'mainspring', isPackaged: true, appUpdateConfigPath: path.join(folder, 'app-update.yml'), userDataPath: folder, baseCachePath: folder,
    whenReady: () => Promise.resolve(), relaunch: () => quits.push('relaunch'), quit: () => quits.push('quit'), onQuit: () => quits.push('waits for the end'),
  });
  // The list of versions has another name on other systems.
  Object.assign(updater, { httpExecutor: new NodeExecutor(), _testOnlyOptions: { platform: 'win32' } });
  updater.setFeedURL({ provider: 'generic', url: address });
  const cache = path.join(folder, 'mainspring-updater');
  const files = (): string[] => (existsSync(cache) ? readdirSync(cache, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.exe')) : []);
  return { source: sourceOver(updater, { log: (_level, text) => logged.push(text), startSetup: (file) => Promise.resolve(void started.push(file)) }), quits, files };
}

describe('updates from a real server', () => {
  it('are found, fetched and verified, and install nothing by themselves', async () => {
    const { source, quits, files } = openSource();
    expect(await source.check()).toEqual({ version: '0.2.0' });
    expect(requests).toEqual(['/latest.yml']);
    const percents: number[] = [];
    await source.download((percent) => percents.push(percent));
    expect(files().map((name) => path.basename(name))).toEqual(['Mainspring-Setup.exe']);
    expect(quits).toEqual([]);
  });

  it('start the very file that was fetched, once it was looked at again', async () => {
    const { source, quits } = openSource();
    await source.check();
    await source.download(() => undefined);
    await source.verify();
    expect(started).toEqual([]);
    await source.install();
    expect(started.map((file) => readFileSync(file).equals(SETUP))).toEqual([true]);
    expect(quits).toEqual([]);
  });

  it('do not start a file that was changed or removed since; the next look fetches it anew', async () => {
    const { source, files } = openSource();
    await source.check();
    await source.download(() => undefined);
    const file = path.join(folder, 'mainspring-updater', files()[0] ?? '');
    appendFileSync(file, 'more');
    await expect(source.install()).rejects.toThrow('checksum mismatch');
    expect(existsSync(file)).toBe(false);
    await expect(source.verify()).rejects.toThrow('ENOENT');
    expect(started).toEqual([]);
    await source.download(() => undefined);
    await source.install();
    expect(started).toHaveLength(1);
  });

  it('are none when the server has this version or an older one', async () => {
    for (version of ['0.1.0', '0.0.9']) expect(await openSource().source.check()).toBeNull();
  });

  it('throw a damaged download away and say so', async () => {
    served = Buffer.concat([SETUP.subarray(0, 150_000), Buffer.from([(SETUP[150_000] ?? 0) ^ 1]), SETUP.subarray(150_001)]);
    const { source, files } = openSource();
    await source.check();
    const error: unknown = await source.download(() => undefined).then(() => null, (reason: unknown) => reason);
    expect(updateFailure(error)).toContain('The download was damaged');
    expect(files()).toEqual([]);
  });

  it('throw a download away that ends too early', async () => {
    served = SETUP.subarray(0, 100_000);
    const { source, files } = openSource();
    await source.check();
    await expect(source.download(() => undefined)).rejects.toThrow();
    expect(files()).toEqual([]);
  });

  it('say that the server cannot be reached', async () => {
    const { source } = openSource('http://127.0.0.1:9');
    const error: unknown = await source.check().then(() => null, (reason: unknown) => reason);
    expect(updateFailure(error)).toContain('cannot be reached');
  });

  it('come to the person as a state: damaged first, ready at the next look, held while an order is open', async () => {
    served = Buffer.from('<html>captive portal</html>');
    const { source } = openSource();
    let openOrders: number | null = 1;
    const updater = createUpdater({ openSource: () => Promise.resolve(source), isWanted: () => true, openOrders: () => openOrders, stop: () => Promise.resolve(), leave: () => undefined, stay: () => undefined, onChange: () => undefined, log: () => undefined });
    expect(await updater.check()).toMatchObject({ state: 'failed', message: expect.stringContaining('damaged') as string });
    served = SETUP;
    expect(await updater.check()).toMatchObject({ state: 'held', version: '0.2.0', message: '1 order is open now.' });
    openOrders = 0;
    expect(updater.status()).toMatchObject({ state: 'ready', version: '0.2.0' });
  });
});

describe('an installation without updates', () => {
  const open = (platform: NodeJS.Platform, isPackaged: boolean): Promise<unknown> => openUpdateSource({ platform, isPackaged, resourcesFolder: folder, log: () => undefined, startSetup: () => Promise.resolve() });

  it('says why', async () => {
    await expect(open('win32', false)).rejects.toMatchObject({ code: 'UPDATE_REFUSED', message: expect.stringContaining('from its sources') as string });
    await expect(open('linux', true)).rejects.toMatchObject({ message: expect.stringContaining('on Windows only') as string });
    await expect(open('win32', true)).rejects.toMatchObject({ message: expect.stringContaining('no update server') as string });
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'app-update.yml'), 'provider: generic\nurl: https://updates.example\n');
    await expect(open('win32', true)).rejects.toMatchObject({ message: expect.stringContaining('not signed') as string });
  });
});
