/** A project with runs that are really run: the gateway of these tests plays them with the engine over made-up bars, judges them as the services do, and searches parameters. */
import type { ProjectFacts, ProjectFile, ProjectView, VersionView } from '#app/contracts/author.ts';
import { backtestResultSchema } from '#app/contracts/backtest.ts';
import type { BacktestRequest, BacktestResult } from '#app/contracts/backtest.ts';
import type { RouteOutput, RouteParsed } from '#app/contracts/http.ts';
import { searchReportSchema } from '#app/contracts/search-report.ts';
import type { SearchReportView } from '#app/contracts/search-report.ts';
import type { BacktestDetail, BacktestView, RunStep } from '#app/contracts/studio.ts';
import { trialsOf } from '#app/analytics/deflated-sharpe.ts';
import { barColumns, sliceColumns } from '#app/domain/bar-columns.ts';
import type { BarColumns } from '#app/domain/bar-columns.ts';
import { randomOf } from '#app/domain/random.ts';
import { fromNewYork, sessionsBetween } from '#app/market/calendar.ts';
import { runBacktest } from '#app/backtest/run/run.ts';
import { INDICATORS } from '#app/indicators/catalogue.ts';
import { strategyType } from '#app/strategy/registry.ts';
import { strategyTypings } from '#app/strategy/typings.ts';
import { readJob, runConfigOf } from '../../services/research/job.ts';
import type { Job } from '../../services/research/job.ts';
import type { Pool } from '../../services/research/pool.ts';
import { judgeRun, tellRun } from '../../services/research/run-told.ts';
import { searchReport } from '../../services/research/search-report.ts';
import { runSearch } from '../../services/research/search.ts';
import { StudyMarkets } from '../../services/research/study-markets.ts';
import { Trials } from '../../services/research/trial.ts';
import { rowWidth, sharedBatch, WHOLE_SPAN } from '../../services/research/work.ts';
import type { Script } from './scripted-gateway.ts';
import { WORLD } from './trading-world.ts';

const SESSIONS = sessionsBetween('2018-01-02', '2026-02-27');
/** What the project of these tests is, for the engine: its text is only looked at. */
const KIND = 'sma_cross';
const NAMES: Readonly<Record<string, string>> = { AAPL: 'Apple Inc.', KO: 'Coca-Cola Company', MSFT: 'Microsoft Corporation', SPY: 'SPDR S&P 500 ETF Trust' };

/** Trends of some months with noise upon them, so that following them earns something. */
function walk(seed: number, drift: number): BarColumns {
  const random = randomOf(seed, 'studio');
  const bars = barColumns(SESSIONS.length);
  let [close, trend] = [60 + seed * 25, 0];
  SESSIONS.forEach(({ date }, n) => {
    trend = trend * 0.985 + random.normal() * 0.00055;
    const open = close * (1 + random.normal() * 0.003);
    close = open * (1 + drift + trend + random.normal() * 0.011);
    bars.time[n] = fromNewYork(date, 0);
    [bars.open[n], bars.close[n]] = [open, close];
    bars.high[n] = Math.max(open, close) * (1 + Math.abs(random.normal()) * 0.004);
    bars.low[n] = Math.min(open, close) * (1 - Math.abs(random.normal()) * 0.004);
    bars.volume[n] = Math.round(2e6 * (0.6 + random.next()));
  });
  return bars;
}
const MARKET: ReadonlyMap<string, BarColumns> = new Map(Object.keys(NAMES).map((symbol, n) => [symbol, walk(n + 1, symbol === 'SPY' ? 0.0004 : 0.0002)]));

/** The text that stands in the editor. */
const SOURCE = `import { integer, sma, strategy } from 'mainspring';

export default strategy({
  kind: 'crossover', title: 'Crossover', scope: 'symbol',
  description: 'Long while the fast average is above the slow one.',
  parameters: {
    fast: integer(10, { min: 1, max: 500, unit: 'bars', describe: 'Bars of the fast average' }),
    slow: integer(30, { min: 2, max: 1000, unit: 'bars', describe: 'Bars of the slow average' }),
  },
  indicators: ({ fast, slow }) => ({ fast: sma(fast), slow: sma(slow) }),
  onBar({ on }) {
    if (on.indicators.fast.now > on.indicators.slow.now) on.long();
    else on.flat();
  },
});
`;
const HASHES = ['a', 'b', 'c'].map((letter) => letter.repeat(64));
const FILES: ProjectFile[] = [{ path: 'strategy.ts', text: SOURCE }];

