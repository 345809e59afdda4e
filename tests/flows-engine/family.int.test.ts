/** Families of runs: children across services, side by side and nested, killed, cancelled, failing; and what flow authors get wrong. */
import { spawn } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readWorkerConfig } from '../../main/cli/worker.ts';
import { until } from '../support/servers.ts';
import { doubledSteps, startFamily, type Family, type FamilyWorker } from './family.ts';

const HEADLESS = fileURLToPath(new URL('../../main/headless.ts', import.meta.url));
let family: Family;
let strategy: FamilyWorker;
let execution: FamilyWorker;

beforeAll(async () => {
  family = await startFamily();
  [strategy, execution] = await Promise.all([family.worker('strategy_engine'), family.worker('execution')]);
});
afterAll(() => family.stop());

const stepsOf = (runId: string): string[] => family.effects().filter((effect) => effect.runId === runId).map((effect) => effect.step);

describe('children', () => {
  it('run side by side in two services, and the parent gives their results', async () => {
    const began = performance.now();
    const runId = await family.start('run_strategy', { kids: {} }, 'pair');
    const run = await family.ended(runId);
    expect(performance.now() - began).toBeLessThan(3_000);
    expect(run.status).toBe('SUCCESS');
    expect(run.steps.map((step) => step.name)).toEqual(['begin', 'calculate_indicators', 'execute_trades.buy', 'send_trade_alerts', 'end']);
    expect(run.steps[1]?.output).toMatchObject({ $child: `${runId}/calculate_indicators`, output: { from: 'calculate_indicators' } });
    expect(run.steps[3]?.output).toEqual({ $skipped: 'No signal was raised' });
    expect(run.output).toMatchObject({ results: [{ from: 'calculate_indicators' }, { from: 'execute_trades' }] });
    expect((await family.run(`${runId}/execute_trades.buy`))?.attributes).toEqual({ trigger: 'parent', scheduledFor: null, parentRunId: runId });
    await until(() => family.reports.some((report) => report.kind === 'attempt' && report.runId === runId && report.childRunId === `${runId}/execute_trades.buy`), 'the report that names the child');
  });

  it('of the same flow run although parents hold its only place', async () => {
    const run = await family.ended(await family.start('run_strategy', { depth: 3 }, 'nested'));
    expect(run).toMatchObject({ status: 'SUCCESS', output: { results: ['run_strategy:nested/run_strategy'] } });
    expect(await family.run('run_strategy:nested/run_strategy/run_strategy/run_strategy')).toMatchObject({ status: 'SUCCESS' });
  });

  it('that fail fail the parent, with the child and its error as the cause', async () => {
    const run = await family.ended(await family.start('run_strategy', { kids: { fails: true } }, 'failing'));
    expect(run).toMatchObject({ status: 'ERROR', error: { code: 'FLOW_CHILD_FAILED', context: { childCode: 'SYMBOL_UNKNOWN' } } });
    expect((run.error as Error).message).toMatch(/did not complete: planted: there is no such symbol/);
    expect(stepsOf('run_strategy:failing')).toEqual(['begin']);
  });

  it('that fail can be forgiven, and the error is the same kind after a crash', async () => {
    const runId = await family.start('run_strategy', { kids: { fails: true }, isForgiving: true, waitFor: 'forgiven' }, 'forgiving');
    await until(() => stepsOf(runId).includes('end'), 'the last step');
    await strategy.kill();
    family.release('forgiven');
    strategy = await family.worker('strategy_engine');
    expect(await family.ended(runId)).toMatchObject({ status: 'SUCCESS', output: { results: [{ code: 'FLOW_CHILD_FAILED', context: { childCode: 'SYMBOL_UNKNOWN' } }] } });
  });

  it('are refused when the parent\'s definition does not name them', async () => {
    const run = await family.ended(await family.start('run_strategy', { isBold: true }, 'bold'));
    expect(run).toMatchObject({ status: 'ERROR', error: { code: 'FLOW_INPUT_INVALID' } });
  });

  it('end when their parent is cancelled, also where the parent\'s worker is gone', async () => {
    const runId = await family.start('run_strategy', { kids: { waitFor: 'never' } }, 'cancelled');
    await until(() => stepsOf(`${runId}/execute_trades.buy`).length === 1 && stepsOf(`${runId}/calculate_indicators`).length === 1, 'both children to run');
    await strategy.kill();
    await family.client.cancelWorkflow(runId);
    expect((await family.ended(`${runId}/execute_trades.buy`)).status).toBe('CANCELLED');
    strategy = await family.worker('strategy_engine');
    expect((await family.ended(`${runId}/calculate_indicators`)).status).toBe('CANCELLED');
    // Their places are free again.
    expect((await family.ended(await family.start('run_strategy', { kids: {} }, 'after-cancel'))).status).toBe('SUCCESS');
  });

  it('that were cancelled with their parent can be repeated by themselves', async () => {
    // Longer than the watch looks away, so that it would be found to be an orphan.
    const runId = await family.start('run_strategy', { kids: { waitFor: 'repeated', slowMs: 1_300 } }, 'repeated');
    const kid = `${runId}/execute_trades.buy`;
    await until(() => stepsOf(kid).length === 1, 'the child to run');
    await family.client.cancelWorkflow(runId);
    expect((await family.ended(kid)).status).toBe('CANCELLED');
    family.release('repeated');
    await family.client.forkWorkflow(kid, 0, { newWorkflowID: `${kid}:again`, queueName: 'execute_trades', timeoutMS: 60_000 });
    expect((await family.ended(`${kid}:again`)).status).toBe('SUCCESS');
  });

  it('run once when the parent\'s worker and the child\'s worker are killed while the parent waits', async () => {
    const runId = await family.start('run_strategy', { kids: { waitFor: 'killed' } }, 'killed');
    const kids = [`${runId}/calculate_indicators`, `${runId}/execute_trades.buy`];
    await until(() => kids.every((kid) => stepsOf(kid).length === 1), 'both children to run');
    await Promise.all([strategy.kill(), execution.kill()]);
    family.release('killed');
    [strategy, execution] = await Promise.all([family.worker('strategy_engine'), family.worker('execution')]);
    const readyAt = performance.now();
    expect((await family.ended(runId)).status).toBe('SUCCESS');
    expect(performance.now() - readyAt).toBeLessThan(3_000);
    for (const kid of kids) expect(stepsOf(kid)).toEqual(['first', 'first', 'second']);
    expect(stepsOf(runId)).toEqual(['begin', 'end']);
    const runs = await Promise.all([runId, ...kids].map((id) => family.ended(id)));
    expect(doubledSteps(runs, family.effects())).toEqual([]);
  });

  it('that ended keep their result when the parent is repeated from a later step', async () => {
    const runId = await family.start('run_strategy', { kids: {} }, 'original');
    const original = await family.ended(runId);
    const from = original.steps.findIndex((step) => step.name === 'end');
    await family.client.forkWorkflow(runId, from, { newWorkflowID: `${runId}:again`, queueName: 'run_strategy', timeoutMS: 60_000 });
    const again = await family.ended(`${runId}:again`);
    expect(again).toMatchObject({ status: 'SUCCESS', output: original.output as object });
    expect(stepsOf(`${runId}:again`)).toEqual(['end']);
    // Repeated from the children's step, it starts children of its own.
    await family.client.forkWorkflow(runId, 1, { newWorkflowID: `${runId}:again:2`, queueName: 'run_strategy', timeoutMS: 60_000 });
    expect((await family.ended(`${runId}:again:2`)).steps[1]?.output).toMatchObject({ $child: `${runId}:again:2/calculate_indicators` });
  });
});

