/** The Setup is started with what the installer understands, and its failure is told. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { startSetup } from './setup-spawner.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'mainspring-setup-'));
  return () => rmSync(folder, { recursive: true });
});

describe('the Setup', () => {
  it('gets its arguments', async () => {
    const [file, seen] = [path.join(folder, 'Setup.exe'), path.join(folder, 'seen')];
    writeFileSync(file, `#!/bin/sh\necho "$@" > '${seen}.part'\nmv '${seen}.part' '${seen}'\n`);
    chmodSync(file, 0o700);
    await startSetup(file, '/home of/ours');
    const deadline = performance.now() + 10_000;
    while (!existsSync(seen) && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(readFileSync(seen, 'utf8').trim()).toBe('--updated /S --force-run --data=/home of/ours');
  });

  it('that is gone or may not run is told', async () => {
    await expect(startSetup(path.join(folder, 'none.exe'), null)).rejects.toThrow('ENOENT');
    writeFileSync(path.join(folder, 'Setup.exe'), 'no right to run', { mode: 0o600 });
    await expect(startSetup(path.join(folder, 'Setup.exe'), null)).rejects.toThrow('EACCES');
  });
});
