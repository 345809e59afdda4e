/** What is checked while a person types and after a save, over a real book and a real sandbox. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProjectFile } from '#app/contracts/author.ts';
import { projectCheckSchema, lookAheadResultSchema } from '#app/contracts/author.ts';
import { systemClock } from '#chassis/clock.ts';
import { openDb, type Db } from '#chassis/db.ts';
import { createHealth, type Health } from '#chassis/health.ts';
import { createLog } from '#chassis/log.ts';
import { sessionsBetween } from '#app/market/calendar.ts';
import { templateOf } from '#app/strategy/templates/templates.ts';
import { startBook, type Book } from '../../tests/support/servers.ts';
import { readProjects, readVersions } from '../gateway/queries/author.ts';
import { openAuthorDesk, type AuthorDesk } from './author-commands.ts';
import { barSource } from './backtest-bars.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'ms-check-'));
let book: Book;
let db: Db;
let desk: AuthorDesk;
let open: () => AuthorDesk;
let health: Health;
const abort = new AbortController();
let keys = 0;
const asked = () => ({ actor: 'browser:aaaa1111', idempotencyKey: `key-${(keys += 1)}` });
const one = (text: string): ProjectFile[] => [{ path: 'strategy.ts', text }];
const source = (body: string, more = '', top = ''): string => `import { sma, strategy } from 'mainspring';\n${top}\nexport default strategy({ kind: 'mine', title: 'Mine', description: 'x', scope: 'symbol', parameters: {}, indicators: () => ({ mean: sma(5) }), ${more}\n  onBar({ on }) {\n    ${body}\n  },\n});\n`;
/** Each level doubles what a parser does that goes back at every bracket. */
const nested = (levels: number): string => `const f = ${'(a='.repeat(levels)}0${')=>0'.repeat(levels)};`;
const CROSS = "if (on.close.now > on.indicators.mean.now) on.long(); else on.flat();";

type Commands = Required<AuthorDesk['commands']>;
const command = <N extends keyof Commands>(name: N): Commands[N] => {
  const found = desk.commands[name];
  if (found === undefined) throw new Error(name);
  return found as Commands[N];
};
const check = (files: ProjectFile[]) => command('checkFiles')({ files });
const begin = async (name: string, files: ProjectFile[]): Promise<string> => (await command('createProject')({ ...asked(), name, source: { from: 'files', files }, note: '' })).projectId;

beforeAll(async () => {
  book = await startBook();
  db = openDb({ access: book.access('strategy_engine'), database: 'trading_system', schema: 'strategy_engine', applicationName: 'test', max: 4, onLost: () => undefined });
  const sessions = sessionsBetween('2023-01-03', '2024-12-31');
  for (const month of new Set(sessions.map(({ date }) => date.slice(0, 7)))) await book.sql('SELECT data_ingestion.ensure_month($1::date)', [`${month}-01`]);
  const opens = sessions.map(({ open }) => open - 34_200_000);
  for (const [symbol, phase] of [['AAA', 0], ['BBB', 2]] as const) {
    await book.sql(`INSERT INTO data_ingestion.symbols (symbol, name, exchange, is_tradable, is_fractionable, is_shortable, is_watched) VALUES ($1, $1, 'X', true, true, true, true)`, [symbol]);
    const closes = opens.map((_, i) => (100 + i * 0.03 + 8 * Math.sin(i / 6 + phase) + 2 * Math.sin(i * 1.7)).toFixed(2));
    await book.sql(`INSERT INTO data_ingestion.market_data SELECT $1, '1Day', to_timestamp(b.ms / 1000.0), b.c, b.c + 1, b.c - 1, b.c, 1000000, 'test', now() FROM unnest($2::bigint[], $3::numeric[]) AS b(ms, c)`, [symbol, opens, closes]);
    await book.sql(`INSERT INTO data_ingestion.ingestion_status (symbol, timeframe, last_open_time, last_close, bars_total, last_seen_at) SELECT symbol, timeframe, max(open_time), 1, count(*), now() FROM data_ingestion.market_data WHERE symbol = $1 GROUP BY 1, 2`, [symbol]);
  }
  health = createHealth(() => undefined);
  const research = { folder: path.join(folder, 'research'), bulk: { access: book.access('strategy_engine'), database: 'trading_system', applicationName: 'test' } };
  const config = { version: '1.2.3', libraryDir: path.join(folder, 'library') };
  const now = (sessions.at(-1)?.close ?? 0) + 3_600_000;
  open = () => openAuthorDesk({ db, health, log: createLog('strategy_engine', 'fatal'), clock: { ...systemClock, now: () => now as ReturnType<typeof systemClock.now> }, config: config as Parameters<typeof openAuthorDesk>[0]['config'], signal: abort.signal }, barSource({ db, ...research }));
  desk = open();
}, 60_000);

