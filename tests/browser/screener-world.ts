/** A market of made-up symbols in which screens are really run: the language works as in the services, over bars that are the same in every run. */
import type { RouteOutput, RouteParsed } from '#app/contracts/http.ts';
import { screenDefinitionSchema } from '#app/contracts/screener.ts';
import type { SavedScreen, ScreenAsk, ScreenDefinition, ScreenRow } from '#app/contracts/screener.ts';
import type { StrategyView } from '#app/contracts/views.ts';
import { barColumns, sliceColumns } from '#app/domain/bar-columns.ts';
import type { BarColumns } from '#app/domain/bar-columns.ts';
import { fromNewYork, sessionsBetween } from '#app/market/calendar.ts';
import { parseFormula } from '#app/screener/language.ts';
import type { Formula } from '#app/screener/language.ts';
import { compile } from '#app/screener/program.ts';
import type { SymbolFacts } from '#app/screener/program.ts';
import { SECTOR_NAMES } from '#app/screener/sectors.ts';
import type { Script } from './scripted-gateway.ts';
import { WORLD } from './trading-world.ts';

/** The made-up market, up to the session before its afternoon: a little more than the 252 bars of a year, before the past days that are looked at too. */
const DAYS = sessionsBetween('2024-11-01', '2026-02-27');
const SYMBOLS = 1_200;

type Listed = { readonly facts: SymbolFacts; readonly bars: BarColumns };

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const FIRST_WORDS = ['Northern', 'Blue', 'Harbor', 'Summit', 'Cedar', 'Atlas', 'Prairie', 'Copper', 'Silver', 'Granite', 'Coral', 'Meridian'];
const LAST_WORDS = ['Systems', 'Energy', 'Foods', 'Bancorp', 'Therapeutics', 'Logistics', 'Materials', 'Networks', 'Robotics', 'Utilities', 'Holdings', 'Semiconductor'];
const letter = (n: number): string => String.fromCharCode(65 + (n % 26));

function listed(n: number): Listed {
  const roll = dice(n + 1);
  const symbol = `${letter(n)}${letter(Math.floor(n / 26))}${letter(Math.floor(n / 676) + 3)}${letter(n * 7)}`;
  // A few are young: filters of long periods have no answer for them.
  const length = n % 40 === 0 ? 45 : DAYS.length;
  const bars = barColumns(length);
  const drift = (roll() - 0.48) * 0.002;
  const wild = 0.008 + roll() * 0.025;
  const usual = 10 ** (4.6 + roll() * 2.6);
  let close = 6 + roll() * 240;
  for (let i = 0; i < length; i += 1) {
    const open = close * (1 + (roll() - 0.5) * wild * 0.6);
    close = open * (1 + drift + (roll() + roll() - 1) * wild);
    bars.time[i] = fromNewYork(DAYS[DAYS.length - length + i]?.date ?? '2026-02-27', 0);
    [bars.open[i], bars.close[i]] = [open, close];
    bars.high[i] = Math.max(open, close) * (1 + roll() * wild * 0.5);
    bars.low[i] = Math.min(open, close) * (1 - roll() * wild * 0.5);
    bars.volume[i] = Math.round(usual * (0.5 + roll() * (1 + Math.abs(close / open - 1) * 20)));
  }
  const name = `${FIRST_WORDS[n % 12] ?? ''} ${LAST_WORDS[(n * 5 + Math.floor(n / 12)) % 12] ?? ''} ${n % 3 === 0 ? 'Inc.' : 'Corp.'}`;
  return { bars, facts: { symbol, name, exchange: n % 3 === 0 ? 'NYSE' : 'NASDAQ', sector: n % 17 === 0 ? null : (SECTOR_NAMES[n % SECTOR_NAMES.length] ?? null), industry: null, isTradable: true, isShortable: n % 4 !== 0, isFractionable: true, isWatched: n < 30 } };
}

const MARKET: readonly Listed[] = Array.from({ length: SYMBOLS }, (_none, n) => listed(n));

function read(text: string): Formula {
  const parsed = parseFormula(text);
  if (!parsed.ok) throw new Error(`The page asked a formula that is none: ${text}`);
  return parsed.formula;
}

function badgesOf(n: number): ScreenRow['badges'] {
  return [
    ...(n % 23 === 0 ? [{ kind: 'held' as const, qty: 40, text: '40 shares held' }] : []), ...(n % 31 === 0 ? [{ kind: 'signal' as const, strategyId: 'momentum', target: 'long', at: Date.parse('2026-02-27T20:59:00Z'), text: 'momentum: long' }] : []),
    ...(n % 97 === 5 ? [{ kind: 'stale' as const, text: 'Newest bar is 3 sessions older than the others' }] : []), ...(n % 53 === 7 ? [{ kind: 'quality' as const, text: '2 open findings: gap in session' }] : []),
  ];
}

