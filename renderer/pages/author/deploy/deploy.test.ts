/** What the deploy and live panes work with: the form, its differences, the words of gates, states and limits. */
import { describe, expect, it } from 'vitest';
import type { ProjectFacts } from '#app/contracts/author.ts';
import type { DeploymentCard, DeploymentLive, Gate, Gates, StrategyLogLine } from '#app/contracts/deploy.ts';
import { deployFields } from '#app/contracts/deploy.ts';
import * as z from 'zod';
import { changesOf } from './deploy-diff.ts';
import { draftOf, limitsProblems, newDraft, parameterProblem, problemsOf, requestOf, suggestLimits, symbolsIn } from './deploy-draft.ts';
import type { AccountFrame } from './deploy-draft.ts';
import { expectationFigure } from './expectation-figure.ts';
import { closedGates, gatesCount, hindrance, withForm } from './gate-words.ts';
import { limitEffects, sizingExample } from './limit-words.ts';
import { inOrder, isInTrouble, memoryText, parityTone, stopWords, versionWords, whyNot } from './live-words.ts';
import { filterLines, joinTail } from './log-tail.ts';
import { tokensOf } from '../../../theme.ts';

const ACCOUNT: AccountFrame = { equity: 101_240.55, maxDailyLoss: 2_000, maxPositionNotional: 20_000, maxGrossExposure: 80_000, maxOrdersPerDay: 2_000 };
const FACTS: ProjectFacts = {
  kind: 'project', title: 'Trend', description: '', scope: 'symbol', symbols: [1, null], usesShorts: false, usesOrders: false, firstBar: 30, warmUpBars: 30, isMemoryFree: true,
  parameters: [
    { name: 'fast', kind: 'integer', default: 10, min: 2, max: 50, step: 1, unit: 'bars', choices: [], describe: '' }, { name: 'mode', kind: 'choice', default: 'calm', min: null, max: null, step: null, unit: '', choices: ['calm', 'quick'], describe: '' },
    { name: 'hasStop', kind: 'flag', default: true, min: null, max: null, step: null, unit: '', choices: [], describe: '' },
  ],
};
const draft = newDraft({ name: 'Trend', facts: FACTS, account: ACCOUNT, suggested: { symbols: ['AAPL'], timeframe: '5Min' } });
const CARD: DeploymentCard = {
  strategyId: 'trend', name: 'Trend', mode: 'demo', project: { projectId: 'trend', version: 6, newest: 7 }, kind: 'project', versionId: 'trend-1', timeframe: '5Min', symbols: ['AAPL'], state: 'running', problem: null, pausedBy: null, pausedWhy: null, since: 0, errors: 0, errorsInARow: 0, signals: 0, approved: 0, denied: 0,
  fills: 0, openPositions: 0, realizedPnl: '0', openPnl: '0', todayPnl: null, lastSignalAt: null, lastBarAt: null, limits: { maxNotional: '8000', maxOrdersPerDay: 20, maxDailyLoss: '250', maxErrors: 3 }, resource: null, parity: null, expectation: null,
};
const LIVE: DeploymentLive = { card: CARD, parameters: { fast: 12, mode: 'calm', hasStop: true, gone: 4 }, sizing: { method: 'fixed_notional', notional: '3000' }, cells: [], cellsLeftOut: 0, signals: [], positions: [], expectation: null, at: 0 };

