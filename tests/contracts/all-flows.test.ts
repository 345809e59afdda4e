/** All 23 flows on a real stack in demo mode: each runs, ends, and its result is held against the book, the files and the mailbox. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { FLOW_NAMES } from '#app/contracts/flows.ts';
import type { FlowName, FlowRunDetail } from '#app/contracts/flows.ts';
import { ORCHESTRATOR } from '#app/contracts/orchestrator.ts';
import type { OrchestratorInput, OrchestratorName, OrchestratorOutput } from '#app/contracts/orchestrator.ts';
import { FlowAnswerSchema } from '#main/flows.ts';
import { layoutOf } from '#main/store/data-folder.ts';
import { askDoor } from '#main/supervisor/door.ts';
import { until } from '../support/servers.ts';
import { startSmtp } from '../support/smtp-server.ts';
import type { TestSmtp } from '../support/smtp-server.ts';
import { cleanUp, freshDataDir, startStack } from '../support/stack.ts';
import type { TestStack } from '../support/stack.ts';

const LIMIT_MS = 120_000;
const ENDED = ['COMPLETED', 'FAILED', 'CANCELLED', 'CRASHED'];
const ROUND = 0.000_001;

let smtp: TestSmtp;
let stack: TestStack;
let dataDir: string;

async function ask<N extends OrchestratorName>(name: N, input: OrchestratorInput<N>): Promise<OrchestratorOutput<N>> {
  const answer = FlowAnswerSchema.parse((await askDoor(layoutOf(dataDir).door, 'flows', 15_000, { name, input }))?.result);
  if ('refusal' in answer) throw new Error(`${name}: ${answer.refusal.message}`);
  return ORCHESTRATOR[name].output.parse(answer.output) as OrchestratorOutput<N>;
}

/** Runs a flow and waits for its good end; its result by the given shape. */
async function complete<S extends z.ZodType>(flow: FlowName, shape: S, input: Record<string, unknown> = {}): Promise<{ run: FlowRunDetail; output: z.output<S> }> {
  const { runId } = await ask('runFlow', { flow, input });
  const run = await until(async () => {
    const seen = await ask('run', { runId });
    return ENDED.includes(seen.state) ? seen : null;
  }, `${runId} to end`, LIMIT_MS);
  expect(run, JSON.stringify(run.failure)).toMatchObject({ flow, state: 'COMPLETED', error: null });
  expect(run.steps.filter(({ state }) => state !== 'COMPLETED' && state !== 'SKIPPED')).toEqual([]);
  return { run, output: shape.parse(run.output) };
}

const read = <Row>(text: string, values?: readonly unknown[]): Promise<Row[]> => stack.read((query) => query<Row>(text, values));
async function one<Row>(text: string, values?: readonly unknown[]): Promise<Row> {
  const [row] = await read<Row>(text, values);
  if (row === undefined) throw new Error(`No row: ${text}`);
  return row;
}
const count = z.number().int().min(0);

beforeAll(async () => {
  smtp = await startSmtp();
  dataDir = await freshDataDir({ SMTP_HOST: '127.0.0.1', SMTP_PORT: String(smtp.port), SMTP_SECURITY: 'none', MAIL_FROM: 'mainspring@example.test', MAIL_TO: 'trader@example.test', SIMULATOR_SPEED: '180' });
  stack = startStack({ dataDir });
  await stack.announced();
  await until(async () => (await one<{ n: number }>('SELECT count(*) AS n FROM execution.trades')).n >= 3, 'the demo to trade', LIMIT_MS);
}, 300_000);

afterAll(async () => {
  await stack.stop();
  await smtp.stop();
  await cleanUp();
}, LIMIT_MS);

describe('the deployments', () => {
  it('are all 23, each with its schedule in words or what starts it', async () => {
    const { deployments } = await ask('deployments', {});
    expect(deployments.map(({ name }) => name).sort()).toEqual([...FLOW_NAMES].sort());
    expect(deployments.filter(({ schedule, nextRunsAt }) => (schedule !== null) !== nextRunsAt.length > 0)).toEqual([]);
    expect(deployments.filter(({ scheduleText, nextRunsAt }) => nextRunsAt.length > 0 && (scheduleText ?? '') === '')).toEqual([]);
  });
});

