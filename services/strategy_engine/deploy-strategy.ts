/** Deploying a version of a project: judged by its gates, loaded once to see that it runs, written as a version of a strategy, warmed up, and only then shown bars. */
import type { CommandInput } from '#app/contracts/commands.ts';
import type { Mode } from '#app/contracts/config.ts';
import type { Gates } from '#app/contracts/deploy.ts';
import { UNIVERSE_MAX } from '#app/contracts/screener.ts';
import { AppError } from '#app/domain/errors.ts';
import { sizingSchema, type Sizing } from '#app/domain/sizing.ts';
import type { StandingWish } from '#app/strategy/host.ts';
import type { Queryable, Tx } from '#chassis/db.ts';
import { openSandbox } from '../research/sandbox/sandbox.ts';
import type { SandboxFacts } from '../research/sandbox/protocol.ts';
import { earlierAnswer, onceAsked } from './author-asked.ts';
import { readProjectVersion } from './author-read.ts';
import { cellName, freshCell, PORTFOLIO_CELL, wishesOf, writeCells, type MovedCell } from './cells.ts';
import { symbolsOf, versionId, type Deployment } from './deployments.ts';
import { moveStrategy, mustFit, type Deployed, type DeployParts } from './deploy-state.ts';
import { judgeGates } from './gates.ts';
import { liveFactsOf, outlineOf, type LiveFacts } from './live-roster.ts';
import { warmUpCount } from './renew-versions.ts';
import { savedScreen } from './screen-save.ts';
import type { Screener } from './screen-run.ts';
import { heldSymbols } from './screen-universe.ts';
import { warmUpStart } from './stored-bars.ts';

type Ask = CommandInput<'deployStrategy'>;
/** What deploying works with beside the switch. */
export type DeployNewParts = DeployParts & { readonly screener: Pick<Screener, 'run'>; readonly mode: Mode; readonly libraryDir: string | null };

const EVERY_WATCHED_SYMBOL = '*';
const ACTION = 'author.deploy';

/** @throws AppError GATE_CLOSED, naming each gate with what is needed */
function mustBeOpen({ gates, isOpen, mode }: Gates): void {
  if (isOpen) return;
  const closed = gates.filter(({ state }) => state === 'open' || state === 'failed');
  const words = closed.map(({ title, observed, remedy }) => `${title}: ${observed}${remedy === null ? '' : ` ${remedy}`}`);
  throw new AppError('GATE_CLOSED', `This version may not go to ${mode} yet. ${words.join(' ')}`, { context: { gates: closed.map(({ gate }) => gate) } });
}

function sizingOf(raw: unknown): Sizing {
  const parsed = sizingSchema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new AppError('INPUT_INVALID', `Sizing: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is not valid'}. Choose a method and fill in its numbers`);
}

/** The symbols that were asked for, by name or by a screen. @throws AppError SYMBOL_UNKNOWN, SCREEN_NOT_FOUND, INPUT_INVALID */
async function askedSymbols({ db, screener }: DeployNewParts, { symbols, screenId }: Ask): Promise<readonly string[]> {
  if (symbols === undefined && screenId === undefined) throw new AppError('INPUT_INVALID', 'Name the symbols that it trades, or a screen that finds them');
  if (symbols !== undefined && screenId !== undefined) throw new AppError('INPUT_INVALID', 'Name either symbols or a screen, not both');
  if (symbols?.includes(EVERY_WATCHED_SYMBOL) === true) return [EVERY_WATCHED_SYMBOL];
  const named = symbols ?? (await screener.run({ ...(await savedScreen(db, screenId ?? '')).definition, asOf: null, columns: [], limit: UNIVERSE_MAX })).rows.map(({ symbol }) => symbol);
  const known = new Set((await db.query<{ symbol: string }>('SELECT symbol FROM data_ingestion.symbols WHERE symbol = ANY($1::text[]) AND is_tradable', [named])).map(({ symbol }) => symbol));
  const strange = named.filter((symbol) => !known.has(symbol));
  if (symbols !== undefined && strange.length > 0) throw new AppError('SYMBOL_UNKNOWN', `The broker does not trade ${strange.slice(0, 10).join(', ')}. Take ${strange.length === 1 ? 'it' : 'them'} out, or look for the right name`);
  const found = [...new Set(named.filter((symbol) => known.has(symbol)))].sort();
  if (found.length === 0) throw new AppError('INPUT_INVALID', 'The screen finds no symbol that can be traded now');
  return found;
}

