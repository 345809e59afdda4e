/** Colour, text and menu of the tray for every state. */
import { describe, expect, it } from 'vitest';
import type { StackHealth, UnitHealth } from '#app/contracts/health.ts';
import type { TradingBrief } from '#app/contracts/shell.ts';
import { trayIcon, trayMenu, trayTooltip } from './tray-menu.ts';
import type { TrayAction, TrayFacts } from './tray-menu.ts';

const NOW = 1_700_000_000_000;
const stack = (...states: UnitHealth['state'][]): StackHealth => ({ units: states.map((state) => ({ state })) }) as unknown as StackHealth;
const brief = (change: Partial<TradingBrief> = {}): TradingBrief => ({ state: 'ACTIVE', equity: '100000', dayPnl: '123.4', openOrders: 0, positions: 0, at: NOW, ...change });
const RUNNING: TrayFacts = { phase: 'running', mode: 'demo', stack: stack('ready', 'ready', 'done'), trading: brief(), armedUntil: null, problem: null, isWelcomeDone: true };
const enabled = (facts: TrayFacts): TrayAction[] => trayMenu(facts, NOW).flatMap((line) => (line.kind === 'command' && line.isEnabled ? [line.action] : []));

describe('the icon', () => {
  it.each<[string, Partial<TrayFacts>, ReturnType<typeof trayIcon>]>([
    ['all up and trading', {}, 'running'],
    ['nothing runs', { phase: 'stopped', stack: null, trading: null }, 'stopped'],
    ['coming up', { phase: 'starting' }, 'starting'],
    ['going down', { phase: 'stopping' }, 'starting'],
    ['the start was refused', { phase: 'failed' }, 'failed'],
    ['a part was given up', { stack: stack('ready', 'failed') }, 'failed'],
    ['a part limps', { stack: stack('ready', 'degraded') }, 'attention'],
    ['trading is halted', { trading: brief({ state: 'HALTED' }) }, 'attention'],
    ['trading is not known', { trading: null }, 'attention'],
    ['trading was known long ago', { trading: brief({ at: NOW - 60_000 }) }, 'attention'],
  ])('%s', (_name, change, icon) => expect(trayIcon({ ...RUNNING, ...change }, NOW)).toBe(icon));
});

describe('the tooltip', () => {
  it('says what runs, how trading stands and the P&L of today', () => {
    expect(trayTooltip(RUNNING, NOW)).toBe('Mainspring (DEMO)\nRunning 3/3\nTrading ACTIVE\nToday +$123.40');
    expect(trayTooltip({ ...RUNNING, trading: brief({ dayPnl: null, state: 'REDUCING' }) }, NOW)).toContain('Trading REDUCING\nToday not known');
    expect(trayTooltip({ ...RUNNING, phase: 'stopped', stack: null }, NOW)).toBe('Mainspring (DEMO)\nStopped: nothing trades');
  });

  it('never shows an old figure as fresh', () => {
    expect(trayTooltip({ ...RUNNING, trading: brief({ at: NOW - 5_001 }) }, NOW)).toBe('Mainspring (DEMO)\nRunning 3/3\nTrading state not known now');
  });

  it('tells an armed live account from one that is not', () => {
    expect(trayTooltip({ ...RUNNING, mode: 'live', armedUntil: NOW + 1 }, NOW)).toContain('(LIVE, armed)');
    expect(trayTooltip({ ...RUNNING, mode: 'live', armedUntil: NOW }, NOW)).toContain('(LIVE, not armed)');
  });

  it('fits where Windows shows it', () => {
    const long = trayTooltip({ ...RUNNING, phase: 'failed', problem: { code: 'X', message: 'The data folder cannot be used. '.repeat(20) } }, NOW);
    expect(long).toHaveLength(127);
    expect(long.endsWith('…')).toBe(true);
  });
});

describe('the menu', () => {
  it('offers what makes sense', () => {
    expect(enabled(RUNNING)).toEqual(['open', 'stop', 'restart', 'halt', 'cancelAll', 'flatten', 'about', 'quit']);
    expect(enabled({ ...RUNNING, phase: 'stopped', stack: null, trading: null })).toEqual(['open', 'start', 'about', 'quit']);
    expect(enabled({ ...RUNNING, phase: 'failed', stack: null, trading: null })).toEqual(['open', 'start', 'about', 'quit']);
    expect(enabled({ ...RUNNING, phase: 'starting' })).toEqual(['open', 'stop', 'halt', 'cancelAll', 'flatten', 'about', 'quit']);
    expect(enabled({ ...RUNNING, phase: 'stopping' })).toEqual(['open', 'about', 'quit']);
    expect(enabled({ ...RUNNING, trading: brief({ state: 'HALTED' }) })).not.toContain('halt');
  });

  it('does not start a market that nobody chose yet', () => {
    expect(enabled({ ...RUNNING, phase: 'stopped', stack: null, isWelcomeDone: false })).toEqual(['open', 'about', 'quit']);
  });

  it('halts also while the trading state is not known', () => {
    expect(enabled({ ...RUNNING, trading: brief({ state: 'HALTED', at: NOW - 60_000 }) })).toContain('halt');
    expect(enabled({ ...RUNNING, trading: null })).toContain('halt');
  });

  it('keeps each command at its place', () => {
    const actions = (facts: TrayFacts): string[] => trayMenu(facts, NOW).flatMap((line) => (line.kind === 'command' ? [line.action] : []));
    for (const phase of ['stopped', 'starting', 'running', 'stopping', 'failed'] as const) expect(actions({ ...RUNNING, phase })).toEqual(['open', 'start', 'stop', 'restart', 'halt', 'cancelAll', 'flatten', 'about', 'quit']);
  });
});
