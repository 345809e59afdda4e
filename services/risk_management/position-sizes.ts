/** calculate_position_size: the size that risk gives an entry, by the code that decides, with the bound of each limit. It writes down and decides nothing. */
import * as z from 'zod';
import { Decimal, price, toText, type Price } from '#app/domain/numeric.ts';
import { epochMs, type EpochMs } from '#app/domain/time.ts';
import { boundInWords, entryBounds, tightest } from '#app/risk/bounds.ts';
import { equityOf } from '#app/risk/book.ts';
import { decide } from '#app/risk/decide.ts';
import type { TargetSide } from '#app/risk/target.ts';
import type { Db, Queryable } from '#chassis/db.ts';
import { flow, type FlowDefinition } from '#chassis/flows.ts';
import { loadBook, type House, type LoadedBook } from './load-book.ts';
import { loadMarket } from './load-market.ts';
import { marketNow } from './market-clock.ts';

/** Items that one run sizes: of more signals, the last of them. */
const MAX_ITEMS = 200;
const MAX_NAMED = 5_000;
const MAX_SHOWN = 50;
const KEPT = "interval '90 days'";
/** What a strategy's list of symbols holds when it trades all that are watched. */
const EVERY_WATCHED_SYMBOL = '*';

const INPUT = z.object({
  signalIds: z.array(z.string().min(1).max(300)).max(MAX_NAMED).optional().describe('Signals to size; without them every symbol of every enabled strategy is sized as of now'),
}).strict();

/** Something to size: a signal, or a strategy's symbol as if it wanted to enter now. */
type Item = {
  readonly item: string; readonly strategyId: string; readonly versionId: string; readonly symbol: string; readonly signalId: string | null;
  readonly target: TargetSide; readonly weight: string | null; readonly price: string | null; readonly atr: string | null; readonly tsMarket: EpochMs;
};

type Outcome = 'approved' | 'denied' | 'would_approve' | 'would_deny';
/** One answer. Dollars and shares as decimal text. */
type Size = {
  readonly item: string; readonly strategyId: string; readonly symbol: string; readonly signalId: string | null; readonly method: string; readonly equityDollars: string; readonly priceDollars: string | null; readonly atrDollars: string | null;
  readonly shares: string; readonly mostShares: string; readonly binding: string | null; readonly bounds: readonly { readonly rule: string; readonly leavesDollars: string; readonly mostShares: string }[];
  readonly outcome: Outcome; readonly code: string | null; readonly why: string;
};

async function signalsOf(db: Queryable, signalIds: readonly string[]): Promise<Item[]> {
  return db.query<Item>(
    `SELECT signal_id AS item, strategy_id AS "strategyId", strategy_version_id AS "versionId", symbol, signal_id AS "signalId", target, trim_scale(weight)::text AS weight, trim_scale(reference_price)::text AS price, trim_scale(atr)::text AS atr, ts_market AS "tsMarket"
     FROM strategy_engine.strategy_signals WHERE signal_id = ANY($1::text[]) AND own_order IS NULL AND cancels IS NULL ORDER BY ts_market, signal_id`, [signalIds],
  );
}

/** Each symbol of each enabled strategy as if it wanted to enter now. The average true range is that of its newest signal with one: strategies name it with what they want. */
async function enabledNow(db: Queryable, now: EpochMs): Promise<Item[]> {
  const rows = await db.query<{ strategyId: string; versionId: string; symbol: string; atr: string | null }>(
    `SELECT s.strategy_id AS "strategyId", v.strategy_version_id AS "versionId", w.symbol,
       (SELECT trim_scale(g.atr)::text FROM strategy_engine.strategy_signals g WHERE g.symbol = w.symbol AND g.strategy_version_id = v.strategy_version_id AND g.atr IS NOT NULL ORDER BY g.bar_open_time DESC LIMIT 1) AS atr
     FROM strategy_engine.strategies s JOIN strategy_engine.strategy_versions v ON v.strategy_version_id = s.current_version_id CROSS JOIN LATERAL (
       SELECT unnest(s.symbols) AS symbol WHERE s.symbols <> ARRAY['${EVERY_WATCHED_SYMBOL}'] UNION ALL SELECT a.symbol FROM data_ingestion.symbols a WHERE s.symbols = ARRAY['${EVERY_WATCHED_SYMBOL}'] AND a.is_watched) AS w
     WHERE s.is_enabled ORDER BY s.strategy_id, w.symbol LIMIT ${MAX_ITEMS}`,
  );
  return rows.map((row) => ({ ...row, item: `${row.strategyId}:${row.symbol}`, signalId: null, target: 'long', weight: null, price: null, tsMarket: now }));
}

type Decided = { decisionId: string; outcome: 'approved' | 'denied'; code: string | null; qty: string; why: string };

async function decidedOf(db: Queryable, items: readonly Item[]): Promise<Map<string, Decided>> {
  const ids = items.flatMap((item) => item.signalId ?? []);
  const rows = await db.query<Decided>(`SELECT decision_id AS "decisionId", outcome, code, trim_scale(coalesce(qty, 0))::text AS qty, message AS why FROM risk_management.risk_decisions WHERE decision_id = ANY($1::text[])`, [ids]);
  return new Map(rows.map((row) => [row.decisionId, row]));
}

type Look = { readonly db: Queryable; readonly loaded: LoadedBook; readonly decided: ReadonlyMap<string, Decided> };

