/** One symbol's bars and indicators, bar by bar, in short columns that slide: what a strategy looks at when it is live. */
import * as z from 'zod';
import { BAR_FIELDS, type BarField } from '#app/domain/bar-columns.ts';
import { invariant } from '#app/domain/errors.ts';
import type { Timeframe } from '#app/domain/time.ts';
import { streamOf, type IndicatorStream } from '#app/indicators/columns-of.ts';
import type { IndicatorUse, NumericBar } from '#app/indicators/indicator.ts';
import { copyPlain } from './plain.ts';
import type { Cursor } from './series.ts';
import { firstBar, type BoundStrategy, type IndicatorUses } from './spec.ts';

/** Puts narrow bars of one symbol together into wide ones; handed in, because sessions are the market's business. Its states are plain JSON. */
export type WideBars = {
  start(timeframe: Timeframe): unknown;
  /** @throws AppError INVARIANT_BROKEN when the stored state is not one of this timeframe. */
  readState(timeframe: Timeframe, raw: unknown): unknown;
  /** Adds a closed narrow bar, changing `state` in place; returns the wide bars that are finished by it, oldest first. */
  add(state: unknown, bar: NumericBar, closeTime: number): readonly NumericBar[];
};

/** Rows that the columns have beyond what can be looked at, so that they slide seldom. */
const SPARE = 64;

const numberOrNone = z.number().nullable();
const lineSchema = z.object({ name: z.string(), state: z.unknown(), wide: z.unknown(), closed: z.number().int().min(0), readyAt: z.number().int().min(0).nullable(), now: z.array(numberOrNone) });
/** What is kept of a tape. `bars`: bars seen; `rows`: those that can still be looked at, oldest first, then of each indicator; null = not a number. */
export const savedTapeSchema = z.object({ bars: z.number().int().min(0), rows: z.array(z.array(numberOrNone)), lines: z.array(lineSchema) });
/** Plain JSON of a tape. */
export type SavedTape = z.infer<typeof savedTapeSchema>;

/** One declared indicator at work. */
type Line = {
  readonly name: string;
  readonly stream: IndicatorStream;
  readonly timeframe: Timeframe | null;
  /** Wide bars (or bars) before the first value. */
  readonly lookback: number;
  state: unknown;
  wide: unknown;
  /** Bars of its own timeframe that it has seen; the narrow bar at which it had its first value, null before. */
  closed: number;
  readyAt: number | null;
  /** Newest outputs: a wide indicator keeps them until its next bar closes. */
  readonly now: Float64Array;
  columns: Float64Array[];
};

/** The bars of one symbol, newest last. */
export class Tape {
  readonly cursor: Cursor;
  readonly bars: Readonly<Record<BarField, Float64Array>>;
  readonly #lines: readonly Line[];
  readonly #first: number;
  readonly #wide: WideBars | null;
  #seen = 0;