/** What the text says that it is. */
export const FACTS: ProjectFacts = {
  kind: 'crossover', title: 'Crossover', description: 'Long while the fast average is above the slow one.', scope: 'symbol', symbols: [1, null], usesShorts: false, usesOrders: false, firstBar: 30, warmUpBars: 30, isMemoryFree: true,
  parameters: [
    { name: 'fast', kind: 'integer', default: 10, min: 1, max: 500, step: 1, unit: 'bars', choices: [], describe: 'Bars of the fast average' }, { name: 'slow', kind: 'integer', default: 30, min: 2, max: 1_000, step: 1, unit: 'bars', choices: [], describe: 'Bars of the slow average' },
  ],
};
const at = Date.parse('2026-03-02T14:00:00Z');
const version = (number: number): VersionView => ({
  projectId: 'crossover', version: number, hash: HASHES[number % 3] ?? '', note: '', restoredFrom: null, signature: null, savedBy: 'owner', savedAt: at + number * 60_000, files: 1, characters: SOURCE.length, runs: 0, strategies: [], check: 'clean', lookAhead: 'unchecked',
});
const project = (newest: number): ProjectView => ({ projectId: 'crossover', name: 'Crossover', templateId: null, isArchived: false, createdAt: at, updatedAt: at + newest * 60_000, title: 'Crossover', latest: version(newest), versions: newest });

function jobOf(request: BacktestRequest, symbols: readonly string[]): Job {
  return readJob({
    strategy: { kind: KIND, parameters: request.parameters ?? {} }, timeframe: '1Day', markets: symbols.map((symbol) => ({ symbol, bars: symbol })), sizing: request.sizing ?? { method: 'percent_of_equity', percent: '20' },
    account: { cash: Number(request.startingCash), multiplier: 1, canShort: false, borrowPercent: 0, marginInterestPercent: 0 }, slippage: request.slippage ?? { kind: 'none' }, desk: { kind: 'plain' },
  });
}

/** The bars of a request, cut to its days. */
function barsOf(request: BacktestRequest, symbols: readonly string[]): Map<string, BarColumns> {
  const [from, to] = [fromNewYork(request.from ?? '2018-01-02', 0), request.to === undefined ? Infinity : fromNewYork(request.to, 1_440)];
  return new Map(symbols.map((symbol) => {
    const all = MARKET.get(symbol) ?? barColumns(0);
    const first = all.time.findIndex((time) => time >= from);
    return [symbol, sliceColumns(all, Math.max(0, first), all.time.findLastIndex((time) => time < to) + 1)];
  }));
}

/** A search on this thread. */
async function search(request: BacktestRequest, job: Job, bars: ReadonlyMap<string, BarColumns>): Promise<SearchReportView> {
  const wanted = request.search;
  if (wanted?.ranges === undefined) throw new Error('The page asked for a search without ranges');
  const ranges = Object.fromEntries(Object.entries(wanted.ranges).map(([name, range]) => [name, Array.isArray(range) ? range : { from: range.from, to: range.to, ...(range.step === undefined ? {} : { step: range.step }) }]));
  const types = (): ReturnType<typeof strategyType> => strategyType(KIND);
  const barsAt = (ref: string): BarColumns => bars.get(ref) ?? barColumns(0);
  const pool: Pick<Pool, 'run' | 'single'> = {
    run(study, { span, points }, options) {
      const batch = sharedBatch(span, points, rowWidth(study));
      const trials = new Trials(study, types);
      points.forEach((point, place) => {
        batch.values.set(trials.run(point, span, () => true), place * rowWidth(study));
        options?.onDone?.([place], batch);
      });
      return Promise.resolve({ batch, why: new Map(), isCancelled: false });
    },
    single({ job: one, span = WHOLE_SPAN }) {
      const config = runConfigOf(one, { strategyType: types, barsOf: barsAt });
      const { markets, columns } = new StudyMarkets(config.markets, config.timeframe).stretch(config.strategy, span);
      return Promise.resolve(runBacktest({ ...config, markets }, { columns }));
    },
  };
  const objective = { figure: 'sharpe', minTrades: wanted.minTrades, maxDrawdown: null } as const;
  const method = { kind: 'grid' } as const;
  const found = await runSearch({ job, request: { ranges }, method, objective, ...(wanted.walkForward === undefined ? {} : { walkForward: { ...wanted.walkForward, choice: 'sturdiest' as const } }) }, { pool, strategyType: types, barsOf: barsAt });
  return searchReportSchema.parse(JSON.parse(JSON.stringify(searchReport(found, { method, objective }))));
}

