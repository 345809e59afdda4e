/** The chart on a running stack: how soon it stands, and how smoothly it is moved over a hundred thousand stored minutes. Chromium draws in software here. */
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import type { Page } from 'playwright-core';
import { sessionsBetween } from '#app/market/calendar.ts';
import type { Db } from '#chassis/db.ts';
import { figureOf, type Figure } from './lib/measure.ts';
import { freshDataDir, removeDir, startStack } from './lib/stack.ts';

const SYMBOL = 'BENCH';
const BARS = 100_000;
const ROUNDS = 5;
const SETTLE_LIMIT_MS = 60_000;
const DRAG_STEPS = 120;
/** So many paths there are when the bars stand. */
const DRAWN_PATHS = 3;
const CHROMIUM = [process.env['MAINSPRING_CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
/** Three indicators, one of them in three lines and one in a pane of its own. */
const LOOK = { timeframe: '1Min', indicators: [['SMA', 20], ['BBANDS', 20, 2], ['RSI', 14]].map(([id, ...values]) => ({ key: String(id), id, values })) };

/** What the page is asked to do, in its own words: this room knows no page. */
const IN_PAGE = {
  now: 'performance.now()',
  listen: `(() => { const frames = []; window.benchFrames = frames; const note = (at) => { frames.push(at); if (window.benchFrames === frames) requestAnimationFrame(note); }; requestAnimationFrame(note); })()`,
  heard: `(() => { const frames = window.benchFrames; window.benchFrames = null; return frames; })()`,
  look: `localStorage.setItem('mainspring.chart', JSON.stringify(${JSON.stringify(LOOK)}))`,
} as const;

/** A year of minutes that end before the demo's own market begins. */
async function storeMinutes(db: Db): Promise<void> {
  const sessions = sessionsBetween('2024-10-01', '2025-12-01');
  const times = sessions.flatMap((session) => Array.from({ length: Math.round((session.close - session.open) / 60_000) }, (_none, n) => session.open + n * 60_000)).slice(-BARS);
  const months = [...new Set(times.map((time) => new Date(time).toISOString().slice(0, 7)))];
  for (const month of months) await db.query('SELECT data_ingestion.ensure_month($1::date)', [`${month}-01`]);
  await db.query(`INSERT INTO data_ingestion.symbols (symbol, name, exchange, is_tradable, is_fractionable, is_shortable) VALUES ($1, 'Measured Inc.', 'NASDAQ', true, true, false) ON CONFLICT DO NOTHING`, [SYMBOL]);
  for (let from = 0; from < times.length; from += 10_000) {
    const part = times.slice(from, from + 10_000);
    await db.query(
      `INSERT INTO data_ingestion.market_data (symbol, timeframe, open_time, open, high, low, close, volume, source, ts_seen)
       SELECT $1, '1Min', to_timestamp(t / 1000.0), p, p + 0.4, p - 0.4, p + 0.2 * sin(n), 1000 + (n % 700), 'bench', now()
       FROM (SELECT t, n + $3::int AS n, round((100 + 20 * sin((n + $3::int) / 900.0) + 3 * sin((n + $3::int) / 41.0))::numeric, 2) AS p FROM unnest($2::float8[]) WITH ORDINALITY AS u (t, n)) rows`,
      [SYMBOL, part, from],
    );
  }
  await db.query(
    `INSERT INTO data_ingestion.ingestion_status (symbol, timeframe, last_open_time, last_close, bars_total, last_seen_at, first_open_time)
     SELECT symbol, timeframe, max(open_time), 100, count(*), now(), min(open_time) FROM data_ingestion.market_data WHERE symbol = $1 GROUP BY 1, 2`, [SYMBOL],
  );
}

/** From the beginning of the visit until bars are drawn and their numbers stand, ms. */
async function firstPaint(page: Page, url: string): Promise<number> {
  await page.goto('about:blank');
  await page.goto(url);
  await page.locator('.bar-values').waitFor({ timeout: SETTLE_LIMIT_MS });
  await page.locator('.navigable .scatterlayer path').nth(DRAWN_PATHS).waitFor({ state: 'attached', timeout: SETTLE_LIMIT_MS });
  return page.evaluate<number>(IN_PAGE.now);
}

/** Frames that the page drew while `act` moved the chart: the time between each two, ms. */
async function framesOf(page: Page, act: () => Promise<void>): Promise<number[]> {
  await page.evaluate(IN_PAGE.listen);
  await act();
  const times = await page.evaluate<number[]>(IN_PAGE.heard);
  return times.slice(1).map((time, n) => time - (times[n] ?? time));
}

async function middle(page: Page): Promise<{ x: number; y: number }> {
  const box = await page.locator('.chart-area').boundingBox();
  if (box === null) throw new Error('The chart is not on the page');
  return { x: box.x + box.width / 2, y: box.y + box.height / 3 };
}

async function drag(page: Page): Promise<void> {
  const { x, y } = await middle(page);
  await page.mouse.move(x, y);
  await page.mouse.down();
  for (let n = 1; n <= DRAG_STEPS; n += 1) await page.mouse.move(x + Math.sin(n / 12) * 300, y);
  await page.mouse.up();
}

async function zoom(page: Page): Promise<void> {
  const { x, y } = await middle(page);
  await page.mouse.move(x, y);
  for (let n = 0; n < DRAG_STEPS / 2; n += 1) await page.mouse.wheel(0, Math.sin(n / 8) > 0 ? 30 : -30);
}

const perSecond = (frames: readonly number[]): number => (frames.length * 1_000) / frames.reduce((sum, ms) => sum + ms, 0);

/** First paint, and frames a second while the chart is pushed and zoomed. */
export async function benchChart(): Promise<Figure[]> {
  const executablePath = CHROMIUM.find((file) => file !== undefined && existsSync(file));
  if (executablePath === undefined) throw new Error('No Chromium found. Remedy: apt-get install chromium, or set MAINSPRING_CHROMIUM.');
  const dataDir = freshDataDir();
  const stack = await startStack({ dataDir });
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
  try {
    const db = await stack.book();
    try {
      await storeMinutes(db);
    } finally {
      await db.close();
    }
    const page = await browser.newPage({ viewport: { width: 1_440, height: 900 } });
    await page.goto(stack.dashboard);
    await page.locator('.navigation').waitFor({ timeout: SETTLE_LIMIT_MS });
    await page.evaluate(IN_PAGE.look);
    const url = `${new URL(stack.dashboard).origin}/analysis?symbol=${SYMBOL}&timeframe=1Min`;
    const paints: number[] = [];
    for (let n = 0; n <= ROUNDS; n += 1) paints.push(await firstPaint(page, url));
    const pans: number[][] = [];
    const zooms: number[][] = [];
    for (let n = 0; n < ROUNDS; n += 1) {
      pans.push(await framesOf(page, () => drag(page)));
      zooms.push(await framesOf(page, () => zoom(page)));
    }
    return [
      figureOf({ name: 'analysis page: visit -> bars on the screen (files warm)', unit: 'ms', values: paints.slice(1), limit: 1_000, floor: 2_000 }),
      figureOf({ name: '  the first visit (files cold)', unit: 'ms', values: paints.slice(0, 1) }),
      figureOf({ name: 'pushing the chart, 100,000 bars stored', unit: 'fps', values: pans.map(perSecond), isFloor: true, limit: 30, floor: 20 }),
      figureOf({ name: '  longest frame in a hundred while pushing', unit: 'ms', values: pans.flat(), p: 0.99 }),
      figureOf({ name: 'zooming with the wheel', unit: 'fps', values: zooms.map(perSecond), isFloor: true, limit: 30, floor: 20 }),
      figureOf({ name: '  longest frame in a hundred while zooming', unit: 'ms', values: zooms.flat(), p: 0.99 }),
    ];
  } finally {
    await browser.close();
    await stack.stop();
    removeDir(dataDir);
  }
}
