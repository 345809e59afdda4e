/** The two workers in front of risk, smaller than the real ones but on the same outboxes: bars come in, and a seeded strategy has wishes. */
import type { EventEnvelope, Payload } from '#app/contracts/events.ts';
import { signalId } from '#app/domain/ids.ts';
import { DEFAULT_RISK_LIMITS, riskLimitsSchema } from '#app/domain/limits.ts';
import { randomOf, type Random } from '#app/domain/random.ts';
import { MINUTE_MS, type EpochMs } from '#app/domain/time.ts';
import { sleep } from '#chassis/clock.ts';
import type { Tx } from '#chassis/db.ts';
import type { ServiceSpec } from '#chassis/service.ts';
import { storeBars } from '../../services/data_ingestion/store.ts';
import { MARKET_BEGINS } from './exchange.ts';
import { unitOf, world } from './world.ts';

const LOOK_MS = 150;
const BATCH = 30;
/** Chances of a wish on a bar. */
const ENTER = 0.1;
const LEAVE = 0.17;
const PROTECTED = 0.4;
/** Of what the strategy with orders of its own says: the rest are wishes to be flat. */
const WEIGH = 0.05;
const SUBMIT = 0.11;
const TAKE_BACK = 0.15;
/** Parts of the equity that it wants, either way. */
const LARGEST_WEIGHT = 0.09;
/** So many bars back may an order lie that is taken back; there may be none. */
const REMEMBERED = 4;

/** The strategies of a simulation, with the size of an entry in dollars: one that is long or flat, one on both sides, one that weighs and has orders of its own. */
export const STRATEGIES = [['sim_slow', '7000'], ['sim_fast', '9500'], ['sim_own', '6000']] as const;

/** The account may owe shares. */
const LIMITS = riskLimitsSchema.parse({ ...DEFAULT_RISK_LIMITS, allowShort: true });

/** Puts the strategies and symbols of a simulation into a fresh book. */
export function furnish(symbols: readonly string[]): void {
  const { book } = world();
  book.run(`INSERT INTO risk_management.risk_limits (version, limits, actor) VALUES (1, $1::jsonb, 'system')`, [JSON.stringify(LIMITS)]);
  for (const symbol of symbols) book.run('INSERT INTO data_ingestion.symbols (symbol, name, exchange, is_tradable, is_fractionable, is_shortable, is_watched) VALUES ($1, $1, $2, true, true, true, true)', [symbol, 'X']);
  for (const [id, notional] of STRATEGIES) {
    const sizing = JSON.stringify({ method: 'fixed_notional', notional });
    book.run(`INSERT INTO strategy_engine.strategies (strategy_id, name, kind, symbols, timeframe, parameters, sizing, current_version_id) VALUES ($1, $1, 'sma_cross', $2, '1Min', '{}', $3, $4)`, [id, ['*'], sizing, `${id}.v1`]);
    book.run(`INSERT INTO strategy_engine.strategy_versions (strategy_version_id, strategy_id, version, kind, parameters, sizing, code_hash) VALUES ($1, $2, 1, 'sma_cross', '{}', $3, 'simulated')`, [`${id}.v1`, id, sizing]);
  }
}

/** Stores what the exchange shows; a new life begins again at the first bar, and what is known is stored once. */
export const ingestion: ServiceSpec = {
  unit: 'data_ingestion',
  setUp: (ctx) => Promise.resolve({
    async start() {
      await Promise.resolve();
      let next = Math.max(0, world().exchange.bars.length - BATCH);
      const turn = async (): Promise<void> => {
        const fresh = world().exchange.bars.slice(next, next + BATCH);
        if (fresh.length === 0) return sleep(LOOK_MS);
        try {
          await ctx.db.tx((tx) => storeBars(tx, fresh.map((bar) => ({ ...bar, tsSeen: ctx.clock.now() })), { source: 'stream', isBackfill: false }));
          next += fresh.length;
        } catch (error) {
          ctx.log.warn({ error: String(error) }, 'Bars are stored again');
          await sleep(LOOK_MS);
        }
      };
      const life = unitOf('data_ingestion').present();
      const loop = async (): Promise<void> => {
        while (!life.isDead) await turn();
      };
      loop().catch(ctx.fatal);
    },
  }),
};

const INSERT = `INSERT INTO strategy_engine.strategy_signals (signal_id, strategy_id, strategy_version_id, symbol, timeframe, bar_open_time, ts_market, target, reference_price, atr, reasons, weight, own_order, cancels, protection)
  VALUES ($1, $2, $3, $4, '1Min', to_timestamp($5::bigint / 1000.0), to_timestamp($6::bigint / 1000.0), $7, $8, NULL, '[]', $9, $10::jsonb, $11, $12::jsonb) ON CONFLICT DO NOTHING RETURNING signal_id`;

type Bar = EventEnvelope<'bar.closed'>['payload'];
/** What one wish is about; the rest is the same in all of them. */
type Wish = Pick<Payload<'signal.raised'>, 'target' | 'weight' | 'order' | 'cancels' | 'protection'>;

