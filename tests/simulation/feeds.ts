/** The two workers in front of risk, smaller than the real ones but on the same outboxes: bars come in, and a seeded strategy has wishes. */
import type { EventEnvelope } from '#app/contracts/events.ts';
import { randomOf } from '#app/domain/random.ts';
import { signalId } from '#app/domain/ids.ts';
import { MINUTE_MS, type EpochMs } from '#app/domain/time.ts';
import { sleep } from '#chassis/clock.ts';
import type { Tx } from '#chassis/db.ts';
import type { ServiceSpec } from '#chassis/service.ts';
import { storeBars } from '../../services/data_ingestion/store.ts';
import { unitOf, world } from './world.ts';

const LOOK_MS = 150;
const BATCH = 30;
/** Chances of a wish on a bar. */
const ENTER = 0.1;
const LEAVE = 0.17;
const PROTECTED = 0.4;

/** The strategies of a simulation: id and size of an entry in dollars. */
export const STRATEGIES = [['sim_slow', '7000'], ['sim_fast', '9500']] as const;

/** Puts the strategies and symbols of a simulation into a fresh book. */
export function furnish(symbols: readonly string[]): void {
  const { book } = world();
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

const INSERT = `INSERT INTO strategy_engine.strategy_signals (signal_id, strategy_id, strategy_version_id, symbol, timeframe, bar_open_time, ts_market, target, reference_price, atr, reasons)
  VALUES ($1, $2, $3, $4, '1Min', to_timestamp($5::bigint / 1000.0), to_timestamp($6::bigint / 1000.0), $7, $8, NULL, '[]') ON CONFLICT DO NOTHING RETURNING signal_id`;

type Bar = EventEnvelope<'bar.closed'>['payload'];

function protectionOf(target: 'long' | 'flat', close: number, chance: number): { stopPrice: string; takeProfitPrice: string | null } | null {
  if (target === 'flat' || chance >= PROTECTED) return null;
  return { stopPrice: (close * 0.985).toFixed(2), takeProfitPrice: chance < PROTECTED / 2 ? (close * 1.012).toFixed(2) : null };
}

/** A wish is a pure function of seed, strategy and bar: hearing the bar again is the same wish. */
async function wish(tx: Tx, bar: Bar, strategyId: string): Promise<void> {
  const { seed } = world();
  const random = randomOf(seed, 'wish', strategyId, bar.symbol, bar.openTime);
  const mood = random.next();
  if (mood >= LEAVE || world().isClosing()) return;
  const target = mood < ENTER ? 'long' : 'flat';
  const id = signalId(`${strategyId}.v1`, bar.symbol, bar.openTime as EpochMs, 1);
  const tsMarket = bar.openTime + MINUTE_MS;
  const fresh = await tx.query(INSERT, [id, strategyId, `${strategyId}.v1`, bar.symbol, bar.openTime, tsMarket, target, bar.close]);
  if (fresh.length === 0) return;
  tx.emit({
    topic: 'signal.raised', key: id, correlationId: id,
    payload: {
      signalId: id, strategyId, strategyVersionId: `${strategyId}.v1`, symbol: bar.symbol, timeframe: '1Min', barOpenTime: bar.openTime, tsMarket, tsBarSeen: bar.tsSeen, target, weight: null, order: null, cancels: null, referencePrice: bar.close, atr: null,
      protection: protectionOf(target, Number(bar.close), random.next()), reasons: [],
    },
  });
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
          for (const [strategyId] of STRATEGIES) await wish(tx, event.payload, strategyId);
        }
      },
    }],
  }),
};
