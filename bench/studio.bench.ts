/** The author studio's back-tests over a real book: from the flow's first word to a curve that can be read, house and sandboxed, ten years of days on 50 symbols. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as setTimer } from 'node:timers/promises';
import { invariant } from '#app/domain/errors.ts';
import { randomOf } from '#app/domain/random.ts';
import { MINUTE_MS } from '#app/domain/time.ts';
import { fromNewYork, sessionsBetween } from '#app/market/calendar.ts';
import { hashOfFiles } from '#chassis/project-files.ts';
import { openDb, type Db } from '#chassis/db.ts';
import type { FlowDefinition } from '#chassis/flows.ts';
import { SMA_CROSS } from '../services/research/sandbox/testing-sources.ts';
import { openSandbox } from '../services/research/sandbox/sandbox.ts';
import { warmSandboxes } from '../services/research/sandbox/warm.ts';
import { backtestFlow } from '../services/strategy_engine/backtest-flow.ts';
import { runFlowByHand } from '../tests/support/run-flow.ts';
import { startBook, type Book } from '../tests/support/servers.ts';
import { figureOf, type Figure } from './lib/measure.ts';
import { watchTurns } from './lib/turns.ts';

const SYMBOLS = 50;
const ROUNDS = 6;
/** To the first chart, ms. */
const LIMIT_MS = 1_000;
/** Of the thread that trades, ms. */
const TURN_LIMIT_MS = 50;
/** Between two runs of a user's strategy, ms: a person looks at the result, and the next process is ready by then. */
const LOOK_MS = 4_000;
const MINUTES = 'MIN';
const names = Array.from({ length: SYMBOLS }, (_none, n) => `S${String(n + 1).padStart(2, '0')}`);

/** Ten years of days of one symbol, a walk in cents. */
async function fillSymbol(book: Book, symbol: string): Promise<number> {
  const random = randomOf(11, symbol);
  let last = 100;
  const rows = sessionsBetween('2015-01-02', '2024-12-31').map(({ date }) => {
    const open = Math.max(1, last * (1 + 0.004 * random.normal()));
    const close = Math.max(1, open * (1 + 0.015 * random.normal()));
    last = close;
    return { at: fromNewYork(date, 0), open, close, high: Math.max(open, close) * 1.004, low: Math.min(open, close) * 0.996 };
  });
  const text = (pick: (row: (typeof rows)[number]) => number): string[] => rows.map((row) => pick(row).toFixed(2));
  await book.sql(
    `INSERT INTO data_ingestion.market_data SELECT $1, '1Day', to_timestamp(b.ms / 1000.0), b.open, b.high, b.low, b.close, 1000000, 'bench', to_timestamp(b.ms / 1000.0 + 86400)
     FROM unnest($2::bigint[], $3::numeric[], $4::numeric[], $5::numeric[], $6::numeric[]) AS b(ms, open, high, low, close)`,
    [symbol, rows.map(({ at }) => at), text((row) => row.open), text((row) => row.high), text((row) => row.low), text((row) => row.close)],
  );
  return rows.length;
}

/** A million minutes of one symbol, a walk in cents. */
async function fillMinutes(book: Book): Promise<void> {
  const random = randomOf(12, MINUTES);
  let last = 100;
  for (const days of batchesOf(sessionsBetween('2015-01-02', '2024-12-31'), 200)) {
    const rows = days.flatMap(({ open, close }) => Array.from({ length: (close - open) / MINUTE_MS }, (_none, n) => {
      last = Math.max(10, last + Math.round(4 * random.normal()) / 100);
      return { at: open + n * MINUTE_MS, close: last };
    }));
    await book.sql(
      `INSERT INTO data_ingestion.market_data SELECT $1, '1Min', to_timestamp(b.ms / 1000.0), b.close, b.close, b.close, b.close, 10000, 'bench', to_timestamp(b.ms / 1000.0 + 60) FROM unnest($2::bigint[], $3::numeric[]) AS b(ms, close)`,
      [MINUTES, rows.map(({ at }) => at), rows.map(({ close }) => close.toFixed(2))],
    );
  }
}

function batchesOf<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_none, n) => all.slice(n * size, (n + 1) * size));
}