describe('of data', () => {
  it('fetch_market_data watches and repairs what is watched', async () => {
    const { output } = await complete('fetch_market_data', z.looseObject({ watched: count, stored: count }));
    expect(output.watched).toBe((await one<{ n: number }>('SELECT count(*) AS n FROM data_ingestion.symbols WHERE is_watched')).n);
  }, LIMIT_MS);

  it('validate_data_quality finds the bars of the demo usable', async () => {
    const { output } = await complete('validate_data_quality', z.looseObject({ isUsable: z.boolean(), findings: count, series: count }));
    expect(output.isUsable).toBe(true);
    // Each symbol has its minutes; days and others come while the past is filled in.
    expect(output.series).toBeGreaterThanOrEqual((await one<{ n: number }>(`SELECT count(DISTINCT symbol) AS n FROM data_ingestion.market_data WHERE timeframe = '1Min'`)).n);
  }, LIMIT_MS);

  it('archive_old_data leaves the young months alone, and refuses to bring back what it never put away', async () => {
    const before = await one<{ n: number }>(`SELECT count(*) AS n FROM data_ingestion.market_data WHERE open_time < (SELECT max(open_time) FROM data_ingestion.market_data) - interval '1 hour'`);
    const { output } = await complete('archive_old_data', z.looseObject({ archived: z.array(z.unknown()) }));
    expect(output.archived).toEqual([]);
    const after = await one<{ n: number }>(`SELECT count(*) AS n FROM data_ingestion.market_data WHERE open_time < (SELECT max(open_time) FROM data_ingestion.market_data) - interval '1 hour'`);
    expect(after.n).toBeGreaterThanOrEqual(before.n);
    const { runId } = await ask('runFlow', { flow: 'archive_old_data', input: { action: 'restore', months: ['2001-01'] } });
    const failed = await until(async () => {
      const run = await ask('run', { runId });
      return run.state === 'FAILED' ? run : null;
    }, 'the restore to fail', LIMIT_MS);
    expect(failed.failure?.message).toMatch(/2001-01/);
  }, LIMIT_MS);

  it('calculate_indicators stores what the closes give by another road', async () => {
    await complete('calculate_indicators', z.looseObject({ rowsWritten: count }));
    const { value, mean } = await one<{ value: number; mean: number }>(`
      SELECT i.value, (SELECT avg(close)::float8 FROM (SELECT close FROM data_ingestion.market_data m WHERE m.symbol = i.symbol AND m.timeframe = i.timeframe AND m.open_time <= i.open_time ORDER BY m.open_time DESC LIMIT 20) last) AS mean
      FROM strategy_engine.indicators i WHERE i.name = 'SMA_20' AND i.symbol = 'AAPL' ORDER BY i.open_time DESC LIMIT 1`);
    expect(Math.abs(value - mean)).toBeLessThan(ROUND);
  }, LIMIT_MS);
});

