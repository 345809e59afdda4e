/** Strategies as files: what goes out comes in again, and what is wrong is named. */
import { describe, expect, it } from 'vitest';
import type { ProjectVersion } from '#app/contracts/author.ts';
import { exportOf, fileNameOf, hashOf, readStrategyFile } from './transfer.ts';

const files = [{ path: 'strategy.ts', text: 'export default 1;\n' }, { path: 'lib/levels.ts', text: 'export const a = "ü";\n' }];
const opened = async (): Promise<ProjectVersion> => {
  const version = { projectId: 'dip', version: 3, hash: await hashOf(files), note: 'wider', restoredFrom: null, signature: { name: 'Ada', contact: '', bio: '' }, savedBy: 'page', savedAt: 1, files: 2, characters: 30, runs: 0, strategies: [], check: 'clean', lookAhead: 'clean' } as const;
  return { project: { projectId: 'dip', name: 'Dip & rise', templateId: null, isArchived: false, createdAt: 1, updatedAt: 1, title: null, latest: { ...version, strategies: [] }, versions: 3 }, version: { ...version, strategies: [] }, files };
};
const asFile = (content: unknown, name = 'dip.json'): File => new File([typeof content === 'string' ? content : JSON.stringify(content)], name);

describe('a strategy as a file', () => {
  it('comes in as it went out', async () => {
    const read = await readStrategyFile(asFile(exportOf(await opened(), 5)));
    expect(read).toEqual({ name: 'Dip & rise', files, note: 'Imported from dip.json, version 3, signed by Ada' });
    expect(fileNameOf('Dip & rise', 3)).toBe('dip-rise-v3.json');
  });
  it('may be bare source', async () => expect(await readStrategyFile(asFile('export default 1;', 'my_idea.ts'))).toEqual({ name: 'my idea', files: [{ path: 'strategy.ts', text: 'export default 1;' }], note: 'Imported from my_idea.ts' }));
  it('does not depend on the order of its files', async () => expect(await hashOf(files.toReversed())).toBe(await hashOf(files)));

  it.each([
    ['{', 'it is no JSON'], [{}, '“format” is wrong'], [{ format: 'mainspring-strategy', formatVersion: 2 }, '“formatVersion”'],
  ])('%j is refused by the field', async (content, words) => { await expect(readStrategyFile(asFile(content))).rejects.toThrow(words); });
  it('names the file in it that is wrong', async () => {
    const exported = exportOf(await opened(), 5);
    await expect(readStrategyFile(asFile({ ...exported, files: [{ path: '../x.ts', text: '' }] }))).rejects.toThrow('“files, number 1, path”');
    await expect(readStrategyFile(asFile({ ...exported, files: [{ path: 'strategy.ts', text: 'other' }] }))).rejects.toThrow('hash');
    await expect(readStrategyFile(asFile(exported, 'dip.txt'))).rejects.toThrow('.json');
    await expect(readStrategyFile(asFile('x'.repeat(3_000_001), 'big.ts'))).rejects.toThrow('2.9 MB');
  });
});
