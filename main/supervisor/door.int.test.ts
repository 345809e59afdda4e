/** The control door: what it answers, and that nobody can keep it open. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { askDoor, isHeld, openDoor } from './door.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'ms-door-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the control door', () => {
  it('answers, and is nobody\'s once it is closed', async () => {
    const address = path.join(folder, 'a.sock');
    const door = await openDoor(address, (verb) => (verb === 'status' ? Promise.resolve({ verb }) : Promise.reject(new Error('planted'))));
    expect(await askDoor(address, 'status', 2_000)).toEqual({ result: { verb: 'status' } });
    await expect(askDoor(address, 'verify', 2_000)).rejects.toMatchObject({ code: 'INPUT_INVALID', message: 'planted' });
    const startedAt = performance.now();
    await door.close();
    expect(performance.now() - startedAt).toBeLessThan(200);
    expect([await askDoor(address, 'status', 2_000), await isHeld(address)]).toEqual([null, false]);
  });

  it('closes although a visitor was stopped, also one whose answer is still being made', async () => {
    const address = path.join(folder, 'b.sock');
    let asked = (): void => undefined;
    const isAsked = new Promise<void>((resolve) => (asked = resolve));
    const late: (() => void)[] = [];
    const door = await openDoor(address, () => {
      asked();
      return new Promise((resolve) => late.push(() => resolve('x'.repeat(1_000_000))));
    });
    const program = `require('net').connect(process.argv[1]).write('{"verb":"verify"}\\n')`;
    const visitor = spawn(process.execPath, ['-e', program, address], { stdio: 'ignore' });
    try {
      await isAsked;
      visitor.kill('SIGSTOP');
      const startedAt = performance.now();
      await door.close();
      expect(performance.now() - startedAt).toBeLessThan(2_000);
      for (const answer of late) answer();
    } finally {
      visitor.kill('SIGKILL');
    }
  });
});
