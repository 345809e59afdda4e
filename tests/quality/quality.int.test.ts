/** Quality over a real book: a second reading mends, confirms or holds; people decide; factors, coverage and the day's report follow; the gateway shows it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HTTP } from '#app/contracts/http.ts';
import type { BarWire } from '#app/domain/bar.ts';
import { MINUTE_MS, type EpochMs } from '#app/domain/time.ts';
import { fromNewYork, sessionsBetween } from '#app/market/calendar.ts';
import { openDb, type Db } from '#chassis/db.ts';
import { withBulkTx } from '#chassis/db-bulk.ts';
import type { BarsQuery } from '../../services/alpaca/ports.ts';
import { writeBars } from '../../services/data_ingestion/bulk.ts';
import { updateCoverage } from '../../services/data_ingestion/coverage.ts';
import { ingestionFlows } from '../../services/data_ingestion/flows.ts';
import { qualityCommands } from '../../services/data_ingestion/quality-commands.ts';
import { removeBars } from '../../services/data_ingestion/store.ts';
import { validateSeriesWhole } from '../../services/data_ingestion/validate.ts';
import { readAdjustments, readCoverage, readCoverageSeries, readDataFindings, readQualityReport, readQualityReports, readQuarantine, readValidations } from '../../services/gateway/queries/quality.ts';
import { seeded } from '../support/recorded-bars.ts';
import { runFlowByHand } from '../support/run-flow.ts';
import { startBook, type Book } from '../support/servers.ts';

let book: Book;
let db: Db;
/** What the broker has: by symbol and width. */
const truth = new Map<string, BarWire[]>();
/** Factors by which the broker's adjusted series differs from the raw one before a day. */
const adjusted = new Map<string, { before: number; factor: number }[]>();
let asked = 0;

const bulk = () => ({ access: book.access('data_ingestion'), database: 'trading_system', applicationName: 'test' });
const history = {
  async *bars(query: BarsQuery) {
    asked += 1;
    for (const symbol of query.symbols) {
      const bars = (truth.get(`${symbol} ${query.timeframe}`) ?? []).filter((bar) => bar.openTime >= query.start && bar.openTime <= query.end);
      const factorOf = (bar: BarWire): number => (query.adjustment === undefined || query.adjustment === 'raw' ? 1 : (adjusted.get(symbol) ?? []).reduce((product, one) => (bar.openTime < one.before ? product * one.factor : product), 1));
      yield bars.map((bar) => (factorOf(bar) === 1 ? bar : { ...bar, close: (Number(bar.close) * factorOf(bar)).toFixed(4) }));
    }
    await Promise.resolve();
  },
};
const parts = () => ({
  db, bulk: bulk(), mode: 'paper' as const, isReplay: true, archiveFolder: '/nonexistent', intake: { repair: () => Promise.reject(new Error('not asked here')) }, refreshSymbols: () => Promise.resolve(0), now: () => Date.UTC(2024, 6, 12, 21) as EpochMs,
  history: { bars: history.bars, calendar: () => Promise.resolve([]) },
});
const validate = (runId: string, input: Record<string, unknown> = {}) => runFlowByHand(ingestionFlows(parts() as never).find((flow) => flow.name === 'validate_data_quality'), input, { runId });
const commands = () => qualityCommands({ db, bulk: bulk(), history });
const key = { idempotencyKey: 'test-key-1', actor: 'ann' };

