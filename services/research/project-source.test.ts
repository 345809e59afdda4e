/** The look over a project of several files: every file's defects and findings, and how the files hang together, at the places that their author wrote. */
import { describe, expect, it } from 'vitest';
import { projectFindingSchema } from '#app/contracts/author.ts';
import { CROSS_PROJECT } from './sandbox/testing-sources.ts';
import { resolveImport } from './source-links.ts';
import { checkFiles, type ProjectFileLike } from './strategy-source.ts';

const entry = (imports: string, body = ''): ProjectFileLike => ({ path: 'strategy.ts', text: `import { strategy } from 'mainspring';\n${imports}\nexport default strategy({ kind: 'x', title: 'X', description: 'X', scope: 'symbol', parameters: {}, indicators: () => ({}), onBar({ on }) { ${body} } });\n` });
const messages = (...files: readonly ProjectFileLike[]): readonly string[] => checkFiles(files).map(({ path, line, column, message }) => `${path ?? ''}:${line}:${column} ${message}`);

describe('a project of several files', () => {
  it('has no findings when it is sound', () => {
    expect(checkFiles(CROSS_PROJECT)).toEqual([]);
  });

  it('is told of the defects of every file, and of the findings of those that can be read', () => {
    const findings = checkFiles([entry("import { a } from './a';\na();", 'if (on.close.ago(-1) > 0) on.long();'), { path: 'a.ts', text: 'export const a = (;\n' }, { path: 'lib/b.ts', text: '\nconst b = ;\n' }, { path: 'c.ts', text: 'export const now = () => Date.now();\n' }]);
    for (const finding of findings) projectFindingSchema.parse(finding);
    expect(findings.map(({ path, rule, line }) => `${path ?? ''} ${rule} ${line}`)).toEqual(['strategy.ts negative_index 4', 'a.ts syntax 1', 'c.ts clock 1', 'lib/b.ts syntax 2']);
    expect(findings[0]).toMatchObject({ endLine: 4, severity: 'error', explanation: expect.stringMatching(/next one has not happened/) as string });
    const [{ column = 0, endColumn = 0 } = {}] = findings;
    expect((endColumn ?? 0) - column).toBe('on.close.ago(-1)'.length);
    expect(findings.every(({ explanation }) => explanation.length > 40)).toBe(true);
  });

  it.each([
    ['a missing file', "import { a } from './nothing';\na();", [], /^strategy\.ts:2:19 There is no file nothing\.ts in this project\. Add it/],
    ['a missing file beside others', "import { a } from './nothing.ts';\na();", [{ path: 'a.ts', text: 'export const a = 1;' }], /There are: a\.ts/],
    ['a package', "import _ from 'lodash';\n_();", [], /^strategy\.ts:2:1 "lodash" cannot be imported/],
    ['an absolute path', "import a from '/etc/passwd';\na();", [], /"\/etc\/passwd" cannot be imported/],
    ['an address', "import a from 'https://example.com/a.ts';\na();", [], /cannot be imported/],
    ['a path out of the project', "import a from '../a';\na();", [], /outside of this project/],
    ['its own beginning', "import { a } from './a';\na();", [{ path: 'a.ts', text: "import s from './strategy';\nexport const a = () => s;" }], /^a\.ts:1:15 strategy\.ts is where the strategy begins/],
    ['a name that is not there', "import { b } from './a';\nb();", [{ path: 'a.ts', text: 'export const a = 1;' }], /^strategy\.ts:2:10 a\.ts exports no "b"\. It exports "a"/],
    ['a default that is not there', "import b from './a';\nb();", [{ path: 'a.ts', text: 'export const a = 1;' }], /a\.ts has no default export\. Import by name: { a }/],
    ['itself', "import { a } from './a';\na();", [{ path: 'a.ts', text: "import { a as me } from './a';\nexport const a = () => me;" }], /cannot import itself/],
    ['files in a circle', "import { a } from './lib/a';\na();", [{ path: 'lib/a.ts', text: "import { b } from '../b';\nexport const a = () => b;" }, { path: 'b.ts', text: "import { a } from './lib/a.ts';\nexport const b = () => a;" }], /in a circle: lib\/a\.ts → b\.ts → lib\/a\.ts/],
  ])('cannot import %s', (_, imports, others, words) => {
    expect(messages(entry(imports), ...others)).toContainEqual(expect.stringMatching(words));
  });

  it('may import types in a circle, names of names, and everything at once', () => {
    const files = [entry("import * as all from './all';\nimport type { Side } from './all';\nconst side: Side = all.a;\nall.b(side);"), { path: 'all.ts', text: "export { a, type Side } from './a';\nexport * from './b';\n" }, { path: 'a.ts', text: "import type { B } from './b';\nexport type Side = 1 | B;\nexport const a: Side = 1;\n" }, { path: 'b.ts', text: "import type { Side } from './a';\nexport type B = 2;\nexport const b = (side: Side): Side => side;\n" }];
    expect(messages(...files)).toEqual([]);
  });

  it('cannot keep anything in a list of another file', () => {
    expect(messages(entry("import { LIST } from './a';", 'LIST.push(on.close.now);'), { path: 'a.ts', text: 'export const LIST: number[] = [];' })).toEqual([expect.stringMatching(/`LIST` is memory outside of `state`/)]);
  });

  it.each([
    ['no beginning', [{ path: 'a.ts', text: '' }], /strategy\.ts is missing/], ['two files of one name', [entry(''), entry('')], /same name/], ['a name out of place', [entry(''), { path: '../a.ts', text: '' }], /"\.\.\/a\.ts" cannot be the name/],
    ['too many files', [entry(''), ...Array.from({ length: 30 }, (_, n) => ({ path: `a${n}.ts`, text: '' }))], /at most 20 files/], ['too much text', [entry(''), { path: 'a.ts', text: ' '.repeat(1_000_001) }], /longer than 1000000/], ['a file that is nested too deeply', [entry(''), { path: 'a.ts', text: '('.repeat(100_000) }], /nested too deeply/],
  ])('is refused with %s', (_, files, words) => {
    expect(messages(...files)).toContainEqual(expect.stringMatching(words));
  });

  it('finds files by relative paths alone', () => {
    expect([resolveImport('strategy.ts', './a'), resolveImport('lib/b.ts', '../a.ts'), resolveImport('lib/b.ts', './deep/../c'), resolveImport('strategy.ts', '../a'), resolveImport('strategy.ts', 'a')]).toEqual(['a.ts', 'a.ts', 'lib/c.ts', null, null]);
  });
});