describe('of strategies', () => {
  it('generate_signals names signals that the book has', async () => {
    const { output } = await complete('generate_signals', z.looseObject({ signals: z.array(z.string()) }));
    const known = await one<{ n: number }>('SELECT count(*) AS n FROM strategy_engine.strategy_signals WHERE signal_id = ANY($1::text[])', [output.signals]);
    expect(known.n).toBe(output.signals.length);
  }, LIMIT_MS);

  it('run_strategy walks the whole pipeline as parent and children', async () => {
    const { run } = await complete('run_strategy', z.looseObject({ isDataUsable: z.literal(true) }));
    const names = ['fetch_market_data', 'validate_data_quality', 'calculate_indicators', 'generate_signals', 'calculate_position_size', 'validate_risk_limits', 'execute_trades', 'update_positions', 'send_trade_alerts'];
    expect(run.steps.map(({ name }) => name)).toEqual(names);
    expect(run.children.map((child) => [child.flow, child.state, child.trigger, child.parentRunId])).toEqual(
      run.steps.filter(({ state }) => state === 'COMPLETED').map(({ name }) => [name, 'COMPLETED', 'parent', run.runId]));
    expect(run.steps.filter(({ state }) => state === 'SKIPPED').map(({ error }) => error ?? '').filter((reason) => reason === '')).toEqual([]);
  }, LIMIT_MS);

  it('backtest_strategy gives the same orders for the same request, and run_backtest measures it', async () => {
    // A day that has ended: the market goes on while this is asked.
    const { day } = await one<{ day: string }>(`SELECT to_char(min(open_time) AT TIME ZONE 'America/New_York', 'YYYY-MM-DD') AS day FROM data_ingestion.market_data WHERE symbol = 'AAPL' AND timeframe = '1Min'`);
    const request = { kind: 'sma_cross', symbols: ['AAPL'], from: day, to: day };
    const shape = z.looseObject({ backtestId: z.string(), ordersHash: z.string().regex(/^[0-9a-f]{64}$/), barsSeen: z.number().int().positive(), orders: count });
    const { output: first } = await complete('backtest_strategy', shape, request);
    const { output: again } = await complete('backtest_strategy', shape, request);
    expect(first.orders).toBeGreaterThan(0);
    expect([again.ordersHash, again.barsSeen]).toEqual([first.ordersHash, first.barsSeen]);
    const { run, output } = await complete('run_backtest', z.looseObject({ backtestId: z.string(), metrics: z.looseObject({ total_return: z.number() }), startEquity: z.string(), endEquity: z.string() }));
    expect(run.children.map(({ flow }) => flow)).toEqual(['backtest_strategy']);
    expect(output.metrics.total_return).toBeCloseTo(Number(output.endEquity) / Number(output.startEquity) - 1, 8);
  }, LIMIT_MS);
});

describe('of risk and execution', () => {
  it('calculate_position_size shows a size or why there is none', async () => {
    const { run } = await complete('calculate_position_size', z.looseObject({}));
    expect((await one<{ n: number }>('SELECT count(*) AS n FROM risk_management.position_sizes WHERE run_id = $1', [run.runId])).n).toBeGreaterThan(0);
  }, LIMIT_MS);

  it('validate_risk_limits names approved orders that the book has', async () => {
    const { output } = await complete('validate_risk_limits', z.looseObject({ decided: count, approved: z.array(z.string()), undecided: z.array(z.string()) }));
    expect(output.undecided).toEqual([]);
    expect((await one<{ n: number }>('SELECT count(*) AS n FROM risk_management.risk_decisions WHERE client_order_id = ANY($1::text[])', [output.approved])).n).toBe(output.approved.length);
  }, LIMIT_MS);

  it('follow signals, approvals and fills by themselves', async () => {
    for (const flow of ['validate_risk_limits', 'execute_trades', 'monitor_portfolio_risk'] as const) {
      await until(async () => (await ask('runs', { flow, trigger: 'event', states: 'COMPLETED' })).runs.length > 0, `a run of ${flow} that an event started`, LIMIT_MS);
    }
  }, LIMIT_MS);

  it('monitor_portfolio_risk and generate_risk_alerts tell how the account stands', async () => {
    const { output } = await complete('monitor_portfolio_risk', z.looseObject({ measured: z.literal(true), risk: z.looseObject({ equity: z.string() }) }));
    expect(Number(output.risk.equity)).toBeGreaterThan(0);
    await complete('generate_risk_alerts', z.looseObject({ alertId: z.string().nullable(), events: count }));
  }, LIMIT_MS);

  it('execute_trades, manage_orders, update_positions and reconcile_trades place nothing and agree with the broker', async () => {
    await complete('execute_trades', z.looseObject({ after: z.looseObject({ waiting: count }) }));
    await complete('manage_orders', z.looseObject({ openOrders: count, cancelRequested: z.array(z.string()).max(0) }));
    await complete('update_positions', z.looseObject({ positionsAgree: z.boolean() }));
    // Strategies trade meanwhile: a look may see the broker a blink ahead of us. What differs is booked by that look, and a quiet one follows.
    await until(async () => (await complete('reconcile_trades', z.looseObject({ isClean: z.boolean(), differences: z.array(z.string()) }))).output.isClean, 'a reconciliation without a difference', LIMIT_MS / 2);
    expect(await read(`SELECT client_order_id FROM execution.orders o WHERE NOT EXISTS (SELECT FROM risk_management.risk_decisions d WHERE d.client_order_id = o.client_order_id AND d.outcome = 'approved')`)).toEqual([]);
  }, LIMIT_MS);
});

