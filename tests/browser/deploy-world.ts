/** A project with its gates and four deployments that live, as a gateway would tell of them: what is pressed changes what is told next. */
import type { AuthorProfile, ProjectFacts, ProjectFile, ProjectVersion, VersionView } from '#app/contracts/author.ts';
import type { DeploymentCard, DeploymentLive, Gate, ParityDay, StrategyLogLine } from '#app/contracts/deploy.ts';
import type { Mode } from '#app/contracts/config.ts';
import type { RouteInput, RouteOutput } from '#app/contracts/http.ts';
import { symbolSchema } from '#app/domain/ids.ts';
import type { Script } from './scripted-gateway.ts';
import { MARKET_NOW, WORLD } from './trading-world.ts';

const now = (): number => Date.now();
const HASH = 'ab'.repeat(32);
/** The back-test that the gates speak of. */
export const RUN_ID = 'bt_0123456789abcdef01234567';

/** The source of the project. */
export const FILES: readonly ProjectFile[] = [{
  path: 'strategy.ts',
  text: "import { crossesAbove, defineStrategy, log, sma } from 'mainspring';\n\nexport default defineStrategy({\n  title: 'Trend with a stop',\n  description: 'Long while the fast average is above the slow one.',\n  parameters: { fast: { kind: 'integer', default: 10, min: 2, max: 50 } },\n});\n",
}];

/** What the source says that it is. */
export const FACTS: ProjectFacts = {
  kind: 'project', title: 'Trend with a stop', description: 'Long while the fast average is above the slow one.', scope: 'symbol', symbols: [1, null], usesShorts: false, usesOrders: false, firstBar: 30, warmUpBars: 30, isMemoryFree: false,
  parameters: [
    { name: 'fast', kind: 'integer', default: 10, min: 2, max: 50, step: 1, unit: 'bars', choices: [], describe: 'Length of the fast average' }, { name: 'slow', kind: 'integer', default: 30, min: 5, max: 200, step: 1, unit: 'bars', choices: [], describe: 'Length of the slow average' },
    { name: 'mode', kind: 'choice', default: 'calm', min: null, max: null, step: null, unit: '', choices: ['calm', 'quick'], describe: 'How soon it enters' }, { name: 'useStop', kind: 'flag', default: true, min: null, max: null, step: null, unit: '', choices: [], describe: 'Places a stop with each entry' },
  ],
};

const version = (number: number): VersionView => ({
  projectId: 'trend', version: number, hash: HASH, note: number === 7 ? 'A wider stop' : 'First try', restoredFrom: null, signature: { name: 'Ada Field', contact: 'ada@example.com', bio: '' }, savedBy: 'owner', savedAt: now() - (8 - number) * 3_600_000, files: 1, characters: 300, runs: 1,
  strategies: number === 6 ? ['trend'] : [], check: 'clean', lookAhead: number === 7 ? 'unchecked' : 'clean',
});
const project = (): ProjectVersion['project'] => ({ projectId: 'trend', name: 'Trend with a stop', templateId: null, isArchived: false, createdAt: now() - 86_400_000, updatedAt: now() - 3_600_000, title: 'Trend with a stop', latest: version(7), versions: 7 });
const whole = (number: number): ProjectVersion => ({ project: project(), version: version(number), files: [...FILES] });

const gate = (name: Gate['gate'], title: string, change: Partial<Gate>): Gate => ({ gate: name, title, state: 'passed', observed: '', needed: '', remedy: null, action: 'none', at: null, backtestId: null, ...change });