/** What the version says of itself with these parameters. @throws AppError STRATEGY_CODE_INVALID, STRATEGY_PARAMETERS_INVALID, STRATEGY_OUT_OF_TIME, STRATEGY_OUT_OF_MEMORY */
async function factsOf(book: Queryable, { projectId, version, parameters }: Ask): Promise<SandboxFacts> {
  const { files } = await readProjectVersion(book, projectId, version);
  using sandbox = await openSandbox(files, parameters);
  return sandbox.facts;
}

type Row = { strategyId: string; projectId: string | null; versionId: string; version: number; symbols: string[]; timeframe: string; isStopped: boolean };
const EXISTING = `
  SELECT s.strategy_id AS "strategyId", s.project_id AS "projectId", s.current_version_id AS "versionId", s.symbols, s.timeframe, s.is_stopped AS "isStopped", (SELECT max(v.version) FROM strategy_engine.strategy_versions v WHERE v.strategy_id = s.strategy_id) AS version
  FROM strategy_engine.strategies s WHERE s.strategy_id = $1 FOR UPDATE`;

async function existing(tx: Tx, { strategyId, projectId }: Ask): Promise<Row | null> {
  if (strategyId === undefined) return null;
  const [row] = await tx.query<Row>(EXISTING, [strategyId]);
  if (row === undefined) throw new AppError('STRATEGY_NOT_FOUND', `There is no strategy "${strategyId}". Load the page again`);
  if (row.projectId !== projectId) throw new AppError('INPUT_INVALID', row.projectId === null ? `"${strategyId}" is a strategy of the house: deploy this project as a new one` : `"${strategyId}" runs the project "${row.projectId}": deploy this project as a new strategy`);
  return row;
}

/** A free id that begins as the name does. */
async function freeId(tx: Tx, name: string): Promise<string> {
  const slug = name.toLowerCase().normalize('NFKD').replace(/[^a-z0-9]+/g, '_').replace(/^[^a-z]+|_+$/g, '').slice(0, 34) || 'strategy';
  // Versions stay for ever, and with them the names that signals and orders carry.
  const taken = new Set((await tx.query<{ id: string }>(`SELECT strategy_id AS id FROM strategy_engine.strategy_versions WHERE strategy_id LIKE $1 UNION SELECT strategy_id FROM strategy_engine.strategies WHERE strategy_id LIKE $1`, [`${slug.replaceAll('_', '\\_')}%`])).map(({ id }) => id));
  for (let n = 1; ; n += 1) {
    const id = n === 1 ? slug : `${slug}_${n}`;
    if (!taken.has(id)) return id;
  }
}

const INSERT_VERSION = `
  INSERT INTO strategy_engine.strategy_versions (strategy_version_id, strategy_id, version, kind, parameters, sizing, code_hash, project_id, project_version, symbols, timeframe, facts)
  VALUES ($1, $2, $3, $4, $5::jsonb, $6::jsonb, $7, $8, $9, $10::text[], $11, $12::jsonb)`;

const UPSERT = `
  INSERT INTO strategy_engine.strategies (strategy_id, name, kind, symbols, timeframe, parameters, sizing, is_enabled, current_version_id, project_id, limits, is_warm)
  VALUES ($1, $2, $3, $4::text[], $5, $6::jsonb, $7::jsonb, false, $8, $9, $10::jsonb, false)
  ON CONFLICT (strategy_id) DO UPDATE SET name = excluded.name, kind = excluded.kind, symbols = excluded.symbols, timeframe = excluded.timeframe, parameters = excluded.parameters, sizing = excluded.sizing,
    current_version_id = excluded.current_version_id, limits = excluded.limits, is_warm = false, is_stopped = false, updated_at = clock_timestamp()`;

/** What the version before wishes goes with its positions; the new one is shown the bars before, and owes the exit where it would have left. */
async function carryWishes(tx: Tx, next: Deployment, before: string): Promise<void> {
  const wishes = new Map<string, StandingWish>();
  for (const row of await tx.query<{ symbol: string; state: unknown }>('SELECT symbol, state FROM strategy_engine.strategy_state WHERE strategy_version_id = $1', [before])) {
    for (const [symbol, wish] of wishesOf(row)) if (wish.wish.side !== 'flat' || wish.isExitOwed) wishes.set(symbol, wish);
  }
  const carried = [...wishes.keys()].filter((symbol) => next.symbols?.has(symbol) ?? true);
  if (carried.length === 0) return;
  const cells: MovedCell[] = [];
  for (const name of next.strategy.scope === 'portfolio' ? [PORTFOLIO_CELL] : carried) {
    const symbols = name === PORTFOLIO_CELL ? [...(next.symbols ?? [])] : [name];
    const starts: number[] = [];
    for (const symbol of symbols) starts.push(await warmUpStart(tx, { symbol, timeframe: next.timeframe }, Date.UTC(9_999, 0), warmUpCount(next)));
    const own = new Map([...wishes].filter(([symbol]) => cellName(next, symbol) === name));
    cells.push({ ...freshCell(next, name, own), deployment: next, name, expected: 0, version: 1, lastOpenTime: Math.min(...starts) });
  }
  await writeCells(tx, cells);
}

