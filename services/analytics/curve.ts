/** The stored equity curve, read once in pages: its days for statistics, a thinned line for pictures. */
import { addToDrawdown, NO_DRAWDOWN, type DrawdownState } from '#app/analytics/max-drawdown.ts';
import { epochMs, type EpochMs } from '#app/domain/time.ts';
import { endOfDay, exchangeDay } from '#app/market/calendar.ts';
import { at, type Queryable } from '#chassis/db.ts';

/** One exchange day: equity before its first and at its last point, dollars. */
export type CurveDay = { readonly day: string; readonly open: number; readonly close: number };
/** A point of the thinned line: the last equity of its stretch, and the deepest fall within it, a fraction <= 0. */
export type LinePoint = { readonly ts: EpochMs; readonly equity: number; readonly drawdown: number };
/** The curve boiled down. `start`: equity before the first point; the drawdown is over every point. */
export type Curve = { readonly from: EpochMs; readonly to: EpochMs; readonly start: number; readonly days: readonly CurveDay[]; readonly drawdown: DrawdownState; readonly line: readonly LinePoint[] };

const PAGE = 20_000;
const MAX_PAGES = 500;
/** The line has this many points at most, and at least half as many once the curve has. */
const MAX_LINE = 1_200;

type PointRow = { ts: number; equity: number; dayPnl: number };

async function* points(db: Queryable, until: EpochMs | null): AsyncGenerator<PointRow> {
  let after = '-infinity';
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const rows = await db.query<PointRow>(
      `SELECT ts_market AS ts, equity::float8 AS equity, day_pnl::float8 AS "dayPnl" FROM analytics.equity_curve WHERE ts_market > $1 AND ts_market <= $2 ORDER BY ts_market LIMIT ${PAGE}`, [after, until === null ? 'infinity' : at(until)],
    );
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE) return;
    after = at(last.ts);
  }
}

/** Every second stretch is joined to the one before it. */
function halve(line: readonly LinePoint[]): LinePoint[] {
  const half: LinePoint[] = [];
  for (let n = 0; n < line.length; n += 2) {
    const [one, other] = [line[n], line[n + 1]];
    if (one) half.push(other ? { ...other, drawdown: Math.min(one.drawdown, other.drawdown) } : one);
  }
  return half;
}

/** Keeps a line short while points come: a stretch holds 1, 2, 4, ... of them. */
function createLine(): { add(ts: EpochMs, equity: number, drawdown: number): void; points(): LinePoint[] } {
  let done: LinePoint[] = [];
  let open: LinePoint | null = null;
  let perStretch = 1;
  let held = 0;
  return {
    add(ts, equity, drawdown) {
      open = { ts, equity, drawdown: Math.min(drawdown, open?.drawdown ?? 0) };
      held += 1;
      if (held < perStretch) return;
      done.push(open);
      open = null;
      held = 0;
      if (done.length < MAX_LINE) return;
      done = halve(done);
      perStretch *= 2;
    },
    points: () => (open ? [...done, open] : done),
  };
}

/** Reads the curve up to the end of an exchange day, or all of it; null without a point. */
export async function readCurve(db: Queryable, day: string | null): Promise<Curve | null> {
  const line = createLine();
  const days: { day: string; open: number; close: number }[] = [];
  let from: EpochMs | null = null;
  let to = epochMs(0);
  let drawdown = NO_DRAWDOWN;
  let start = 0;
  for await (const { ts, equity, dayPnl } of points(db, day === null ? null : endOfDay(day))) {
    if (from === null) {
      from = epochMs(ts);
      start = equity - dayPnl;
      drawdown = addToDrawdown(drawdown, start);
    }
    // The instant before the close belongs to the bar's own day, at midnight too.
    const itsDay = exchangeDay(epochMs(ts - 1));
    const last = days.at(-1);
    if (last?.day === itsDay) last.close = equity;
    else days.push({ day: itsDay, open: last?.close ?? start, close: equity });
    to = epochMs(ts);
    drawdown = addToDrawdown(drawdown, equity);
    line.add(to, equity, drawdown.peak > 0 ? Math.min(0, equity / drawdown.peak - 1) : 0);
  }
  return from === null ? null : { from, to, start, days, drawdown, line: line.points() };
}