/** Gates of version 7: what is needed by market, and how far it got. */
export function gatesOf(mode: Mode, passed: ReadonlySet<string>): Gate[] {
  const unless = (name: Gate['gate'], open: Partial<Gate>, done: string): Partial<Gate> => (passed.has(name) ? { observed: done, at: MARKET_NOW } : { state: 'open', ...open });
  const notNeeded = (needed: string): Partial<Gate> => ({ state: 'not_needed', needed });
  const verdict = 'A person opened the verdict of the newest back-test of this version and read it.';
  const days = '5 exchange days of these very files on paper, without an error.';
  return [
    gate('source', 'The source is clean', { observed: 'No error in the files.', needed: 'The files compile, and nothing in them is an error.', at: MARKET_NOW }),
    gate('look_ahead', 'It does not look ahead', { needed: 'No signal changes when later bars are taken away, or when the first bars are.', ...unless('look_ahead', { observed: 'Nobody checked whether this version looks into the future.', remedy: 'Run the look-ahead check; it takes some seconds.', action: 'check_look_ahead' }, 'It uses closed bars alone, and warms up on as many as it says.') }),
    gate('backtest', 'It was back-tested', { observed: '148 fills over 1,240 exchange days on AAPL and MSFT.', needed: 'A finished back-test of this version with 10 fills over 60 exchange days at least.', at: MARKET_NOW, backtestId: RUN_ID }),
    gate('out_of_sample', 'It was tried out of sample', mode === 'demo' ? notNeeded('A walk-forward of this version, for paper and live.') : { observed: 'Six walk-forward windows; four of them earned.', needed: 'A walk-forward of this version.', at: MARKET_NOW }),
    gate('verdict_read', 'The verdict was read', mode === 'demo' ? notNeeded(verdict) : { needed: verdict, backtestId: RUN_ID, ...unless('verdict_read', { observed: 'Nobody noted that it was read.', remedy: 'Open the back-test and read its verdict.', action: 'read_verdict' }, 'Read: Doubtful: it earns less than holding.') }),
    gate('limits', 'Its limits are set', { state: 'open', observed: 'It has no limits of its own yet.', needed: "Limits of its own, none wider than the account's.", remedy: 'Set its limits.', action: 'set_limits' }),
    gate('paper_days', 'It has run on paper', mode !== 'live' ? notNeeded(days) : { needed: days, ...unless('paper_days', { observed: '3 exchange days so far.', remedy: 'Deploy this version to paper and let it run; a changed file begins anew.', action: 'deploy_to_paper' }, '6 exchange days without an error.') }),
  ];
}

const card = (strategyId: string, name: string, change: Partial<DeploymentCard>): DeploymentCard => ({
  strategyId, name, mode: 'demo', project: null, kind: 'momentum', versionId: `${strategyId}-1`, timeframe: '5Min', symbols: ['AAPL', 'MSFT'], state: 'running', problem: null, pausedBy: null, pausedWhy: null, since: now() - 7_200_000, errors: 0, errorsInARow: 0,
  signals: 0, approved: 0, denied: 0, fills: 0, openPositions: 0, realizedPnl: '0', openPnl: '0', todayPnl: '0', lastSignalAt: null, lastBarAt: MARKET_NOW - 60_000, limits: null, resource: null, parity: null, expectation: null, ...change,
});

/** Every kind of deployment: one that trades, one of the house, one that failed too often, one that cannot be loaded. */
export function cards(mode: Mode): DeploymentCard[] {
  const limits = { maxNotional: '8000', maxOrdersPerDay: 20, maxDailyLoss: '250', maxErrors: 3 };
  const resource = { isOwnProcess: true, cpuPercent: 1.4, memoryBytes: 48_234_496, msPerBar: 1.8, worstMsPerBar: 22.4, bars: 412, restarts: 0, at: now() };
  return [
    card('trend', 'Trend with a stop', {
      mode, project: { projectId: 'trend', version: 6, newest: 7 }, kind: 'project', signals: 14, approved: 11, denied: 3, fills: 19, openPositions: 2, realizedPnl: '212.4', openPnl: '-31.2', todayPnl: '84.1', lastSignalAt: MARKET_NOW - 600_000, limits, resource,
      parity: { day: '2026-02-27', score: 91.7, differences: 2 }, expectation: { standing: 'within', words: 'After 9 days it stands at +212 USD; 90 of 100 draws lie between −310 and +640.', earned: [0, 24, -40, 18, 66, 41, 120, 160, 212] },
    }),
    card('momentum', 'Momentum', { mode, symbols: ['*'], timeframe: '1Day', signals: 40, approved: 22, denied: 18, fills: 44, realizedPnl: '-120.11', todayPnl: '-12.5', resource: { ...resource, isOwnProcess: false, cpuPercent: null, memoryBytes: null, msPerBar: 0.2, worstMsPerBar: 1.1 } }),
    card('gap_fade', 'Gap fade', { mode, project: { projectId: 'gap', version: 3, newest: 3 }, kind: 'project', state: 'paused', pausedBy: 'errors', pausedWhy: '3 errors in a row, the last one: TypeError: bars.at(-3) is undefined, strategy.ts:41', errors: 7, errorsInARow: 3, signals: 4, approved: 4, fills: 6, realizedPnl: '18', limits, resource: { ...resource, restarts: 1 }, symbols: ['KO', 'NVDA', 'SPY', 'TSLA', 'XOM'] }),
    card('broken', 'Pairs', { mode, project: { projectId: 'pairs', version: 1, newest: 1 }, kind: 'project', state: 'failed', problem: 'strategy.ts:3 imports "node:fs", which is no part of what a strategy may use.', todayPnl: null }),
  ];
}

