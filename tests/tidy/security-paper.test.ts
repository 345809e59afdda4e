/** docs/security.md names a test for each promise; here each name must be one. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repository } from './planted.ts';

const paper = readFileSync(join(repository, 'docs/security.md'), 'utf8');

/** `file` › "name", "another name of the same file". */
const proofs = [...paper.matchAll(/`([\w./-]+\.ts)` › ((?:"(?:[^"\\]|\\.)+"(?:, )?)+)/g)].flatMap(([, file = '', names = '']) =>
  [...names.matchAll(/"((?:[^"\\]|\\.)+)"/g)].map(([, name = '']) => [file, name.replaceAll('\\"', '"')] as const));

/** As it stands between quotes in a source. */
const spellings = (name: string): string[] => [`'${name}'`, `'${name.replaceAll("'", "\\'")}'`, `"${name}"`, `\`${name}\``];

describe('the paper on security', () => {
  it('has a proof for each of the twenty points', () => {
    const rows = paper.split('\n').filter((line) => /^\| \d+ \|/.test(line));
    expect(rows.map((row) => Number(/^\| (\d+)/.exec(row)?.[1]))).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
    expect(rows.filter((row) => !/`[\w./-]+\.ts` › "/.test(row))).toEqual([]);
  });

  it.each(proofs)('%s has a test "%s"', (file, name) => {
    expect(existsSync(join(repository, file))).toBe(true);
    const source = readFileSync(join(repository, file), 'utf8');
    expect(spellings(name).some((text) => source.includes(text))).toBe(true);
  });
});
