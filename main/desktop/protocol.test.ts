/** The page files: their policy, and every way out of the folder. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { CustomScheme } from 'electron';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileFor, servePage } from './protocol.ts';
import { isOwnAddress, registerScheme } from './scheme.ts';

const PORT = 23_456;
let root = '';
let folder = '';

beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'mainspring-page-ü '));
  folder = path.join(root, 'renderer');
  mkdirSync(path.join(folder, 'assets'), { recursive: true });
  writeFileSync(path.join(folder, 'index.html'), '<!doctype html><title>page</title>');
  writeFileSync(path.join(folder, 'assets', 'app-x_1.js'), 'export {};');
  writeFileSync(path.join(folder, '.hidden'), 'hidden');
  writeFileSync(path.join(root, 'secret.txt'), 'secret');
  mkdirSync(path.join(root, 'renderer-beside'));
  writeFileSync(path.join(root, 'renderer-beside', 'secret.txt'), 'secret');
});
afterAll(() => rmSync(root, { recursive: true }));

const get = (url: string, method = 'GET', port: number | null = PORT): Promise<Response> => servePage({ url, method }, { folder, gatewayPort: () => port });

describe('the scheme', () => {
  it('is standard and secure, and has no other privilege', () => {
    let registered: CustomScheme[] = [];
    registerScheme({ registerSchemesAsPrivileged: (schemes) => (registered = schemes) });
    expect(registered).toEqual([{ scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true } }]);
  });

  it.each(['app://mainspring/', 'app://mainspring/portfolio', 'app://mainspring/?a=b#c'])('knows its own address %s', (address) => expect(isOwnAddress(address)).toBe(true));
  it.each([
    'app://mainspring.evil/', 'app://evil/', 'app://mainspring:80/', 'app://user@mainspring/', 'http://mainspring/', 'https://app//mainspring', 'file:///mainspring', 'app:mainspring', 'app:///mainspring', '', 'null', 'about:blank',
    'javascript:alert(1)', 'data:text/html,app://mainspring/', 'blob:app://mainspring/1234',
  ])('takes %s for foreign', (address) => expect(isOwnAddress(address)).toBe(false));
});

describe('the page files', () => {
  it('are served with their type and the policy that names one port', async () => {
    const reply = await get('app://mainspring/assets/app-x_1.js?v=1');
    expect(reply.status).toBe(200);
    expect(await reply.text()).toBe('export {};');
    expect(reply.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(reply.headers.get('x-content-type-options')).toBe('nosniff');
    const policy = reply.headers.get('content-security-policy') ?? '';
    expect(policy.split('; ')).toEqual([
      "default-src 'none'", "script-src 'self'", "style-src 'self' 'unsafe-inline'", "img-src 'self' data: blob:", "font-src 'self'", `connect-src http://127.0.0.1:${PORT} ws://127.0.0.1:${PORT}`,
      "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "object-src 'none'",
    ]);
  });

  it('may talk to nobody while there is no gateway', async () => {
    expect((await get('app://mainspring/', 'GET', null)).headers.get('content-security-policy')).toContain("connect-src 'none'");
  });

  it('answer a page path with the page', async () => {
    for (const page of ['app://mainspring/', 'app://mainspring/portfolio', 'app://mainspring/health/units']) {
      expect(await (await get(page)).text()).toContain('<title>page</title>');
    }
  });

  it.each(['POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS'])('refuse %s', async (method) => {
    expect((await get('app://mainspring/', method)).status).toBe(405);
  });

  it.each([
    'app://mainspring/../secret.txt', 'app://mainspring/..%2fsecret.txt', 'app://mainspring/%2e%2e/secret.txt', 'app://mainspring/..%5csecret.txt', 'app://mainspring/assets/..\\..\\secret.txt', 'app://mainspring/..\\secret.txt',
    'app://mainspring//etc/passwd.txt', 'app://mainspring/C:/windows/win.ini', 'app://mainspring/assets/app.js%00.txt', 'app://mainspring/.hidden', 'app://mainspring/assets/../.hidden', 'app://mainspring/../renderer-beside/secret.txt',
    'app://mainspring/nothing.js', 'app://mainspring/assets.d/', 'app://evil/index.html', 'app://mainspring.evil/index.html', 'app://mainspring:81/index.html',
  ])('do not give %s', async (url) => {
    const reply = await get(url);
    expect(reply.status === 404 || (await reply.text()).includes('<title>page</title>')).toBe(true);
  });

  it('never leave their folder, whatever the path', () => {
    const part = fc.oneof(fc.constantFrom('..', '.', '', '%2e', '\\', 'C:', 'a.js', 'secret.txt', '\u0000', '~'), fc.string({ maxLength: 8 }));
    fc.assert(fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
      const file = fileFor(folder, `/${parts.join('/')}`);
      if (file !== null) expect(path.relative(folder, file)).toMatch(/^[^.]/);
    }), { numRuns: 2_000 });
  });

  it('say so when the dashboard itself is missing', async () => {
    const reply = await servePage({ url: 'app://mainspring/', method: 'GET' }, { folder: path.join(root, 'nowhere'), gatewayPort: () => null });
    expect(reply.status).toBe(404);
    expect(await reply.text()).toContain('Install Mainspring again');
  });
});
