/** The gates one by one: what each market asks for, what closes them, and what opens them. */
import { describe, expect, it } from 'vitest';
import type { Gate } from '#app/contracts/deploy.ts';
import { DEFAULT_RISK_LIMITS } from '#app/domain/limits.ts';
import { gatesOf, type BacktestFact, type GateFacts } from './gate-rules.ts';

const tested = (changes: Partial<BacktestFact> = {}): BacktestFact => ({ backtestId: 'bt_1', at: 5, trips: 40, fills: 80, denied: {}, days: 250, belief: 'doubtful', headline: 'Doubtful: it rests on 40 closed round trips.', outOfSample: 'Walk-forward over 5 windows.', ...changes });
const LIMITS = { maxNotional: '10000', maxOrdersPerDay: 10, maxDailyLoss: '500', maxErrors: 3 };
const NOWHERE = { backtested: null, walkedForward: null, paperDays: 0 };
const ALL: GateFacts = {
  mode: 'live', source: { isPassed: true, at: 1 }, lookAhead: { isPassed: true, at: 2, signals: 12 }, warmUp: { isPassed: true, at: 3 }, backtests: [tested()], read: [{ backtestId: 'bt_1', at: 6 }], elsewhere: NOWHERE, hasParameters: true, limits: LIMITS,
  accountLimits: DEFAULT_RISK_LIMITS, paperDays: ['2024-03-04', '2024-03-05', '2024-03-06', '2024-03-07', '2024-03-08'], paperProblem: null,
};
const gate = (name: Gate['gate'], changes: Partial<GateFacts> = {}): Gate => {
  const found = gatesOf({ ...ALL, ...changes }).find((one) => one.gate === name);
  if (found === undefined) throw new Error(`There is no gate ${name}`);
  return found;
};
const NOTHING: Partial<GateFacts> = { source: null, lookAhead: null, warmUp: null, backtests: [], read: [], limits: null, paperDays: [] };

describe('what a market asks for', () => {
  it('is everything for real money, and with everything there every gate is open', () => {
    expect(gatesOf(ALL).map(({ state }) => state)).toEqual(Array<string>(7).fill('passed'));
  });

  it.each<[GateFacts['mode'], Gate['gate'][]]>([
    ['demo', ['source', 'look_ahead', 'backtest', 'limits']], ['paper', ['source', 'look_ahead', 'backtest', 'out_of_sample', 'verdict_read', 'limits']],
    ['live', ['source', 'look_ahead', 'backtest', 'out_of_sample', 'verdict_read', 'limits', 'paper_days']],
  ])('in %s is %j; nothing else stands in the way, and each says what opens it', (mode, needed) => {
    const gates = gatesOf({ ...ALL, ...NOTHING, mode });
    expect(gates.filter(({ state }) => state !== 'not_needed').map((one) => one.gate)).toEqual(needed);
    for (const one of gates.filter(({ state }) => state === 'open')) expect([one.remedy?.length ?? 0, one.action]).not.toEqual([0, 'none']);
  });
});

describe('the files', () => {
  it('fail with an error in them, and are open before they were checked', () => {
    expect(gate('source', { source: { isPassed: false, at: 1 } })).toMatchObject({ state: 'failed', action: 'fix_source' });
    expect(gate('source', { source: null })).toMatchObject({ state: 'open' });
  });

  it('may neither look ahead nor depend on their first bars', () => {
    expect(gate('look_ahead', { lookAhead: { isPassed: false, at: 2, signals: 3 } })).toMatchObject({ state: 'failed', observed: expect.stringContaining('future') as string });
    expect(gate('look_ahead', { warmUp: { isPassed: false, at: 2 } })).toMatchObject({ state: 'failed', observed: expect.stringContaining('warm-up') as string });
    expect(gate('look_ahead', { warmUp: null })).toMatchObject({ state: 'open', action: 'check_look_ahead' });
  });

  it('were not looked at by a check in which they said nothing: that is told of play money, and blocks the rest', () => {
    const quiet = { isPassed: true, at: 2, signals: 0 };
    for (const mode of ['paper', 'live'] as const) expect(gate('look_ahead', { mode, lookAhead: quiet })).toMatchObject({ state: 'open', action: 'check_look_ahead', observed: expect.stringContaining('said nothing') as string });
    expect(gate('look_ahead', { mode: 'demo', lookAhead: quiet })).toMatchObject({ state: 'passed', observed: expect.stringContaining('said nothing') as string });
  });
});