const PLAIN: Omit<Wish, 'target'> = { weight: null, order: null, cancels: null, protection: null };
/** Orders of a strategy's own are counted by the minute in which they were placed. */
const orderIdAt = (openTime: number): number => Math.floor((openTime - MARKET_BEGINS) / MINUTE_MS) + 1;

/** Exits on the sides on which they belong, for some of the entries. */
function protectionOf(target: Wish['target'], close: number, chance: number): Wish['protection'] {
  if (target === 'flat' || chance >= PROTECTED) return null;
  const way = target === 'long' ? 1 : -1;
  return { stopPrice: (close * (1 - way * 0.015)).toFixed(2), takeProfitPrice: chance < PROTECTED / 2 ? (close * (1 + way * 0.012)).toFixed(2) : null };
}

function ownOrder(openTime: number, close: number, random: Random): NonNullable<Wish['order']> {
  const side = random.next() < 0.5 ? 'buy' : 'sell';
  const way = side === 'buy' ? 1 : -1;
  const near = (percent: number): string => (close * (1 + (way * percent) / 100)).toFixed(2);
  const plain = {
    orderId: orderIdAt(openTime), side, qty: String(1 + Math.floor(30 * random.next())), type: 'market', timeInForce: 'day', orderClass: 'simple', extendedHours: false, limitPrice: null, stopPrice: null, trailPrice: null, trailPercent: null,
    takeProfit: null, stopLoss: null,
  } as const;
  const kind = random.next();
  if (kind < 0.5) return { ...plain, type: 'limit', limitPrice: near(-random.next()) };
  if (kind < 0.7) return { ...plain, type: 'stop', stopPrice: near(0.1 + random.next()) };
  if (kind < 0.85) return { ...plain, orderClass: 'bracket', timeInForce: 'gtc', takeProfit: { limitPrice: near(1) }, stopLoss: { stopPrice: near(-1), limitPrice: null } };
  return plain;
}

/** What a strategy wants on a bar: a pure function of seed, strategy and bar. An order is now and then taken back by its own bar. */
function wishesOn(bar: Bar, strategyId: string): Wish[] {
  const random = randomOf(world().seed, 'wish', strategyId, bar.symbol, bar.openTime);
  const mood = random.next();
  if (mood >= LEAVE || world().isClosing()) return [];
  const close = Number(bar.close);
  if (strategyId !== 'sim_own') {
    const side = strategyId === 'sim_fast' && random.next() < 0.5 ? 'short' : 'long';
    const target = mood < ENTER ? side : 'flat';
    return [{ ...PLAIN, target, protection: protectionOf(target, close, random.next()) }];
  }
  if (mood < WEIGH) {
    const weight = Math.round((2 * random.next() - 1) * LARGEST_WEIGHT * 1_000) / 1_000 || 0.01;
    const target = weight > 0 ? 'long' : 'short';
    return [{ ...PLAIN, target, weight: String(weight), protection: protectionOf(target, close, random.next()) }];
  }
  if (mood < SUBMIT) {
    const order = ownOrder(bar.openTime, close, random);
    const placed: Wish = { ...PLAIN, target: 'flat', order };
    return random.next() < 0.1 ? [placed, { ...PLAIN, target: 'flat', cancels: order.orderId }] : [placed];
  }
  if (mood < TAKE_BACK) return [{ ...PLAIN, target: 'flat', cancels: Math.max(1, orderIdAt(bar.openTime) - 1 - Math.floor(REMEMBERED * random.next())) }];
  return [{ ...PLAIN, target: 'flat' }];
}

/** Hearing the bar again is the same wish. */
async function raise(tx: Tx, bar: Bar, strategyId: string): Promise<void> {
  for (const [n, { target, weight, order, cancels, protection }] of wishesOn(bar, strategyId).entries()) {
    const versionId = `${strategyId}.v1`;
    const id = signalId(versionId, bar.symbol, bar.openTime as EpochMs, n + 1);
    const tsMarket = bar.openTime + MINUTE_MS;
    const json = (value: unknown): string | null => (value === null ? null : JSON.stringify(value));
    const fresh = await tx.query(INSERT, [id, strategyId, versionId, bar.symbol, bar.openTime, tsMarket, target, bar.close, weight, json(order), cancels, json(protection)]);
    if (fresh.length === 0) continue;
    tx.emit({
      topic: 'signal.raised', key: id, correlationId: id,
      payload: {
        signalId: id, strategyId, strategyVersionId: versionId, symbol: bar.symbol, timeframe: '1Min', barOpenTime: bar.openTime, tsMarket, tsBarSeen: bar.tsSeen, target, weight, order, cancels, referencePrice: bar.close, atr: null,
        protection, reasons: [],
      },
    });
  }
}

/** Hears bars, raises signals. */
export const strategies: ServiceSpec = {
  unit: 'strategy_engine',
  setUp: () => Promise.resolve({
    consumers: [{
      producer: 'data_ingestion', topics: ['bar.closed'],
      async handle(tx, events) {
        for (const event of events) {
          if (event.topic !== 'bar.closed') continue;
          for (const [strategyId] of STRATEGIES) await raise(tx, event.payload, strategyId);
        }
      },
    }],
  }),
};