  constructor(strategy: Pick<BoundStrategy, 'indicators' | 'history'>, wide: WideBars | null) {
    const depth = strategy.history;
    this.cursor = { i: -1, depth };
    const column = (): Float64Array => new Float64Array(depth + 1 + SPARE);
    this.bars = { open: column(), high: column(), low: column(), close: column(), volume: column() };
    this.#first = firstBar(strategy);
    this.#wide = wide;
    this.#lines = Object.entries(strategy.indicators).map(([key, use]): Line => {
      const { indicator, values, timeframe } = use;
      const stream = streamOf(use);
      invariant(timeframe === null || wide !== null, 'An indicator of a wide timeframe needs somebody who makes wide bars', { indicator: indicator.id });
      return {
        name: nameOf(key, use), stream, timeframe, lookback: indicator.lookback(values), state: stream.start(), wide: timeframe === null ? null : wide?.start(timeframe), closed: 0, readyAt: null,
        now: new Float64Array(stream.outputs).fill(NaN), columns: Array.from({ length: stream.outputs }, column),
      };
    });
  }

  /** The indicators' columns by the names that the strategy gives them. */
  columnsOf(uses: IndicatorUses): Record<string, readonly Float64Array[]> {
    return Object.fromEntries(Object.keys(uses).map((key, at) => [key, this.#lines[at]?.columns ?? []]));
  }

  /** Whether every indicator has a value, now and as far back as the strategy looks. */
  get isWarm(): boolean {
    const newest = this.#seen - 1;
    return newest >= this.#first && this.#lines.every((line) => line.timeframe === null || (line.readyAt !== null && newest >= line.readyAt + this.cursor.depth));
  }

  /** Bars seen, and bars after which it is warm; `needed` null while a wide indicator has no value yet: the sessions decide how many bars that takes. */
  get progress(): { readonly seen: number; readonly needed: number | null } {
    const readyAt = this.#lines.map((line) => (line.timeframe === null ? -1 : (line.readyAt ?? Infinity) + this.cursor.depth));
    const needed = Math.max(this.#first, ...readyAt) + 1;
    return { seen: this.#seen, needed: Number.isFinite(needed) ? needed : null };
  }

  /** Adds the bar that has just closed. `closeTime`: epoch ms. */
  push(bar: NumericBar, closeTime: number): void {
    this.#slide();
    const { i } = this.cursor;
    for (const field of BAR_FIELDS) this.bars[field][i] = bar[field];
    for (const line of this.#lines) {
      if (line.timeframe === null) this.#next(line, bar);
      else for (const wide of this.#wide?.add(line.wide, bar, closeTime) ?? []) this.#next(line, wide);
      line.columns.forEach((column, at) => (column[i] = line.now[at] ?? NaN));
    }
    this.#seen += 1;
  }

  /** What to keep. Sharing nothing with the tape but its indicators' states, which must be written down before the next bar. */
  save(): SavedTape {
    const { i, depth } = this.cursor;
    const columns = [...BAR_FIELDS.map((field) => this.bars[field]), ...this.#lines.flatMap((line) => line.columns)];
    const rows = [];
    for (let at = Math.max(0, i - depth); at <= i; at += 1) rows.push(columns.map((column) => toJson(column[at])));
    return { bars: this.#seen, rows, lines: this.#lines.map(({ name, state, wide, closed, readyAt, now }) => ({ name, state, wide, closed, readyAt, now: [...now].map(toJson) })) };
  }

  /** Takes over what was kept of a tape of the same strategy. @throws AppError INVARIANT_BROKEN when it is of another one. */
  load(saved: SavedTape): void {
    const columns = [...BAR_FIELDS.map((field) => this.bars[field]), ...this.#lines.flatMap((line) => line.columns)];
    const isOurs = saved.lines.length === this.#lines.length && saved.lines.every((line, at) => line.name === this.#lines[at]?.name) && saved.rows.length <= this.cursor.depth + 1 && saved.rows.every((row) => row.length === columns.length);
    invariant(isOurs, 'The stored indicators are not those of this strategy');
    this.#seen = saved.bars;
    this.cursor.i = saved.rows.length - 1;
    saved.rows.forEach((row, at) => columns.forEach((column, c) => (column[at] = row[c] ?? NaN)));
    this.#lines.forEach((line, at) => {
      const from = saved.lines[at];
      if (from === undefined) return;
      line.state = line.stream.readState(from.state);
      if (line.timeframe !== null) line.wide = this.#wide?.readState(line.timeframe, from.wide);
      [line.closed, line.readyAt] = [from.closed, from.readyAt];
      line.now.set(from.now.map((value) => value ?? NaN));
    });
  }

  /** Becomes a copy of a tape of the same strategy, sharing nothing with it. */
  copyFrom(other: Tape): void {
    this.cursor.i = other.cursor.i;
    this.#seen = other.#seen;
    for (const field of BAR_FIELDS) this.bars[field].set(other.bars[field]);
    this.#lines.forEach((line, at) => {
      const from = other.#lines[at];
      invariant(from, 'Tapes of different strategies');
      [line.state, line.wide, line.closed, line.readyAt] = [copyPlain(from.state), copyPlain(from.wide), from.closed, from.readyAt];
      line.now.set(from.now);
      line.columns.forEach((column, c) => column.set(from.columns[c] ?? []));
    });
  }

  #next(line: Line, bar: NumericBar): void {
    line.stream.next(line.state, bar, line.now);
    if (line.closed === line.lookback) line.readyAt = this.#seen;
    line.closed += 1;
  }

  /** Makes room for one more row: what can still be looked at moves to the front. */
  #slide(): void {
    const { cursor } = this;
    const rows = cursor.depth + 1 + SPARE;
    if (cursor.i + 1 === rows) {
      const slide = (column: Float64Array): Float64Array => column.copyWithin(0, rows - cursor.depth);
      for (const field of BAR_FIELDS) slide(this.bars[field]);
      for (const line of this.#lines) line.columns.forEach(slide);
      cursor.i = cursor.depth - 1;
    }
    cursor.i += 1;
  }
}

function nameOf(key: string, { indicator, values, source, timeframe }: IndicatorUse): string {
  return `${key} ${[indicator.id, ...values].join('_')}@${source}${timeframe === null ? '' : ` ${timeframe}`}`;
}

function toJson(value: number | undefined): number | null {
  return value === undefined || Number.isNaN(value) ? null : value;
}