function walk(symbol: string, timeframe: '1Min' | '1Day', times: readonly number[]): BarWire[] {
  const random = seeded(symbol.length + times.length);
  let close = 10_000;
  const text = (cents: number): string => (cents / 100).toFixed(2);
  return times.map((openTime) => {
    const open = close;
    close = open + Math.floor((random() - 0.5) * (timeframe === '1Day' ? 300 : 12));
    return { symbol, timeframe, openTime, open: text(open), high: text(Math.max(open, close) + 3), low: text(Math.min(open, close) - 3), close: text(close), volume: String(5_000 + Math.floor(random() * 4_000)) };
  });
}
async function store(bars: readonly BarWire[], source = 'import'): Promise<void> {
  const series = new Map<string, BarWire[]>();
  for (const bar of bars) series.set(`${bar.symbol} ${bar.timeframe}`, [...(series.get(`${bar.symbol} ${bar.timeframe}`) ?? []), bar]);
  await withBulkTx(bulk(), (tx) => writeBars(tx, [...series.values()].map((own) => ({ symbol: own[0]?.symbol ?? '', timeframe: own[0]?.timeframe ?? '1Min', bars: own })), { source, policy: 'replace', tsSeen: Date.now() }));
}
const stateOf = async (symbol: string, kind: string) => (await book.sql<{ state: string; severity: string }>('SELECT state, severity FROM data_ingestion.data_quality_logs WHERE symbol = $1 AND kind = $2 AND finding_key IS NOT NULL', [symbol, kind]))[0];
const closeAt = async (symbol: string, openTime: number): Promise<string | undefined> => (await book.sql<{ close: string }>('SELECT trim_scale(close)::text AS close FROM data_ingestion.market_data WHERE symbol = $1 AND open_time = to_timestamp($2 / 1000.0)', [symbol, openTime]))[0]?.close;
const idOf = async (symbol: string, kind: string): Promise<number> => Number((await book.sql<{ id: number }>('SELECT id FROM data_ingestion.data_quality_logs WHERE symbol = $1 AND kind = $2 AND finding_key IS NOT NULL', [symbol, kind]))[0]?.id);

const minutes = sessionsBetween('2024-07-10', '2024-07-12').flatMap((session) => Array.from({ length: 390 }, (_, n) => session.open + n * MINUTE_MS));
const days = sessionsBetween('2023-01-03', '2024-07-12').map((session) => fromNewYork(session.date, 0));
/** A bad print at a place of a series, as the file has it. */
const spoil = (bars: readonly BarWire[], n: number, factor: number): BarWire[] => bars.map((bar, k) => (k === n ? { ...bar, open: (Number(bar.open) * factor).toFixed(2), high: (Number(bar.high) * factor).toFixed(2), low: (Number(bar.low) * factor).toFixed(2), close: (Number(bar.close) * factor).toFixed(2) } : bar));

beforeAll(async () => {
  book = await startBook();
  db = openDb({ access: book.access('data_ingestion'), database: 'trading_system', schema: 'data_ingestion', applicationName: 'test', max: 4, onLost: () => undefined });
  const symbols = ['GOOD', 'MEND', 'SAME', 'HELD', 'HOLE', 'DAYS', 'OLD'];
  for (const symbol of symbols) await book.sql(`INSERT INTO data_ingestion.symbols (symbol, name, exchange, is_tradable, is_fractionable, is_shortable, is_watched) VALUES ($1, $1, 'X', true, true, true, $2)`, [symbol, symbol !== 'OLD']);
  const bars = (symbol: string): BarWire[] => walk(symbol, '1Min', minutes);
  for (const symbol of ['GOOD', 'MEND', 'HELD', 'HOLE']) truth.set(`${symbol} 1Min`, bars(symbol));
  truth.set('SAME 1Min', spoil(bars('SAME'), 700, 1.3));
  // The broker has the same nonsense: it cannot be true all the same.
  truth.set('HELD 1Min', spoil(bars('HELD'), 500, 10));
  truth.set('DAYS 1Day', walk('DAYS', '1Day', days));
  await store([...bars('GOOD'), ...spoil(bars('MEND'), 600, 1.25), ...spoil(bars('SAME'), 700, 1.3), ...spoil(bars('HELD'), 500, 10), ...bars('HOLE').filter((_, n) => n < 450 || n >= 470), ...walk('DAYS', '1Day', days)]);
}, 60_000);
afterAll(async () => {
  await db?.close();
  await book?.stop();
});

