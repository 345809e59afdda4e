/** What the system refuses, under plain Node: always told by the child, never thrown. The rest is the contract of the spawners. */
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { nodeSpawner } from './node-spawner.ts';
import type { ProcessEnd, SpawnSpec } from './spawner.ts';

const endOf = (spec: SpawnSpec): Promise<ProcessEnd> => new Promise((resolve) => nodeSpawner().start(spec).onEnd(resolve));
const program = { kind: 'program', command: process.execPath, args: ['--version'], env: {}, cwd: tmpdir() } as const;
/** More than any system takes in one environment. */
const TOO_MUCH = 'x'.repeat(8 * 1_024 * 1_024);

describe('a refusal', () => {
  it.each([
    ['a program that is not there', { ...program, command: '/nowhere/postgres' }],
    ['a folder that is not there', { ...program, cwd: '/nowhere' }],
    ['a program that is none', { ...program, command: tmpdir() }],
    ['an environment that is too large, which Node throws', { ...program, env: { TOO_MUCH } }],
    ['the same for a worker', { kind: 'worker', module: '/x.mjs', name: 'x', nodeFlags: [], v8Flags: [], env: { TOO_MUCH }, cwd: tmpdir() } as const],
  ])('is told by the child: %s', async (_what, spec) => {
    const end = await endOf(spec);
    expect([end.code, end.signal, end.error instanceof Error]).toEqual([null, null, true]);
  });
});
