/** The supervisor itself is killed: its workers end by themselves, and the next start finds a clean house. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { StackHealthSchema } from '#app/contracts/health.ts';
import type { StackHealth } from '#app/contracts/health.ts';
import { bootFake, eventually, freshFolder, isAlive, ownPorts, removeFolder, untilHealthy } from '../support/fake-stack.ts';

const SCRIPT = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'support', 'run-fake-stack.ts');
const children: ChildProcess[] = [];
const folders: string[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const made of folders.splice(0)) removeFolder(made);
});

/** Starts a stack in a process of its own and waits until it is healthy. */
async function startApart(dataDir: string, env: Record<string, string>): Promise<{ child: ChildProcess; health: StackHealth }> {
  const child = spawn(process.execPath, [SCRIPT, dataDir, JSON.stringify(env)], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await eventually('the stack is up', () => output.includes('\n'), 30_000);
  return { child, health: StackHealthSchema.parse(JSON.parse(output)) };
}

describe('a stop in the middle of a start', () => {
  it('does not wait for what it has not started', async () => {
    for (const delayMs of [0, 30, 150, 300]) {
      const dataDir = freshFolder();
      folders.push(dataDir);
      const fake = await bootFake({ dataDir, env: await ownPorts() });
      // The moment of the stop is what varies here.
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      const before = performance.now();
      await fake.stack.stop('changed my mind');
      expect(performance.now() - before, 'less than the shortest limit of a start').toBeLessThan(15_000);
    }
  });
});

describe('a killed supervisor', () => {
  it('leaves no process for more than 3 s, and the next boot needs no human', async () => {
    const dataDir = freshFolder();
    folders.push(dataDir);
    const env = await ownPorts();
    const { child, health } = await startApart(dataDir, env);
    const pids = health.units.flatMap((unit) => (unit.pid === null ? [] : [unit.pid]));
    expect(pids).toHaveLength(11);
    child.kill('SIGKILL');
    await eventually('all children are gone', () => !pids.some(isAlive), 3_000);
    const fake = await bootFake({ dataDir, env });
    try {
      await untilHealthy(fake);
    } finally {
      await fake.stack.stop('test ended');
    }
  });

  it('whose children are stopped dead too finds and ends them at the next boot', async () => {
    const dataDir = freshFolder();
    folders.push(dataDir);
    const env = await ownPorts();
    const { child, health } = await startApart(dataDir, env);
    const pidOf = (id: string): number => health.units.find((unit) => unit.id === id)?.pid ?? 0;
    // A stopped process cannot notice anything: only the next boot can end it.
    for (const id of ['execution', 'gateway']) process.kill(pidOf(id), 'SIGSTOP');
    child.kill('SIGKILL');
    await eventually('the others are gone', () => !isAlive(pidOf('analytics')), 3_000);
    expect(isAlive(pidOf('execution'))).toBe(true);
    const fake = await bootFake({ dataDir, env });
    try {
      expect([isAlive(pidOf('execution')), isAlive(pidOf('gateway'))]).toEqual([false, false]);
      expect(fake.notices.filter((notice) => /was ended: (execution|gateway) /.test(notice.text))).toHaveLength(2);
      await untilHealthy(fake);
    } finally {
      await fake.stack.stop('test ended');
    }
  });
});
