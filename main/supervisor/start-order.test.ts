/** The graph of units: order, reverse order, and what it refuses. */
import { describe, expect, it } from 'vitest';
import { startOrderOf } from './start-order.ts';
import type { Relations } from './start-order.ts';

const UNITS: Relations[] = [
  { id: 'gateway', needs: ['migrate', 'redis'], after: ['execution', 'simulator'] },
  { id: 'execution', needs: ['migrate', 'redis'], after: ['orchestrator'] },
  { id: 'orchestrator', needs: ['migrate'], after: [] },
  { id: 'migrate', needs: ['postgres'], after: [] },
  { id: 'redis', needs: [], after: ['postgres'] },
  { id: 'postgres', needs: [], after: [] },
];

describe('start order', () => {
  it('puts everything after what it needs or follows', () => {
    expect(startOrderOf(UNITS).ids).toEqual(['postgres', 'migrate', 'redis', 'orchestrator', 'execution', 'gateway']);
  });

  it('ignores a predecessor that is not part of this run, but not a need', () => {
    expect(startOrderOf(UNITS).predecessorsOf('gateway')).not.toContain('simulator');
    expect(() => startOrderOf([{ id: 'execution', needs: ['redis'], after: [] }])).toThrow('does not exist');
  });

  it('knows who must be down before a unit is stopped', () => {
    expect(startOrderOf(UNITS).followersOf('redis')).toEqual(['execution', 'gateway']);
    expect(startOrderOf(UNITS).followersOf('postgres')).toEqual(['migrate', 'redis', 'orchestrator', 'execution', 'gateway']);
  });

  it('refuses a circle', () => {
    const circle: Relations[] = [
      { id: 'redis', needs: ['postgres'], after: [] },
      { id: 'postgres', needs: [], after: ['redis'] },
    ];
    expect(() => startOrderOf(circle)).toThrow('circle');
  });
});