type Stored = { detail: BacktestDetail; report: SearchReportView | null; bars: ReadonlyMap<string, BarColumns> };

/** Runs and judges; as the services do, on this thread. */
async function play(request: BacktestRequest, backtestId: string, startedAt: number): Promise<Stored> {
  const symbols = [...(request.symbols ?? ['AAPL'])].sort();
  const bars = barsOf(request, symbols);
  const report = request.search === undefined ? null : await search(request, jobOf(request, symbols), bars);
  const parameters = { fast: 10, slow: 30, ...request.parameters, ...report?.sturdy?.parameters };
  const job = jobOf({ ...request, parameters }, symbols);
  const benchmark = request.benchmark === undefined ? null : (MARKET.get(request.benchmark) ?? null);
  const ran = tellRun({ job, bars, result: null, code: null, seed: 1, leftOut: 0, complaints: [] }, strategyType, () => true);
  const trials = report === null ? null : trialsOf(report.sharpes.filter((value) => value !== null));
  const judged = judgeRun({ job, bars, result: ran.result, isHouse: true, seed: 1, measure: { seed: 1, hasChecks: false, benchmark, trials, found: {} }, warnings: [], words: [] }, strategyType);
  const owner = request.project ?? { projectId: 'crossover', version: 1 };
  const result = backtestResultSchema.parse({
    backtestId, strategy: { strategyId: null, versionId: null, kind: 'crossover', parameters, sizing: job.sizing, project: owner }, symbols, timeframe: '1Day', startEquity: request.startingCash, searchId: null,
    ...(JSON.parse(ran.text) as Partial<BacktestResult>), ...(JSON.parse(judged.text) as Partial<BacktestResult>),
  });
  const view: BacktestView = {
    backtestId, runId: 'r1', state: 'done', problem: null, project: { ...owner, hash: version(owner.version).hash }, strategyId: null, versionId: null, kind: 'crossover', parameters, symbols, screenId: null, timeframe: '1Day', startedAt, finishedAt: startedAt + 900,
    startEquity: Number(request.startingCash), benchmark: request.benchmark ?? null, hasSearch: report !== null, trials: report?.trials ?? null, ranMs: 180, tookMs: 900, ...ran.facts, ...judged.facts, endEquity: ran.facts.endEquity,
  };
  return {
    report, bars,
    detail: { view, request: { ...request }, result, monteCarlo: JSON.parse(judged.monteCarlo) as BacktestDetail['monteCarlo'], benchmarkCurve: JSON.parse(judged.benchmark) as BacktestDetail['benchmarkCurve'], log: { lines: result.trades.length, dropped: 0 }, progress: null },
  };
}

const mean = (values: Float64Array, end: number, length: number): number | null => (end + 1 < length ? null : values.subarray(end + 1 - length, end + 1).reduce((sum, value) => sum + value, 0) / length);