describe('of analytics', () => {
  it('calculate_performance and analyze_trades measure what was traded', async () => {
    const { run, output } = await complete('calculate_performance', z.looseObject({ measured: z.literal(true), metrics: z.looseObject({ total_return: z.number() }) }));
    expect((await one<{ value: number }>(`SELECT value FROM analytics.performance_metrics WHERE run_id = $1 AND name = 'total_return'`, [run.runId])).value).toBe(output.metrics.total_return);
    const trades = await complete('analyze_trades', z.looseObject({ analysed: z.boolean(), groups: count }));
    expect(trades.output.analysed).toBe(true);
  }, LIMIT_MS);

  it('generate_reports writes one offline file, and the book knows it by its hash', async () => {
    const { run, output } = await complete('generate_reports', z.looseObject({ file: z.string(), sha256: z.string(), bytes: z.number() }));
    const html = readFileSync(path.join(dataDir, 'reports', output.file));
    expect([createHash('sha256').update(html).digest('hex'), html.byteLength]).toEqual([output.sha256, output.bytes]);
    expect(html.toString()).not.toMatch(/(?:src|href)="https?:/);
    expect(run.children.map(({ flow }) => flow).sort()).toEqual(['analyze_trades', 'calculate_performance']);
  }, LIMIT_MS);
});

describe('of notification', () => {
  it('send_trade_alerts tells fills by mail, and send_daily_summary the day', async () => {
    await complete('send_trade_alerts', z.looseObject({ fills: count }));
    const { output } = await complete('send_daily_summary', z.looseObject({ isSent: z.literal(true), fills: count }));
    expect(output.fills).toBeGreaterThan(0);
    const mails = await until(() => (smtp.mails.length >= 2 ? smtp.mails : null), 'two mails', LIMIT_MS);
    const texts = mails.map((mail) => `${mail.subject ?? ''} ${mail.text ?? ''}`).join('\n');
    expect(texts).toMatch(/DEMO/);
    expect(new Set(mails.map((mail) => mail.messageId)).size).toBe(mails.length);
    const fill = await one<{ symbol: string }>('SELECT symbol FROM execution.trades ORDER BY ledger_seq LIMIT 1');
    expect(texts).toContain(fill.symbol);
  }, LIMIT_MS);

  it('monitor_system_health finds every part well', async () => {
    const { output } = await complete('monitor_system_health', z.looseObject({ isHealthy: z.boolean(), healthy: count, total: count, unwell: z.array(z.unknown()) }));
    expect(output).toMatchObject({ isHealthy: true, healthy: output.total, unwell: [] });
    expect(output.total).toBeGreaterThanOrEqual(12);
  }, LIMIT_MS);

  it('aggregate_logs sums up the lines of the day that the files hold', async () => {
    const day = new Intl.DateTimeFormat('en-CA', { timeZone: 'America/New_York' }).format(Date.now());
    const { output } = await complete('aggregate_logs', z.looseObject({ day: z.string(), lines: count, units: z.array(z.unknown()) }), { day });
    expect(existsSync(path.join(dataDir, 'logs', 'execution.log'))).toBe(true);
    expect(output).toMatchObject({ day });
    expect(output.lines).toBeGreaterThan(20);
    expect((await one<{ n: number }>('SELECT count(*) AS n FROM logging.daily_summaries WHERE day = $1', [day])).n).toBe(1);
  }, LIMIT_MS);
});

describe('in the end', () => {
  it('every flow has run, and none is failing without having been asked to', async () => {
    const { deployments } = await ask('deployments', {});
    expect(deployments.filter(({ lastRun }) => lastRun === null).map(({ name }) => name)).toEqual([]);
    expect(deployments.filter(({ name, health }) => health === 'failing' && name !== 'archive_old_data').map(({ name, healthReason }) => `${name}: ${healthReason ?? ''}`)).toEqual([]);
  });
});