/** One of the symbols as a row; null when it does not match, `lacking` when a filter has no answer. */
function rowOf({ facts, bars }: Listed, n: number, ask: { definition: ScreenDefinition; program: ReturnType<typeof compile> }): ScreenRow | 'lacking' | null {
  const { definition, program } = ask;
  const values = program.evaluate({ bars, facts });
  const filters = values.slice(0, definition.filters.length);
  if (filters.some((value) => value === null)) return 'lacking';
  if (filters.some((value) => value !== true)) return null;
  const last = bars.close.length - 1;
  const rank = definition.rank === null ? null : values.at(-1);
  const before = bars.close[last - 1];
  return {
    symbol: facts.symbol, name: facts.name, sector: facts.sector, exchange: facts.exchange, barTime: bars.time[last] ?? 0, close: Number((bars.close[last] ?? 0).toFixed(2)), change: before === undefined ? null : (bars.close[last] ?? 0) / before - 1, volume: bars.volume[last] ?? 0,
    values: values.slice(definition.filters.length, definition.filters.length + definition.columns.length), rank: typeof rank === 'number' ? rank : null, spark: [...bars.close.slice(-60)].map((close) => Number(close.toFixed(2))), badges: badgesOf(n),
  };
}

function universeOf({ universe }: ScreenDefinition): readonly (readonly [Listed, number])[] {
  const all = MARKET.map((one, n) => [one, n] as const);
  if (universe.kind === 'all') return all;
  return all.filter(([{ facts }]) => (universe.kind === 'watched' ? facts.isWatched : universe.symbols.includes(facts.symbol)));
}

const answered = new Map<string, RouteOutput<'runScreen'>>();
/** Runs a screen over the made-up market. It never changes, so each question is worked out once. */
export function runScreen({ definition }: RouteParsed<'runScreen'>): RouteOutput<'runScreen'> {
  const asked = JSON.stringify(definition);
  const known = answered.get(asked);
  if (known !== undefined) return { ...known, at: Date.now() };
  const answer = workOut(definition);
  answered.set(asked, answer);
  return answer;
}

function workOut(definition: ScreenDefinition): RouteOutput<'runScreen'> {
  const began = performance.now();
  const formulas = [...definition.filters.filter((filter) => filter.isEnabled).map((filter) => filter.formula), ...definition.columns.map((column) => column.formula), ...(definition.rank === null ? [] : [definition.rank.formula])];
  const program = compile(formulas.map(read));
  const until = definition.asOf === null ? Number.POSITIVE_INFINITY : fromNewYork(definition.asOf, 1_440);
  const looked = universeOf(definition).flatMap(([one, n]): (readonly [Listed, number])[] => {
    const end = one.bars.time.findLastIndex((time) => time < until) + 1;
    return end === 0 ? [] : [[{ ...one, bars: sliceColumns(one.bars, 0, end) }, n]];
  });
  const answers = looked.map(([one, n]) => rowOf(one, n, { definition, program }));
  const rows = answers.filter((answer) => answer !== null && answer !== 'lacking');
  const turn = definition.rank?.direction === 'asc' ? 1 : -1;
  rows.sort((a, b) => (definition.rank === null ? (a.symbol < b.symbol ? -1 : 1) : turn * ((a.rank ?? 0) - (b.rank ?? 0))));
  const tookMs = performance.now() - began;
  return {
    rows: rows.slice(0, definition.limit), matched: rows.length, looked: looked.length, lacking: answers.filter((answer) => answer === 'lacking').length, failed: [], barTime: Math.max(...looked.map(([{ bars }]) => bars.time.at(-1) ?? 0), 0) || null,
    at: Date.now(), tookMs, timings: { loadMs: tookMs * 0.3, computeMs: tookMs * 0.7 }, threads: 2,
  };
}

/** Daily candles of one of the symbols. */
function bars({ symbol, limit, before, adjustment, hours }: RouteParsed<'bars'>): RouteOutput<'bars'> {
  const found = MARKET.find((one) => one.facts.symbol === symbol);
  const end = found === undefined ? 0 : found.bars.time.findLastIndex((time) => time < (before ?? Number.POSITIVE_INFINITY)) + 1;
  const cut = sliceColumns(found?.bars ?? barColumns(0), Math.max(0, end - limit), end);
  const columns = { time: [...cut.time], open: [...cut.open], high: [...cut.high], low: [...cut.low], close: [...cut.close], volume: [...cut.volume] };
  return { symbol, timeframe: '1Day', adjustment, hours, columns, hasOlder: end > limit, storedAs: '1Day', sources: ['rest'], newest: columns.time.at(-1) ?? null, actions: [], isFromArchive: false, revision: 'r1', tookMs: 3 };
}