describe('the back-test', () => {
  it('must be long enough for its market; of several the newest that is counts', () => {
    const short = tested({ backtestId: 'bt_2', fills: 4, days: 3 });
    expect(gate('backtest', { backtests: [short] })).toMatchObject({ state: 'open', action: 'run_backtest', backtestId: 'bt_2', observed: '4 fills and 40 closed round trips over 3 exchange days.' });
    expect(gate('backtest', { backtests: [short], mode: 'demo' })).toMatchObject({ state: 'passed' });
    expect(gate('backtest', { backtests: [short, tested()] })).toMatchObject({ state: 'passed', backtestId: 'bt_1' });
  });

  it('says first what was denied, where too little was traded', () => {
    const denied = [tested({ trips: 0, fills: 0, days: 20, denied: { ORDER_NOTIONAL_EXCEEDED: 16, SHORT_NOT_ALLOWED: 1, TARGET_ALREADY_HELD: 40 } })];
    const found = gate('backtest', { mode: 'demo', backtests: denied });
    expect(found).toMatchObject({ state: 'open', observed: '17 orders were denied, 16 of them because an order was larger than the account\'s limit of $10000. 0 fills and 0 closed round trips over 20 exchange days.' });
    expect(found.remedy).toBe('Run it with a smaller size, or without the risk rules; or set another limit on the settings page.');
    expect(gate('backtest', { backtests: [tested({ denied: { ORDER_NOTIONAL_EXCEEDED: 3 } })] }), 'enough was traded').toMatchObject({ state: 'passed', observed: '80 fills and 40 closed round trips over 250 exchange days.' });
    expect(gate('backtest', { mode: 'demo', backtests: [tested({ fills: 0, denied: { SHORT_NOT_ALLOWED: 1 } })] }).observed).toMatch(/^1 order was denied because short positions are not allowed\. /);
  });

  it('that nobody should believe blocks real money, is told on paper, and shown where nothing is asked', () => {
    const bad = [tested({ belief: 'do_not_believe', headline: 'Do not believe it: it lost 4.0 % after costs.' })];
    expect(gate('out_of_sample', { backtests: bad })).toMatchObject({ state: 'failed', observed: expect.stringContaining('it lost 4.0 %') as string });
    expect(gate('out_of_sample', { backtests: bad, mode: 'paper' })).toMatchObject({ state: 'passed', observed: expect.stringContaining('it lost 4.0 %') as string });
    expect(gate('backtest', { backtests: bad, mode: 'demo' })).toMatchObject({ state: 'passed', observed: expect.stringContaining('it lost 4.0 %') as string });
  });

  it('needs a walk-forward where there are parameters to fit', () => {
    const plain = [tested({ outOfSample: null })];
    expect(gate('out_of_sample', { backtests: plain })).toMatchObject({ state: 'open', action: 'optimise' });
    expect(gate('out_of_sample', { backtests: plain, hasParameters: false })).toMatchObject({ state: 'passed' });
    expect(gate('out_of_sample', { backtests: [], hasParameters: false })).toMatchObject({ state: 'open' });
  });

  it('must have its verdict read; another is as good unless the newer one is worse', () => {
    expect(gate('verdict_read', { read: [] })).toMatchObject({ state: 'open', action: 'read_verdict', backtestId: 'bt_1' });
    const newer = (belief: BacktestFact['belief']) => ({ backtests: [tested({ backtestId: 'bt_9', belief }), tested()] });
    expect(gate('verdict_read', newer('believe'))).toMatchObject({ state: 'passed', backtestId: 'bt_1' });
    expect(gate('verdict_read', newer('do_not_believe'))).toMatchObject({ state: 'open', backtestId: 'bt_9', observed: expect.stringContaining('worse') as string });
    expect(gate('verdict_read', { read: [{ backtestId: 'bt_0', at: 1 }] })).toMatchObject({ state: 'open' });
  });
});

describe('limits', () => {
  it('must be there, and no wider than the account\'s; equal is not wider', () => {
    expect(gate('limits', { limits: null })).toMatchObject({ state: 'open', action: 'set_limits' });
    expect(gate('limits', { limits: { ...LIMITS, maxNotional: '80000', maxDailyLoss: '2000' } })).toMatchObject({ state: 'passed' });
    expect(gate('limits', { limits: { ...LIMITS, maxNotional: '80000.01', maxDailyLoss: '2001', maxOrdersPerDay: 2_001 } })).toMatchObject({ state: 'open', observed: 'Wider than the account\'s: it may hold $80000.01, the account $80000; it may lose $2001 a day, the account $2000; it may enter 2001 times a day, the account 2000 times.' });
  });
});

describe('days on paper', () => {
  it('are five, and a note that cannot be trusted counts for none', () => {
    expect(gate('paper_days', { paperDays: ['2024-03-04'] })).toMatchObject({ state: 'open', observed: '1 exchange day on paper: 2024-03-04.', action: 'deploy_to_paper' });
    expect(gate('paper_days', { paperDays: [], paperProblem: 'The note of its days on paper was changed by hand, so it does not count.' })).toMatchObject({ state: 'open', observed: expect.stringContaining('by hand') as string });
  });
});

describe('other parameters', () => {
  const elsewhere = { backtested: 'fast 5, slow 20', walkedForward: 'fast 8, slow 30', paperDays: 7 };

  it('are told and open nothing', () => {
    expect(gate('backtest', { backtests: [], elsewhere })).toMatchObject({ state: 'open', observed: 'This version was back-tested with other parameters only: fast 5, slow 20.', remedy: 'Run a back-test of this version with these parameters.' });
    expect(gate('verdict_read', { backtests: [], elsewhere })).toMatchObject({ state: 'open', observed: 'There is no verdict yet of these parameters.' });
    expect(gate('out_of_sample', { backtests: [tested({ outOfSample: null })], elsewhere })).toMatchObject({ state: 'open', observed: expect.stringContaining('Its walk-forward led to other parameters: fast 8, slow 30.') as string, remedy: 'Deploy the parameters that it led to, or optimise once more with a walk-forward.' });
    expect(gate('paper_days', { paperDays: [], elsewhere })).toMatchObject({ state: 'open', observed: 'These files did not run on paper with these parameters. 7 days with other parameters do not count.' });
  });

  it('take nothing away from what is known of these', () => {
    expect(gatesOf({ ...ALL, elsewhere, read: [{ backtestId: 'bt_7', at: 9 }, { backtestId: 'bt_1', at: 6 }] }).map(({ state }) => state)).toEqual(Array<string>(7).fill('passed'));
  });

  it('are no word for a version that has none', () => {
    for (const { needed } of gatesOf({ ...ALL, hasParameters: false })) expect(needed).not.toContain('these parameters,');
  });
});
