/** The history of the parts, told as a story. */
import { describe, expect, it } from 'vitest';
import type { UnitId, UnitIncident, UnitState } from '#app/contracts/health.ts';
import { foldStory } from './story.ts';

const ended = (code: number | null, signal: string | null = null): UnitIncident['exit'] => ({ code, signal, at: 1, reason: 'r', firstLines: ['a'], lastLines: ['b'] });
const incident = (at: number, unit: UnitId, state: UnitState, exit: UnitIncident['exit'] = null): UnitIncident => ({ at, unit, state, reason: '', exit });

describe('the story', () => {
  it('leaves out the steps on the way, but tells where a part is now', () => {
    const story = foldStory([incident(9, 'redis', 'starting'), incident(8, 'execution', 'ready'), incident(7, 'execution', 'starting'), incident(6, 'execution', 'waiting')]);
    expect(story.map((line) => `${line.units.join()} ${line.state}`)).toEqual(['redis starting', 'execution ready']);
  });
  it('tells in one line what many parts did together', () => {
    const story = foldStory([incident(30, 'gateway', 'ready'), incident(20, 'migrate', 'done', ended(0)), incident(10, 'redis', 'ready')]);
    expect(story).toEqual([{ at: 30, units: ['gateway', 'migrate', 'redis'], state: 'ready', reason: '', exit: null }]);
  });
  it('keeps every end that was not asked for on a line of its own, with its lines', () => {
    const story = foldStory([incident(4, 'redis', 'backoff', ended(null, 'SIGKILL')), incident(3, 'execution', 'backoff', ended(75)), incident(2, 'redis', 'stopped', ended(0)), incident(1, 'execution', 'stopped', ended(0))]);
    expect(story.map((line) => line.units)).toEqual([['redis'], ['execution'], ['redis', 'execution']]);
    expect(story[0]?.exit?.lastLines).toEqual(['b']);
    expect(story[2]?.exit).toBeNull();
  });
  it('does not join two starts of the same part, nor what lies far apart', () => {
    expect(foldStory([incident(900_000, 'redis', 'ready'), incident(800_000, 'execution', 'ready')])).toHaveLength(2);
    expect(foldStory([incident(9, 'redis', 'ready'), incident(8, 'redis', 'ready')])).toHaveLength(2);
  });
});