describe('the form', () => {
  it('begins with the symbols of the newest run, the defaults of the source, and limits within those of the account', () => {
    expect([draft.symbols, draft.timeframe, draft.parameters]).toEqual([['AAPL'], '5Min', { fast: '10', mode: 'calm', hasStop: 'true' }]);
    expect(suggestLimits(ACCOUNT)).toEqual({ maxNotional: '10000', maxOrdersPerDay: '20', maxDailyLoss: '500', maxErrors: '3' });
    expect(suggestLimits({ ...ACCOUNT, equity: 1_000_000 })).toMatchObject({ maxNotional: '40000', maxDailyLoss: '1000' });
    expect(problemsOf(draft, FACTS, ACCOUNT)).toEqual({});
  });
  it('becomes a request that the contract takes', () => {
    const request = requestOf({ ...draft, parameters: { fast: '12', mode: 'quick', hasStop: 'false' } }, { projectId: 'trend', version: 7, facts: FACTS });
    expect(z.object(deployFields.deploy).parse(request)).toMatchObject({ parameters: { fast: 12, mode: 'quick', hasStop: false }, symbols: ['AAPL'], limits: { maxErrors: 3 }, sizing: { method: 'percent_of_equity', percent: '2' } });
    expect(requestOf({ ...draft, universe: 'watched' }, { projectId: 'trend', version: 7, facts: FACTS }).symbols).toEqual(['*']);
    expect(requestOf({ ...draft, universe: 'screen', screenId: 's1' }, { projectId: 'trend', version: 7, facts: FACTS })).toMatchObject({ screenId: 's1' });
  });
  it('says what is wrong where it is wrong', () => {
    const wrong = problemsOf({ ...draft, name: ' ', symbols: ['no symbol!'], parameters: { fast: '500', mode: 'wild', hasStop: 'true' }, sizing: { ...draft.sizing, percent: '120' }, limits: { maxNotional: '0', maxOrdersPerDay: '1.5', maxDailyLoss: '5000', maxErrors: '' } }, FACTS, ACCOUNT);
    expect(Object.keys(wrong).sort()).toEqual(['limits.maxDailyLoss', 'limits.maxErrors', 'limits.maxNotional', 'limits.maxOrdersPerDay', 'name', 'parameters.fast', 'parameters.mode', 'sizing.percent', 'symbols']);
    expect(problemsOf({ ...draft, symbols: ['AAPL'] }, { ...FACTS, scope: 'portfolio', symbols: [2, 4] }, ACCOUNT)['symbols']).toBe('This strategy needs at least 2 symbols');
    expect(limitsProblems({ maxNotional: '90000', maxOrdersPerDay: '20', maxDailyLoss: '100', maxErrors: '3' }, ACCOUNT)).toEqual({ 'limits.maxNotional': 'The whole account may hold 80000 USD; choose less' });
    expect(FACTS.parameters[0] && parameterProblem(FACTS.parameters[0], '2.5')).toBe('A whole number');
  });
  it('reads symbols however they are written', () => {
    expect(symbolsIn(['aapl, msft', 'AAPL', ' '])).toEqual(['AAPL', 'MSFT']);
  });
  it('filled from what runs shows no change but the version, and each that is typed', () => {
    const filled = draftOf(LIVE, FACTS, ACCOUNT);
    expect(filled.parameters).toEqual({ fast: '12', mode: 'calm', hasStop: 'true' });
    const next = { version: 7, facts: FACTS, screenName: null };
    expect(changesOf(LIVE, filled, next)).toEqual([{ what: 'Version', from: '6', to: '7' }, { what: 'Parameter gone', from: '4', to: '–' }]);
    expect(changesOf(LIVE, { ...filled, symbols: ['AAPL', 'MSFT'], limits: { ...filled.limits, maxErrors: '5' } }, next).map(({ what }) => what)).toEqual(['Version', 'Symbols', 'Parameter gone', 'Errors in a row']);
  });
});

describe('gates', () => {
  const gate = (name: Gate['gate'], state: Gate['state']): Gate => ({ gate: name, title: name, state, observed: '', needed: '', remedy: null, action: 'none', at: null, backtestId: null });
  const gates: Gates = { projectId: 'trend', version: 7, hash: '', mode: 'demo', isOpen: false, gates: [gate('source', 'passed'), gate('backtest', 'failed'), gate('limits', 'open'), gate('paper_days', 'not_needed')] };
  it('that of the limits is passed by a complete form, no other is', () => {
    expect(closedGates(withForm(gates, true)).map((one) => one.gate)).toEqual(['backtest']);
    expect(closedGates(withForm(gates, false)).map((one) => one.gate)).toEqual(['backtest', 'limits']);
    expect(gatesCount(withForm(gates, true))).toEqual({ passed: 2, needed: 3 });
  });
  it('and edits, unknown states and wrong fields hold the button back, each in words', () => {
    const free = { closed: [], problems: 0, isDirty: false, isKnown: true };
    expect(hindrance(free)).toBeNull();
    expect([{ ...free, isDirty: true }, { ...free, isKnown: false }, { ...free, closed: closedGates(withForm(gates, true)) }, { ...free, problems: 2 }].map(hindrance)).toEqual([
      'Save your changes as a version first: what is deployed is always a saved version.', 'Source and gates are being looked at.', '1 gate is closed: backtest.', '2 fields above need another value.',
    ]);
  });
});