const POSITIONS: DeploymentLive['positions'] = [{ symbol: 'AAPL', qty: '30', avgPrice: '180.1', openPnl: '-22.8' }, { symbol: 'MSFT', qty: '10', avgPrice: '402.95', openPnl: '-8.4' }];
const EXPECTED: NonNullable<DeploymentLive['expectation']> = {
  backtestId: RUN_ID, standing: 'within', words: 'After 9 days it stands at +212 USD; 90 of 100 draws lie between −310 and +640.',
  days: Array.from({ length: 9 }, (_none, n) => ({ day: `2026-02-${String(17 + n).padStart(2, '0')}`, actual: [0, 24, -40, 18, 66, 41, 120, 160, 212][n] ?? 0, low: -40 * Math.sqrt(n) * 2.6, middle: n * 19, high: 45 * Math.sqrt(n) * 4.7 })),
};

/** One in full. */
export function liveOf(of: DeploymentCard, isFlat = false): DeploymentLive {
  const isOwn = of.strategyId === 'trend';
  const signal = (n: number, outcome: 'approved' | 'denied', words: string): DeploymentLive['signals'][number] => ({
    signalId: `s${n}`, symbol: n % 2 === 0 ? 'AAPL' : 'MSFT', target: n === 2 ? 'flat' : 'long', weight: n === 2 ? null : 0.02, barTime: MARKET_NOW - n * 600_000, at: now() - n * 10_000, price: 182.44 - n, decisionId: `d${n}`, outcome, words,
    reasons: [{ name: 'fast SMA', value: '181.9', threshold: '180.2' }, { name: 'volume', value: '1.4M', threshold: '' }],
  });
  return {
    card: of, parameters: isOwn ? { fast: 12, slow: 30, mode: 'calm', useStop: true } : {}, sizing: { method: 'percent_of_equity', percent: '2' }, cellsLeftOut: isOwn ? 3 : 0, positions: isOwn && !isFlat ? [...POSITIONS] : [], expectation: isOwn ? EXPECTED : null, at: now(),
    cells: !isOwn ? [] : ['AAPL', 'MSFT'].map((symbol, n) => ({
      symbol, lastBarAt: MARKET_NOW - 60_000, bars: 412, isWarm: n === 0, indicators: [{ symbol, name: 'sma(12)', label: 'SMA 12', value: 181.93 + n * 220 }, { symbol, name: 'sma(30)', label: 'SMA 30', value: n === 0 ? 180.21 : null }, { symbol, name: 'atr(14)', label: 'ATR 14', value: 1.0421 }],
      wish: n === 0 ? [{ symbol, side: 'long' as const, weight: 0.02 }] : [], state: n === 0 ? '{"entries":3,"lastStop":176.4}' : '{}',
    })),
    signals: !isOwn ? [] : [signal(0, 'approved', 'Approved: 11 shares, 2 % of the account.'), signal(1, 'denied', 'Denied: it holds 7,940 of the 8,000 USD that it may hold.'), signal(2, 'approved', 'Approved: closes 40 shares.')],
  };
}