type Plan = { readonly ask: Ask; readonly facts: LiveFacts; readonly bound: unknown; readonly sizing: Sizing; readonly symbols: readonly string[]; readonly hash: string };

async function write(tx: Tx, parts: DeployNewParts, { ask, facts, bound, sizing, symbols, hash }: Plan): Promise<{ readonly before: object; readonly answer: Deployed; readonly symbols: readonly string[] }> {
  const old = await existing(tx, ask);
  if (old === null || old.isStopped) await mustFit(tx);
  const strategyId = old?.strategyId ?? (await freeId(tx, ask.name));
  // What it holds goes on being looked after by it.
  const held = old === null || symbols.includes(EVERY_WATCHED_SYMBOL) ? [] : await heldSymbols(tx, strategyId);
  const traded = symbols.includes(EVERY_WATCHED_SYMBOL) ? symbols : [...new Set([...symbols, ...held])].sort();
  const strategy = outlineOf(facts);
  const of = symbolsOf(strategy, traded);
  const version = (old?.version ?? 0) + 1;
  const id = versionId(strategyId, version);
  const [parameters, size] = [JSON.stringify(bound), JSON.stringify(sizing)];
  await tx.query(INSERT_VERSION, [id, strategyId, version, facts.kind, parameters, size, hash, ask.projectId, ask.version, traded, ask.timeframe, JSON.stringify(facts)]);
  await tx.query(UPSERT, [strategyId, ask.name, facts.kind, traded, ask.timeframe, parameters, size, id, ask.projectId, JSON.stringify(ask.limits)]);
  const next: Deployment = { strategyId, versionId: id, timeframe: ask.timeframe, isEnabled: ask.isStarted, strategy, symbols: of, authored: { projectId: ask.projectId, version: ask.version, maxErrors: ask.limits.maxErrors }, maxDailyLoss: ask.limits.maxDailyLoss };
  if (old !== null) await carryWishes(tx, next, old.versionId);
  const answer = await moveStrategy(tx, parts, { strategyId, to: ask.isStarted ? 'running' : 'paused', why: ask.isStarted ? '' : 'Deployed to wait for its start', actor: ask.actor });
  tx.afterCommit(() => parts.warmer.ask(strategyId));
  return { before: old ?? {}, answer, symbols: traded };
}

/**
 * Deploys: a new strategy, or a new version of one of the same project. Other strategies go on as they were.
 * @throws AppError GATE_CLOSED, PROJECT_NOT_FOUND, STRATEGY_NOT_FOUND, STRATEGY_CODE_INVALID, STRATEGY_PARAMETERS_INVALID, SYMBOL_UNKNOWN, SCREEN_NOT_FOUND, INPUT_INVALID, IDEMPOTENCY_CONFLICT
 */
export async function deployStrategy(parts: DeployNewParts, ask: Ask): Promise<Deployed> {
  const { db, mode, libraryDir } = parts;
  const { projectId, version, limits } = ask;
  // What was done is not judged again: its gates may have closed since.
  const earlier = await earlierAnswer<Deployed>(db, ACTION, ask);
  if (earlier !== null) return earlier;
  const sizing = sizingOf(ask.sizing);
  const facts = await factsOf(db, ask);
  // What was found out with other parameters opens no gate: the strategy itself says which ones these are.
  const gates = await judgeGates(db, { mode, projectId, version, limits, parameters: facts.bound, libraryDir });
  mustBeOpen(gates);
  const symbols = await askedSymbols(parts, ask);
  return db.tx((tx) => onceAsked(tx, ACTION, ask, async () => {
    const { before, answer, symbols: traded } = await write(tx, parts, { ask, facts: liveFactsOf(facts, ask.timeframe), bound: facts.bound, sizing, symbols, hash: gates.hash });
    return { subject: answer.strategyId, before, after: { projectId, version, hash: gates.hash, versionId: answer.versionId, symbols: traded, parameters: facts.bound, sizing, limits, timeframe: ask.timeframe, mode }, answer };
  }));
}
