/** A book of bars with a few holes and faults, as a gateway would tell of it. */
import type { RouteOutput } from '#app/contracts/http.ts';
import { sessionsBetween } from '#app/market/calendar.ts';
import type { Script } from './scripted-gateway.ts';
import { WORLD } from './trading-world.ts';

const now = (): number => Date.now();
const midnight = (day: string): number => Date.parse(`${day}T05:00:00Z`);

/** A year of coverage: two thin days, an empty one, one with a bar in quarantine, a spring in the archive. */
export function calendar(year: number, symbol: string | null): RouteOutput<'coverage'> {
  const series = symbol === null ? 60 : 1;
  const days = sessionsBetween(`${year}-01-02`, year === 2026 ? '2026-03-02' : `${year}-12-31`).map(({ date }) => {
    const lacking = date === '2025-07-22' ? series : date.endsWith('-13') ? Math.ceil(series / 4) : date.endsWith('-27') ? 1 : 0;
    const stored = series - lacking;
    return { day: date, expected: series, stored, quarantined: date === '2025-09-10' ? 1 : 0, series, complete: stored, fraction: stored / series, isArchived: date < '2025-03-01' && year === 2025 };
  });
  return { symbol, timeframe: '1Day', year, years: [2024, 2025, 2026], days, series, countedAt: now() - 240_000, pending: symbol === null ? 3 : 0 };
}

const SERIES: RouteOutput<'coverageSeries'>['series'] = ['XOM', 'AAPL', 'KO', 'MSFT', 'NVDA', 'SPY'].map((symbol, n) => ({
  symbol, timeframe: '1Day', firstDay: '2021-06-01', lastDay: '2026-03-02', expected: 1_193, stored: 1_193 - 40 * Math.max(0, 2 - n), quarantined: n === 0 ? 1 : 0, fraction: (1_193 - 40 * Math.max(0, 2 - n)) / 1_193, missingDays: 40 * Math.max(0, 2 - n),
  openFindings: n === 0 ? 3 : 0, worst: n === 0 ? 'critical' : null, revisions: n, countedAt: now() - 60_000,
}));

const SHIFTED: RouteOutput<'decideDataFinding'> = { findingId: 31, symbol: 'XOM', timeframe: '1Day', kind: 'decimal_shift', severity: 'critical', score: 90, state: 'open', openTime: midnight('2025-09-10'), untilTime: null, text: 'The prices of this bar are ten times those of the bars before and after.', repair: 'Read again from the broker; taken out of the book when it says the same.', detail: {}, at: now() - 3_600_000, attempts: 0, decidedAt: null, decidedBy: null };

/** Three findings of different weight. */
export const FINDINGS: RouteOutput<'dataFindings'> = {
  findings: [
    SHIFTED,
    { findingId: 30, symbol: 'AAPL', timeframe: '1Min', kind: 'gap', severity: 'warning', score: 2, state: 'confirmed', openTime: midnight('2025-07-22') + 36_000_000, untilTime: midnight('2025-07-22') + 36_600_000, text: '11 minutes in session have no bar.', repair: 'Read again from the broker.', detail: {}, at: now() - 7_200_000, attempts: 1, decidedAt: null, decidedBy: null },
    { findingId: 29, symbol: 'KO', timeframe: '1Day', kind: 'stale_repeat', severity: 'info', score: 1.1, state: 'open', openTime: midnight('2025-05-13'), untilTime: midnight('2025-05-15'), text: 'Three days in a row have the same open, high, low and close.', repair: 'Nothing: a thinly traded symbol may stand still.', detail: {}, at: now() - 9_000_000, attempts: 0, decidedAt: null, decidedBy: null },
  ],
  hasMore: false, open: { critical: 1, warning: 1, info: 1 },
};

const REPORT: RouteOutput<'qualityReport'> = {
  day: '2026-03-02', madeAt: now() - 1_800_000, validations: 7, series: 72, bars: 28_115, found: { critical: 1, warning: 2, info: 4 }, open: { critical: 1, warning: 1, info: 1 },
  byKind: [{ kind: 'decimal_shift', title: 'Decimal point shifted', severity: 'critical', count: 1 }, { kind: 'gap', title: 'Gap in session', severity: 'warning', count: 2 }, { kind: 'stale_repeat', title: 'Stale repeats', severity: 'info', count: 4 }],
  repaired: 2, confirmed: 1, quarantined: 1, held: 1, revisedBars: 3, refusedBars: 0, isUsable: true, reason: null,
  coverage: [{ timeframe: '1Min', series: 12, expected: 4_680, stored: 4_669, fraction: 4_669 / 4_680 }, { timeframe: '1Day', series: 60, expected: 60, stored: 60, fraction: 1 }], worst: [{ symbol: 'XOM', findings: 3 }], factors: { symbols: 14, compared: 12, differing: 0, unresolved: 1 },
};

