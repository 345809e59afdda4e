/** The trading pipeline: its order, its branches, and what a failing stage leaves behind. */
import { describe, expect, it } from 'vitest';
import { AppError } from '#app/domain/errors.ts';
import { runFlowByHand, type HandOptions, type HandRun } from '../../tests/support/run-flow.ts';
import { pipelineFlow } from './pipeline.ts';

type Answers = Partial<Record<string, unknown>>;
const GOOD: Answers = {
  fetch_market_data: { stored: 0 }, validate_data_quality: { isUsable: true, findings: 0 }, calculate_indicators: { rowsWritten: 9 }, generate_signals: { signals: ['a', 'b'] }, calculate_position_size: { sized: 2 },
  validate_risk_limits: { decided: 2, approved: ['ms-a'], denied: [{ signalId: 'b', code: 'X' }], undecided: [] }, execute_trades: { open: 0 }, update_positions: { positions: 1 }, send_trade_alerts: { sent: 1 },
};

function run(answers: Answers = {}, input: unknown = {}, options: HandOptions = {}): Promise<HandRun> {
  const all = { ...GOOD, ...answers };
  return runFlowByHand(pipelineFlow(), input, {
    child: (name) => {
      const answer = all[name];
      if (answer instanceof Error) throw answer;
      return answer;
    },
    ...options,
  });
}
const names = (list: readonly { name: string }[]): string[] => list.map((item) => item.name);

describe('run_strategy', () => {
  it('walks from bars to alerts, and hands on what the next stage needs', async () => {
    const { children, skipped, output } = await run({}, { strategyId: 'sma_cross' });
    expect(children).toEqual([
      { name: 'fetch_market_data', input: { isValidated: false } }, { name: 'validate_data_quality', input: {} }, { name: 'calculate_indicators', input: { strategyId: 'sma_cross' } },
      { name: 'generate_signals', input: { strategyId: 'sma_cross' } }, { name: 'calculate_position_size', input: { signalIds: ['a', 'b'] } }, { name: 'validate_risk_limits', input: { signalIds: ['a', 'b'] } },
      { name: 'execute_trades', input: {} }, { name: 'update_positions', input: {} }, { name: 'send_trade_alerts', input: {} },
    ]);
    expect(skipped).toEqual([]);
    expect(output).toMatchObject({ isDataUsable: true, signals: 2, approved: 1, stages: { send_trade_alerts: { sent: 1 } } });
  });

  it('names its children to the engine, in this order, and runs after each hour of a session', () => {
    const flow = pipelineFlow();
    expect(flow.children).toEqual(Object.keys(GOOD));
    expect(flow.schedule).toEqual({ kind: 'session', anchor: 'hour', offsetMinutes: 5 });
  });

  it('starts nothing new on bars that cannot be trusted, and looks after what is held all the same', async () => {
    const { children, skipped, output } = await run({ validate_data_quality: { isUsable: false, reason: '2 of 3 series are stale' } });
    expect(names(children)).toEqual(['fetch_market_data', 'validate_data_quality', 'update_positions', 'send_trade_alerts']);
    expect(names(skipped)).toEqual(['calculate_indicators', 'generate_signals', 'calculate_position_size', 'validate_risk_limits', 'execute_trades']);
    expect(skipped[0]?.reason).toBe('The bars cannot be trusted now: 2 of 3 series are stale');
    expect(output).toMatchObject({ isDataUsable: false, signals: 0, approved: 0 });
  });

  it('leaves out sizing, limits and orders when no strategy wants anything new', async () => {
    const { children, skipped } = await run({ generate_signals: { signals: [] } });
    expect(names(children)).toEqual(['fetch_market_data', 'validate_data_quality', 'calculate_indicators', 'generate_signals', 'update_positions', 'send_trade_alerts']);
    expect(skipped.map((skip) => [skip.name, skip.reason])).toEqual(['calculate_position_size', 'validate_risk_limits', 'execute_trades'].map((name) => [name, 'No strategy wants anything new']));
  });

  it('leaves out orders when risk approves none', async () => {
    const { skipped, output } = await run({ validate_risk_limits: { decided: 2, approved: [], denied: [], undecided: [] } });
    expect(skipped).toEqual([{ name: 'execute_trades', reason: 'Risk approved no order' }]);
    expect(output).toMatchObject({ approved: 0 });
  });

  it('ends with the failure of a stage, and shows what did not happen because of it', async () => {
    const failed = new AppError('FLOW_CHILD_FAILED', 'The child run calculate_indicators did not complete: disk full');
    const seen: string[] = [];
    const flow = pipelineFlow();
    const ended = run({ calculate_indicators: failed }, {}, { onSkip: (name, reason) => seen.push(`${name}: ${reason}`) });
    await expect(ended).rejects.toThrow('calculate_indicators did not complete: disk full');
    expect(seen).toEqual(flow.children?.slice(3).map((name) => `${name}: calculate_indicators failed, and nothing is built on that`));
  });

  it('takes no further step when it is cancelled', async () => {
    const seen: string[] = [];
    await expect(run({ fetch_market_data: new Error('the run was cancelled') }, {}, { onSkip: (name) => seen.push(name) })).rejects.toThrow('cancelled');
    expect(seen).toEqual([]);
  });

  it('says which stage it could not understand', async () => {
    await expect(run({ generate_signals: { signals: 'many' } })).rejects.toMatchObject({ code: 'FLOW_CHILD_FAILED', message: /generate_signals gave a result/ });
  });
});
