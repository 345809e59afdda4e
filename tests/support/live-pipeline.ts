/** Recorded bars through the live pipeline: real workers, a real book, a real wire and the simulator as the broker, with the strategies of a test. */
import type { RiskLimits } from '#app/domain/limits.ts';
import type { Sizing } from '#app/domain/sizing.ts';
import { behaviourHash } from '#app/strategy/fingerprint.ts';
import { strategyType } from '#app/strategy/registry.ts';
import { startBook, startWire, until, type Book } from './servers.ts';
import { freePorts, simulatorAccess, simulatorSettings, startWorker, testConfig, type TestWorker } from './worker.ts';

/** A strategy that trades. Its first version is `<strategyId>.v1`. */
export type LiveStrategy = { readonly strategyId: string; readonly kind: string; readonly parameters: Readonly<Record<string, unknown>>; readonly sizing: Sizing; readonly symbols: readonly string[] };

/** What came of it, one strategy after the other. `orders`: `<client id> <side> <shares> <symbol>` in the order of their approval; `fills`: `<client id> <side> <shares> <symbol> <price>`; `denied`: `<decision id> <code>`. */
export type LiveTrades = { readonly orders: readonly string[]; readonly fills: readonly string[]; readonly denied: readonly string[] };

const END_MS = 150_000;
/** Five workers begin at once, on a machine that may have other work. */
const READY_MS = 60_000;

async function deploy(book: Book, { strategyId, kind, parameters, sizing, symbols }: LiveStrategy): Promise<void> {
  const strategy = strategyType(kind).bind(parameters);
  const versionId = `${strategyId}.v1`;
  await book.sql('BEGIN');
  await book.sql(`INSERT INTO strategy_engine.strategies (strategy_id, name, kind, symbols, timeframe, parameters, sizing, current_version_id) VALUES ($1, $1, $2, $3::text[], '1Min', $4::jsonb, $5::jsonb, $6)`, [strategyId, kind, symbols, JSON.stringify(strategy.parameters), JSON.stringify(sizing), versionId]);
  await book.sql(`INSERT INTO strategy_engine.strategy_versions (strategy_version_id, strategy_id, version, kind, parameters, sizing, code_hash) VALUES ($1, $2, 1, $3, $4::jsonb, $5::jsonb, $6)`, [versionId, strategyId, kind, JSON.stringify(strategy.parameters), JSON.stringify(sizing), behaviourHash(strategy)]);
  await book.sql('COMMIT');
}

async function tradesOf(book: Book, strategyId: string): Promise<LiveTrades> {
  const lines = async (sql: string): Promise<string[]> => (await book.sql<{ line: string }>(sql, [strategyId])).map((row) => row.line);
  return {
    orders: await lines(`SELECT client_order_id || ' ' || side || ' ' || trim_scale(qty) || ' ' || symbol AS line FROM execution.orders WHERE strategy_id = $1 AND role = 'order' ORDER BY approved_seq`),
    fills: await lines(`SELECT o.client_order_id || ' ' || t.side || ' ' || trim_scale(t.qty) || ' ' || t.symbol || ' ' || trim_scale(t.price) AS line FROM execution.trades t JOIN execution.orders o USING (order_id) WHERE o.strategy_id = $1 ORDER BY t.ledger_seq`),
    denied: await lines(`SELECT decision_id || ' ' || code AS line FROM risk_management.risk_decisions WHERE strategy_id = $1 AND outcome = 'denied' ORDER BY decided_at, decision_id COLLATE "C"`),
  };
}

/** What to trade. `prepare`: what a test changes in the book before anybody begins; `look`: what it wants to see of it before it is gone. */
export type LivePlan = { readonly strategies: readonly LiveStrategy[]; readonly limits: RiskLimits; prepare?(book: Book): Promise<void>; look?(book: Book): Promise<void> };

/** Trades a folder of recorded bars to its end. @throws with the workers' output when it does not end */
export async function tradeLive(folder: string, { strategies, limits, prepare, look }: LivePlan): Promise<ReadonlyMap<string, LiveTrades>> {
  const [book, wire, units] = await Promise.all([startBook(), startWire(), freePorts()]);
  const workers: TestWorker[] = [];
  try {
    await book.sql(`INSERT INTO risk_management.risk_limits (version, limits, actor) VALUES (1, $1::jsonb, 'test')`, [JSON.stringify(limits)]);
    for (const strategy of strategies) await deploy(book, strategy);
    await prepare?.(book);
    const replay = { folder, speed: 'max' as const };
    const alpaca = simulatorAccess(units);
    const start = (unit: Parameters<typeof testConfig>[0], more: Parameters<typeof testConfig>[3] = {}): TestWorker => {
      const worker = startWorker(testConfig(unit, { book, wire }, units, { replay, ...more }));
      workers.push(worker);
      return worker;
    };
    const usesShorts = strategies.some(({ kind, parameters }) => strategyType(kind).bind(parameters).usesShorts);
    const simulator = start('simulator', { simulator: { ...simulatorSettings(), ...(usesShorts ? { margin: 2 as const } : {}) } });
    await simulator.ready(READY_MS);
    // Execution opens the ledger first; bars flow when everybody listens.
    const others = [start('execution', { alpaca }), start('risk_management'), start('strategy_engine'), start('analytics')];
    await Promise.all(others.map((worker) => worker.ready(READY_MS)));
    await start('data_ingestion', { alpaca }).ready(READY_MS);
    await until(() => simulator.messages.some((message) => message.type === 'request' && message.verb === 'replayDone'), 'the tape to end', END_MS)
      .catch((error: unknown) => {
        throw new Error(workers.map((worker) => worker.output().slice(-3_000)).join('\n---\n'), { cause: error });
      });
    const found = new Map<string, LiveTrades>();
    for (const { strategyId } of strategies) found.set(strategyId, await tradesOf(book, strategyId));
    await look?.(book);
    return found;
  } finally {
    await Promise.all(workers.map((worker) => worker.kill()));
    await wire.stop();
    await book.stop();
  }
}
