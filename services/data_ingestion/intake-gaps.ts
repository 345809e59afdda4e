/** What the watched symbols miss, read over REST: each from its own last bar on, stored in the order of the market. */
import { AppError } from '#app/domain/errors.ts';
import { DAY_MS, timeframeMs, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import type { Db } from '#chassis/db.ts';
import type { MarketHistory } from '../alpaca/ports.ts';
import { lastCompleteOpen, storeBars, type SeenBar, type StoreResult } from './store.ts';

/** History that a new symbol begins with. */
const FIRST_HISTORY_MS = 5 * DAY_MS;
/** Symbols whose last bars lie no further apart are asked for together; who missed more does not make everyone's question long. */
const TOGETHER_MS = DAY_MS;

/** What a repair did. `from`: the earliest instant that was asked for of symbols with bars; `to`: the newest complete bar (epoch ms). */
export type RepairResult = StoreResult & { readonly symbols: number; readonly from: number | null; readonly to: number };

/** What it works with. In a replay nothing is history: every bar is the market's present. */
export type GapParts = {
  readonly db: Db; readonly history: Pick<MarketHistory, 'bars' | 'clock'>; readonly timeframe: Timeframe; readonly isReplay: boolean; readonly watched: () => readonly string[];
  readonly roomToStore: () => Promise<void>; readonly maxBatch: number;
  /** First histories are long: between two pieces of them the lane stores the live bars of everyone else. */
  readonly others: (held: ReadonlySet<string>) => Promise<void>;
};

type Question = { readonly symbols: readonly string[]; readonly from: number };
type Reading = { readonly to: number; readonly notGiven: string[]; readonly between: () => Promise<void> };

/** Questions for symbols with bars: those that miss about as much are asked for together. */
export function questionsSince(last: ReadonlyMap<string, number>, width: number): Question[] {
  const questions: { symbols: string[]; from: number }[] = [];
  for (const [symbol, open] of [...last].sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1))) {
    const newest = questions.at(-1);
    if (newest && open + width - newest.from <= TOGETHER_MS) newest.symbols.push(symbol);
    else questions.push({ symbols: [symbol], from: open + width });
  }
  return questions;
}

/** The answers to a question. One symbol that the broker refuses to tell about does not keep the bars of the others: it is found by halves, and left out. */
async function read(parts: GapParts, { symbols, from }: Question, { to, notGiven, between }: Reading): Promise<SeenBar[]> {
  const bars: SeenBar[] = [];
  try {
    for await (const page of parts.history.bars({ symbols, timeframe: parts.timeframe, start: from as EpochMs, end: to as EpochMs })) {
      const tsSeen = Date.now();
      for (const bar of page) bars.push({ ...bar, tsSeen });
      await between();
    }
    return bars;
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'BROKER_REJECTED') throw error;
    if (symbols.length === 1) {
      notGiven.push(...symbols);
      return [];
    }
    const half = Math.ceil(symbols.length / 2);
    const first = await read(parts, { symbols: symbols.slice(0, half), from }, { to, notGiven, between });
    return [...first, ...(await read(parts, { symbols: symbols.slice(half), from }, { to, notGiven, between }))];
  }
}

/**
 * How far each series was told to strategies. What back-fills, imports and the archive have stored, before that or behind it, does not count: a series that was never told begins as a new one,
 * one that nobody followed meanwhile does so again, and nothing of their past is told as news.
 */
async function toldUpTo({ db, timeframe }: GapParts, symbols: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const rows = await db.query<{ symbol: string; told_open_time: number }>(
    'SELECT symbol, told_open_time FROM data_ingestion.ingestion_status WHERE timeframe = $1 AND symbol = ANY($2::text[]) AND told_open_time IS NOT NULL', [timeframe, symbols]);
  return new Map(rows.map((row) => [row.symbol, row.told_open_time]));
}

/** Reads what each watched symbol misses and stores it in batches. A symbol without bars, or one of `begun`, gets its first history, as backfill. `notGiven`: symbols of which the broker refuses to tell bars. @throws what reading and writing throw */
export async function repairGaps(parts: GapParts, begun: readonly string[]): Promise<RepairResult & { readonly notGiven: readonly string[] }> {
  const symbols = parts.watched();
  const now = (await parts.history.clock()).at;
  const to = lastCompleteOpen(now, parts.timeframe);
  const told = await toldUpTo(parts, symbols);
  const total = { stored: 0, known: 0, refused: 0 };
  const notGiven: string[] = [];
  const add = async (questions: readonly Question[], { isBackfill, between }: { isBackfill: boolean; between: () => Promise<void> }): Promise<void> => {
    const bars: SeenBar[] = [];
    for (const question of questions) {
      if (question.symbols.length === 0 || question.from > to) continue;
      for (const bar of await read(parts, question, { to, notGiven, between })) if (bar.openTime > (told.get(bar.symbol) ?? -Infinity)) bars.push(bar);
    }
    bars.sort((a, b) => a.openTime - b.openTime || (a.symbol < b.symbol ? -1 : 1));
    for (let start = 0; start < bars.length; start += parts.maxBatch) {
      await parts.roomToStore();
      const result = await parts.db.tx((tx) => storeBars(tx, bars.slice(start, start + parts.maxBatch), { source: 'rest', isBackfill }));
      total.stored += result.stored;
      total.known += result.known;
      total.refused += result.refused;
      await between();
    }
  };
  const isNew = (symbol: string): boolean => !told.has(symbol) || begun.includes(symbol);
  const unknown = symbols.filter(isNew);
  const known = questionsSince(new Map([...told].filter(([symbol]) => !isNew(symbol))), timeframeMs(parts.timeframe));
  const live = { isBackfill: false, between: () => Promise.resolve() };
  const held = new Set(unknown);
  if (parts.isReplay) await add([{ symbols, from: 0 }], live);
  else {
    await add(known, live);
    await add([{ symbols: unknown, from: now - FIRST_HISTORY_MS }], { isBackfill: true, between: () => parts.others(held) });
  }
  return { ...total, symbols: symbols.length, from: known[0]?.from ?? null, to, notGiven };
}