/** Bars of a run one by one: the averages are worked out from the bars, the orders are those of the run. */
function stepsOf({ detail, bars }: Stored, { symbol: wanted, from = 0, count, only }: RouteParsed<'backtestSteps'>): RouteOutput<'backtestSteps'> {
  const result = detail.result;
  const symbol = wanted ?? detail.view.symbols[0] ?? '';
  const own = bars.get(symbol);
  if (result === null || own === undefined) throw new Error('The run has no bars');
  const { fast, slow } = detail.view.parameters as { fast: number; slow: number };
  const closes = (n: number): number => (own.time[n] ?? 0) + 16 * 3_600_000;
  const all = [...own.time.keys()].filter((n) => (own.time[n] ?? 0) >= from);
  const tradesAt = (n: number): BacktestResult['trades'] => result.trades.filter((trade) => trade.symbol === symbol && trade.tsMarket > (own.time[n] ?? 0) && trade.tsMarket <= (own.time[n + 1] ?? Infinity));
  const chosen = (only === 'acts' ? all.filter((n) => tradesAt(n).length > 0) : all).slice(0, count);
  const steps = chosen.map((n): RunStep => {
    const [quick, calm, before] = [mean(own.close, n, fast), mean(own.close, n, slow), mean(own.close, n - 1, fast)];
    const isUp = quick !== null && calm !== null && quick > calm;
    const wasUp = before !== null && before > (mean(own.close, n - 1, slow) ?? Infinity);
    const held = result.roundTrips.find((trip) => trip.symbol === symbol && trip.openedAt <= closes(n) && trip.closedAt > closes(n));
    const equity = result.equity.findLast(([time]) => time <= closes(n) + 3_600_000 * 6)?.[1] ?? 100_000;
    return {
      openTime: own.time[n] ?? 0, closeTime: (own.time[n] ?? 0) + 86_400_000, bars: [{ symbol, open: own.open[n] ?? 0, high: own.high[n] ?? 0, low: own.low[n] ?? 0, close: own.close[n] ?? 0, volume: own.volume[n] ?? 0 }], wasAsked: calm !== null,
      indicators: [{ symbol, name: 'fast', label: `SMA(${fast})`, value: quick }, { symbol, name: 'slow', label: `SMA(${slow})`, value: calm }],
      checks: [{ symbol, leadsTo: 'Buy', name: 'fast average above the slow one', isMet: isUp, value: quick, threshold: calm }, { symbol, leadsTo: 'Buy', name: 'it was below when they last differed', isMet: !wasUp, value: null, threshold: null }],
      state: { before: JSON.stringify({ side: wasUp ? 1 : -1 }), after: JSON.stringify({ side: isUp ? 1 : -1 }) },
      said: isUp === wasUp ? [] : [{ symbol, what: 'target', side: isUp ? 'long' : 'flat', weight: null, reasons: [{ name: `SMA(${fast})`, value: (quick ?? 0).toFixed(2), threshold: `SMA(${slow}) ${(calm ?? 0).toFixed(2)}` }] }],
      orders: tradesAt(n).map((trade) => ({ id: trade.orderId, symbol, what: 'filled', side: trade.side, qty: Number(trade.qty), type: 'market', price: Number(trade.price), note: 'at the open' })),
      positions: held === undefined ? [] : [{ symbol, qty: held.qty, averagePrice: held.entryPrice, openProfit: ((own.close[n] ?? 0) - held.entryPrice) * held.qty }], cash: equity - (held === undefined ? 0 : held.qty * (own.close[n] ?? 0)), equity, log: isUp === wasUp ? [] : [`${isUp ? 'crossed above' : 'crossed below'} at ${(own.close[n] ?? 0).toFixed(2)}`],
    };
  });
  return { steps, total: own.time.length, first: own.time[0] ?? null, last: own.time.at(-1) ?? null, isSame: true, note: null, tookMs: 12 };
}

function bars({ symbol, limit, before, adjustment, hours }: RouteParsed<'bars'>): RouteOutput<'bars'> {
  const all = MARKET.get(symbol) ?? barColumns(0);
  const end = all.time.findLastIndex((time) => time < (before ?? Infinity)) + 1;
  const cut = sliceColumns(all, Math.max(0, end - limit), end);
  const columns = { time: [...cut.time], open: [...cut.open], high: [...cut.high], low: [...cut.low], close: [...cut.close], volume: [...cut.volume] };
  return { symbol, timeframe: '1Day', adjustment, hours, columns, hasOlder: end > limit, storedAs: '1Day', sources: ['rest'], newest: columns.time.at(-1) ?? null, actions: [], isFromArchive: false, revision: 'r1', tookMs: 3 };
}

const listed = (symbol: string): RouteOutput<'chartSymbols'>['symbols'][number] => ({
  symbol, name: NAMES[symbol] ?? symbol, exchange: 'NASDAQ', sector: null, industry: null, status: 'active', renamedTo: null, isTradable: true, isWatched: symbol === 'AAPL', lastPrice: '100', priceMarketAt: at,
  series: MARKET.has(symbol) ? [{ timeframe: '1Day', firstOpenTime: MARKET.get(symbol)?.time[0] ?? null, lastOpenTime: MARKET.get(symbol)?.time.at(-1) ?? at }] : [],
});

/** The gateway, and how a test holds a run in a state: `hold` = what each run is told to be until it is let go (null). */
export type StudioWorld = { readonly script: Script; hold(state: 'running' | 'ran' | null): void; fail(problem: NonNullable<BacktestView['problem']> | null): void; readonly requests: BacktestRequest[] };