const row = (symbol: string, name: string, sector: string | null, isWatched: boolean): RouteOutput<'universe'>['rows'][number] => ({
  symbol, name, exchange: 'NYSE', status: 'active', isTradable: true, isShortable: true, isFractionable: true, isEasyToBorrow: true, sector, industry: null, sectorSource: sector === null ? null : 'built-in list', renamedTo: null, isWatched,
  lastPrice: '182.44', priceMarketAt: now() - 40_000, priceSeenAt: now() - 2_000, dailyFrom: midnight('2021-06-01'), dailyTo: midnight('2026-03-02'), barsTotal: 8_993,
});
const APPLE = row('AAPL', 'Apple Inc.', 'Information Technology', true);

/** The first page of the universe. */
export const UNIVERSE: RouteOutput<'universe'> = {
  rows: [APPLE, row('KO', 'The Coca-Cola Company', 'Consumer Staples', true), row('NEE', 'NextEra Energy, Inc.', 'Utilities', false), { ...row('TWTR', 'Twitter, Inc.', null, false), status: 'inactive', isTradable: false }, row('XOM', 'Exxon Mobil Corporation', 'Energy', true)],
  total: 60, nextAfter: null, watchedTotal: 12, updatedAt: now() - 600_000,
  sectors: [{ sector: 'Information Technology', symbols: 11, watched: 4 }, { sector: 'Consumer Staples', symbols: 6, watched: 1 }, { sector: 'Energy', symbols: 5, watched: 1 }, { sector: 'Utilities', symbols: 4, watched: 0 }, { sector: null, symbols: 3, watched: 0 }],
};

const BACKFILL: RouteOutput<'startBackfill'> = {
  backfillId: 'fill-1', wantedBy: 'data_ingestion', why: 'daily bars of the universe', timeframe: '1Day', from: midnight('2021-06-01'), to: midnight('2026-03-02'), state: 'running', series: 60, seriesDone: 41, fraction: 0.68, stored: 48_900, known: 12, refused: 0, pages: 7,
  unknown: ['TWTR'], unknownTotal: 1, problem: null, waitsFor: null, createdAt: now() - 60_000, startedAt: now() - 58_000, updatedAt: now() - 800, endedAt: null,
};
const IMPORT: RouteOutput<'startImport'> = {
  importId: 'import-1', wantedBy: 'person', wish: { paths: ['/data/sp500_daily_2013_2018.csv.gz'], policy: 'keep' }, state: 'done', problem: null, filesTotal: 1, filesDone: 1, bytesTotal: 9_800_000, bytesDone: 9_800_000, current: null,
  rows: 619_040, stored: 619_029, known: 0, differing: 0, replaced: 0, refused: 11, actions: 0, series: 505, refusedFile: '/data/imports/import-1/refused.csv', quality: { series: 505, bars: 619_029, findings: 37, byKind: { split_cliff: 29, gap: 8 }, worst: [{ symbol: 'DHR', findings: 2 }] },
  createdAt: now() - 90_000, startedAt: now() - 89_000, updatedAt: now() - 70_000, endedAt: now() - 70_000,
};
/** How a file would be read, with a row that cannot be used. */
export const PREVIEW: RouteOutput<'previewImport'> = {
  filesTotal: 1, bytes: 97_865, usable: 1,
  files: [{
    path: '/data/spy.csv', kind: 'bars', bytes: 97_865, preset: 'yahoo', separator: ',', decimal: '.', dateFormat: 'ymd', timeZone: 'exchange', timeframe: '1Day', columns: [{ name: 'Date', role: 'time' }, { name: 'Open', role: 'open' }, { name: 'Adj Close', role: null }], symbols: ['SPY'], symbolsTotal: 1,
    from: midnight('2020-01-02'), to: midnight('2020-12-31'), rows: 253, refused: 1, isSample: false, first: [{ symbol: 'SPY', time: midnight('2020-01-02'), open: 323.54, high: 324.89, low: 322.53, close: 324.87, volume: 59_151_200 }], bad: [{ line: 77, reason: 'The high lies below the low', text: '2020-04-22,278.35,270,281,279.1,92951600' }],
    notes: ['"Adj Close" is not used: adjustment factors are computed from splits and dividends'], problem: null,
  }],
};

