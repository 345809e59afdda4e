/** strategyLive: what the engine knows of a strategy now: its cells as the book has them, and what its process costs. */
import type { CommandOutput } from '#app/contracts/commands.ts';
import type { DEPLOYMENT_STATES } from '#app/contracts/deploy.ts';
import { AppError } from '#app/domain/errors.ts';
import { indicatorLabel } from '#app/strategy/explain.ts';
import type { Queryable } from '#chassis/db.ts';
import { loadCells, type Cell } from './cells.ts';
import { loadRoster, type Deployment } from './deployments.ts';
import type { LiveEngine } from './live-engine.ts';
import { loadAuthored } from './live-roster.ts';

/** Cells that are told of one strategy. */
const MAX_CELLS = 60;
const MAX_STATE = 4_000;

/** What a look works with. */
export type LiveLook = { readonly db: Queryable; readonly live: LiveEngine; readonly now: () => number };

type Live = CommandOutput<'strategyLive'>;
type CellView = Live['cells'][number];

function indicatorsOf({ strategy }: Deployment, { host }: Cell): CellView['indicators'] {
  return host.symbols.flatMap((symbol) => (host.stateOf(symbol)?.outputs ?? []).map(({ name, output, value }) => {
    const use = strategy.indicators[name];
    const title = use === undefined ? name : indicatorLabel(use);
    return { symbol, name: output === '' ? name : `${name}.${output}`, label: output === '' ? title : `${title} ${output}`, value: Number.isFinite(value) ? value : null };
  }));
}

/** The strategy's own memory out of what its host has saved. */
function memoryOf({ host }: Cell): string {
  const saved = host.save();
  const state: unknown = typeof saved === 'object' && saved !== null ? Reflect.get(saved, 'state') : null;
  const memory: unknown = typeof state === 'object' && state !== null ? Reflect.get(state, 'memory') : undefined;
  const text = typeof memory === 'string' ? memory : (JSON.stringify(state) ?? 'null');
  return text.length <= MAX_STATE ? text : `${text.slice(0, MAX_STATE)}…`;
}

function cellView(deployment: Deployment, { name, cell }: { readonly name: string; readonly cell: Cell }): CellView {
  const { host } = cell;
  const seen = Math.max(0, ...host.symbols.map((symbol) => host.stateOf(symbol)?.seen ?? 0));
  return {
    symbol: name, lastBarAt: Math.max(0, cell.lastOpenTime), bars: seen, isWarm: host.isWarm(), indicators: indicatorsOf(deployment, cell),
    wish: host.symbols.map((symbol) => {
      const { wish } = host.wishOf(symbol);
      return { symbol, side: wish.side, weight: wish.weight };
    }),
    state: memoryOf(cell),
  };
}

type Switch = { readonly isEnabled: boolean; readonly isStopped: boolean; readonly isWarm: boolean; readonly isAuthored: boolean };
const SWITCH = `SELECT is_enabled AS "isEnabled", is_stopped AS "isStopped", is_warm AS "isWarm", project_id IS NOT NULL AS "isAuthored" FROM strategy_engine.strategies WHERE strategy_id = $1`;

function stateOf({ isEnabled, isStopped, isWarm }: Switch, problem: string | null): (typeof DEPLOYMENT_STATES)[number] {
  if (isStopped) return 'stopped';
  if (problem !== null) return 'failed';
  if (!isEnabled) return 'paused';
  return isWarm ? 'running' : 'warming_up';
}

/** What processes cost, and who cannot run. */
export async function strategyResources({ db, live, now }: LiveLook): Promise<CommandOutput<'strategyResources'>> {
  const unusable = [...(await loadRoster(db)).unusable, ...(await loadAuthored(db)).unusable];
  return { resources: live.resources(now()), problems: Object.fromEntries(unusable.map(({ strategyId, reason }) => [strategyId, reason])) };
}

/** Looks. @throws AppError STRATEGY_NOT_FOUND */
export async function strategyLive(parts: LiveLook, strategyId: string): Promise<Live> {
  const { db, live, now } = parts;
  const [row] = await db.query<Switch>(SWITCH, [strategyId]);
  if (row === undefined) throw new AppError('STRATEGY_NOT_FOUND', `There is no strategy "${strategyId}"`);
  const roster = row.isAuthored ? await loadAuthored(db) : { ...(await loadRoster(db)), cold: [] };
  const deployment = [...roster.deployments, ...roster.cold].find((one) => one.strategyId === strategyId);
  const problem = roster.unusable.find((one) => one.strategyId === strategyId)?.reason ?? null;
  const cells = deployment === undefined ? [] : (await loadCells(db, [deployment])).of(deployment.versionId);
  const views = deployment === undefined ? [] : cells.slice(0, MAX_CELLS).map(([name, cell]) => cellView(deployment, { name, cell }));
  return { cells: views, cellsLeftOut: Math.max(0, cells.length - MAX_CELLS), resource: live.resourceOf(strategyId, now()), state: stateOf(row, problem), problem };
}