/** A world without a run. */
export function studioWorld(): StudioWorld {
  const stored: Stored[] = [];
  const requests: BacktestRequest[] = [];
  const cancelled = new Set<string>();
  let held: 'running' | 'ran' | null = null;
  let failure: BacktestView['problem'] = null;
  let newest = 2;
  const shown = (one: Stored): BacktestDetail => {
    const { view, result } = one.detail;
    const bare = { ...one.detail, result: null, monteCarlo: null, benchmarkCurve: null, view: { ...view, endEquity: null, totalReturn: null, sharpe: null, maxDrawdown: null, trips: null, belief: null, headline: null, tookMs: null, ranMs: null, hasSearch: false, finishedAt: null } };
    if (cancelled.has(view.backtestId)) return { ...bare, view: { ...bare.view, state: 'cancelled' } };
    if (failure !== null) return { ...bare, view: { ...bare.view, state: 'failed', problem: failure } };
    if (held === null || stored[0] !== one || result === null) return one.detail;
    if (held === 'running') return { ...bare, view: { ...bare.view, state: 'running' }, progress: { done: 420, total: 1_000 } };
    return { ...bare, view: { ...bare.view, state: 'ran', ranMs: 180 }, benchmarkCurve: one.detail.benchmarkCurve, result: { ...result, figures: {}, tearSheet: null, verdict: null } };
  };
  const of = (backtestId: string): Stored | undefined => stored.find(({ detail }) => detail.view.backtestId === backtestId);
  const gone = (): Error => new Error('There is no such back-test');
  const whole = (number: number): RouteOutput<'project'> => ({ project: project(newest), version: version(number), files: FILES });
  const script: Script = {
    ...WORLD, bars, screens: () => ({ screens: [] }),
    projects: () => ({ projects: [project(newest)] }), project: () => whole(newest), projectVersion: ({ version: number }) => whole(number), projectVersions: () => ({ versions: Array.from({ length: newest }, (_none, n) => version(newest - n)) }), templates: () => ({ templates: [] }),
    strategyTypings: () => ({ path: 'mainspring.d.ts', text: strategyTypings(INDICATORS) }),
    checkFiles: () => ({ hash: HASHES[newest % 3] ?? '', findings: [], facts: FACTS, tookMs: 4 }), authorProfile: () => ({ profile: null, updatedAt: null }),
    saveProject({ files }) {
      newest += 1;
      return { ...whole(newest), files, isNew: true };
    },
    chartSymbols: ({ query }) => ({ symbols: Object.keys(NAMES).filter((symbol) => symbol.startsWith(query.toUpperCase())).map(listed) }), chartSymbol: ({ symbol }) => ({ known: listed(symbol) }),
    async startBacktest({ request }) {
      const backtestId = `bt_${String(requests.length + 1).padStart(24, '0')}`;
      requests.push(request);
      stored.unshift(await play(request, backtestId, Date.now()));
      return { runId: 'r1', backtestId };
    },
    cancelRun() {
      const first = stored[0]?.detail.view.backtestId;
      if (first !== undefined) cancelled.add(first);
      return { accepted: true };
    },
    backtests: () => ({ backtests: stored.map((one) => shown(one).view), hasMore: false }),
    backtest({ backtestId }) {
      const one = of(backtestId);
      return one === undefined ? gone() : shown(one);
    },
    backtestSearch: ({ backtestId }) => of(backtestId)?.report ?? gone(),
    backtestLog({ backtestId, afterSeq }) {
      const trades = of(backtestId)?.detail.result?.trades ?? [];
      const lines = trades.map((trade, n) => ({ seq: n + 1, barTime: trade.tsMarket, symbol: trade.symbol, level: n % 9 === 5 ? ('warn' as const) : ('info' as const), line: `${trade.side === 'buy' ? 'in' : 'out'} at ${trade.price}` })).filter(({ seq }) => seq > afterSeq);
      return { lines: lines.slice(0, 500), total: trades.length, dropped: 0 };
    },
    backtestSteps(ask) {
      const one = of(ask.backtestId);
      return one === undefined ? gone() : stepsOf(one, ask);
    },
  };
  return { script, requests, hold: (state) => { held = state; }, fail: (problem) => { failure = problem; } };
}