/** Two days run again: one with differences, one the same. */
export const PARITY: readonly ParityDay[] = [
  {
    strategyId: 'trend', versionId: 'trend-1', day: '2026-02-27', score: 91.7, signals: 8, signalsSame: 8, trades: 12, tradesSame: 11, note: null, bars: 156, calculatedAt: now(),
    differences: [
      { symbol: 'AAPL', at: MARKET_NOW - 260_000_000, kind: 'price', live: 'buy 11 at 181.22', replayed: 'buy 11 at 181.18', reason: 'The market moved between the bar and the fill: slippage that the model puts at less.', priceDifferenceBps: 2.2, cost: -0.44 },
      { symbol: 'MSFT', at: MARKET_NOW - 259_000_000, kind: 'missing', live: null, replayed: 'buy 5 at 403.10', reason: 'Risk denied the entry: the strategy held all that it may hold.', priceDifferenceBps: null, cost: 6.1 },
    ],
  },
  { strategyId: 'trend', versionId: 'trend-1', day: '2026-02-26', score: 100, signals: 5, signalsSame: 5, trades: 6, tradesSame: 6, note: null, bars: 156, calculatedAt: now(), differences: [] },
];

const line = (seq: number, level: StrategyLogLine['level'], text: string): StrategyLogLine => ({ seq, at: now(), barTime: MARKET_NOW + seq * 1_000, symbol: seq % 2 === 0 ? 'AAPL' : 'MSFT', level, line: text, versionId: 'trend-1' });

/** The back-test whose verdict is read. */
function verdictRun(): RouteOutput<'backtest'> {
  const verdict = {
    belief: 'doubtful' as const, headline: 'It earns less than holding, and most of it in one year.',
    reasons: [{ grade: 'good' as const, finding: '148 round trips are enough to judge by.', remedy: '' }, { grade: 'bad' as const, finding: '71 % of the profit came in 2020.', remedy: 'Look at the years one by one before you trust the sum.' }, { grade: 'unknown' as const, finding: 'Shorting was never tried.', remedy: '' }],
  };
  const project = { projectId: 'trend', version: 7 };
  return {
    request: {}, monteCarlo: null, benchmarkCurve: null, log: { lines: 0, dropped: 0 }, progress: null,
    view: {
      backtestId: RUN_ID, runId: null, state: 'done', problem: null, project: { ...project, hash: HASH }, strategyId: null, versionId: null, kind: 'project', parameters: {}, symbols: ['AAPL'], screenId: null, timeframe: '1Day', from: null, to: null, startedAt: now(), finishedAt: now(), startEquity: 100_000,
      endEquity: 112_000, totalReturn: 0.12, benchmark: null, benchmarkReturn: null, sharpe: 0.7, maxDrawdown: -0.1, trips: 74, belief: verdict.belief, headline: verdict.headline, hasSearch: false, trials: null, manifestHash: null, barsSeen: 1_250, ranMs: 200, tookMs: 900,
    },
    result: {
      backtestId: RUN_ID, strategy: { strategyId: null, versionId: null, kind: 'project', parameters: {}, sizing: {}, project }, symbols: [symbolSchema.parse('AAPL')], timeframe: '1Day', from: null, to: null, startEquity: '100000', endEquity: '112000', feesPaid: '0', dividends: 0, carry: 0, equity: [], daily: [], maxDrawdown: -0.1,
      trades: [], isTruncated: false, roundTrips: [], openPositions: [], signals: 148, orders: 148, fills: 148, denied: {}, ordersHash: 'h', manifest: null, barsSeen: 1_250, barsLeftOut: 0, warnings: [], figures: {}, tearSheet: null, verdict, searchId: null,
    },
  };
}

/** What a test changes and looks at. */
export type DeployWorld = { readonly script: Script; readonly passed: Set<string>; readonly log: StrategyLogLine[]; cards: DeploymentCard[]; refusal: string | null; profile: AuthorProfile | null; isFlat: boolean; write(level: StrategyLogLine['level'], text: string): void };

/** The project of the editor: what its part of the page asks. */
function editorScript(): Script {
  return {
    projects: () => ({ projects: [project()] }), projectVersions: () => ({ versions: [7, 6].map(version) }), project: () => whole(7), projectVersion: ({ version: number }) => whole(number), templates: () => ({ templates: [] }),
    strategyTypings: () => ({ path: 'mainspring.d.ts', text: "declare module 'mainspring' { export const log: (line: string) => void; export const sma: unknown; export const crossesAbove: unknown; export function defineStrategy(strategy: object): object; }" }),
    checkFiles: () => ({ hash: HASH, findings: [], facts: FACTS, tookMs: 12 }), backtests: () => ({ backtests: [], hasMore: false }), screens: () => ({ screens: [] }),
  };
}

