/** Gates over a real book and a real library folder: judged by what is stored, opened by what is done, and days on paper carried to another market. */
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Gates } from '#app/contracts/deploy.ts';
import { sessionsBetween } from '#app/market/calendar.ts';
import { openDb, type Db } from '#chassis/db.ts';
import { startBook, type Book } from '../../tests/support/servers.ts';
import { noteEvidence, readEvidence } from './evidence.ts';
import { parametersHash } from './evidence-parameters.ts';
import { gateCommands, judgeGates, mustFitAccount } from './gates.ts';

const HASH = 'a'.repeat(64);
const LIMITS = { maxNotional: '10000', maxOrdersPerDay: 10, maxDailyLoss: '500', maxErrors: 3 };
const libraryDir = mkdtempSync(path.join(tmpdir(), 'ms-library-'));
const evidenceFile = path.join(libraryDir, 'evidence', `${HASH}.json`);
const BACKTEST = `bt_${'1'.repeat(24)}`;
let book: Book;
let db: Db;

beforeAll(async () => {
  book = await startBook();
  db = openDb({ access: book.access('strategy_engine'), database: 'trading_system', schema: 'strategy_engine', applicationName: 'test', max: 4, onLost: () => undefined });
});
afterAll(async () => {
  await db.close();
  await book.stop();
  rmSync(libraryDir, { recursive: true, force: true });
});
beforeEach(async () => {
  await book.sql('TRUNCATE strategy_engine.projects, strategy_engine.project_versions, strategy_engine.project_checks, strategy_engine.backtests, strategy_engine.searches, strategy_engine.strategies, strategy_engine.strategy_versions, strategy_engine.strategy_state, strategy_engine.strategy_log CASCADE');
  rmSync(path.join(libraryDir, 'evidence'), { recursive: true, force: true });
  await book.sql(`BEGIN; INSERT INTO strategy_engine.projects (project_id, name, current_version) VALUES ('mine', 'Mine', 2);
    INSERT INTO strategy_engine.project_versions (project_id, version, files, hash, saved_by) VALUES ('mine', 1, '[]', repeat('b', 64), 'owner'), ('mine', 2, '[]', '${HASH}', 'owner'); COMMIT`);
});

const states = ({ gates }: Gates): Record<string, string> => Object.fromEntries(gates.map(({ gate, state }) => [gate, state]));
const judge = (mode: 'demo' | 'paper' | 'live', version = 2, parameters: Readonly<Record<string, unknown>> = {}) => judgeGates(db, { mode, projectId: 'mine', version, libraryDir, limits: LIMITS, parameters });
const check = (what: string, isPassed = true, result: unknown = {}) => book.sql(`INSERT INTO strategy_engine.project_checks (hash, what, is_passed, result, actor) VALUES ($1, $2, $3, $4::jsonb, 'test')`, [HASH, what, isPassed, JSON.stringify(result)]);

/** A finished back-test of version 2: a year, 81 fills; with the walk-forward of its search, or without. */
async function backtest(belief: string, hasWalkForward: boolean, parameters: Readonly<Record<string, unknown>> = {}, id = BACKTEST): Promise<void> {
  const [from, to] = [Date.UTC(2023, 0, 3, 14, 30), Date.UTC(2024, 0, 2, 21)];
  await book.sql(`INSERT INTO strategy_engine.backtests (backtest_id, strategy_version_id, request, result, view, project_id, project_version, state, finished_at) VALUES ($1, 'mine.unstored', '{}', '{"fills": 81}', $2::jsonb, 'mine', 2, 'done', now())`, [id, JSON.stringify({ parameters, trips: 40, from, to, belief, headline: `It is ${belief}.` })]);
  if (!hasWalkForward) return;
  const folds = [{ inFrom: 0, outFrom: 1, outTo: 2, parameters: {}, inSample: { total_return: 0.2 }, outOfSample: { total_return: 0.1 } }, { inFrom: 1, outFrom: 2, outTo: 3, parameters: {}, inSample: null, outOfSample: { total_return: -0.1 } }];
  await book.sql(`INSERT INTO strategy_engine.searches (search_id, backtest_id, request, result) VALUES ('se' || $1, $1, '{}', $2::jsonb)`, [id, JSON.stringify({ walkForward: { folds, efficiency: { growth: 0.5, objective: null } } })]);
}

