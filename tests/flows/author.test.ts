/** What a person writes, on the real stack through the gateway: a template, a check, a save from two windows, a look for the future, a signature, and the files that other markets find. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HTTP, IDEMPOTENCY_HEADER, TOKEN_HEADER, type RouteName, type RouteOutput } from '#app/contracts/http.ts';
import { until } from '../support/servers.ts';
import { cleanUp, freshDataDir, startStack, type TestStack } from '../support/stack.ts';

let stack: TestStack;
let keys = 0;
let raw: (target: string, body?: object, key?: string) => Promise<Response>;

/** Signs in as a browser does. */
async function signIn(link: string): Promise<typeof raw> {
  const { origin } = new URL(link);
  const cookie = (await fetch(link, { redirect: 'manual' })).headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const { token } = (await (await fetch(`${origin}/api/session`, { headers: { cookie } })).json()) as { token: string };
  return async (target, body, key) => {
    keys += 1;
    const headers = { cookie, origin, [TOKEN_HEADER]: token, [IDEMPOTENCY_HEADER]: key ?? `author-test-${keys}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
    return fetch(`${origin}${target}`, body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) });
  };
}

/** The answer of a route, read by its contract. */
async function ask<N extends RouteName>(name: N, target: string, body?: object, key?: string): Promise<RouteOutput<N>> {
  const response = await raw(target, body, key);
  const text = await response.text();
  if (!response.ok) throw new Error(`${target}: ${response.status} ${text}`);
  return HTTP[name].output.parse(JSON.parse(text)) as RouteOutput<N>;
}

beforeAll(async () => {
  stack = startStack({ dataDir: await freshDataDir() });
  raw = await signIn((await stack.announced(150_000)).dashboard);
}, 180_000);
afterAll(() => cleanUp());

describe('what a person writes', () => {
  let projectId = '';
  const shelf = (): string => path.join(stack.dataDir, 'library', 'projects', projectId);

  it('begins with a template that is clean, checked by itself, and lies in the library', async () => {
    const { templates } = await ask('templates', '/api/templates');
    expect(templates.length).toBeGreaterThanOrEqual(14);
    expect((await ask('strategyTypings', '/api/author/typings')).text).toContain("declare module 'mainspring'");
    const [first] = templates;
    const made = await ask('createProject', '/api/projects', { name: 'My first dip', source: { from: 'template', templateId: first?.templateId } }, 'same-key');
    ({ projectId } = made.project);
    expect(made).toMatchObject({ version: { version: 1, check: 'unchecked' }, files: first?.files });
    expect((await ask('createProject', '/api/projects', { name: 'My first dip', source: { from: 'template', templateId: first?.templateId } }, 'same-key')).project.projectId).toBe(projectId);
    await expect.poll(async () => (await ask('projects', '/api/projects')).projects[0]?.latest.check, { timeout: 60_000, interval: 500 }).toBe('clean');
    expect((await ask('projects', '/api/projects')).projects[0]).toMatchObject({ title: 'Buy a dip', versions: 1 });
    await until(() => existsSync(shelf()) && readdirSync(shelf()).length === 1, 'the file of the version', 10_000);
  }, 120_000);

  it('is checked while one types: an endless loop is a finding, not an error page', async () => {
    const files = (text: string) => ({ files: [{ path: 'strategy.ts', text }] });
    const { findings } = await ask('checkFiles', '/api/author/check', files("for (;;) {}\nexport default 1;\n"));
    expect(findings.some(({ severity }) => severity === 'error')).toBe(true);
    expect((await ask('checkFiles', '/api/author/check', files("import { strategy } from 'mainspring';\nexport default strategy({"))).findings[0]).toMatchObject({ source: 'syntax', line: 2 });
    const bad = await raw('/api/author/check', files('x'.repeat(400_001)));
    expect([bad.status, await bad.text()]).toEqual([400, expect.stringContaining('at most 400000 characters') as string]);
  }, 120_000);

  it('tells two windows of each other', async () => {
    const { files } = await ask('project', `/api/projects/${projectId}`);
    const changed = (word: string) => files.map((file) => ({ ...file, text: `${file.text}\n// ${word}\n` }));
    const target = `/api/projects/${projectId}/versions`;
    expect(await ask('saveProject', target, { files: changed('one'), note: 'one', base: 1 })).toMatchObject({ isNew: true, version: { version: 2, note: 'one' } });
    const refused = await raw(target, { files: changed('two'), note: 'two', base: 1 });
    expect([refused.status, await refused.text()]).toEqual([409, expect.stringMatching(/VERSION_CONFLICT.*Version 2 of .*was saved by/s) as string]);
    expect(await ask('restoreVersion', `${target}/1/restore`, {})).toMatchObject({ version: { version: 3, restoredFrom: 1 } });
    expect((await ask('projectVersions', target)).versions.map(({ version }) => version)).toEqual([3, 2, 1]);
  }, 60_000);

  it('is looked at with its future taken away', async () => {
    const found = await ask('lookAheadCheck', `/api/projects/${projectId}/versions/1/look-ahead`, { timeframe: '1Min' });
    expect(found).toMatchObject({ isClean: true, timeframe: '1Min', problem: null });
    expect(found.bars).toBeGreaterThan(100);
  }, 200_000);

  it('is signed from the profile on, which travels as well', async () => {
    const profile = { name: 'Ada Lovelace', contact: 'ada@example.com', bio: '', picture: null };
    await ask('saveAuthorProfile', '/api/author/profile', { profile });
    expect((await ask('authorProfile', '/api/author/profile')).profile).toEqual(profile);
    const { project, files } = await ask('project', `/api/projects/${projectId}`);
    const saved = await ask('saveProject', `/api/projects/${projectId}/versions`, { files: files.map((file) => ({ ...file, text: `${file.text}\n// signed\n` })), base: project.latest.version });
    expect(saved.version.signature).toMatchObject({ name: 'Ada Lovelace' });
    await until(() => existsSync(path.join(stack.dataDir, 'library', 'author.json')), 'the profile in the library', 10_000);
    expect(readFileSync(path.join(stack.dataDir, 'library', 'author.json'), 'utf8')).toContain('Ada Lovelace');
  }, 60_000);

  it('is all there after the engine was killed', async () => {
    const killed = await stack.killUnit('strategy_engine');
    expect(await stack.recovered([killed], 90_000)).toBe(true);
    expect((await ask('project', `/api/projects/${projectId}`)).project.versions).toBe(4);
    await until(() => readdirSync(shelf()).length === 4, 'a file for each version', 20_000);
  }, 120_000);
});