/** Sizes one item as the lane would: a signal at its own instant, everything else at the newest close. */
async function sizeOf({ db, loaded, decided }: Look, item: Item): Promise<Size> {
  const { symbol, strategyId, target, tsMarket } = item;
  const weight = item.weight === null ? null : new Decimal(item.weight);
  const before = item.signalId === null ? epochMs(tsMarket + 1) : tsMarket;
  const market = await loadMarket(db, loaded, { tsMarket, before, symbols: [symbol] });
  const reference: Price | null = item.price === null ? (market.prices.get(symbol) ?? null) : price(item.price);
  const sizing = loaded.sizings.get(item.versionId) ?? null;
  const head = {
    item: item.item, strategyId, symbol, signalId: item.signalId, method: weight === null ? (sizing?.method ?? 'unreadable') : 'weight', equityDollars: toText(equityOf(loaded.book, market)),
    priceDollars: reference === null ? null : toText(reference), atrDollars: item.atr === null ? null : toText(price(item.atr)),
  };
  if (reference === null || !reference.gt(0)) {
    return { ...head, shares: '0', mostShares: '0', binding: null, bounds: [], outcome: 'would_deny', code: 'PRICE_MISSING', why: `No price of ${symbol} is known yet.` };
  }
  const would = decide(loaded.book, market, { kind: 'signal', signalId: item.item, strategyId, symbol, target, weight, referencePrice: reference, atr: item.atr === null ? null : price(item.atr), sizing, tsMarket, tsBarSeen: null });
  const bounds = target === 'long' ? entryBounds(loaded.book, market, { strategyId, symbol, price: reference }) : [];
  const least = tightest(bounds);
  const known = item.signalId === null ? undefined : decided.get(item.signalId);
  const said = known
    ? { shares: known.qty, outcome: known.outcome, code: known.code, why: known.why }
    : { shares: toText(would.qty), outcome: would.outcome === 'approved' ? ('would_approve' as const) : ('would_deny' as const), code: would.code, why: would.message };
  return { ...head, ...said, mostShares: least ? toText(least.mostQty) : said.shares, binding: least?.rule ?? null, bounds: bounds.map(boundInWords) };
}

async function workOut({ db, ...outside }: Omit<House, 'clock'>, signalIds: readonly string[] | undefined): Promise<Size[] | null> {
  const now = await marketNow(db);
  if (now === null) return null;
  const items = signalIds === undefined ? await enabledNow(db, now) : await signalsOf(db, signalIds);
  const loaded = await loadBook(db, outside, { symbols: [...new Set(items.map((item) => item.symbol))], strategyVersionIds: [...new Set(items.map((item) => item.versionId))] });
  const look = { db, loaded, decided: await decidedOf(db, items) };
  const sizes: Size[] = [];
  for (const item of items) sizes.push(await sizeOf(look, item));
  return sizes;
}

/** Keyed by run and item: a step that runs again writes the same rows. What is old goes: a size is worth little after its day. */
async function write(db: Db, runId: string, sizes: readonly Size[]): Promise<number> {
  await db.query(
    `INSERT INTO risk_management.position_sizes (run_id, item, strategy_id, symbol, signal_id, method, equity, price, atr, qty, most_qty, binding, bounds, outcome, code, why)
     SELECT $1, s->>'item', s->>'strategyId', s->>'symbol', s->>'signalId', s->>'method', (s->>'equityDollars')::numeric, (s->>'priceDollars')::numeric, (s->>'atrDollars')::numeric, (s->>'shares')::numeric,
       (s->>'mostShares')::numeric, s->>'binding', s->'bounds', s->>'outcome', s->>'code', s->>'why' FROM jsonb_array_elements($2::jsonb) AS s
     ON CONFLICT (run_id, item) DO UPDATE SET qty = excluded.qty, most_qty = excluded.most_qty, binding = excluded.binding, bounds = excluded.bounds, outcome = excluded.outcome, code = excluded.code, why = excluded.why`,
    [runId, JSON.stringify(sizes)],
  );
  await db.query(`DELETE FROM risk_management.position_sizes WHERE calculated_at < clock_timestamp() - ${KEPT}`);
  return sizes.length;
}

/** The flow. */
export function positionSizesFlow(parts: Omit<House, 'clock'>): FlowDefinition {
  return flow({
    name: 'calculate_position_size',
    description: 'Works out how many shares each signal (or each enabled strategy, now) may have, with the bound of every limit. It decides nothing.',
    input: INPUT, schedule: null, retries: 2, retryDelayMs: 1_000, timeoutMs: 60_000, concurrency: 1, onMissed: 'skip',
    async run(ctx, { signalIds: named }) {
      const signalIds = named?.slice(-MAX_ITEMS);
      const leftOut = (named?.length ?? 0) - (signalIds?.length ?? 0);
      if (leftOut > 0) ctx.log('warn', 'More signals than a run sizes: the last of them are looked at', { named: named?.length, leftOut });
      const sizes = await ctx.step('work out', () => workOut(parts, signalIds));
      if (sizes === null) {
        ctx.log('info', 'No bar is known yet: there is no price to size by');
        return { sized: 0, sizes: [] };
      }
      await ctx.step('write', () => write(parts.db, ctx.runId, sizes));
      const missing = (signalIds ?? []).filter((id) => !sizes.some((size) => size.signalId === id));
      if (missing.length > 0) ctx.log('warn', 'Some signals are not in the book', { signalIds: missing.slice(0, 20) });
      for (const { item, shares, mostShares, binding, outcome, why } of sizes.slice(0, MAX_SHOWN)) ctx.log('info', why, { item, shares, mostShares, binding, outcome });
      ctx.progress(sizes.length, sizes.length);
      const fits = sizes.filter((size) => size.outcome === 'approved' || size.outcome === 'would_approve').length;
      return { sized: sizes.length, fits, denied: sizes.length - fits, unknownSignals: missing.length, leftOut, sizes: sizes.slice(0, MAX_SHOWN).map(({ bounds: _bounds, ...shown }) => shown) };
    },
  });
}
