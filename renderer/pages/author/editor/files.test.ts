/** Changes of a project's files: names, imports that follow, limits in words. */
import { describe, expect, it } from 'vitest';
import { changesBetween, filesProblem, freeName, isSameFiles, pathFrom, pathProblem, withRenamed, withText } from './files.ts';

const entry = { path: 'strategy.ts', text: "import { sma } from 'mainspring';\nimport { level } from './levels';\nexport * from \"./levels.ts\";\n" };
const levels = { path: 'levels.ts', text: "import { round } from './lib/round';\nexport const level = 1;\n" };
const round = { path: 'lib/round.ts', text: "import type { Level } from '../levels';\n" };
const files = [entry, levels, round];

describe('renaming a file', () => {
  it('takes the imports of it along, with and without an ending', () => {
    const renamed = withRenamed(files, 'levels.ts', 'lib/marks.ts');
    expect(renamed.map(({ path }) => path)).toEqual(['strategy.ts', 'lib/marks.ts', 'lib/round.ts']);
    expect(renamed[0]?.text).toContain("from './lib/marks';");
    expect(renamed[0]?.text).toContain('from "./lib/marks.ts";');
    expect(renamed[0]?.text).toContain("from 'mainspring'");
    expect(renamed[1]?.text).toContain("from './round'");
    expect(renamed[2]?.text).toContain("from './marks'");
  });
  it('gives the same files back when it is undone', () => {
    expect(isSameFiles(withRenamed(withRenamed(files, 'levels.ts', 'lib/marks.ts'), 'lib/marks.ts', 'levels.ts'), files)).toBe(true);
  });
});

describe('names', () => {
  it.each([['Levels', 'levels.ts'], ['./lib\\My Levels.ts', 'lib/my-levels.ts'], ['', '']])('%s becomes %s', (typed, path) => expect(pathFrom(typed)).toBe(path));
  it('are refused in words', () => {
    expect(pathProblem(files, 'levels.ts')).toContain('already');
    expect(pathProblem(files, 'levels.ts', 'levels.ts')).toBeNull();
    expect(pathProblem(files, '../x.ts')).toContain('Small letters');
    expect(pathProblem(files, '')).toContain('name');
  });
  it('of projects are made free', () => expect(freeName('Dip', ['Dip', 'Dip 2'])).toBe('Dip 3'));
});

describe('limits', () => {
  it('are told with the number', () => {
    expect(filesProblem(files)).toBeNull();
    expect(filesProblem([levels])).toContain('strategy.ts is missing');
    expect(filesProblem([{ path: 'strategy.ts', text: 'x'.repeat(400_001) }])).toContain('400,001');
    expect(filesProblem(Array.from({ length: 21 }, (_none, n) => ({ path: `f${n}.ts`, text: '' })))).toContain('21');
  });
});

it('a text that stays gives the same list', () => expect(withText(files, 'levels.ts', levels.text)).toBe(files));
it('tells what became of each file', () => {
  expect(changesBetween(files, [{ ...entry, text: '' }, levels, { path: 'new.ts', text: '' }])).toEqual([
    { path: 'levels.ts', kind: 'same' }, { path: 'lib/round.ts', kind: 'removed' }, { path: 'new.ts', kind: 'added' }, { path: 'strategy.ts', kind: 'changed' },
  ]);
});