/** The whole of it, in one market. */
export function deployWorld(mode: Mode = 'demo'): DeployWorld {
  const passed = new Set<string>();
  const log = [line(1, 'info', 'fast 181.9 above slow 180.2: long'), line(2, 'warn', 'volume below its average'), line(3, 'error', 'Error: no price for MSFT, strategy.ts:22')];
  const of = (strategyId: string): DeploymentCard => {
    const found = world.cards.find((one) => one.strategyId === strategyId);
    if (found === undefined) throw new Error(`No deployment ${strategyId} in this world`);
    return found;
  };
  const change = (strategyId: string, part: Partial<DeploymentCard>): { strategyId: string; versionId: string; state: 'running' | 'paused' | 'stopped' } => {
    world.cards = world.cards.map((one) => (one.strategyId === strategyId ? { ...one, ...part } : one));
    const { state } = of(strategyId);
    return { strategyId, versionId: of(strategyId).versionId, state: state === 'paused' || state === 'stopped' ? state : 'running' };
  };
  const gates = (): { projectId: string; version: number; hash: string; mode: Mode; isOpen: boolean; gates: Gate[] } => {
    const all = gatesOf(mode, passed);
    return { projectId: 'trend', version: 7, hash: HASH, mode, isOpen: all.every(({ state }) => state === 'passed' || state === 'not_needed'), gates: all };
  };
  const deploy = (input: RouteInput<'deployStrategy'>): ReturnType<typeof change> | Error => {
    if (world.refusal !== null) return new Error(world.refusal);
    const strategyId = input.strategyId ?? 'trend_2';
    if (input.strategyId === undefined) world.cards = [...world.cards, card(strategyId, input.name, { mode, kind: 'project', limits: { ...input.limits, maxErrors: input.limits.maxErrors ?? 3 } })];
    return change(strategyId, { name: input.name, project: { projectId: 'trend', version: 7, newest: 7 }, state: 'running' });
  };
  const started = { state: 'running' as const, pausedBy: null, pausedWhy: null, errorsInARow: 0 };
  const script: Script = {
    ...WORLD, ...editorScript(), session: () => ({ token: 'scripted', mode, version: '0.1.0', instanceId: 'scripted', actor: 'owner', uiState: {}, serverTime: now() }),
    gates, backtest: verdictRun, readVerdict: () => { passed.add('verdict_read'); return gates(); },
    lookAheadCheck: () => { passed.add('look_ahead'); return { hash: HASH, symbols: ['AAPL'], timeframe: '1Day', from: null, to: null, bars: 1_250, signals: 31, cuts: 40, isClean: true, isWarmUpClean: true, findings: [], problem: null, tookMs: 900, checkedAt: now() }; },
    deployStrategy: deploy, deployed: ({ projectId }) => ({ deployed: world.cards.filter((one) => projectId === undefined || one.project?.projectId === projectId), at: now() }), deployedLive: ({ strategyId }) => liveOf(of(strategyId), world.isFlat),
    strategyLog: ({ afterSeq = 0 }) => ({ lines: world.log.filter(({ seq }) => seq > afterSeq) }), strategyParity: ({ strategyId }) => ({ days: strategyId === 'trend' ? [...PARITY] : [] }),
    startStrategy: ({ strategyId }) => change(strategyId, started), pauseStrategy: ({ strategyId, reason }) => change(strategyId, { state: 'paused', pausedBy: 'person', pausedWhy: reason }),
    stopStrategy: ({ strategyId, positions }) => { world.isFlat = positions === 'flatten'; return { ...change(strategyId, { state: 'stopped', openPositions: 0 }), words: positions === 'flatten' ? 'Stopped. Two orders that close its share were approved.' : 'Stopped. Its 2 positions stay.' }; },
    setStrategyLimits: ({ strategyId, limits }) => change(strategyId, { limits }),
    authorProfile: () => ({ profile: world.profile, updatedAt: world.profile === null ? null : now() }), saveAuthorProfile: ({ profile }) => { world.profile = profile; return profile; },
  };
  const world: DeployWorld = { script, passed, log, cards: cards(mode), refusal: null, profile: null, isFlat: false, write: (level, text) => { log.push(line((log.at(-1)?.seq ?? 0) + 1, level, text)); } };
  return world;
}
