/** A PostgreSQL and a Redis of the user's: used and watched, never started or stopped. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningUnit, UnitDriver } from '#main/supervisor/unit.ts';
import { externalPostgresUnit, externalRedisUnit } from '#main/units/external.ts';
import { bootFake, eventually, freshFolder, ownPorts, removeFolder, untilHealthy, vaultOf } from '../support/fake-stack.ts';
import type { FakeStack } from '../support/fake-stack.ts';

const dataDir = freshFolder();
let server: FakeStack;
let env: Record<string, string>;
let vault: Record<string, string>;

/** Starts a driver alone and writes down what it tells. */
function watch(driver: UnitDriver): { told: string[]; running: RunningUnit } {
  const told: string[] = [];
  const running = driver.start({
    started: () => told.push('started'),
    ready: () => told.push('ready'),
    degraded: () => told.push('degraded'),
    recovered: () => told.push('recovered'),
    beat: () => told.push('beat'),
    latency: () => undefined,
    extend: () => undefined,
    request: () => undefined,
    latched: () => undefined,
    exited: (exit) => told.push(`exited ${exit.code}: ${exit.reason}`),
  });
  return { told, running };
}

beforeAll(async () => {
  env = await ownPorts();
  server = await bootFake({ dataDir, env });
  await untilHealthy(server);
  vault = vaultOf(dataDir);
});

afterAll(async () => {
  await server.stack.stop('test ended');
  removeFolder(dataDir);
});

const postgres = (password: string): UnitDriver => externalPostgresUnit({ host: '127.0.0.1', port: Number(env['POSTGRES_PORT']), user: 'mainspring', password });
const redis = (password: string | undefined): UnitDriver => externalRedisUnit({ host: '127.0.0.1', port: Number(env['REDIS_PORT']), password, tls: false });

describe('an external server', () => {
  it('is ready after a real answer, beats with each further one, and is let alone by a stop', async () => {
    for (const driver of [postgres(vault['postgres'] ?? ''), redis(vault['redis'])]) {
      const { told, running } = watch(driver);
      await eventually('three answers', () => told.filter((word) => word === 'beat').length >= 3);
      expect(told[0]).toBe('ready');
      running.stop('test', false);
      await eventually('its end', () => told.at(-1)?.startsWith('exited 0') === true);
    }
    expect(server.stack.health().healthy).toBe(true);
  });

  it('with a wrong password is a matter for a human, with the key to correct', async () => {
    const wrong = watch(postgres('guess'));
    await eventually('an end', () => wrong.told.length > 0);
    expect(wrong.told[0]).toMatch(/^exited 78: .*POSTGRES_PASSWORD/);
    const nobody = watch(redis('guess'));
    await eventually('an end', () => nobody.told.length > 0);
    expect(nobody.told[0]).toMatch(/^exited 78: .*REDIS_URL/);
  });

  it('that is not there is waited for without a penalty', async () => {
    const missing = watch(externalPostgresUnit({ host: '127.0.0.1', port: 1, user: 'x', password: 'x' }));
    await eventually('an end', () => missing.told.length > 0);
    expect(missing.told[0]).toMatch(/^exited 75: .*does not answer/);
  });
});
