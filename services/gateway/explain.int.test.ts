/** Why did it (not) trade here, over a market that was really traded: recorded bars, real workers, a real book, the simulator as the broker. */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CommandInput } from '#app/contracts/commands.ts';
import { barStorySchema, type BarStory } from '#app/contracts/explain.ts';
import { MINUTE_MS } from '#app/domain/time.ts';
import { openDb, type Db } from '#chassis/db.ts';
import { recordBars } from '../../tests/support/recorded-bars.ts';
import { tradeLive } from '../../tests/support/live-pipeline.ts';
import { PARITY_LIMITS } from '../../tests/support/parity.ts';
import type { Book } from '../../tests/support/servers.ts';
import { createExplainer } from '../strategy_engine/explain.ts';
import { explainHandlers } from './explain-handlers.ts';
import type { HandlerParts } from './handler-types.ts';

const QUICK = { fast: 3, slow: 8, atrPeriod: 5 };
/** One within the limits, one that always asks for more than the largest order. */
const STRATEGIES = [
  { strategyId: 'quick', kind: 'sma_cross', parameters: QUICK, sizing: { method: 'fixed_notional', notional: '2000' }, symbols: ['AAA'] },
  { strategyId: 'greedy', kind: 'sma_cross', parameters: QUICK, sizing: { method: 'fixed_notional', notional: '50000' }, symbols: ['AAA'] },
] as const;

type Kept = { readonly signals: readonly { id: string; at: number }[]; readonly opens: readonly number[]; readonly stories: ReadonlyMap<number, BarStory>; readonly offWatch: BarStory; readonly between: BarStory; readonly again: BarStory; readonly off: BarStory; readonly late: BarStory; readonly imported: BarStory };
let folder = '';
let kept: Kept;

function open(book: Book, role: 'gateway' | 'strategy_engine'): Db {
  return openDb({ access: book.access(role), database: 'trading_system', schema: role === 'gateway' ? null : role, applicationName: 'test', max: 3, onLost: () => undefined });
}

async function look(book: Book): Promise<void> {
  const [gateway, engine] = [open(book, 'gateway'), open(book, 'strategy_engine')];
  try {
    const explainBar = createExplainer({ book: engine, archiveFolder: folder });
    const ctx = { db: gateway, callCommand: (_name: string, input: CommandInput<'explainBar'>) => explainBar(input) };
    const { explain } = explainHandlers({ ctx } as unknown as HandlerParts);
    const ask = async (openTime: number, more: { symbol?: string } = {}): Promise<BarStory> => barStorySchema.parse(await explain({ symbol: 'AAA', timeframe: '1Min', openTime, ...more }, { caller: { kind: 'api' }, actor: 'test', idempotencyKey: 'k' } as never));
    const signals = await book.sql<{ id: string; at: number }>(`SELECT signal_id AS id, (extract(epoch FROM bar_open_time) * 1000)::bigint AS at FROM strategy_engine.strategy_signals WHERE strategy_id = 'quick' ORDER BY bar_open_time`);
    const opens = (await book.sql<{ t: number }>(`SELECT (extract(epoch FROM open_time) * 1000)::bigint AS t FROM data_ingestion.market_data WHERE symbol = 'AAA' AND timeframe = '1Min' ORDER BY open_time`)).map((row) => Number(row.t));
    const stories = new Map<number, BarStory>();
    for (const at of opens) stories.set(at, await ask(at));
    const first = opens[0] ?? 0;
    const [again, offWatch, between] = [await ask(opens[20] ?? 0), await ask(opens[20] ?? 0, { symbol: 'BBB' }), await ask(first - 60 * MINUTE_MS)];
    await book.sql(`INSERT INTO logging.audit_log (at, actor, action, subject, before, after) VALUES (now(), 'ann', 'strategy.set_enabled', 'quick', '{"isEnabled": false}', '{"isEnabled": true}')`);
    // A strategy that is made now, and a bar that nobody told: as an import leaves it.
    await book.sql('BEGIN');
    await book.sql(`INSERT INTO strategy_engine.strategies (strategy_id, name, kind, symbols, timeframe, parameters, sizing, current_version_id) SELECT 'late', 'late', kind, symbols, timeframe, parameters, sizing, 'late.v1' FROM strategy_engine.strategies WHERE strategy_id = 'quick'`);
    await book.sql(`INSERT INTO strategy_engine.strategy_versions (strategy_version_id, strategy_id, version, kind, parameters, sizing, code_hash) SELECT 'late.v1', 'late', 1, kind, parameters, sizing, code_hash FROM strategy_engine.strategy_versions WHERE strategy_id = 'quick'`);
    await book.sql('COMMIT');
    const late = await ask(opens[25] ?? 0);
    const quiet = [...stories].find(([, story]) => story.strategies.every(({ signals: said }) => said.length === 0) && story.strategies.every(({ verdict }) => verdict === 'conditions_not_met'))?.[0] ?? 0;
    await book.sql(`UPDATE data_ingestion.market_data SET source = 'import' WHERE symbol = 'AAA' AND open_time = to_timestamp($1::bigint / 1000.0)`, [quiet]);
    await book.sql(`DELETE FROM data_ingestion.outbox WHERE topic = 'bar.closed' AND key = $1`, [`AAA:1Min:${quiet}`]);
    const imported = await ask(quiet);
    kept = { signals: signals.map(({ id, at }) => ({ id, at: Number(at) })), opens, stories, offWatch, between, again, off: await ask(opens[20] ?? 0), late, imported };
  } finally {
    await Promise.all([gateway.close(), engine.close()]);
  }
}

