/** The nightly parity of days that were traded by the live pipeline: the same to the last trade; and where something was planted, the difference with its reason. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { parityDaySchema, type ParityDay } from '#app/contracts/deploy.ts';
import { templateOf } from '#app/strategy/templates/templates.ts';
import { openDb, type Db } from '#chassis/db.ts';
import { tradeLive, type LiveStrategy } from '../../tests/support/live-pipeline.ts';
import { PARITY_LIMITS, PARITY_STRATEGIES } from '../../tests/support/parity.ts';
import { recordBars } from '../../tests/support/recorded-bars.ts';
import type { Book } from '../../tests/support/servers.ts';
import { readParity, runParity } from './parity.ts';

const [DAY, NEXT_DAY] = ['2024-03-04', '2024-03-05'];
const folders: string[] = [];
const recorded = (days: readonly string[] = [DAY], minutes = 60): string => {
  const folder = recordBars({ symbols: ['AAA', 'BBB'], days, minutes, seed: 5 });
  folders.push(folder);
  return folder;
};
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

const [cross, reversion] = PARITY_STRATEGIES.filter(({ isSized }) => isSized).slice(0, 2).map((strategy, n): LiveStrategy => ({ ...strategy, symbols: [['AAA', 'BBB'][n] ?? ''] }));
if (cross === undefined || reversion === undefined) throw new Error('Two strategies are needed');

/** Takes a minute out of a recording. `at`: RFC 3339; the files are in New York's time, five hours behind in March. */
function removeBar(folder: string, symbol: string, at: string): void {
  const file = join(folder, `${symbol.toLowerCase()}.trade.csv.gz`);
  const minute = new Date(Date.parse(at) - 5 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
  const lines = gunzipSync(readFileSync(file)).toString().split('\n');
  const left = lines.filter((line) => !line.startsWith(minute));
  expect(left).toHaveLength(lines.length - 1);
  writeFileSync(file, gzipSync(left.join('\n')));
}

/** As analytics. */
async function within<T>(book: Book, use: (db: Db) => Promise<T>): Promise<T> {
  const db = openDb({ access: book.access('analytics'), database: 'trading_system', schema: 'analytics', applicationName: 'parity test', max: 3, onLost: () => undefined });
  try {
    return await use(db);
  } finally {
    await db.close();
  }
}

async function parityOf(db: Db, strategyId: string, day = DAY): Promise<ParityDay> {
  await runParity(db, day, { signal: new AbortController().signal });
  return parityDaySchema.parse((await readParity(db, strategyId, 10)).find((one) => one.day === day));
}

/** Makes a deployment of the house one of an authored project with these files, as if it had always been that. */
async function asAuthored(book: Book, strategyId: string, files: unknown): Promise<void> {
  await book.sql('BEGIN');
  await book.sql(`INSERT INTO strategy_engine.projects (project_id, name, current_version) VALUES ('mine', 'Mine', 1)`);
  await book.sql(`INSERT INTO strategy_engine.project_versions (project_id, version, files, hash, saved_by) VALUES ('mine', 1, $1::jsonb, repeat('a', 64), 'test')`, [JSON.stringify(files)]);
  await book.sql('COMMIT');
  await book.sql(`UPDATE strategy_engine.strategy_versions SET project_id = 'mine', project_version = 1 WHERE strategy_id = $1`, [strategyId]);
}

describe('a second day', () => {
  it('begins with what the first one left: positions with their exits at the broker, wishes, cash', async () => {
    await tradeLive(recorded([DAY, NEXT_DAY], 40), { strategies: [cross, reversion], limits: PARITY_LIMITS, look: (book) => within(book, async (db) => {
      const night = await book.sql<{ strategy: string }>(
        `SELECT strategy_id AS strategy, sum(CASE side WHEN 'buy' THEN qty ELSE -qty END)::float8 AS held FROM execution.trades WHERE ts_event < '2024-03-05' GROUP BY 1 HAVING sum(CASE side WHEN 'buy' THEN qty ELSE -qty END) <> 0 ORDER BY 1`);
      expect(night.map(({ strategy }) => strategy)).toEqual([reversion.strategyId, cross.strategyId]);
      for (const { strategyId } of [cross, reversion]) {
        for (const day of [DAY, NEXT_DAY]) {
          const found = await parityOf(db, strategyId, day);
          expect(found, day).toMatchObject({ score: 100, differences: [] });
          expect(found.trades).toBeGreaterThan(0);
        }
      }
    }) });
  }, 300_000);
});

describe('a day that the live pipeline has traded', () => {
  it('is the same when it is run again, twice over; a bar that was corrected since is told for what it is', async () => {
    await tradeLive(recorded(), { strategies: [cross, reversion], limits: PARITY_LIMITS, look: (book) => within(book, async (db) => {
      for (const { strategyId } of [cross, reversion]) {
        const first = await parityOf(db, strategyId);
        expect(first).toMatchObject({ score: 100, differences: [], note: null, bars: 60 });
        expect(first.trades).toBeGreaterThanOrEqual(4);
        expect([first.signalsSame, first.tradesSame]).toEqual([first.signals, first.trades]);
        const { calculatedAt: _then, ...again } = await parityOf(db, strategyId);
        expect(first).toMatchObject(again);
      }
      await asAuthored(book, cross.strategyId, templateOf('sma_cross').files);
      expect(await parityOf(db, cross.strategyId), 'the same rule in an author\'s files, in the sandbox').toMatchObject({ score: 100, differences: [] });
      const [entry] = await book.sql<{ open_time: string }>(`SELECT bar_open_time::text AS open_time FROM strategy_engine.strategy_signals WHERE strategy_id = $1 AND target = 'long' ORDER BY ts_market LIMIT 1`, [cross.strategyId]);
      // The bar that raised the first entry turns out to have been another: the averages do not cross at it.
      const [bar] = await book.sql<{ close: string }>(`SELECT trim_scale(close)::text AS close FROM data_ingestion.market_data WHERE symbol = 'AAA' AND timeframe = '1Min' AND open_time = $1`, [entry?.open_time]);
      const lower = (Number(bar?.close) * 0.97).toFixed(2);
      await book.sql(`INSERT INTO data_ingestion.data_quality_logs (symbol, timeframe, open_time, kind, detail) SELECT symbol, timeframe, open_time, 'bar_revised', jsonb_build_object('before', jsonb_build_object('close', trim_scale(close)::text, 'tsSeen', (extract(epoch FROM ts_seen) * 1000)::bigint)) FROM data_ingestion.market_data WHERE symbol = 'AAA' AND timeframe = '1Min' AND open_time = $1`, [entry?.open_time]);
      await book.sql(`UPDATE data_ingestion.market_data SET close = $2::numeric, low = least(low, $2::numeric), ts_seen = now() WHERE symbol = 'AAA' AND timeframe = '1Min' AND open_time = $1`, [entry?.open_time, lower]);
      const corrected = await parityOf(db, cross.strategyId);
      expect(corrected.score).toBeLessThan(100);
      expect(corrected.differences[0]).toMatchObject({ kind: 'extra', symbol: 'AAA', replayed: null, reason: expect.stringMatching(/^The bar of \d\d:\d\d was corrected after it was traded on: it closed at \$[\d.]+ then, at \$[\d.]+ now\.$/) as string });
      expect(await parityOf(db, reversion.strategyId), 'another symbol is not concerned').toMatchObject({ score: 100 });
    }) });
  }, 300_000);

  it('tells of a bar that came too late for live, and was in time for the replay', async () => {
    const folder = recorded();
    const full = new Map<string, string>();
    await tradeLive(folder, { strategies: [cross], limits: PARITY_LIMITS, look: async (book) => {
      const [entry] = await book.sql<{ ms: number }>(`SELECT (extract(epoch FROM bar_open_time) * 1000)::float8 AS ms FROM strategy_engine.strategy_signals WHERE strategy_id = $1 AND target = 'long' ORDER BY ts_market LIMIT 1`, [cross.strategyId]);
      full.set('entry', new Date(entry?.ms ?? 0).toISOString());
      const [bar] = await book.sql<{ row: string }>(`SELECT row_to_json(m)::text AS row FROM data_ingestion.market_data m WHERE symbol = 'AAA' AND open_time = $1`, [full.get('entry')]);
      full.set('bar', bar?.row ?? '');
    } });
    removeBar(folder, 'AAA', full.get('entry') ?? '');
    await tradeLive(folder, { strategies: [cross], limits: PARITY_LIMITS, look: (book) => within(book, async (db) => {
      expect(await parityOf(db, cross.strategyId), 'without the bar both see the same').toMatchObject({ score: 100 });
      await book.sql(`INSERT INTO data_ingestion.market_data SELECT (json_populate_record(NULL::data_ingestion.market_data, jsonb_set($1::jsonb, '{ts_seen}', to_jsonb(now()))::json)).*`, [full.get('bar')]);
      const late = await parityOf(db, cross.strategyId);
      expect(late.score).toBeLessThan(100);
      expect(late.differences.find(({ kind }) => kind === 'missing')).toMatchObject({ live: null, symbol: 'AAA', reason: expect.stringMatching(/^The bar of \d\d:\d\d came late, behind the one after it: live decided without it\.$/) as string });
    }) });
  }, 500_000);

  it('tells of a strategy that a person had switched off', async () => {
    await tradeLive(recorded(), { strategies: [cross], limits: PARITY_LIMITS, prepare: async (book) => {
      await book.sql(`UPDATE strategy_engine.strategies SET is_enabled = false`);
      await book.sql(`INSERT INTO logging.audit_log (actor, action, subject, before, after) VALUES ('owner', 'strategy.set_enabled', $1, '{"isEnabled": true}', '{"isEnabled": false}')`, [cross.strategyId]);
    }, look: (book) => within(book, async (db) => {
      // What the reasons lean on: every bar was seen after the switch was moved, and nothing was said.
      expect(await book.sql(`SELECT (SELECT count(*)::int FROM strategy_engine.strategy_signals) AS signals, count(*)::int AS bars, min(m.ts_seen) > (SELECT max(at) FROM logging.audit_log WHERE action = 'strategy.set_enabled') AS "isLater" FROM data_ingestion.market_data m WHERE m.symbol = 'AAA' AND m.timeframe = '1Min'`))
        .toEqual([{ signals: 0, bars: 60, isLater: true }]);
      expect(await parityOf(db, cross.strategyId), 'off all day: nothing was to be done').toMatchObject({ score: null, trades: 0, differences: [], note: 'It was switched off all day: there is nothing to compare.' });
      // Somebody switches it on after its bars: it was to trade on this day, and was off at each of them.
      await book.sql(`UPDATE strategy_engine.strategies SET is_enabled = true`);
      await book.sql(`INSERT INTO logging.audit_log (actor, action, subject, before, after) VALUES ('owner', 'strategy.set_enabled', $1, '{"isEnabled": false}', '{"isEnabled": true}')`, [cross.strategyId]);
      const off = await parityOf(db, cross.strategyId);
      expect(off).toMatchObject({ score: 0, tradesSame: 0, bars: 60 });
      expect(off.trades).toBeGreaterThanOrEqual(4);
      expect(off.differences).toHaveLength(off.trades);
      for (const one of off.differences) expect(one).toMatchObject({ kind: 'missing', live: null, reason: 'It was switched off at that bar (by owner): a strategy that is paused raises nothing.' });
    }) });
  }, 300_000);
});