describe('gates of a version', () => {
  it('are closed while nothing is known of it', async () => {
    const gates = await judge('demo');
    expect(gates).toMatchObject({ hash: HASH, isOpen: false, mode: 'demo' });
    expect(states(gates)).toMatchObject({ source: 'open', look_ahead: 'open', backtest: 'open', limits: 'passed', paper_days: 'not_needed' });
    await expect(judge('demo', 9)).rejects.toMatchObject({ code: 'PROJECT_NOT_FOUND' });
  });

  it('open one by one by what is stored of these very files', async () => {
    for (const what of ['source', 'look_ahead', 'warm_up']) await check(what, true, { facts: { parameters: [{ name: 'fast', default: 10 }] } });
    await backtest('doubtful', true, { fast: 10 });
    expect(await judge('demo')).toMatchObject({ isOpen: true });
    expect(states(await judge('demo', 1)), 'another version knows nothing of it').toMatchObject({ source: 'open', backtest: 'open' });
    const paper = await judge('paper');
    expect(paper.gates.find(({ gate }) => gate === 'backtest')?.observed).toBe('81 fills and 40 closed round trips over 251 exchange days.');
    expect(states(paper)).toMatchObject({ out_of_sample: 'passed', verdict_read: 'open' });
    expect(paper.gates.find(({ gate }) => gate === 'out_of_sample')?.observed).toBe('Walk-forward over 2 windows, 1 of which gained on the time behind them. 50 % of the growth before was left. The verdict: It is doubtful.');
    const commands = gateCommands({ db, mode: 'paper', libraryDir });
    const ask = { projectId: 'mine', version: 2, backtestId: BACKTEST, actor: 'owner', idempotencyKey: 'read-0001' };
    await expect(commands.readVerdict?.({ ...ask, version: 1 })).rejects.toMatchObject({ code: 'BACKTEST_NOT_FOUND' });
    expect(states((await commands.readVerdict?.(ask)) ?? paper)).toMatchObject({ verdict_read: 'passed', limits: 'open' });
    await commands.readVerdict?.(ask);
    expect(await book.sql(`SELECT actor, subject FROM logging.audit_log WHERE action = 'strategy.verdict_read'`)).toContainEqual({ actor: 'owner', subject: 'mine.2' });
    expect(await judge('paper')).toMatchObject({ isOpen: true });
    expect(await judge('live')).toMatchObject({ isOpen: false });
  });

  it('ask for the very parameters that are to be deployed; what is left out has its default', async () => {
    for (const what of ['source', 'look_ahead', 'warm_up']) await check(what, true, { signals: 4, facts: { parameters: [{ name: 'fast', default: 10 }, { name: 'mode', default: 'plain' }] } });
    await backtest('believe', true, { mode: 'plain', fast: 10 });
    const other = `bt_${'2'.repeat(24)}`;
    await backtest('believe', false, { fast: 20, mode: 'plain' }, other);
    const commands = gateCommands({ db, mode: 'paper', libraryDir });
    const read = (backtestId: string) => commands.readVerdict?.({ projectId: 'mine', version: 2, backtestId, actor: 'owner', idempotencyKey: `read-${backtestId}` });
    await read(BACKTEST);
    expect(await judge('paper')).toMatchObject({ isOpen: true });
    expect(await judge('paper', 2, { fast: 10 })).toMatchObject({ isOpen: true });
    const twenty = await judge('paper', 2, { fast: 20 });
    expect(twenty.gates.map(({ gate, state }) => `${gate} ${state}`)).toEqual(['source passed', 'look_ahead passed', 'backtest passed', 'out_of_sample open', 'verdict_read open', 'limits passed', 'paper_days not_needed']);
    expect(twenty.gates.map(({ observed }) => observed)).toEqual(expect.arrayContaining([expect.stringMatching(/^Its walk-forward led to other parameters: (fast 10|mode plain), (fast 10|mode plain)\./), 'The verdict that was read belongs to a back-test that ran with other parameters, or is not stored any more.']));
    await read(other);
    expect(states(await judge('paper', 2, { fast: 20 })), 'read of these').toMatchObject({ verdict_read: 'passed' });
    expect(states(await judge('paper')), 'and what was read before is not forgotten').toMatchObject({ verdict_read: 'passed' });
    expect((await judge('demo', 2, { fast: 30 })).gates.find(({ gate }) => gate === 'backtest')).toMatchObject({ state: 'open', observed: expect.stringContaining('with other parameters only: ') as string });
  });

  it('hold for limits that are set later as well', async () => {
    await mustFitAccount(db, LIMITS);
    await expect(mustFitAccount(db, { ...LIMITS, maxNotional: '9000000' })).rejects.toMatchObject({ code: 'INPUT_INVALID', message: expect.stringContaining('it may hold $9000000, the account $80000') as string });
  });

  it('say what risk denied, by what is stored of the run', async () => {
    await backtest('do_not_believe', false);
    await book.sql(`UPDATE strategy_engine.backtests SET result = '{"fills": 0, "denied": {"ORDER_NOTIONAL_EXCEEDED": 17}}', view = view || '{"trips": 0}'`);
    expect((await judge('demo')).gates.find(({ gate }) => gate === 'backtest')).toMatchObject({ state: 'open', observed: expect.stringMatching(/^17 orders were denied because an order was larger than the account's limit of \$10000\. /) as string });
  });

  it('take a back-test that runs, or failed, for none', async () => {
    await backtest('believe', false);
    await book.sql(`UPDATE strategy_engine.backtests SET state = 'ran'`);
    expect(states(await judge('demo'))).toMatchObject({ backtest: 'open' });
  });
});

describe('days on paper', () => {
  const days = sessionsBetween('2024-03-04', '2024-03-08');
  const noted = (day: string) => ({ day, strategyId: 'mine', versionId: 'mine.v1', bars: 390, notedAt: 1, parameters: parametersHash({}) });

  it('are carried by the library folder, each once, and counted by real money', async () => {
    expect(await noteEvidence(libraryDir, HASH, days.slice(0, 4).map(({ date }) => noted(date)))).toBe(true);
    expect(await noteEvidence(libraryDir, HASH, [noted(days[0]?.date ?? '')]), 'a day that is there').toBe(false);
    expect(states(await judge('live'))).toMatchObject({ paper_days: 'open' });
    await noteEvidence(libraryDir, HASH, [noted(days[4]?.date ?? '')]);
    expect(states(await judge('live'))).toMatchObject({ paper_days: 'passed' });
    expect(readdirSync(path.join(libraryDir, 'evidence')), 'no part of a file is left').toEqual([`${HASH}.json`]);
  });

  it('count for the parameters that they were traded with; a note of before, without any, only where there are none to choose', async () => {
    const { parameters: _none, ...before } = noted('2024-03-04');
    const others = days.map(({ date }) => ({ ...noted(date), parameters: parametersHash({ fast: 5 }) }));
    expect(await noteEvidence(libraryDir, HASH, [before, ...others])).toBe(true);
    const paperDays = async (parameters: Readonly<Record<string, unknown>>) => (await judge('live', 2, parameters)).gates.find(({ gate }) => gate === 'paper_days');
    expect(await paperDays({})).toMatchObject({ state: 'open', observed: 'These files did not run on paper with these parameters. 5 days with other parameters do not count.' });
    expect(await paperDays({ fast: 5 })).toMatchObject({ state: 'passed' });
    await check('source', true, { facts: { parameters: [] } });
    expect(await paperDays({})).toMatchObject({ state: 'open', observed: '1 exchange day on paper: 2024-03-04. 4 days with other parameters do not count.' });
  });

  it.each<[string, (text: string) => string, string]>([
    ['a day added by hand', (text) => text.replace('"2024-03-04"', '"2024-03-01"'), 'changed by hand'], ['half a file', (text) => text.slice(0, 200), 'damaged'], ['another format', () => '{"days": 5}', 'not one that we wrote'],
    ['another hash', (text) => text.replaceAll(HASH, 'c'.repeat(64)), 'other files'], ['a huge file', (text) => text + ' '.repeat(300_000), 'larger'],
  ])('do not count from %s, and say why', async (_what, damage, words) => {
    await noteEvidence(libraryDir, HASH, days.map(({ date }) => noted(date)));
    writeFileSync(evidenceFile, damage(readFileSync(evidenceFile, 'utf8')));
    const gates = await judge('live');
    expect(gates.gates.find(({ gate }) => gate === 'paper_days')).toMatchObject({ state: 'open', observed: expect.stringContaining(words) as string });
    expect(await noteEvidence(libraryDir, HASH, [noted('2024-03-11')]), 'it is begun anew').toBe(true);
    expect(await readEvidence(libraryDir, HASH)).toMatchObject({ problem: null, days: [{ day: '2024-03-11' }] });
  });

  it('are not begun anew while their note cannot be read: whoever holds it will let go', async () => {
    await noteEvidence(libraryDir, HASH, days.map(({ date }) => noted(date)));
    const kept = `${evidenceFile}.kept`;
    renameSync(evidenceFile, kept);
    // A name that leads to itself: there, and not to be read.
    symlinkSync(evidenceFile, evidenceFile);
    await expect(noteEvidence(libraryDir, HASH, [noted('2024-03-11')])).rejects.toMatchObject({ code: 'ELOOP' });
    expect(await readEvidence(libraryDir, HASH)).toMatchObject({ days: [], problem: expect.stringContaining('cannot be read') as string });
    rmSync(evidenceFile);
    renameSync(kept, evidenceFile);
    expect((await readEvidence(libraryDir, HASH)).days).toHaveLength(5);
  });
});
