/** Strategies travel between markets through a folder: two real books, damaged files, clashes, and a save whose file was never written. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ProjectFile } from '#app/contracts/author.ts';
import { openDb, type Db } from '#chassis/db.ts';
import { startBook, type Book } from '../../tests/support/servers.ts';
import { readProfile, readProjects, readVersions } from '../gateway/queries/author.ts';
import { readProjectVersion } from './author-read.ts';
import { saveAuthorProfile } from './author-profile.ts';
import { createProject, renameProject, saveProject, type SaveParts } from './author-save.ts';
import { createCarrier, type Carrier } from './author-travel.ts';

type Market = { readonly book: Book; readonly db: Db; readonly parts: SaveParts; readonly carrier: Carrier; readonly told: string[] };

const folder = mkdtempSync(path.join(tmpdir(), 'ms-library-'));
let demo: Market;
let paper: Market;
let keys = 0;
const asked = () => ({ actor: 'browser:aaaa1111', idempotencyKey: `key-${(keys += 1)}` });
const files = (text: string): ProjectFile[] => [{ path: 'strategy.ts', text }];

async function openMarket(): Promise<Market> {
  const book = await startBook();
  const db = openDb({ access: book.access('strategy_engine'), database: 'trading_system', schema: 'strategy_engine', applicationName: 'test', max: 4, onLost: () => undefined });
  const told: string[] = [];
  const carrier = createCarrier({ db, folder, report: (problems) => void told.splice(0, told.length, ...problems) });
  return { book, db, told, carrier, parts: { db, saved: (version) => carrier.saved(version) } };
}

const begin = async ({ parts, carrier }: Market, name: string, text = 'one') => {
  const made = await createProject(parts, { ...asked(), name, source: { from: 'files', files: files(text) }, note: 'first' });
  await carrier.settled();
  return made.projectId;
};
const save = async ({ parts, carrier }: Market, projectId: string, text: string, base: number) => {
  const made = await saveProject(parts, { ...asked(), projectId, files: files(text), note: '', base, isOver: false });
  await carrier.settled();
  return made.version;
};
const shelfOf = (projectId: string): string => path.join(folder, 'projects', projectId);
const namesIn = async ({ db }: Market): Promise<string[]> => (await readProjects(db, null)).map(({ name }) => name).sort();

beforeAll(async () => {
  [demo, paper] = await Promise.all([openMarket(), openMarket()]);
}, 60_000);

afterEach(async () => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const { book, told } of [demo, paper]) {
    told.length = 0;
    await book.sql('TRUNCATE strategy_engine.projects, strategy_engine.project_versions, strategy_engine.project_checks, strategy_engine.author_profile');
  }
});

afterAll(async () => {
  for (const { db, book } of [demo, paper]) {
    await db.close();
    await book.stop();
  }
  rmSync(folder, { recursive: true, force: true });
});

describe('a strategy that was written in one market', () => {
  it('is found in the other, with all of its versions under the same id', async () => {
    const projectId = await begin(demo, 'Travels');
    await save(demo, projectId, 'two', 1);
    expect(await paper.carrier.sync()).toEqual({ taken: 2, written: 0, problems: [] });
    const [here, there] = [await readProjectVersion(demo.db, projectId, 2), await readProjectVersion(paper.db, projectId, 2)];
    expect(there).toEqual(here);
    expect((await readVersions(paper.db, projectId)).map(({ version, note }) => [version, note])).toEqual([[2, ''], [1, 'first']]);
    // Saved in the other market, it comes back.
    expect(await save(paper, projectId, 'three', 2)).toBe(3);
    expect(await demo.carrier.sync()).toMatchObject({ taken: 1, written: 0 });
    expect((await readProjects(demo.db, null))[0]).toMatchObject({ projectId, versions: 3 });
    expect(await demo.carrier.sync()).toEqual({ taken: 0, written: 0, problems: [] });
  });

  it('is written at the next start when the process ended between its commit and its file', async () => {
    const lost = await createProject({ db: demo.db, saved: () => undefined }, { ...asked(), name: 'Never written', source: { from: 'files', files: files('one') }, note: '' });
    expect(existsSync(shelfOf(lost.projectId))).toBe(false);
    expect(await demo.carrier.sync()).toEqual({ taken: 0, written: 1, problems: [] });
    expect(await paper.carrier.sync()).toMatchObject({ taken: 1 });
    expect(await namesIn(paper)).toEqual(['Never written']);
  });

  it('brings its new name along with its next version', async () => {
    const projectId = await begin(demo, 'Old name');
    await paper.carrier.sync();
    await renameProject(demo.parts, { ...asked(), projectId, name: 'New name' });
    await save(demo, projectId, 'two', 1);
    await paper.carrier.sync();
    expect(await namesIn(paper)).toEqual(['New name']);
  });
});

describe('what does not fit', () => {
  it('is told of and left alone: a name that is taken', async () => {
    await save(demo, await begin(demo, 'The same'), 'two', 1);
    const own = await createProject({ db: paper.db, saved: () => undefined }, { ...asked(), name: 'THE same', source: { from: 'files', files: files('other') }, note: '' });
    const { taken, problems } = await paper.carrier.sync();
    expect(taken).toBe(0);
    expect(problems).toEqual([expect.stringContaining('"The same" of another market is not shown here') as string]);
    expect(paper.told).toEqual(problems);
    expect((await readProjects(paper.db, null)).map(({ projectId }) => projectId)).toEqual([own.projectId]);
  });

  it('is told of and left alone: one version that was saved differently in two markets', async () => {
    const projectId = await begin(demo, 'Both');
    await paper.carrier.sync();
    await save(demo, projectId, 'demo', 1);
    await save(paper, projectId, 'paper', 1);
    expect(readdirSync(shelfOf(projectId))).toHaveLength(3);
    expect((await paper.carrier.sync()).problems).toEqual([expect.stringMatching(/Version 2 of "Both" was saved differently in two markets\. This market keeps its own/) as string]);
    expect((await readProjectVersion(demo.db, projectId, 2)).files[0]?.text).toBe('demo');
    expect((await readProjectVersion(paper.db, projectId, 2)).files[0]?.text).toBe('paper');
  });

  it.each([
    ['cut off', (text: string) => text.slice(0, 100), /is damaged/], ['empty', () => '', /is damaged/], ['of other files', (text: string) => text.replace('"one"', '"two"'), /was changed by hand/],
    ['with a name of its own', (text: string) => text.replace('"version": 1', '"version": 7'), /was changed by hand/], ['with a field too many', (text: string) => text.replace('"format"', '"extra": 1, "format"'), /not as we write it/],
    ['endless', (text: string) => text + ' '.repeat(8_000_001), /larger than any/],
  ])('is told of and left alone: a file that is %s', async (_, change, words) => {
    const projectId = await begin(demo, 'Damaged');
    const good = await begin(demo, 'Good');
    const [name = ''] = readdirSync(shelfOf(projectId));
    const file = path.join(shelfOf(projectId), name);
    const before = change(readFileSync(file, 'utf8'));
    writeFileSync(file, before);
    const { taken, problems } = await paper.carrier.sync();
    expect(taken).toBe(1);
    expect((await readProjects(paper.db, null)).map(({ projectId: own }) => own)).toEqual([good]);
    expect(problems).toEqual([expect.stringMatching(words) as string]);
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  it('is told of and left alone: files of strangers, leftovers and the days on paper', async () => {
    const projectId = await begin(demo, 'Beside');
    writeFileSync(path.join(folder, 'projects', 'notes.txt'), 'x');
    writeFileSync(path.join(shelfOf(projectId), '2-nothing.json'), 'x');
    writeFileSync(path.join(shelfOf(projectId), '1-0123456789ab.json.00ff.part'), 'half');
    mkdirSync(path.join(folder, 'evidence'));
    writeFileSync(path.join(folder, 'evidence', 'x.json'), '{}');
    const { taken, problems } = await paper.carrier.sync();
    expect([taken, problems.length]).toEqual([1, 2]);
    expect(existsSync(path.join(folder, 'evidence', 'x.json'))).toBe(true);
  });

  it('is told of: a folder that cannot be used; what was saved is safe', async () => {
    rmSync(folder, { recursive: true, force: true });
    writeFileSync(folder, 'a file in its place');
    const projectId = await begin(demo, 'Safe');
    expect(demo.told).toEqual([expect.stringContaining('cannot be used') as string]);
    expect((await demo.carrier.sync()).problems).toHaveLength(1);
    rmSync(folder);
    expect(await demo.carrier.sync()).toEqual({ taken: 0, written: 1, problems: [] });
    expect(demo.told).toEqual([]);
    expect(existsSync(shelfOf(projectId))).toBe(true);
  });
});

describe('the profile', () => {
  it('travels: the newer one counts', async () => {
    const profile = { name: 'Ada', contact: '', bio: '', picture: null };
    const write = async ({ db, carrier }: Market, name: string) => {
      await saveAuthorProfile({ db, profileSaved: () => carrier.profileSaved() }, { ...asked(), profile: { ...profile, name } });
      await carrier.settled();
    };
    await write(demo, 'Ada');
    await paper.carrier.sync();
    expect(await readProfile(paper.db)).toEqual(await readProfile(demo.db));
    await write(paper, 'Ada Lovelace');
    await demo.carrier.sync();
    expect((await readProfile(demo.db)).profile?.name).toBe('Ada Lovelace');
    await paper.carrier.sync();
    expect((await readProfile(paper.db)).profile?.name).toBe('Ada Lovelace');
    writeFileSync(path.join(folder, 'author.json'), '{');
    expect((await demo.carrier.sync()).problems).toHaveLength(1);
    expect((await readProfile(demo.db)).profile?.name).toBe('Ada Lovelace');
  });
});