const definition = (ask: ScreenAsk): ScreenDefinition => screenDefinitionSchema.parse(ask);
const filters = (...formulas: string[]): { formula: string }[] => formulas.map((formula) => ({ formula }));
const saved = (screenId: string, name: string, ask: ScreenAsk, more: Partial<SavedScreen> = {}): SavedScreen => ({
  screenId, name, definition: definition(ask), schedule: 'off', alerts: { onEntry: false, onExit: false }, version: 1, createdAt: Date.now() - 86_400_000, updatedAt: Date.now() - 86_400_000, lastRunAt: null, members: null, problem: null, isBuiltIn: false, ...more,
});

/** Saved screens to begin with: three of the house, two of a person. */
export const SCREENS: readonly SavedScreen[] = [
  saved('house-oversold', 'Oversold, and traded a lot', { filters: filters('rsi(14) < 35', 'dollar_volume > 5M'), rank: { formula: 'dollar_volume' }, columns: [{ formula: 'rsi(14)', title: 'RSI 14' }] }, { isBuiltIn: true }),
  saved('house-highs', 'Near the 52-week high', { filters: filters('from_high52 > -3%', 'volume > 100k'), rank: { formula: 'from_high52' }, columns: [{ formula: 'from_high52', title: 'From 52w high' }] }, { isBuiltIn: true }),
  saved('house-unusual', 'Unusual volume', { filters: filters('rvol(20) > 1.5', 'close > 5'), rank: { formula: 'rvol(20)' } }, { isBuiltIn: true, lastRunAt: Date.now() - 3_600_000, members: 41 }),
  saved('own-tech', 'Tech pullbacks', { filters: filters('sector = "Information Technology"', 'rsi(14) < 45', 'close > sma(200)', 'volume > 100k'), rank: { formula: 'change(20)', direction: 'desc' }, columns: [{ formula: 'rsi(14)', title: 'RSI 14' }, { formula: 'change(20)', title: 'Change 20' }, { formula: 'close / sma(200) - 1' }] }, { schedule: 'daily', alerts: { onEntry: true, onExit: true }, lastRunAt: Date.now() - 7_200_000, members: 12, version: 3 }),
  saved('own-gaps', 'Gaps down over 2 %', { filters: filters('gap < -2%', 'close between 5 and 300') }, { schedule: 'hourly', lastRunAt: Date.now() - 600_000, members: 0, problem: null }),
];

const STRATEGY: StrategyView = { strategyId: 'momentum', name: 'Momentum', kind: 'sma_cross', symbols: ['AADA', 'SPY', 'AAPL'], timeframe: '1Day', parameters: {}, sizing: {}, isEnabled: true, versionId: 'momentum@4', signals: 12, approved: 10, denied: 2, fills: 9, openPositions: 1, realizedPnl: '120', openPnl: '4', lastSignalAt: null };

/** What the gateway says about screens; the list remembers what is saved in it. */
export function screenerScript(): Script {
  let screens: readonly SavedScreen[] = SCREENS;
  let count = 0;
  return {
    ...WORLD,
    screens: () => ({ screens: [...screens] }), runScreen, bars, screenModel: () => ({ isThere: false, model: null, note: 'No local model runs.' }),
    saveScreen(input) {
      const before = screens.find((screen) => screen.screenId === input.screenId);
      if (before !== undefined && before.version !== input.version) return new Error('The screen was changed elsewhere meanwhile. Open it again, or save yours under another name.');
      count += 1;
      const next = saved(before?.screenId ?? `saved-${count}`, input.name, input.definition, { schedule: input.schedule, alerts: input.alerts, version: (before?.version ?? 0) + 1, lastRunAt: before?.lastRunAt ?? null, members: before?.members ?? null });
      screens = [...screens.filter((screen) => screen.screenId !== next.screenId), next];
      return next;
    },
    deleteScreen({ screenId }) {
      screens = screens.filter((screen) => screen.screenId !== screenId);
      return { accepted: true };
    },
    screenRuns: () => ({ runs: [
      { runId: 'r3', at: Date.parse('2026-02-27T21:05:00Z'), matched: 12, entered: ['AADA', 'BBDI'], left: ['ZZZ'], problem: null }, { runId: 'r2', at: Date.parse('2026-02-26T21:05:00Z'), matched: 11, entered: [], left: [], problem: null },
      { runId: 'r1', at: Date.parse('2026-02-25T21:05:00Z'), matched: 11, entered: Array.from({ length: 11 }, (_none, n) => `N${letter(n)}`), left: [], problem: null },
    ] }),
    strategies: () => ({ strategies: [STRATEGY], manual: { fills: 0, realizedPnl: '0', openPnl: '0' } }),
    screenToStrategy: ({ strategyId }) => ({ strategyId, symbols: ['BBDI', 'CCDQ'], skipped: [{ symbol: 'AADA', reason: 'The broker does not trade it' }] }),
  };
}