/** The whole of it, over the afternoon of trading. */
export const DATA_WORLD: Script = {
  ...WORLD,
  coverage: ({ year, symbol }) => calendar(year ?? 2025, symbol ?? null),
  coverageSeries: ({ query }) => ({ series: SERIES.filter((one) => one.symbol.includes(query)), total: SERIES.length }),
  dataFindings: ({ severity, limit }) => ({ ...FINDINGS, findings: FINDINGS.findings.filter((one) => severity === undefined || one.severity === severity).slice(0, limit) }),
  decideDataFinding: ({ findingId }) => ({ ...SHIFTED, findingId, state: 'dismissed' }),
  quarantine: () => ({ held: 1, bars: [{ quarantineId: 5, symbol: 'XOM', timeframe: '1Day', openTime: midnight('2025-09-10'), open: '1102.1', high: '1121', low: '1098.4', close: '1117.5', volume: '15211000', source: 'rest', kind: 'decimal_shift', text: 'Ten times the prices around it', state: 'held', quarantinedAt: now() - 3_000_000, decidedAt: null, decidedBy: null }] }),
  decideQuarantine: ({ quarantineId }) => ({ quarantineId, symbol: 'XOM', timeframe: '1Day', openTime: midnight('2025-09-10'), open: '110.21', high: '112.1', low: '109.84', close: '111.75', volume: '15211000', source: 'rest', kind: 'decimal_shift', text: '', state: 'replaced', quarantinedAt: now(), decidedAt: now(), decidedBy: 'test' }),
  qualityReports: () => ({ reports: [REPORT, { ...REPORT, day: '2026-02-27', open: { critical: 0, warning: 3, info: 2 } }, { ...REPORT, day: '2026-02-26', open: { critical: 0, warning: 1, info: 2 } }] }),
  qualityRules: () => ({ rules: [{ kind: 'decimal_shift', title: 'Decimal point shifted', severity: 'critical', meaning: 'A bar whose prices are 10 or 100 times those around it.', threshold: 'ratio within 5 % of 10 or 100, reverting', source: 'house rule', repair: 'Read again' }] }),
  universe: ({ limit, query }) => ({ ...UNIVERSE, rows: UNIVERSE.rows.filter((one) => one.symbol.startsWith(query.toUpperCase())).slice(0, limit) }),
  symbolDetail: ({ symbol }) => ({
    row: { ...APPLE, symbol }, note: null, formerNames: [], series: [{ timeframe: '1Day', from: midnight('2021-06-01'), to: midnight('2026-03-02'), bars: 1_193, revisions: 0, lastSeenAt: now() }],
    last: { symbol, quote: { bid: 182.4, bidSize: 300, ask: 182.44, askSize: 200, tsMarket: now() - 2_000, tsSeen: now() - 1_000 }, trade: null }, actions: [{ actionId: 'a', symbol, kind: 'forward_split', exDate: '2024-06-10', terms: {}, text: 'Split 4:1', source: 'alpaca', seenAt: now(), changedAt: null }],
  }),
  setWatched: ({ symbols }) => ({ changed: symbols, refused: [], watchedTotal: 13, quotesFor: 13, note: null }),
  feedState: () => ({ state: 'live', reason: 'subscribed', lastMessageAgeMs: 400, watched: 12, barsFor: 12, quotesFor: ['AAPL'], quotesLimit: 30, notes: [], counts: { bars: 4_680, updatedBars: 3, quotes: 900, trades: 800, corrections: 0, statuses: 0, troubles: 0, late: 0, duplicates: 0 }, halts: [], daily: { symbols: 60, upToDate: 60, newestDay: '2026-03-02' } }),
  storage: () => ({
    at: now() - 3_000, tookMs: 12, book: { bytes: 184_000_000, rows: 1_240_000 }, archive: { folder: 'C:\\Users\\me\\Mainspring\\demo\\archive', bytes: 12_400_000, rows: 905_000 }, disk: { freeBytes: 210e9, totalBytes: 512e9 }, hot: { hits: 941, misses: 22 },
    widths: [{ timeframe: '1Min', series: 12, bars: 1_600_000, firstOpen: midnight('2024-01-02'), lastOpen: midnight('2026-03-02'), archivedRows: 905_000, archivedBytes: 12_400_000, keepMonths: 24 }, { timeframe: '1Day', series: 60, bars: 71_580, firstOpen: midnight('2021-06-01'), lastOpen: midnight('2026-03-02'), archivedRows: 0, archivedBytes: 0, keepMonths: null }],
    months: Array.from({ length: 30 }, (_none, n) => ({ month: `${2024 + Math.floor(n / 12)}-${String((n % 12) + 1).padStart(2, '0')}`, rows: n > 26 ? 0 : n < 9 ? 1_200 : 68_000 + 900 * n, bytes: 11_000_000, byTimeframe: [], isAhead: n > 26 })),
    files: Array.from({ length: 9 }, (_none, n) => ({ month: `2024-0${n + 1}`, timeframe: '1Min' as const, file: `market_data_2024_0${n + 1}_1Min.parquet`, rows: 98_000 + n, bytes: 1_380_000, state: 'archived' as const, archivedAt: now() - 86_400_000, restoredAt: null, isPresent: n !== 2, isParquet: true })),
  }),
  runFlow: () => ({ runId: 'archive_old_data:by-hand' }),
  backfills: () => ({ backfills: [BACKFILL] }), startBackfill: () => BACKFILL, steerBackfill: () => BACKFILL,
  imports: () => ({ imports: [IMPORT] }), import: () => ({ import: IMPORT, files: [] }), previewImport: () => PREVIEW, startImport: () => IMPORT, steerImport: () => IMPORT,
};