describe('validation with a second reading', () => {
  it('mends what the broker tells otherwise, confirms what it tells again, holds what cannot be, fills holes', async () => {
    const first = await validate('q:1');
    expect(first.output).toMatchObject({ series: 6, byKind: { spike: 2, decimal_shift: 1, gap: 1 }, findings: 4, isUsable: true });
    expect(await stateOf('MEND', 'spike')).toEqual({ state: 'repaired', severity: 'critical' });
    expect(await stateOf('SAME', 'spike')).toEqual({ state: 'confirmed', severity: 'warning' });
    expect(await stateOf('HELD', 'decimal_shift')).toEqual({ state: 'quarantined', severity: 'critical' });
    expect(await stateOf('HOLE', 'gap')).toEqual({ state: 'repaired', severity: 'warning' });
    expect(await closeAt('MEND', minutes[600] ?? 0)).toBe(String(Number(truth.get('MEND 1Min')?.[600]?.close)));
    expect(await closeAt('HELD', minutes[500] ?? 0)).toBeUndefined();
    expect(await closeAt('HOLE', minutes[460] ?? 0)).toBeDefined();
    const log = await book.sql<{ symbol: string; kind: string }>(`SELECT symbol, kind FROM data_ingestion.data_quality_logs WHERE kind IN ('bar_revised', 'bar_quarantined') ORDER BY kind`);
    expect(log).toEqual([{ symbol: 'HELD', kind: 'bar_quarantined' }, { symbol: 'MEND', kind: 'bar_revised' }]);
    // No bar that was stored as history is shown to a strategy.
    expect(await book.sql(`SELECT 1 FROM data_ingestion.outbox WHERE topic = 'bar.closed'`)).toEqual([]);
  });

  it('asks nobody twice, and says the same after a crash', async () => {
    const before = asked;
    // What was mended and filled is looked at once more, and is right now.
    expect((await validate('q:2')).output).toMatchObject({ findings: 0, isUsable: true });
    expect((await validate('q:2b')).output).toMatchObject({ bars: 0, findings: 0 });
    expect((await validate('q:1')).output).toMatchObject({ findings: 4 });
    expect(asked).toBe(before);
  });

  it('looks at whole histories on demand, and lets old ones stop nobody', async () => {
    await store(spoil(walk('OLD', '1Day', days.slice(0, 200)), 100, 1.5));
    const result = await validateSeriesWhole(db, { symbol: 'OLD', timeframe: '1Day' }, { signal: new AbortController().signal, now: null });
    expect(result).toMatchObject({ bars: 200, found: 1 });
    expect(await stateOf('OLD', 'spike')).toMatchObject({ state: 'open', severity: 'critical' });
    expect((await validate('q:3')).output).toMatchObject({ isUsable: true });
    // The right bars come: the finding is there no more.
    await store(walk('OLD', '1Day', days.slice(0, 200)));
    await validateSeriesWhole(db, { symbol: 'OLD', timeframe: '1Day' }, { signal: new AbortController().signal, now: null });
    expect(await stateOf('OLD', 'spike')).toMatchObject({ state: 'repaired' });
    expect(await validateSeriesWhole(db, { symbol: 'NONE', timeframe: '1Day' }, { signal: new AbortController().signal, now: null })).toBeNull();
  });

  it('closes what a whole look does not find again, whatever its rule, and nothing that is found elsewhere', async () => {
    const [open] = days;
    for (const kind of ['ohlc_order', 'clock_skew', 'factor_mismatch']) {
      await book.sql(`INSERT INTO data_ingestion.data_quality_logs (symbol, timeframe, open_time, kind, severity, state, detail, finding_key) VALUES ('OLD', '1Day', to_timestamp($1 / 1000.0), $2, 'critical', 'open', '{}', 'gone:' || $2)`, [open, kind]);
    }
    await validateSeriesWhole(db, { symbol: 'OLD', timeframe: '1Day' }, { signal: new AbortController().signal, now: null });
    expect(await stateOf('OLD', 'ohlc_order')).toMatchObject({ state: 'repaired' });
    expect(await stateOf('OLD', 'clock_skew')).toMatchObject({ state: 'repaired' });
    expect(await stateOf('OLD', 'factor_mismatch')).toMatchObject({ state: 'open' });
    await book.sql("DELETE FROM data_ingestion.data_quality_logs WHERE finding_key LIKE 'gone:%'");
  });

  it('compares days with their minutes', async () => {
    const minutesOf = truth.get('GOOD 1Min') ?? [];
    const dayOf = (n: number): BarWire => {
      const own = minutesOf.slice(n * 390, n * 390 + 390);
      const sum = (pick: (bar: BarWire) => string): number[] => own.map((bar) => Number(pick(bar)));
      return { symbol: 'GOOD', timeframe: '1Day', openTime: fromNewYork(`2024-07-${10 + n}`, 0), open: own[0]?.open ?? '', close: own.at(-1)?.close ?? '', high: String(Math.max(...sum((bar) => bar.high))), low: String(Math.min(...sum((bar) => bar.low))), volume: String(sum((bar) => bar.volume).reduce((a, b) => a + b)) };
    };
    await store([dayOf(0), { ...dayOf(1), high: '180' }, dayOf(2)]);
    truth.set('GOOD 1Day', [dayOf(0), dayOf(1), dayOf(2)]);
    expect((await validate('q:3b')).output).toMatchObject({ byKind: { day_mismatch: 1 } });
    expect(await stateOf('GOOD', 'day_mismatch')).toMatchObject({ state: 'repaired' });
    expect(await closeAt('GOOD', dayOf(1).openTime)).toBe(String(Number(dayOf(1).close)));
  });

  it('leaves bars to a person that strategies have seen, however wrong they are', async () => {
    const bars = spoil(walk('LIVE', '1Min', minutes), 500, 10);
    truth.set('LIVE 1Min', bars);
    await book.sql(`INSERT INTO data_ingestion.symbols (symbol, name, exchange, is_tradable, is_fractionable, is_shortable, is_watched) VALUES ('LIVE', 'LIVE', 'X', true, true, true, true)`);
    await store(bars, 'stream');
    await validate('q:live');
    expect(await stateOf('LIVE', 'decimal_shift')).toEqual({ state: 'open', severity: 'critical' });
    expect(await closeAt('LIVE', minutes[500] ?? 0)).toBeDefined();
    const before = asked;
    await validate('q:live2');
    expect(asked).toBe(before);
    const [told] = (await readDataFindings(db, { symbol: 'LIVE', kind: 'decimal_shift', state: 'open', limit: 5 })).findings;
    expect(told?.text).toMatch(/Strategies may have traded on it/);
    expect(await commands().decideDataFinding?.({ ...key, findingId: told?.findingId ?? 0, decision: 'refetch' })).toMatchObject({ state: 'open', attempts: 2 });
    expect(await book.sql(`SELECT actor, after FROM logging.audit_log WHERE action = 'finding.refetch'`)).toEqual([{ actor: 'ann', after: { outcome: 'left' } }]);
    await commands().decideDataFinding?.({ ...key, findingId: told?.findingId ?? 0, decision: 'dismiss' });
  });

  it('puts no held bar back when it fills the hole that it left', async () => {
    const bars = walk('NIGHT', '1Day', days.slice(0, 200));
    truth.set('NIGHT 1Day', spoil(bars, 100, 10));
    await store(spoil(bars, 100, 10));
    await book.sql(`INSERT INTO data_ingestion.symbols (symbol, name, exchange, is_tradable, is_fractionable, is_shortable, is_watched) VALUES ('NIGHT', 'NIGHT', 'X', true, true, true, false)`);
    await validate('q:night', { symbols: ['NIGHT'], isWhole: true });
    expect(await stateOf('NIGHT', 'decimal_shift')).toMatchObject({ state: 'quarantined' });
    await validate('q:night2', { symbols: ['NIGHT'], isWhole: true });
    expect(await stateOf('NIGHT', 'sessions_missing')).toMatchObject({ state: 'confirmed' });
    expect(await closeAt('NIGHT', days[100] ?? 0)).toBeUndefined();
    const [held] = (await readQuarantine(db, { symbol: 'NIGHT', state: 'held', limit: 1 })).bars;
    await commands().decideQuarantine?.({ ...key, quarantineId: held?.quarantineId ?? 0, answer: { decision: 'discard' } });
    await expect(commands().decideDataFinding?.({ ...key, findingId: await idOf('NIGHT', 'sessions_missing'), decision: 'quarantine' })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('stops nobody for a series that nobody follows, or that a file brought', async () => {
    // Both ended long before the market's present.
    await store(walk('OLD', '1Min', minutes.slice(0, 390)));
    const { output } = await validate('q:stale', { isWhole: true });
    expect(output).toMatchObject({ isUsable: true });
    expect(await stateOf('OLD', 'stale_series')).toBeUndefined();
  });

  it('misses no day that lies in a file', async () => {
    const bars = walk('PAST', '1Day', days.slice(0, 120));
    truth.set('PAST 1Day', bars);
    await book.sql(`INSERT INTO data_ingestion.symbols (symbol, name, exchange, is_tradable, is_fractionable, is_shortable, is_watched) VALUES ('PAST', 'PAST', 'X', true, true, true, false)`);
    await store(bars);
    await updateCoverage(db, { signal: new AbortController().signal });
    const inMarch = (bar: BarWire): boolean => new Date(bar.openTime).toISOString().startsWith('2023-03');
    await book.sql(`INSERT INTO data_ingestion.archived_months (month, timeframe, file, rows, bytes, sha256, schema_version, state) VALUES ('2023-03-01', '1Day', 'x', 23, 1, repeat('0', 64), 2, 'archived')`);
    await book.sql(`DELETE FROM data_ingestion.market_data WHERE symbol = 'PAST' AND open_time >= '2023-03-01' AND open_time < '2023-04-01'`);
    await book.sql(`UPDATE data_ingestion.ingestion_status SET revisions = revisions + 1 WHERE symbol = 'PAST'`);
    await validate('q:past', { symbols: ['PAST'], isWhole: true });
    expect(await stateOf('PAST', 'sessions_missing')).toBeUndefined();
    expect(await closeAt('PAST', bars.find(inMarch)?.openTime ?? 0)).toBeUndefined();
    const march = (await readCoverage(db, { symbol: 'PAST', timeframe: '1Day', year: 2023 })).days.filter((day) => day.day.startsWith('2023-03'));
    expect(march).toHaveLength(23);
    expect(march.every((day) => day.isArchived && day.fraction === 1)).toBe(true);
    await book.sql(`DELETE FROM data_ingestion.archived_months WHERE file = 'x'`);
  });

  it('can be canceled', async () => {
    await expect(validateSeriesWhole(db, { symbol: 'GOOD', timeframe: '1Min' }, { signal: AbortSignal.abort(), now: null })).rejects.toThrow();
  });
});

describe('what people decide', () => {
  it('a held bar is put back, once, with a trail, and is not taken out again', async () => {
    const { bars, held } = await readQuarantine(db, { state: 'held', limit: 10 });
    expect(held).toBe(1);
    expect(bars[0]).toMatchObject({ symbol: 'HELD', kind: 'decimal_shift', state: 'held' });
    const quarantineId = bars[0]?.quarantineId ?? 0;
    const released = await commands().decideQuarantine?.({ ...key, quarantineId, answer: { decision: 'release' } });
    expect(released).toMatchObject({ state: 'released', decidedBy: 'ann' });
    expect(await commands().decideQuarantine?.({ ...key, quarantineId, answer: { decision: 'release' } })).toMatchObject({ state: 'released' });
    await expect(commands().decideQuarantine?.({ ...key, quarantineId, answer: { decision: 'discard' } })).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
    expect(await closeAt('HELD', minutes[500] ?? 0)).toBe(bars[0]?.close);
    await validate('q:4', { isWhole: true });
    expect(await closeAt('HELD', minutes[500] ?? 0)).toBe(bars[0]?.close);
    expect(await stateOf('HELD', 'decimal_shift')).toMatchObject({ state: 'dismissed' });
    expect(await book.sql(`SELECT actor, action FROM logging.audit_log WHERE action LIKE 'quarantine.%' AND subject LIKE 'HELD %'`)).toEqual([{ actor: 'ann', action: 'quarantine.release' }]);
  });

  it('a finding\'s bars are taken out and replaced', async () => {
    const findingId = await idOf('SAME', 'spike');
    expect(await commands().decideDataFinding?.({ ...key, findingId, decision: 'quarantine' })).toMatchObject({ state: 'quarantined', decidedBy: 'ann' });
    expect(await closeAt('SAME', minutes[700] ?? 0)).toBeUndefined();
    const [bar] = (await readQuarantine(db, { state: 'held', limit: 10 })).bars;
    const right = { open: '100.00', high: '100.10', low: '99.90', close: '100.05', volume: '7000' };
    await expect(commands().decideQuarantine?.({ ...key, quarantineId: bar?.quarantineId ?? 0, answer: { decision: 'replace', bar: { ...right, low: '101' } } })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await commands().decideQuarantine?.({ ...key, quarantineId: bar?.quarantineId ?? 0, answer: { decision: 'replace', bar: right } });
    expect(await closeAt('SAME', minutes[700] ?? 0)).toBe('100.05');
    const [status] = await book.sql<{ revisions: number; bars_total: number }>(`SELECT revisions::int AS revisions, bars_total::int AS bars_total FROM data_ingestion.ingestion_status WHERE symbol = 'SAME'`);
    expect(status?.bars_total).toBe(1_170);
    expect(status?.revisions).toBeGreaterThan(0);
  });

  it('unknown ones are refused', async () => {
    await expect(commands().decideDataFinding?.({ ...key, findingId: 999_999, decision: 'dismiss' })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await expect(commands().decideQuarantine?.({ ...key, quarantineId: 999_999, answer: { decision: 'discard' } })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });
});

describe('adjustment factors', () => {
  const act = (id: string, kind: string, exDate: string, terms: unknown): Promise<unknown> => book.sql('INSERT INTO data_ingestion.corporate_actions (action_id, symbol, kind, ex_date, terms) VALUES ($1, $2, $3, $4, $5::jsonb)', [id, 'DAYS', kind, exDate, JSON.stringify(terms)]);

  it('come from the actions and the closes before, and are compared with the broker\'s series', async () => {
    await act('a1', 'cash_dividend', '2023-06-15', { rate: '1.00' });
    await act('a2', 'cash_dividend', '2024-03-14', { rate: '1.10' });
    await act('a3', 'spin_off', '2024-05-01', { new_symbol: 'X' });
    const closeBefore = (date: string): number => Number(truth.get('DAYS 1Day')?.filter((bar) => bar.openTime < fromNewYork(date, 0)).at(-1)?.close);
    const [f1, f2] = [1 - 1 / closeBefore('2023-06-15'), 1 - 1.1 / closeBefore('2024-03-14')];
    // In a replay the broker frees its series of splits alone: here it leaves the dividends in.
    await validate('q:5');
    const rows = await book.sql<{ day: string; price_factor: number; told_factor: number }>(`SELECT day::text AS day, price_factor, told_factor FROM data_ingestion.adjustment_factors WHERE symbol = 'DAYS' ORDER BY day`);
    expect(rows.map((row) => row.day)).toEqual(['2023-06-14', '2024-03-13']);
    expect(rows[0]?.price_factor).toBeCloseTo(f1 * f2, 9);
    expect(rows[1]?.price_factor).toBeCloseTo(f2, 9);
    expect(rows[1]?.told_factor).toBeCloseTo(1, 6);
    expect(await stateOf('DAYS', 'action_unresolved')).toMatchObject({ state: 'open', severity: 'warning' });
    const view = await readAdjustments(db, 'DAYS');
    expect(view.actions.map((action) => [action.text, action.problem === null])).toEqual([['Dividend $1.00', true], ['Dividend $1.10', true], ['Spin-off', false]]);
    expect(HTTP.adjustments.output.parse(view)).toEqual(view);
  });

  it('that differ from the broker\'s become a finding', async () => {
    adjusted.set('DAYS', [{ before: fromNewYork('2023-09-05', 0), factor: 0.5 }]);
    await act('a4', 'forward_split', '2023-09-05', { new_rate: '3', old_rate: '1' });
    await validate('q:6');
    expect(await stateOf('DAYS', 'factor_mismatch')).toMatchObject({ state: 'open' });
    await book.sql(`UPDATE data_ingestion.corporate_actions SET terms = '{"new_rate": "2", "old_rate": "1"}' WHERE action_id = 'a4'`);
    await validate('q:7');
    expect(await stateOf('DAYS', 'factor_mismatch')).toMatchObject({ state: 'repaired' });
    // The bars themselves never split: a whole look says so.
    await validateSeriesWhole(db, { symbol: 'DAYS', timeframe: '1Day' }, { signal: new AbortController().signal, now: null });
    expect(await stateOf('DAYS', 'split_not_in_prices')).toMatchObject({ state: 'open', severity: 'critical' });
  });
});

describe('coverage, findings and reports as the page sees them', () => {
  it('count each day of one symbol and of all', async () => {
    await db.tx((tx) => removeBars(tx, minutes.slice(390, 780).map((openTime) => ({ symbol: 'GOOD', timeframe: '1Min' as const, openTime })), { kind: 'bar_replaced' }));
    expect((await readCoverage(db, { symbol: 'GOOD', timeframe: '1Min' })).pending).toBe(1);
    await validate('q:8');
    const one = await readCoverage(db, { symbol: 'GOOD', timeframe: '1Min' });
    expect(HTTP.coverage.output.parse(one)).toEqual(one);
    expect(one.days.map((day) => [day.day, day.stored, day.expected, day.fraction])).toEqual([['2024-07-10', 390, 390, 1], ['2024-07-11', 0, 390, 0], ['2024-07-12', 390, 390, 1]]);
    const all = await readCoverage(db, { timeframe: '1Min', year: 2024 });
    expect(all.days[1]).toMatchObject({ series: 6, expected: 6 * 390, stored: 5 * 390, complete: 5 });
    expect(all).toMatchObject({ pending: 0, years: [2024], series: 7 });
    const list = await readCoverageSeries(db, { query: '', order: 'worst', limit: 3 });
    expect(list.series[0]).toMatchObject({ symbol: 'GOOD', timeframe: '1Min', expected: 1_170, stored: 780, missingDays: 1 });
    expect(list.total).toBe(12);
    expect((await readCoverageSeries(db, { query: 'ol', order: 'symbol', limit: 10 })).series.map((row) => row.symbol)).toEqual(['HOLE', 'OLD', 'OLD']);
    expect((await readCoverage(db, { symbol: 'NONE', timeframe: '1Min' })).days).toEqual([]);
  });

  it('list findings page by page, in words', async () => {
    const page = await readDataFindings(db, { state: 'all', limit: 2 });
    expect(page.findings).toHaveLength(2);
    expect(page.hasMore).toBe(true);
    const next = await readDataFindings(db, { state: 'all', limit: 200, before: page.findings[1]?.findingId ?? 0 });
    expect(next.findings.every((finding) => finding.findingId < (page.findings[1]?.findingId ?? 0))).toBe(true);
    const [spike] = (await readDataFindings(db, { symbol: 'MEND', kind: 'spike', state: 'all', limit: 5 })).findings;
    expect(spike?.text).toMatch(/^The close went from .* and came back after 1 bar$/);
  });

  it('report the day', async () => {
    const report = await readQualityReport(db, '2024-07-12');
    expect(HTTP.qualityReport.output.parse(report)).toEqual(report);
    expect(report.coverage).toContainEqual({ timeframe: '1Min', series: 6, expected: 2_340, stored: 2_340, fraction: 1 });
    expect(report.quarantined + report.repaired).toBeGreaterThan(1);
    expect(await readQualityReports(db, 10)).toHaveLength(1);
    expect((await readValidations(db, 20)).map((run) => run.scope)).toContain('whole');
    await expect(readQualityReport(db, '2020-01-02')).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });
});
