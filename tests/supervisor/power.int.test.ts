/** Power, under both spawners: workers come back after a kill, hear once of a sleep, and the end of the system's session leaves nothing within five seconds. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { UnitId } from '#app/contracts/health.ts';
import { utilitySpawner } from '#main/desktop/utility-spawner.ts';
import { nodeSpawner } from '#main/supervisor/node-spawner.ts';
import type { Spawner } from '#main/supervisor/spawner.ts';
import { utilityProcess } from '../desktop/stand-in/utility-process.ts';
import { behave, bootFake, eventually, freshFolder, isAlive, ownPorts, removeFolder, untilHealthy } from '../support/fake-stack.ts';
import type { FakeStack } from '../support/fake-stack.ts';

const SESSION_END_MS = 5_000;
const TOLD: readonly UnitId[] = ['execution', 'gateway', 'simulator'];
const SPAWNERS: readonly (readonly [string, () => Spawner])[] = [['plain Node', nodeSpawner], ['utilityProcess', () => utilitySpawner({ fork: utilityProcess.fork, programs: nodeSpawner() })]];

let dataDir: string;
let env: Record<string, string>;
let fake: FakeStack | null;

beforeEach(async () => {
  dataDir = freshFolder();
  env = await ownPorts();
  fake = null;
});
afterEach(async () => {
  await fake?.stack.stop('the test ends', true);
  removeFolder(dataDir);
});

const resumptionsOf = (unit: UnitId): string[] => (fake?.stack.unitLogs(unit, 100) ?? []).map(({ text }) => text).filter((text) => text.startsWith('resumed '));
const pidsOf = ({ stack }: FakeStack): number[] => stack.health().units.flatMap(({ pid }) => (pid === null ? [] : [pid]));

describe.each(SPAWNERS)('under %s', (_name, spawner) => {
  it('every worker hears of a sleep once, and nobody is taken for dead', async () => {
    fake = await bootFake({ dataDir, env, spawner: spawner() });
    const { stack } = fake;
    await untilHealthy(fake);
    const before = pidsOf(fake);
    stack.suspended();
    stack.resumed(3_600_000);
    stack.resumed(3_600_000);
    await eventually('the workers heard of it', () => TOLD.every((unit) => resumptionsOf(unit).length > 0));
    await untilHealthy(fake);
    expect(TOLD.map(resumptionsOf)).toEqual(TOLD.map(() => ['resumed 3600000']));
    expect(pidsOf(fake)).toEqual(before);
  });

  it('a killed worker comes back, and the story tells how it ended', async () => {
    fake = await bootFake({ dataDir, env, spawner: spawner() });
    const { stack, pidOf } = fake;
    await untilHealthy(fake);
    const pid = pidOf('analytics');
    process.kill(pid, 'SIGKILL');
    await eventually('a new process', () => pidOf('analytics') !== pid && fake?.stateOf('analytics') === 'ready');
    expect(stack.history({ unitId: 'analytics', limit: 10 }).find(({ exit }) => exit !== null)).toMatchObject({ state: 'backoff', exit: { code: null, signal: 'SIGKILL' } });
  });

  it('the end of the session leaves no process within five seconds, whoever does not listen, and the next start needs no human', async () => {
    behave(dataDir, { execution: { ignoreStop: true }, gateway: { ignoreStop: true } });
    fake = await bootFake({ dataDir, env, spawner: spawner() });
    await untilHealthy(fake);
    const pids = pidsOf(fake);
    expect(pids.length).toBeGreaterThanOrEqual(10);
    const began = performance.now();
    await fake.stack.stop('the session ends', true);
    expect(performance.now() - began).toBeLessThan(SESSION_END_MS + 500);
    expect(pids.filter(isAlive)).toEqual([]);
    behave(dataDir, {});
    fake = await bootFake({ dataDir, env, spawner: spawner() });
    await untilHealthy(fake);
  });
});
