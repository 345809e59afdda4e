/** The flows of data_ingestion over a real book: what they find, write, put away and bring back. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '#app/domain/errors.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { sessionsBetween } from '#app/market/calendar.ts';
import { openDb, type Db } from '#chassis/db.ts';
import type { FlowDefinition } from '#chassis/flows.ts';
import { runFlowByHand } from '../../tests/support/run-flow.ts';
import { startBook, type Book } from '../../tests/support/servers.ts';
import { minutesOf, storeAnew } from '../../tests/support/stored-minutes.ts';
import type { CalendarDay } from '../alpaca/ports.ts';
import { ingestionFlows, type IngestionFlowParts } from './flows.ts';
import type { SeenBar } from './store.ts';

let book: Book;
let db: Db;
let folder: string;
let calendar: () => Promise<readonly CalendarDay[]> = () => Promise.resolve([]);

function parts(more: Partial<IngestionFlowParts> = {}): IngestionFlowParts {
  return {
    db, bulk: { access: book.access('data_ingestion'), database: 'trading_system', applicationName: 'test' }, mode: 'demo', isReplay: false, archiveFolder: folder,
    intake: { repair: () => Promise.resolve({ stored: 3, known: 1, refused: 0, symbols: 2, from: 1, to: 2 }) },
    history: { calendar: () => calendar() }, refreshSymbols: () => Promise.resolve(2), now: () => Date.UTC(2026, 10, 20, 15) as EpochMs, ...more,
  };
}
const find = (name: string, more: Partial<IngestionFlowParts> = {}): FlowDefinition | undefined => ingestionFlows(parts(more)).find((flow) => flow.name === name);

const store = (bars: readonly SeenBar[]): Promise<void> => storeAnew(book, db, bars);

beforeAll(async () => {
  book = await startBook();
  db = openDb({ access: book.access('data_ingestion'), database: 'trading_system', schema: 'data_ingestion', applicationName: 'test', max: 4, onLost: () => undefined });
  for (const symbol of ['AAPL', 'SPY']) await book.sql(`INSERT INTO data_ingestion.symbols (symbol, name, exchange, is_tradable, is_fractionable, is_shortable, is_watched) VALUES ($1, $1, 'X', true, true, true, true)`, [symbol]);
});
afterAll(async () => {
  await db.close();
  await book.stop();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ms-archive-'));
});

describe('fetch_market_data', () => {
  it('repairs, then has the bars validated, and skips the calendar where there is no exchange', async () => {
    const run = await runFlowByHand(find('fetch_market_data'), {}, { child: () => ({ isUsable: true }) });
    expect(run.steps).toEqual(['refresh symbols', 'repair gaps']);
    expect(run.skipped.map((skip) => skip.name)).toEqual(['refresh calendar']);
    expect(run.children).toEqual([{ name: 'validate_data_quality', input: {} }]);
    expect(run.output).toMatchObject({ watched: 2, stored: 3, calendarDifferences: null, quality: { isUsable: true } });
    const inside = await runFlowByHand(find('fetch_market_data'), { isValidated: false });
    expect([inside.children, inside.output]).toMatchObject([[], { quality: null }]);
  });

  it('writes down where the broker\'s calendar differs, and as the broker has it later', async () => {
    const told = sessionsBetween('2026-11-20', '2028-05-21').map((session) => ({ date: session.date, open: '09:30', close: session.isEarly ? '13:00' : '16:00' }));
    const mourning = told.filter((day) => day.date !== '2027-01-13').map((day) => (day.date === '2027-02-02' ? { ...day, close: '13:00' } : day));
    calendar = () => Promise.resolve(mourning);
    const run = await runFlowByHand(find('fetch_market_data', { mode: 'paper' }));
    expect(run.steps).toEqual(['refresh symbols', 'refresh calendar', 'repair gaps']);
    expect(run.output).toMatchObject({ calendarDifferences: 2 });
    const stored = () => book.sql(`SELECT day::text, open_time, close_time, source FROM data_ingestion.market_calendar ORDER BY day`);
    expect(await stored()).toEqual([{ day: '2027-01-13', open_time: null, close_time: null, source: 'alpaca' }, { day: '2027-02-02', open_time: '09:30', close_time: '13:00', source: 'alpaca' }]);
    calendar = () => Promise.resolve(told);
    await runFlowByHand(find('fetch_market_data', { mode: 'paper' }));
    expect(await stored()).toMatchObject([{ day: '2027-01-13', open_time: '09:30', close_time: '16:00' }, { day: '2027-02-02', close_time: '16:00' }]);
  });

  it('goes on with our calendar when the broker is away or answers nonsense', async () => {
    await book.sql('DELETE FROM data_ingestion.market_calendar');
    for (const answer of [() => Promise.reject(new AppError('BROKER_UNREACHABLE', 'away')), () => Promise.resolve([]), () => Promise.resolve([{ date: '2026-11-23', open: '16:00', close: '09:30' }])]) {
      calendar = answer;
      const run = await runFlowByHand(find('fetch_market_data', { mode: 'live' }));
      expect(run.output).toMatchObject({ calendarDifferences: null, stored: 3 });
      expect(run.logs.some((line) => line.level === 'warn')).toBe(true);
    }
    expect(await book.sql('SELECT 1 FROM data_ingestion.market_calendar')).toEqual([]);
  });
});

describe('validate_data_quality', () => {
  it('says that there is nothing to lean on before the first bar', async () => {
    expect((await runFlowByHand(find('validate_data_quality'), {}, { runId: 'v:0' })).output).toMatchObject({ isUsable: false, series: 0 });
  });

  it('finds a gap and a bad print once, looks only at what is new, and says the same again after a crash', async () => {
    const bars = minutesOf('SPY', '2026-11-16', '2026-11-18').filter((_, i) => i < 500 || i >= 520);
    const spoiled = bars.map((bar, i) => (i === 700 ? { ...bar, high: '180.00', close: '180.00' } : bar));
    await store([...spoiled, ...minutesOf('AAPL', '2026-11-16', '2026-11-18'), { ...(bars[5] as SeenBar), low: '500.00' }]);
    const run = await runFlowByHand(find('validate_data_quality'), {}, { runId: 'v:1' });
    expect(run.output).toEqual({ series: 2, bars: 1_150 + 1_170, findings: 2, byKind: { gap: 1, spike: 1 }, arrivals: { bar_refused: 1 }, worst: [{ symbol: 'SPY', findings: 2 }], isUsable: false, reason: '1 of 2 series have bars that cannot be trusted: SPY.' });
    expect((await runFlowByHand(find('validate_data_quality'), {}, { runId: 'v:1' })).output).toEqual(run.output);
    const again = await runFlowByHand(find('validate_data_quality'), {}, { runId: 'v:2' });
    // Nothing new, but nobody has mended what is there.
    expect(again.output).toMatchObject({ bars: 0, findings: 0, arrivals: {}, isUsable: false });
    await book.sql('DELETE FROM data_ingestion.quality_progress');
    await runFlowByHand(find('validate_data_quality'), {}, { runId: 'v:3' });
    const logs = await book.sql<{ kind: string; detail: { missingBars?: number } }>(`SELECT kind, detail FROM data_ingestion.data_quality_logs WHERE finding_key IS NOT NULL ORDER BY open_time`);
    expect(logs.map((log) => log.kind)).toEqual(['gap', 'spike']);
    expect(logs[0]?.detail.missingBars).toBe(20);
  });

  it('notices the series that stopped while the other went on', async () => {
    await store(minutesOf('AAPL', '2026-11-19', '2026-11-19'));
    const run = await runFlowByHand(find('validate_data_quality'), {}, { runId: 'v:4' });
    expect(run.output).toMatchObject({ bars: 390, byKind: { stale_series: 1 }, worst: [{ symbol: 'SPY', findings: 1 }] });
  });
});
