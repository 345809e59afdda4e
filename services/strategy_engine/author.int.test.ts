/** Projects over a real book: begun, saved from two windows, taken up again, named, put away, listed in no time. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectFields, type ProjectFile } from '#app/contracts/author.ts';
import { openDb, type Db } from '#chassis/db.ts';
import { hashOfFiles } from '#chassis/project-files.ts';
import { startBook, type Book } from '../../tests/support/servers.ts';
import { readProfile, readProjects, readVersion, readVersions } from '../gateway/queries/author.ts';
import { readProjectVersion } from './author-read.ts';
import { archiveProject, createProject, projectIdOf, renameProject, restoreVersion, saveProject, type SaveParts } from './author-save.ts';
import { saveAuthorProfile } from './author-profile.ts';

let book: Book;
let db: Db;
let reader: Db;
let parts: SaveParts;
const told: { projectId: string; version: number }[] = [];
let keys = 0;
const asked = () => ({ actor: 'browser:aaaa1111', idempotencyKey: `key-${(keys += 1)}` });
const file = (text: string, path = 'strategy.ts'): ProjectFile => ({ path, text });

beforeAll(async () => {
  book = await startBook();
  const open = (role: 'strategy_engine' | 'gateway') => openDb({ access: book.access(role), database: 'trading_system', schema: role === 'gateway' ? null : role, applicationName: 'test', max: 4, onLost: () => undefined });
  db = open('strategy_engine');
  reader = open('gateway');
  parts = { db, saved: (version) => void told.push(version) };
});

afterAll(async () => {
  await Promise.all([db.close(), reader.close()]);
  await book.stop();
});

describe('a project', () => {
  it('begins from a template, from files and from a version of another, and is read with its files', async () => {
    const first = await createProject(parts, { ...asked(), name: 'My first dip', source: { from: 'template', templateId: 'first_dip' }, note: '' });
    expect(first).toMatchObject({ version: 1, projectId: expect.stringMatching(/^my_first_dip_[0-9a-f]{8}$/) as string });
    const read = await readVersion(reader, first.projectId, null);
    expect(read.project).toMatchObject({ name: 'My first dip', templateId: 'first_dip', isArchived: false, versions: 1, title: null });
    expect(read.version).toMatchObject({ version: 1, files: 1, runs: 0, strategies: [], check: 'unchecked', lookAhead: 'unchecked', savedBy: 'browser:aaaa1111', signature: null });
    expect(read.files[0]?.text).toContain("kind: 'first_dip'");
    const copy = await createProject(parts, { ...asked(), name: 'A copy', source: { from: 'version', ...first }, note: 'copied' });
    expect((await readVersion(reader, copy.projectId, 1)).version).toMatchObject({ hash: read.version.hash, note: 'copied' });
    const own = await createProject(parts, { ...asked(), name: 'Own', source: { from: 'files', files: [file('b', 'b.ts'), file('a'), file('', 'a/b.ts')] }, note: '' });
    const { files } = await readProjectVersion(db, own.projectId, 1);
    expect(files.map(({ path }) => path)).toEqual(['a/b.ts', 'b.ts', 'strategy.ts']);
    expect(told.slice(-3)).toEqual([first, copy, own]);
  });

  it('is made once under one key, and has a name of its own', async () => {
    const wish = { ...asked(), name: 'Once', source: { from: 'template' as const, templateId: 'first_dip' }, note: '' };
    const [one, two] = await Promise.all([createProject(parts, wish), createProject(parts, wish)]);
    expect(two).toEqual(one);
    await expect(createProject(parts, { ...wish, name: 'Twice' })).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
    await expect(createProject(parts, { ...wish, ...asked(), name: 'ONCE' })).rejects.toMatchObject({ code: 'INPUT_INVALID', message: expect.stringContaining('called "Once" already') as string });
    await expect(createProject(parts, { ...wish, ...asked(), name: 'x', source: { from: 'template', templateId: 'nothing' } })).rejects.toMatchObject({ code: 'TEMPLATE_NOT_FOUND' });
    await expect(createProject(parts, { ...wish, ...asked(), name: 'x', source: { from: 'version', projectId: 'nothing', version: 1 } })).rejects.toMatchObject({ code: 'PROJECT_NOT_FOUND' });
  });

  it('takes two windows for two: the second one hears who saved what, and decides', async () => {
    const { projectId } = await createProject(parts, { ...asked(), name: 'Two windows', source: { from: 'files', files: [file('one')] }, note: '' });
    const save = (text: string, base: number, more: { isOver?: boolean; note?: string } = {}) => saveProject(parts, { ...asked(), projectId, files: [file(text)], note: '', base, isOver: false, ...more });
    expect(await save('one', 1)).toEqual({ projectId, version: 1, isNew: false });
    expect(await save('two', 1, { note: 'wider stop' })).toEqual({ projectId, version: 2, isNew: true });
    await expect(save('three', 1)).rejects.toMatchObject({
      code: 'VERSION_CONFLICT', message: expect.stringMatching(/^Version 2 of "Two windows", "wider stop", was saved by browser:aaaa1111 at 20.*while you edited version 1/) as string, context: { latest: 2, base: 1, savedBy: 'browser:aaaa1111', note: 'wider stop' },
    });
    // Both wrote the same: there is nothing to decide.
    expect(await save('two', 1)).toEqual({ projectId, version: 2, isNew: false });
    expect(await save('three', 1, { isOver: true })).toEqual({ projectId, version: 3, isNew: true });
    // At the same moment from the same base: one is saved, one is told.
    const both = await Promise.allSettled([save('left', 3), save('right', 3)]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await restoreVersion(parts, { ...asked(), projectId, version: 1, note: 'back' })).toEqual({ projectId, version: 5 });
    expect(await restoreVersion(parts, { ...asked(), projectId, version: 1, note: 'again' })).toEqual({ projectId, version: 5 });
    const versions = await readVersions(reader, projectId);
    expect(versions.map(({ version, restoredFrom }) => [version, restoredFrom])).toEqual([[5, 1], [4, null], [3, null], [2, null], [1, null]]);
    expect(versions[0]?.hash).toBe(versions[4]?.hash);
    await expect(save('six', 9)).rejects.toMatchObject({ code: 'VERSION_CONFLICT', message: expect.stringContaining('has 5 versions in this market') as string });
  });

  it('is named and put away; what was put away is not saved into', async () => {
    const { projectId } = await createProject(parts, { ...asked(), name: 'Old name', source: { from: 'files', files: [file('one')] }, note: '' });
    expect(await renameProject(parts, { ...asked(), projectId, name: 'New name' })).toEqual({ projectId, name: 'New name' });
    expect(await renameProject(parts, { ...asked(), projectId, name: 'NEW name' })).toEqual({ projectId, name: 'NEW name' });
    await expect(renameProject(parts, { ...asked(), projectId, name: 'Two windows' })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await expect(renameProject(parts, { ...asked(), projectId: 'none', name: 'y' })).rejects.toMatchObject({ code: 'PROJECT_NOT_FOUND' });
    await archiveProject(parts, { ...asked(), projectId, isArchived: true });
    await expect(saveProject(parts, { ...asked(), projectId, files: [file('x')], note: '', base: 1, isOver: false })).rejects.toMatchObject({ code: 'INPUT_INVALID', message: expect.stringContaining('put away') as string });
    const namesOf = async (isArchived: boolean | null) => (await readProjects(reader, isArchived)).map(({ name }) => name);
    expect(await namesOf(true)).toEqual(['NEW name']);
    expect(await namesOf(false)).not.toContain('NEW name');
    expect(await namesOf(null)).toContain('NEW name');
    await expect(createProject(parts, { ...asked(), name: 'new NAME', source: { from: 'files', files: [file('one')] }, note: '' })).rejects.toMatchObject({ message: expect.stringContaining('put away in the archive') as string });
  });

  it('writes every change into the audit trail, without the files', async () => {
    const rows = await book.sql("SELECT action, actor, after FROM logging.audit_log WHERE action LIKE 'author.%'");
    expect(new Set(rows.map((row) => row['action']))).toEqual(new Set(['author.created', 'author.saved', 'author.restored', 'author.renamed', 'author.archived']));
    expect(JSON.stringify(rows)).not.toContain('mainspring');
  });

  it('is not run from files that were changed behind its back', async () => {
    const { projectId } = await createProject(parts, { ...asked(), name: 'Tampered', source: { from: 'files', files: [file('one')] }, note: '' });
    await book.sql(`UPDATE strategy_engine.project_versions SET files = '[{"path": "strategy.ts", "text": "two"}]' WHERE project_id = $1`, [projectId]);
    await expect(readProjectVersion(db, projectId, 1)).rejects.toMatchObject({ code: 'STRATEGY_CODE_INVALID' });
  });
});

describe('the profile', () => {
  it('signs what is saved from then on, and its picture is not in the audit trail', async () => {
    const picture = `data:image/png;base64,${'A'.repeat(40)}`;
    const profile = { name: 'Ada Lovelace', contact: 'ada@example.com', bio: 'Writes <b>programs</b>', picture };
    expect(await readProfile(reader)).toEqual({ profile: null, updatedAt: null });
    let heard = 0;
    await saveAuthorProfile({ db, profileSaved: () => (heard += 1) }, { ...asked(), profile });
    expect(await readProfile(reader)).toEqual({ profile, updatedAt: expect.any(Number) as number });
    expect(heard).toBe(1);
    const made = await createProject(parts, { ...asked(), name: 'Signed', source: { from: 'files', files: [file('one')] }, note: '' });
    const { picture: _picture, ...signature } = profile;
    expect((await readVersion(reader, made.projectId, null)).version.signature).toEqual(signature);
    const [row] = await book.sql("SELECT after FROM logging.audit_log WHERE action = 'author.profile'");
    expect(JSON.stringify(row)).not.toContain('base64');
    expect(row?.['after']).toMatchObject({ hasPicture: true, name: 'Ada Lovelace' });
  });
});

describe('many projects', () => {
  it('are listed at once, files unread', async () => {
    await book.sql(`INSERT INTO strategy_engine.projects (project_id, name, current_version) SELECT 'many_' || n, 'Many ' || n, 3 FROM generate_series(1, 480) AS n`);
    await book.sql(`INSERT INTO strategy_engine.project_versions (project_id, version, files, characters, hash, saved_by)
      SELECT 'many_' || n, v, jsonb_build_array(jsonb_build_object('path', 'strategy.ts', 'text', repeat('some text ', 2000) || n || v)), 20000, encode(sha256((n || '-' || v)::bytea), 'hex'), 'x' FROM generate_series(1, 480) AS n, generate_series(1, 3) AS v`);
    await book.sql(`INSERT INTO strategy_engine.project_checks (hash, what, is_passed, result, actor) SELECT hash, what, what = 'source', '{"findings": [1]}', 'x' FROM strategy_engine.project_versions, unnest(ARRAY['source', 'look_ahead', 'warm_up']) AS what WHERE project_id LIKE 'many%'`);
    await book.sql(`INSERT INTO strategy_engine.backtests (backtest_id, strategy_version_id, request, project_id, project_version) SELECT 'run-' || n || '-' || v, 'x', '{}', 'many_' || n, 3 FROM generate_series(1, 480) AS n, generate_series(1, 4) AS v`);
    await book.sql('ANALYZE strategy_engine.projects, strategy_engine.project_versions, strategy_engine.project_checks, strategy_engine.backtests');
    await readProjects(reader, null);
    const from = performance.now();
    const projects = await readProjects(reader, null);
    const took = performance.now() - from;
    expect(projects.length).toBeGreaterThanOrEqual(480);
    expect(projects.find(({ projectId }) => projectId === 'many_7')?.latest).toMatchObject({ version: 3, runs: 4, check: 'warnings', lookAhead: 'found' });
    // Far less on a quiet computer.
    expect(took).toBeLessThan(400);
  });
});

describe('files', () => {
  const path = fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,8}(\/[a-z0-9][a-z0-9_-]{0,5}){0,2}\.ts$/);
  const files = fc.uniqueArray(fc.record({ path, text: fc.string({ unit: 'binary', maxLength: 60 }) }), { selector: ({ path: own }) => own, maxLength: 6 }).map((more) => [file('the entry'), ...more.filter(({ path: own }) => own !== 'strategy.ts')]);

  it('have one hash in whatever order they come, and another one for any other text or name', () => {
    fc.assert(fc.property(files, fc.nat(), (some, at) => {
      const hash = hashOfFiles(some);
      expect(hashOfFiles([...some].reverse())).toBe(hash);
      const n = at % some.length;
      expect(hashOfFiles(some.map((one, i) => (i === n ? { ...one, text: `${one.text} ` } : one)))).not.toBe(hash);
      expect(hashOfFiles(some.map((one, i) => (i === n ? { ...one, path: `x${one.path}` } : one)))).not.toBe(hash);
    }));
  });

  it('are stored and read as they are, or refused with a word about what is wrong', async () => {
    let n = 0;
    await fc.assert(fc.asyncProperty(files, async (some) => {
      const wish = projectFields.create.source.safeParse({ from: 'files', files: some });
      if (!wish.success) {
        expect(wish.error.issues[0]?.message).toMatch(/is not text/);
        return;
      }
      const { projectId } = await createProject(parts, { ...asked(), name: `Property ${(n += 1)}`, source: wish.data, note: '' });
      expect((await readProjectVersion(db, projectId, 1)).hash).toBe(hashOfFiles(some));
      await book.sql('DELETE FROM strategy_engine.project_versions WHERE project_id = $1', [projectId]);
      await book.sql('DELETE FROM strategy_engine.projects WHERE project_id = $1', [projectId]);
    }), { numRuns: 12 });
  });

  it.each([
    [[file('x', 'other.ts')], /strategy\.ts is missing/], [[file('x'), file('y')], /same name/], [[file('x'), file('y', '../up.ts')], /small letters/], [[file('x'), file('y', 'UP.ts')], /small letters/],
    [[file('a\u0000b')], /is not text/], [[file('x'.repeat(400_001))], /at most 400000/], [[file('x'), ...Array.from({ length: 20 }, (_, n) => file('y', `f${n}.ts`))], /at most 20 files/],
  ])('that are wrong are refused: %#', (some, words) => {
    const said = projectFields.create.source.safeParse({ from: 'files', files: some });
    expect(said.error?.issues.map(({ message }) => message).join(' ')).toMatch(words);
  });
});

it('names projects so that people find them', () => {
  expect(projectIdOf('Buy the dip!', 'ab12')).toBe('buy_the_dip_ab12');
  expect(projectIdOf('7 Bände über RSI', 'ab12')).toBe('bande_uber_rsi_ab12');
  expect(projectIdOf('買う', 'ab12')).toBe('strategy_ab12');
  expect(projectIdOf('x'.repeat(80), 'ab12cd34')).toMatch(/^x{30}_ab12cd34$/);
});