describe('words', () => {
  it('limits say what happens, sizing shows its arithmetic', () => {
    expect(limitEffects(draft.limits, ACCOUNT).maxNotional).toBe('An entry that would bring it above 10,000 USD (9.9 % of the account) is denied; exits always pass.');
    expect(sizingExample({ ...draft.sizing, method: 'fixed_notional', notional: '3050' }, ACCOUNT)).toBe('For a share at 100 USD: $3050 / $100 = 30 shares.');
    expect(sizingExample({ ...draft.sizing, percent: '' }, ACCOUNT)).toBeNull();
  });
  it('each stop has its cause and its remedy', () => {
    expect(whyNot(CARD)).toBeNull();
    const errors = { ...CARD, state: 'paused' as const, pausedBy: 'errors' as const, pausedWhy: '3 errors in a row, the last one: TypeError', errorsInARow: 3 };
    expect(whyNot(errors)).toMatchObject({ cause: 'Paused by itself: 3 errors in a row, the last one: TypeError', tone: 'warn' });
    expect(whyNot({ ...errors, pausedWhy: null })?.cause).toBe('Paused by itself: 3 errors in a row');
    expect(whyNot({ ...CARD, state: 'paused', pausedBy: 'daily_loss', pausedWhy: 'It has lost $251.00: its limit is $250' })?.cause).toBe('Paused by itself: it has lost $251.00: its limit is $250');
    expect(whyNot({ ...CARD, state: 'paused', pausedBy: 'daily_loss' })?.cause).toContain('more than 250.00 USD');
    expect([errors, { ...CARD, state: 'paused' as const, pausedBy: 'person' as const }, { ...CARD, state: 'failed' as const }].map(isInTrouble)).toEqual([true, false, true]);
    expect([null, 100, 95, 80].map(parityTone)).toEqual(['idle', 'good', 'warn', 'bad']);
    expect([versionWords(CARD.project), versionWords(null)]).toEqual([{ own: 'Version 6', newer: 'Version 7 exists' }, null]);
  });
  it('stopping tells what becomes of what is held', () => {
    expect(stopWords([], 'flatten')).toBe('It holds nothing now. Its open orders are canceled.');
    expect(stopWords([], 'keep')).toContain('may still fill');
    expect(stopWords([{ symbol: 'AAPL', qty: '3' }], 'keep')).toContain('Its 1 position stays');
    expect(stopWords([{ symbol: 'AAPL', qty: '3' }, { symbol: 'KO', qty: '1' }], 'flatten')).toContain('each of the 2 positions');
  });
  it('what needs somebody stands first in the list', () => {
    const of = (name: string, state: DeploymentCard['state'], pausedBy: DeploymentCard['pausedBy'] = null): DeploymentCard => ({ ...CARD, name, state, pausedBy });
    expect(inOrder([of('a', 'stopped'), of('b', 'running'), of('c', 'paused', 'person'), of('d', 'paused', 'errors'), of('e', 'failed')]).map(({ name }) => name)).toEqual(['e', 'd', 'b', 'c', 'a']);
  });
});

describe('log, memory, band', () => {
  const line = (seq: number, level: StrategyLogLine['level'] = 'info', text = ''): StrategyLogLine => ({ seq, at: 0, barTime: null, symbol: 'KO', level, line: text, versionId: '' });
  it('a tail takes each line once and lets the oldest go', () => {
    expect(joinTail([line(1), line(2)], [line(3), line(2)]).map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(joinTail([line(1), line(2)], [line(3)], 2).map(({ seq }) => seq)).toEqual([2, 3]);
    expect(filterLines([line(1, 'info', 'Buy'), line(2, 'warn', 'slow'), line(3, 'error', 'buy failed')], 'warn', 'BUY').map(({ seq }) => seq)).toEqual([3]);
    expect([memoryText('{"a":1}'), memoryText('no JSON')]).toEqual(['{\n "a": 1\n}', 'no JSON']);
  });
  it('the band draws low, high, middle and what was traded', () => {
    const { data } = expectationFigure([{ day: '2026-02-02', actual: 4, low: -9, middle: 1, high: 12 }, { day: '2026-02-03', actual: null, low: -12, middle: 2, high: 15 }], tokensOf('light', 'standard'));
    expect(data.map(({ y }) => y)).toEqual([[-9, -12], [12, 15], [1, 2], [4, null]]);
  });
});