describe('what authors get wrong', () => {
  it.each([['bigint', /"give" cannot be kept.*bigint/], ['circle', /cannot be kept/], ['date', /"at" is a Date/], ['large', /1100002 bytes/], ['result', /flow manage_orders cannot be kept.*a Map/]] as const)('a result that cannot be kept (%s) fails the run, once, and the service lives', async (gives, message) => {
    const runId = await family.start('manage_orders', { gives }, gives);
    const run = await family.ended(runId);
    expect(run).toMatchObject({ status: 'ERROR', error: { code: 'FLOW_RESULT_INVALID' } });
    expect((run.error as Error).message).toMatch(message);
    expect(execution.isGone).toBe(false);
  });

  it('ten megabytes of log lines are cut and counted', async () => {
    const runId = await family.start('manage_orders', { gives: 'nothing', lines: 1_000 }, 'loud');
    expect((await family.ended(runId)).status).toBe('SUCCESS');
    const last = await until(() => family.reports.find((report) => report.kind === 'log' && report.runId === runId && report.lineId.endsWith(':end')), 'the last line');
    expect(last).toMatchObject({ message: '1000 lines were logged by this run; the first 500 are kept here' });
    const lines = family.reports.filter((report) => report.kind === 'log' && report.runId === runId);
    expect(lines).toHaveLength(501);
    expect(lines[0]).toMatchObject({ fields: { cut: expect.stringMatching(/characters\)$/) as string } });
    expect(JSON.stringify(lines).length).toBeLessThan(2_000_000);
  });

  it('a step that never ends loses its run and its place, and the service says so until it ends', async () => {
    const runId = await family.start('manage_orders', { gives: 'nothing', isDeaf: true }, 'deaf');
    expect((await family.ended(runId)).status).toBe('CANCELLED');
    // The only place of the flow is given to others.
    const next = await family.start('manage_orders', { gives: 'nothing' }, 'after-deaf');
    expect((await family.ended(next)).status).toBe('SUCCESS');
    expect(execution.said).toEqual(['1 step(s) of manage_orders go on although their run has ended; the flow must heed its signal']);
    family.release('deaf');
    await until(() => execution.said.at(-1) === 'well', 'the service to be well again');
    expect((await family.ended(runId)).status).toBe('CANCELLED');
  });
});