async function fill(book: Book): Promise<number> {
  await book.sql(`SELECT data_ingestion.ensure_month(m::date) FROM generate_series(timestamp '2015-01-01', timestamp '2024-12-01', interval '1 month') m`);
  await fillMinutes(book);
  let bars = 0;
  for (const symbol of names) bars += await fillSymbol(book, symbol);
  await book.sql(`INSERT INTO data_ingestion.symbols (symbol, name, exchange, is_tradable, is_fractionable, is_shortable, is_watched) SELECT s, s, 'X', true, true, true, true FROM unnest($1::text[]) s`, [[...names, MINUTES]]);
  await book.sql(`INSERT INTO data_ingestion.ingestion_status (symbol, timeframe, last_open_time, last_close, bars_total, last_seen_at, first_open_time) SELECT symbol, timeframe, max(open_time), 1, count(*), now(), min(open_time) FROM data_ingestion.market_data GROUP BY 1, 2`);
  const files = [{ path: 'strategy.ts', text: SMA_CROSS }];
  await book.sql(`INSERT INTO strategy_engine.projects (project_id, name, current_version) VALUES ('my_cross', 'My crossover', 1)`);
  await book.sql(`INSERT INTO strategy_engine.project_versions (project_id, version, files, hash, saved_by) VALUES ('my_cross', 1, $1::jsonb, $2, 'bench')`, [JSON.stringify(files), hashOfFiles(files)]);
  await book.sql('VACUUM ANALYZE');
  return bars;
}

type Times = { readonly ran: number[]; readonly done: number[]; /** The longest turns of the thread that trades, ms of processor time. */ readonly turns: number[] };

/** Milliseconds to the curve and to the end, by the book's own clock. */
async function timed(flow: FlowDefinition, db: Db, request: Record<string, unknown>, rounds: number): Promise<Times> {
  const [ran, done, turns]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < rounds; round += 1) {
    if (request['project'] !== undefined) await setTimer(LOOK_MS);
    const began = Date.now();
    const watch = watchTurns();
    const { output } = await runFlowByHand(flow, { symbols: names, timeframe: '1Day', from: '2015-01-02', to: '2024-12-31', sizing: { method: 'percent_of_equity', percent: '2' }, ...request }, { runId: `bench:${JSON.stringify(request)}:${round}` });
    turns.push(watch.stop());
    const [row] = await db.query<{ ran: number; finished: number }>('SELECT ran_at AS ran, finished_at AS finished FROM strategy_engine.backtests WHERE backtest_id = $1', [(output as { backtestId: string }).backtestId]);
    invariant(row, 'The back-test has its row');
    ran.push(row.ran - began);
    done.push(row.finished - began);
  }
  return { ran, done, turns };
}

function figuresOf(name: string, { ran, done, turns }: Times): Figure[] {
  return [
    figureOf({ name: `${name}, first time: to the curve`, unit: 'ms', values: ran.slice(0, 1) }),
    figureOf({ name: '  then', unit: 'ms', values: ran.slice(1), limit: LIMIT_MS }),
    figureOf({ name: '  to the end, with statistics and verdict', unit: 'ms', values: done.slice(1) }),
    figureOf({ name: '  longest turn of the thread that trades', unit: 'ms', values: turns, limit: TURN_LIMIT_MS, p: 1 }),
  ];
}

/** The figures. */
export async function benchStudio(): Promise<Figure[]> {
  const book = await startBook();
  const folder = mkdtempSync(join(tmpdir(), 'ms-bench-studio-'));
  const access = book.access('strategy_engine');
  const db = openDb({ access, database: 'trading_system', schema: 'strategy_engine', applicationName: 'bench', max: 4, onLost: () => undefined });
  using warm = warmSandboxes(1);
  const flow = backtestFlow({ db, folder, bulk: { access, database: 'trading_system', applicationName: 'bench' }, sandboxes: (files, parameters) => openSandbox(files, parameters, { warm }) });
  try {
    await fill(book);
    const house = await timed(flow, db, { kind: 'sma_cross', hasChecks: false }, ROUNDS);
    const plain = await timed(flow, db, { kind: 'sma_cross', hasChecks: false, desk: 'plain' }, ROUNDS);
    const checked = await timed(flow, db, { kind: 'sma_cross' }, 2);
    const sandboxed = await timed(flow, db, { project: { projectId: 'my_cross', version: 1 }, hasChecks: false }, ROUNDS);
    const full = await timed(flow, db, { project: { projectId: 'my_cross', version: 1 } }, 2);
    const minutes = { symbols: [MINUTES], timeframe: '1Min', desk: 'plain', parameters: { fast: 50, slow: 400 } };
    const million = await timed(flow, db, { ...minutes, kind: 'sma_cross' }, 2);
    const ownMillion = await timed(flow, db, { ...minutes, project: { projectId: 'my_cross', version: 1 } }, 2);
    return [
      ...figuresOf('a million minutes of one symbol, of the house', million), ...figuresOf('  written by a user', ownMillion),
      ...figuresOf('a crossover of the house, 10 years of days on 50 symbols', house), ...figuresOf('  by sizing alone', plain), ...figuresOf('  with the checks of its verdict', checked), ...figuresOf('the same written by a user', sandboxed),
      ...figuresOf('  with the checks of its verdict', full),
    ];
  } finally {
    await db.close();
    await book.stop();
    rmSync(folder, { recursive: true });
  }
}
