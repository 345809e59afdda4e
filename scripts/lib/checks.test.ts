/** How `npm test` counts: nothing that did not run may look like a pass. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { PHASES, countReport, runPhase } from './checks.mjs';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mainspring-count-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a report as vitest does and counts it. */
function count(report: object, endedWell: boolean): ReturnType<typeof countReport> {
  const file = join(folder, 'report.json');
  writeFileSync(file, JSON.stringify({ numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [], ...report }));
  return countReport(file, endedWell);
}

describe('countReport', () => {
  it('takes the numbers of a run that went well', () => {
    expect(count({ numPassedTests: 7 }, true)).toEqual({ passed: 7, failed: 0, names: [] });
  });

  it('counts skipped and promised tests as failed', () => {
    expect(count({ numPassedTests: 7, numPendingTests: 2, numTodoTests: 1 }, true)).toEqual({ passed: 7, failed: 3, names: [] });
  });

  it('counts a file that could not be loaded', () => {
    const testResults = [{ name: resolve('app/a.test.ts'), status: 'failed', assertionResults: [] }, { name: resolve('app/b.test.ts'), status: 'passed', assertionResults: [{ status: 'passed' }] }];
    expect(count({ numPassedTests: 1, testResults }, false)).toEqual({ passed: 1, failed: 1, names: [`${join('app', 'a.test.ts')}: could not be loaded`] });
  });

  it('does not count a file twice whose tests failed, and names them', () => {
    const testResults = [{ name: resolve('app/a.test.ts'), status: 'failed', assertionResults: [{ status: 'failed', fullName: 'adds two and two' }, { status: 'passed', fullName: 'adds' }] }];
    expect(count({ numPassedTests: 1, numFailedTests: 1, testResults }, false)).toEqual({ passed: 1, failed: 1, names: [`${join('app', 'a.test.ts')}: adds two and two`] });
  });

  it('counts a run that ended badly although every test passed', () => {
    expect(count({ numPassedTests: 7 }, false)).toEqual({ passed: 7, failed: 1, names: [] });
  });

  it('counts a missing report as a failure', () => {
    expect(countReport(join(folder, 'none.json'), true)).toEqual({ passed: 0, failed: 1 });
  });
});

describe('the stages', () => {
  it('are typed and built first, and wait for servers beside those that compute', () => {
    expect(PHASES.map((phase) => phase.map((lane) => lane.map(({ name }) => name)))).toEqual([
      [['typecheck', 'build']],
      [['integration'], ['fences', 'knip', 'unit']],
      [['chaos', 'speed']],
      [['browser'], ['desktop', 'packaging', 'lint']],
    ]);
  });

  it('of a phase all count, also when one lane fails', async () => {
    const stage = (name: string, failed: number): (typeof PHASES)[number][number][number] => ({ name, title: name, run: () => Promise.resolve({ passed: 1, failed }) });
    const broken = { name: 'broken', title: 'broken', run: () => Promise.reject(new Error('planted')) };
    const said = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const results = await runPhase([[stage('a', 0), stage('unwanted', 9)], [broken, stage('b', 2)]], ({ name }) => name !== 'unwanted', process.execPath).finally(() => said.mockRestore());
    expect(results.map(({ stage: { name }, count: { passed, failed } }) => [name, passed, failed])).toEqual([['a', 1, 0], ['broken', 0, 1], ['b', 1, 2]]);
  });
});
