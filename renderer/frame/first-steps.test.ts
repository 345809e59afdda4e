/** The first steps: what is stored and what was looked at decide, and each step leads to where it is done. */
import { describe, expect, it } from 'vitest';
import { stepsOf } from './first-steps.ts';

const done = (...args: Parameters<typeof stepsOf>): string[] => stepsOf(...args).filter(({ isDone }) => isDone).map(({ id }) => id);

describe('the first steps', () => {
  it('begin with nothing done, also while nothing is known', () => {
    expect([done(null, []), done({ newest: null, run: null, strategy: null }, [])]).toEqual([[], []]);
  });
  it('follow what is stored and what was looked at, in any order', () => {
    expect(done({ newest: 'dip', run: 'bt_1', strategy: null }, ['verdict'])).toEqual(['template', 'backtest', 'verdict']);
    expect(done({ newest: null, run: null, strategy: null }, ['order'])).toEqual(['order']);
    expect(done({ newest: 'dip', run: 'bt_1', strategy: 's1' }, ['verdict', 'order'])).toHaveLength(5);
  });
  it('lead to the project that is worked on', () => {
    const steps = stepsOf({ newest: 'dip', run: 'bt_1', strategy: null }, []);
    expect(steps.map(({ to }) => to)).toEqual([
      { page: '/author', search: {} }, { page: '/author', search: { project: 'dip', pane: 'run' } }, { page: '/author', search: { project: 'dip', run: 'bt_1', pane: 'run' } },
      { page: '/author', search: { project: 'dip', pane: 'deploy' } }, { page: '/portfolio', tab: 'orders' },
    ]);
  });
});