describe('a second worker of a service', () => {
  it('takes only what may be shared, and what it leaves when it dies is finished by the first', async () => {
    await strategy.stop();
    const second = await family.worker('strategy_engine', 'attic');
    const shared = await family.start('calculate_indicators', { waitFor: 'attic' }, 'shared');
    const own = await family.start('run_strategy', {}, 'own');
    const attempt = await until(() => family.effects().find((effect) => effect.runId === shared), 'the second worker to take it');
    expect(attempt.pid).toBe(second.pid);
    expect((await family.run(own))?.status).toBe('ENQUEUED');
    strategy = await family.worker('strategy_engine');
    expect((await family.ended(own)).status).toBe('SUCCESS');
    await second.kill();
    family.release('attic');
    expect((await family.ended(shared)).status).toBe('SUCCESS');
    expect(stepsOf(shared)).toEqual(['first', 'first', 'second']);
    expect(new Set(family.effects().filter((effect) => effect.runId === shared).map((effect) => effect.pid))).toEqual(new Set([second.pid, strategy.pid]));
  });

  it('does not judge by its own clock how long runs may take', async () => {
    const second = await family.worker('strategy_engine', 'tomorrow');
    // Longer than its sweep over limits looks away.
    const run = await family.ended(await family.start('calculate_indicators', { slowMs: 1_300 }, 'tomorrow'));
    await second.kill();
    expect(run.status).toBe('SUCCESS');
  });

  it('is started from the command line with a file that nobody else may read', async () => {
    const file = join(family.folder, 'worker.json');
    writeFileSync(file, JSON.stringify(family.config('strategy_engine')), { mode: 0o644 });
    expect(() => readWorkerConfig(file)).toThrow(/others may read it. Run: chmod 600/);
    chmodSync(file, 0o600);
    await strategy.stop();
    const command = spawn(process.execPath, [HEADLESS, 'worker', 'run', file], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    command.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const gone = new Promise((resolve) => command.once('exit', resolve));
    try {
      const runId = await family.start('backtest_strategy', {}, 'elsewhere');
      const run = await family.ended(runId);
      expect(run.status).toBe('SUCCESS');
      expect(run.executorId).toMatch(/^strategy_engine@[a-z0-9]+-[0-9a-f]{6}$/);
      expect(output).toMatch(/A worker of strategy_engine .* is up/);
    } finally {
      command.kill('SIGINT');
    }
    expect(await gone).toBe(0);
  });
});