afterAll(async () => {
  await desk[Symbol.asyncDispose]();
  await db.close();
  await book.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('a check while one types', () => {
  it('says what the strategy is when there is nothing wrong, and the same again at once', async () => {
    const files = [...templateOf('stop_and_target').files];
    const found = await check(files);
    expect(projectCheckSchema.parse(found)).toEqual(found);
    expect(found).toMatchObject({ findings: [], facts: { kind: 'stop_and_target', scope: 'symbol', symbols: [1, 1], usesShorts: false, firstBar: expect.any(Number) as number, isMemoryFree: true } });
    expect(found.facts?.parameters[0]).toEqual({ name: 'channel', kind: 'integer', default: 20, min: 5, max: 120, step: 5, unit: 'bars', choices: [], describe: 'A close above the highest high of so many bars is an entry' });
    // The very same object: nothing was read a second time.
    expect(await check(files)).toBe(found);
  }, 30_000);

  it.each([
    ['a syntax error', one('import { strategy } from "mainspring";\nexport default strategy({ kind: '), { source: 'syntax', path: 'strategy.ts', line: 2 }],
    ['an error in another file', [...one(`import { level } from './levels';\n${source(CROSS, '', 'void level;')}`), { path: 'levels.ts', text: 'export const level = ;\n' }], { source: 'syntax', path: 'levels.ts', line: 1 }],
    ['a clock', one(source('Date.now();')), { source: 'static', rule: 'clock', path: 'strategy.ts', line: 5 }],
    ['the network', one(source('fetch("https://example.com");')), { source: 'static', rule: 'outside', path: 'strategy.ts' }],
    ['a file that is imported and not used', one(`import fs from 'node:fs';\n${source(CROSS)}`), { source: 'static', rule: 'import', path: 'strategy.ts', line: 1 }],
    ['a file', one(`import fs from 'node:fs';\n${source(CROSS, '', 'void fs;')}`), { source: 'static', rule: 'import', path: 'strategy.ts', line: 1 }],
    ['another module', one(`import { x } from 'lodash';\n${source(CROSS, '', 'void x;')}`), { source: 'static', rule: 'import' }],
    ['the future', one(source('if (on.close.ago(-1) > 1) on.long();')), { source: 'static', rule: 'negative_index', line: 5 }],
    ['no strategy at all', one('export const nothing = 1;\n'), { source: 'description', severity: 'error' }],
    ['an odd description', one(source(CROSS).replace("kind: 'mine'", "kind: 'Not A Kind'")), { source: 'description', severity: 'error' }],
    ['a throw while it is loaded', one(source(CROSS, '', 'throw new Error("no");')), { source: 'description', severity: 'error' }],
    ['a missing entry', [{ path: 'other.ts', text: 'export {};' }], { severity: 'error' }],
  ])('finds %s, with its place and what to do', async (_, files, finding) => {
    const { findings, facts } = await check(files);
    expect(facts).toBeNull();
    expect(findings.filter(({ severity }) => severity === 'error')).toContainEqual(expect.objectContaining(finding));
    for (const { explanation, message } of findings) expect(Math.min(explanation.length, message.length)).toBeGreaterThan(10);
  }, 30_000);

  it('reads large files, and finds the same there', async () => {
    const filler = Array.from({ length: 500 }, (_, n) => `const value${n} = (a: number): number => a * ${n};`).join('\n');
    expect((await check(one(source(CROSS, '', filler)))).facts).toMatchObject({ kind: 'mine' });
    const { findings, facts } = await check(one(source('Date.now(); fetch("x");', '', filler)));
    expect(facts).toBeNull();
    expect(findings.map(({ rule, line }) => [rule, line])).toEqual([['clock', 504], ['outside', 504]]);
  }, 60_000);

  it('ends a loop without end, and a list without end, with a finding', async () => {
    const endless = await check(one(source(CROSS, '', 'for (;;) {}')));
    expect(endless.findings).toEqual([expect.objectContaining({ source: 'description', rule: 'strategy_out_of_time' })]);
    const heavy = await check(one(source(CROSS, '', "const kept: string[] = []; for (let n = 0; n < 1e9; n += 1) kept.push('x'.repeat(1e6) + n);")));
    expect(heavy.facts).toBeNull();
    expect(heavy.findings.some(({ severity }) => severity === 'error')).toBe(true);
    // And the next one is answered as if nothing had been.
    expect((await check(one(source(`${CROSS} // after`)))).findings).toEqual([]);
  }, 60_000);
});

describe('a source that nobody can read to its end', () => {
  it('is a finding that says what to do, while all others are answered', async () => {
    let isOver = false;
    let answered = 0;
    const check40 = check(one(nested(40))).finally(() => (isOver = true));
    const from = performance.now();
    let longest = 0;
    for (let before = from; !isOver; before = performance.now()) {
      await db.query('SELECT 1');
      answered += 1;
      longest = Math.max(longest, performance.now() - before);
    }
    const found = await check40;
    expect(found).toMatchObject({ facts: null, findings: [{ source: 'syntax', rule: 'reading_time', severity: 'error', path: 'strategy.ts', message: expect.stringMatching(/nested many levels deep/) as string }] });
    expect(answered).toBeGreaterThan(50);
    // It takes seconds; nobody waits for so long meanwhile.
    expect(longest).toBeLessThan((performance.now() - from) / 2);
    // The same text is not read again, and the next one is.
    expect(await check(one(nested(40)))).toBe(found);
    expect((await check(one(source(`${CROSS} // readable`)))).findings).toEqual([]);
  }, 60_000);

  it('is told as such after a save, and is not read again after a restart', async () => {
    const projectId = await begin('Nested', one(`// saved\n${nested(60)}`));
    await expect.poll(async () => (await readVersions(db, projectId))[0]?.check, { timeout: 30_000 }).toBe('errors');
    const storedAt = (): Promise<{ at: string; rule: string }[]> => book.sql(`SELECT checked_at::text AS at, result->'findings'->0->>'rule' AS rule FROM strategy_engine.project_checks WHERE what = 'source' AND hash = (SELECT hash FROM strategy_engine.project_versions WHERE project_id = $1)`, [projectId]);
    const stored = await storedAt();
    expect(stored).toEqual([{ at: expect.any(String) as string, rule: 'reading_time' }]);
    const sound = await begin('Sound beside it', one(source(CROSS, '', '// beside the nested one')));
    await expect.poll(async () => (await readVersions(db, sound))[0]?.check, { timeout: 30_000 }).toBe('clean');
    await desk[Symbol.asyncDispose]();
    desk = open();
    await desk.sync();
    await expect.poll(async () => (await readVersions(db, sound))[0]?.lookAhead, { timeout: 60_000 }).toBe('clean');
    expect(await storedAt()).toEqual(stored);
    await desk[Symbol.asyncDispose]();
    desk = open();
  }, 180_000);
});

describe('a save', () => {
  it('is checked by itself, and the list says so', async () => {
    const projectId = await begin('Checked by itself', one(source(CROSS)));
    await expect.poll(async () => (await readVersions(db, projectId))[0]?.check, { timeout: 20_000 }).toBe('clean');
    await expect.poll(async () => (await readProjects(db, false)).find((project) => project.projectId === projectId)?.title).toBe('Mine');
    await command('saveProject')({ ...asked(), projectId, files: one(source('Date.now();')), note: '', base: 1, isOver: false });
    await expect.poll(async () => (await readVersions(db, projectId)).map((version) => version.check), { timeout: 20_000 }).toEqual(['errors', 'clean']);
    // The title is the one that could last be read.
    expect((await readProjects(db, false)).find((project) => project.projectId === projectId)?.title).toBe('Mine');
  }, 60_000);
});

describe('the look-ahead check', () => {
  const look = (projectId: string, more: { symbols?: string[]; timeframe?: string } = {}) => command('lookAheadCheck')({ ...asked(), projectId, version: 1, ...more });

  it('is clean for an honest strategy, over the first watched symbol, and is written down', async () => {
    const projectId = await begin('Honest', one(source(CROSS, '', '// honest')));
    const found = await look(projectId);
    expect(lookAheadResultSchema.parse(found)).toEqual(found);
    expect(found).toMatchObject({ symbols: ['AAA'], timeframe: '1Day', isClean: true, isWarmUpClean: true, findings: [], problem: null });
    expect(found.signals).toBeGreaterThan(5);
    expect(found.cuts).toBeGreaterThan(5);
    expect((await readVersions(db, projectId))[0]).toMatchObject({ lookAhead: 'clean', check: 'clean' });
  }, 120_000);

  it('finds a strategy that counts its bars from the start, and says where', async () => {
    const projectId = await begin('Counts', one(source("state.n += 1; if (state.n % 7 === 0) on.long(); else if (state.n % 7 === 3) on.flat();", 'initialState: () => ({ n: 0 }),').replace('onBar({ on })', 'onBar({ on, state })')));
    const found = await look(projectId, { symbols: ['bbb'] });
    expect(found).toMatchObject({ symbols: ['BBB'], isClean: true, isWarmUpClean: false, findings: [expect.objectContaining({ source: 'warm_up', rule: 'warm_up_signals', severity: 'error', path: 'strategy.ts', line: 4, column: 3 })] });
    expect((await readVersions(db, projectId))[0]?.lookAhead).toBe('found');
  }, 120_000);

  it('says so when nothing was said, when there are no bars, and when it does not load', async () => {
    const silent = await begin('Silent', one(source('if (on.close.now < 0) on.long();')));
    expect(await look(silent)).toMatchObject({ isClean: false, isWarmUpClean: false, problem: expect.stringContaining('nothing was compared') as string, findings: [expect.objectContaining({ rule: 'said_nothing', severity: 'warning', path: 'strategy.ts', line: 4 })] });
    expect((await readVersions(db, silent))[0]?.lookAhead, 'what proves nothing opens no gate').toBe('unchecked');
    expect(await look(silent, { timeframe: '1Min' })).toMatchObject({ isClean: false, problem: expect.stringContaining('no 1Min bars') as string });
    expect(await look(silent, { symbols: ['ZZZ'] })).toMatchObject({ isClean: false, problem: expect.stringContaining('ZZZ') as string });
    await expect(look(silent, { timeframe: '2Weeks' })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    const broken = await begin('Broken', one(source('fetch("x");')));
    expect(await look(broken)).toMatchObject({ isClean: false, findings: [expect.objectContaining({ severity: 'error' })] });
    await expect(look('nothing')).rejects.toMatchObject({ code: 'PROJECT_NOT_FOUND' });
  }, 120_000);

  it('places an error that the strategy throws over the bars', async () => {
    const projectId = await begin('Throws', one(source("if (on.close.now > 105) throw new Error('too dear');")));
    const found = await look(projectId);
    expect(found).toMatchObject({ isClean: false, problem: expect.stringContaining('too dear') as string, findings: [expect.objectContaining({ rule: 'failed', path: 'strategy.ts', line: 5 })] });
  }, 120_000);

  it('is asked once under a key, and once while it is at work', async () => {
    const projectId = await begin('Asked twice', one(source(CROSS, '', '// asked twice')));
    const ask = { ...asked(), projectId, version: 1 };
    const [first, again, beside] = await Promise.all([command('lookAheadCheck')(ask), command('lookAheadCheck')(ask), command('lookAheadCheck')({ ...ask, ...asked() })]);
    expect([again, beside, await command('lookAheadCheck')(ask)]).toEqual([first, first, first]);
    await expect(command('lookAheadCheck')({ ...ask, symbols: ['BBB'] })).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
  }, 120_000);

  it('has bars enough for a long memory, and says so when there are too few', async () => {
    const far = await begin('Far back', one(source(CROSS, 'forgetting: () => 600,', '// far')));
    expect(await look(far)).toMatchObject({ isClean: true, isWarmUpClean: false, problem: expect.stringMatching(/asks for 60\d bars of warm-up, and 50\d bars were there/) as string, findings: [expect.objectContaining({ rule: 'too_few_bars' })] });
    expect((await readVersions(db, far))[0]?.lookAhead).toBe('unchecked');
  }, 120_000);

  it('says how many symbols a portfolio takes', async () => {
    const files = [...templateOf('portfolio_rotation').files];
    const projectId = await begin('Too few', files);
    expect(await look(projectId, { symbols: ['AAA', 'ZZZ'] })).toMatchObject({ isClean: false, problem: 'The strategy takes 2 symbols at least, and there are 1Day bars of AAA alone. Load bars on the data page, or name other symbols' });
    expect(await look(projectId)).toMatchObject({ symbols: ['AAA', 'BBB'], problem: null });
  }, 120_000);
});

describe('each new version', () => {
  const lookOf = async (projectId: string) => (await readVersions(db, projectId)).map(({ lookAhead }) => lookAhead);

  it('is looked at by itself, what was there before the start as well, but not what is broken or while a back-test runs', async () => {
    const before = await begin('Before the start', one(source(CROSS, '', '// before')));
    const broken = await begin('Broken from the start', one(source('fetch("y");')));
    await book.sql(`INSERT INTO strategy_engine.backtests (backtest_id, strategy_version_id, request, state) VALUES ('busy', 'mine.v1', '{}', 'running')`);
    await desk.sync();
    const after = await begin('After the start', one(source(CROSS, '', '// after')));
    await expect.poll(async () => (await readVersions(db, after))[0]?.check, { timeout: 20_000 }).toBe('clean');
    expect(await lookOf(before)).toEqual(['unchecked']);
    await book.sql(`DELETE FROM strategy_engine.backtests WHERE backtest_id = 'busy'`);
    await command('saveProject')({ ...asked(), projectId: after, files: one(source(CROSS, '', '// after all')), note: '', base: 1, isOver: false });
    await expect.poll(() => lookOf(after), { timeout: 60_000 }).toEqual(['clean', 'unchecked']);
    await expect.poll(() => lookOf(before), { timeout: 60_000 }).toEqual(['clean']);
    expect(await lookOf(broken)).toEqual(['unchecked']);
    expect((await book.sql<{ actor: string }>(`SELECT actor FROM strategy_engine.project_checks WHERE what = 'look_ahead' AND hash = (SELECT hash FROM strategy_engine.project_versions WHERE project_id = $1)`, [before]))[0]?.actor).toBe('strategy_engine');
  }, 180_000);
});