beforeAll(async () => {
  folder = recordBars({ symbols: ['AAA', 'BBB'], days: ['2024-03-04'], minutes: 60, seed: 5 });
  await tradeLive(folder, { strategies: STRATEGIES, limits: { ...PARITY_LIMITS, maxOrderNotional: '10000' }, look });
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const of = (story: BarStory | undefined, strategyId: string): BarStory['strategies'][number] | undefined => story?.strategies.find(({ explained }) => explained.strategyId === strategyId);

describe('a market that was traded', () => {
  it('has a story for every bar, and every run again agrees with what was raised', () => {
    expect(kept.opens).toHaveLength(60);
    for (const [at, story] of kept.stories) for (const { explained } of story.strategies) expect([at, explained.problem, explained.replay?.agrees]).toEqual([at, null, 'same']);
  });

  it('counts the bars of the warm-up', () => {
    const early = of(kept.stories.get(kept.opens[3] ?? 0), 'quick');
    expect(early).toMatchObject({ verdict: 'warming_up', headline: 'Warming up: 4 of 9 bars', explained: { warmUp: { seen: 4, needed: 9, isWarm: false } } });
  });

  it('names the conditions of a bar without a signal', () => {
    const quiet = [...kept.stories.values()].map((story) => of(story, 'quick')).filter((story) => story?.verdict === 'conditions_not_met');
    expect(quiet.length).toBeGreaterThan(20);
    expect(quiet[0]?.explained.replay?.checks.map(({ leadsTo, name }) => [leadsTo, name])).toEqual([
      ['Buy', 'fast average above the slow one'], ['Buy', 'it was below when they last differed'], ['Sell', 'fast average below the slow one'], ['Sell', 'it was above when they last differed'],
    ]);
    expect(quiet[0]?.detail).toMatch(/^Buy lacks: /);
    expect(quiet[0]?.explained.replay?.indicators.map(({ label }) => label)).toEqual(['SMA(3)', 'SMA(8)', 'ATR(5)']);
  });

  it('follows a signal to its fill, and another to the rule that denied it', () => {
    const entry = kept.signals.map(({ at }) => of(kept.stories.get(at), 'quick')).find((story) => story?.verdict === 'order_filled');
    expect(entry?.headline).toMatch(/^Bought \d+(\.\d+)? shares at \d+(\.\d+)? USD$/);
    expect(entry?.stories[0]).toMatchObject({ decision: { outcome: 'approved' }, order: { status: 'filled' } });
    expect(entry?.stories[0]?.events.length).toBeGreaterThanOrEqual(3);
    expect(entry?.explained.replay?.said).toEqual([{ what: 'target', target: 'long', weight: null }]);
    const denied = kept.signals.map(({ at }) => of(kept.stories.get(at), 'greedy')).find((story) => story?.verdict === 'denied');
    expect(denied?.stories[0]?.decision).toMatchObject({ outcome: 'denied', code: 'ORDER_NOTIONAL_EXCEEDED' });
    expect(denied?.stories[0]?.decision?.rules.find((rule) => !rule.passed)?.wouldPass).toEqual(expect.any(String));
  });

  it('says who does not watch, when there was no bar, and who was switched off; the same bars give the same answer', () => {
    expect(kept.offWatch.strategies.map(({ verdict }) => verdict)).toEqual(['not_watching', 'not_watching']);
    expect(kept.between.strategies.map(({ verdict, explained }) => [verdict, explained.nearest.after])).toEqual([['no_bar', kept.opens[0]], ['no_bar', kept.opens[0]]]);
    const plain = (story: BarStory | undefined): unknown => story?.strategies.map(({ explained: { tookMs: _tookMs, ...rest }, ...others }) => ({ ...others, rest }));
    expect(plain(kept.again)).toEqual(plain(kept.stories.get(kept.opens[20] ?? 0)));
    expect(of(kept.late, 'late')).toMatchObject({ verdict: 'not_deployed', explained: { isDeployed: false, replay: { agrees: null, notes: [expect.stringContaining('It was not at work at this bar')] } } });
    expect(kept.imported.strategies.map(({ verdict, detail }) => [verdict, detail.includes('"import"')])).toEqual([['unseen', true], ['unseen', true], ['unseen', true]]);
    expect(of(kept.off, 'quick')?.explained.isEnabled).toBe(false);
    expect(of(kept.off, 'greedy')?.explained.isEnabled).toBe(true);
  });
});
