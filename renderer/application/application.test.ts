/** The application's settings in words: what a change of market does, where an update stands, which key belongs to which account. */
import { describe, expect, it } from 'vitest';
import type { ShellStatus } from '#app/contracts/shell.ts';
import { findLicences } from './about-sheet.tsx';
import { keyDoubt } from './key-fields.tsx';
import { consequences } from './market-section.tsx';
import { updateWords } from './updates-section.tsx';

const trading = (openOrders: number, positions: number): ShellStatus['trading'] => ({ state: 'ACTIVE', equity: '1', dayPnl: null, openOrders, positions, at: 1 });

describe('changing the market', () => {
  it('says what stays at the broker, for markets that have one', () => {
    expect(consequences({ mode: 'paper', phase: 'running', trading: trading(1, 2) }, 'demo').join(' ')).toContain('1 order is open and 2 positions are held in paper');
    expect(consequences({ mode: 'demo', phase: 'running', trading: trading(1, 2) }, 'paper').join(' ')).not.toContain('stay at the broker');
    expect(consequences({ mode: 'paper', phase: 'stopped', trading: null }, 'demo')[0]).toBe('Everything starts in the demo market.');
  });
  it('says that live is real, and begins disarmed', () => {
    expect(consequences({ mode: 'demo', phase: 'running', trading: null }, 'live').at(-1)).toMatch(/real money.*disarmed/);
  });
});

describe('a key id', () => {
  it('is doubted in the wrong account, whatever its case, and never by its length', () => {
    expect(keyDoubt('paper', ' akXYZ')).toMatch(/live account/);
    expect(keyDoubt('live', 'PK1')).toMatch(/paper account/);
    expect([keyDoubt('paper', 'PK1'), keyDoubt('live', 'AK1'), keyDoubt('paper', '')]).toEqual([null, null, null]);
  });
});

describe('an update', () => {
  it('is told with its version, its progress and the words of the updater', () => {
    expect(updateWords({ state: 'downloading', version: '1.2.0', percent: 41.6, message: null })).toBe('Version 1.2.0 is being downloaded, 42 %.');
    expect(updateWords({ state: 'failed', version: null, percent: null, message: 'The file was damaged.' })).toMatch(/goes on\. The file was damaged\.$/);
    expect(updateWords({ state: 'held', version: null, percent: null, message: null })).toMatch(/^An update .*no order is open/);
  });
});

describe('licences', () => {
  it('are found by name, version or kind', () => {
    const rows = [{ name: 'Redis', version: '7.2.6', licence: 'BSD-3-Clause', text: '' }, { name: 'react', version: '19.3.1', licence: 'MIT', text: '' }];
    const names = (query: string): string[] => findLicences(rows, query).map((row) => row.name);
    expect([names(''), names('bsd'), names('re mit'), names('7.2'), names('nothing')]).toEqual([['Redis', 'react'], ['Redis'], ['react'], ['Redis'], []]);
  });
});
