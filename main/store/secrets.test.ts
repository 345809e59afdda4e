/** The vault: durable before it answers, sealed where it can be, and never overwritten when it cannot be read. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { isSealedVault, openSecrets, plainSealer } from './secrets.ts';
import type { Sealer } from './secrets.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'ms-vault-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;
const freshFile = (): string => path.join(folder, `vault-${(count += 1)}.json`);

/** A key store of one user: what another one sealed cannot be opened. */
function keyStoreOf(user: string): Sealer {
  return {
    keptBy: 'system',
    seal: (text) => Promise.resolve(`${user}:${Buffer.from(text).toString('hex')}`),
    unseal: (sealed) => (sealed.startsWith(`${user}:`) ? Promise.resolve(Buffer.from(sealed.slice(user.length + 1), 'hex').toString()) : Promise.reject(new Error('not ours'))),
  };
}

describe('a vault', () => {
  it('has a secret on the disk before it is told, the same one for all who ask, with rights for its owner alone', async () => {
    const file = freshFile();
    const secrets = await openSecrets(file, plainSealer);
    expect(existsSync(file)).toBe(false);
    const [first, second] = await Promise.all([secrets.ensure('role.gateway'), secrets.ensure('role.gateway')]);
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(second).toBe(first);
    expect(readFileSync(file, 'utf8')).toContain(first);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect((await openSecrets(file, plainSealer)).get('role.gateway')).toBe(first);
  });

  it('writes all that is asked for in one turn together, and keeps the order of what follows', async () => {
    const file = freshFile();
    let seals = 0;
    const counting: Sealer = { ...keyStoreOf('me'), seal: (text) => { seals += 1; return keyStoreOf('me').seal(text); } };
    const secrets = await openSecrets(file, counting);
    await Promise.all(['a', 'b', 'c', 'd'].map((name) => secrets.ensure(name)));
    expect(seals).toBe(1);
    await Promise.all([secrets.put('a', '1'), secrets.put('a', '2'), secrets.remove('b')]);
    expect([secrets.get('a'), secrets.get('b')]).toEqual(['2', null]);
    const again = await openSecrets(file, counting);
    expect([again.get('a'), again.get('b'), again.get('c') === secrets.get('c')]).toEqual(['2', null, true]);
    expect(again.savedAt('a')).toBeGreaterThan(Date.now() - 60_000);
    expect(again.savedAt('b')).toBeNull();
  });

  it('writes nothing when nothing changes, and forgets what is still being written', async () => {
    const file = freshFile();
    const secrets = await openSecrets(file, keyStoreOf('me'));
    await secrets.remove('never there');
    expect(existsSync(file)).toBe(false);
    const put = secrets.put('a', '1');
    // The write has begun by now.
    await new Promise((resolve) => setImmediate(resolve));
    await Promise.all([put, secrets.remove('a')]);
    expect([secrets.get('a'), (await openSecrets(file, keyStoreOf('me'))).get('a')]).toEqual([null, null]);
  });

  it('of the first format is understood, and sealed in place as soon as a key store is there', async () => {
    const file = freshFile();
    writeFileSync(file, JSON.stringify({ postgres: 'planted-password', redis: 'other' }), { mode: 0o600 });
    expect((await openSecrets(file, plainSealer)).get('postgres')).toBe('planted-password');
    const sealed = await openSecrets(file, keyStoreOf('me'));
    expect([sealed.get('postgres'), sealed.savedAt('postgres'), sealed.keptBy]).toEqual(['planted-password', null, 'system']);
    expect(readFileSync(file, 'utf8')).not.toContain('planted');
    expect(isSealedVault(file)).toBe(true);
    expect((await openSecrets(file, keyStoreOf('me'))).get('redis')).toBe('other');
  });

  it('is sealed in place once when several open it at the same time, and all of them get in', async () => {
    const file = freshFile();
    writeFileSync(file, JSON.stringify({ postgres: 'planted-password' }), { mode: 0o600 });
    const opened = await Promise.all(Array.from({ length: 8 }, () => openSecrets(file, keyStoreOf('me'))));
    expect(opened.map((secrets) => secrets.get('postgres'))).toEqual(opened.map(() => 'planted-password'));
    expect(isSealedVault(file)).toBe(true);
    await opened[0]?.put('redis', 'other');
    expect((await openSecrets(file, keyStoreOf('me'))).get('redis')).toBe('other');
  });

  it('that is sealed is refused without its key store, with what to do, and stays as it is', async () => {
    const file = freshFile();
    await (await openSecrets(file, keyStoreOf('me'))).put('postgres', 'secret');
    const before = readFileSync(file, 'utf8');
    await expect(openSecrets(file, plainSealer)).rejects.toMatchObject({ code: 'CONFIG_UNREADABLE', family: 'operator', message: expect.stringContaining('desktop application') as string });
    await expect(openSecrets(file, keyStoreOf('somebody else'))).rejects.toMatchObject({ code: 'CONFIG_UNREADABLE', message: expect.stringContaining('another user') as string });
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  it('that is damaged is refused and never overwritten, and its content is not repeated', async () => {
    for (const text of ['', 'planted-half', '{"postgres": 5}', '[]', 'null', '{"format":2,"sealedBy":"system"}', '{"format":2,"sealedBy":"file","secrets":{"a":"planted"}}']) {
      const file = freshFile();
      writeFileSync(file, text);
      const error: unknown = await openSecrets(file, plainSealer).catch((reason: unknown) => reason);
      expect(error, text).toMatchObject({ code: 'CONFIG_UNREADABLE' });
      expect(`${String(error)} ${String((error as Error).cause)}`).not.toContain('planted');
      expect(readFileSync(file, 'utf8')).toBe(text);
    }
    const newer = freshFile();
    writeFileSync(newer, '{"format":3,"x":{}}');
    await expect(openSecrets(newer, plainSealer)).rejects.toThrow('newer version');
  });

  it('closes a file that others could read', async () => {
    const file = freshFile();
    writeFileSync(file, '{"postgres":"x"}');
    chmodSync(file, 0o644);
    await openSecrets(file, plainSealer);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('keeps what it had when a write fails, and tells everybody who asked', async () => {
    const file = freshFile();
    let isBroken = false;
    const store = keyStoreOf('me');
    const fragile: Sealer = { ...store, seal: (text) => (isBroken ? Promise.reject(new Error('the key store is locked')) : store.seal(text)) };
    const secrets = await openSecrets(file, fragile);
    await secrets.put('a', '1');
    isBroken = true;
    const results = await Promise.allSettled([secrets.put('a', '2'), secrets.ensure('new')]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect([secrets.get('a'), secrets.get('new')]).toEqual(['1', null]);
    isBroken = false;
    await secrets.put('b', '3');
    expect((await openSecrets(file, store)).get('a')).toBe('1');
  });

  it('is not written over what another program wrote meanwhile, nor by a key store that garbles', async () => {
    const file = freshFile();
    const [one, other] = [await openSecrets(file, plainSealer), await openSecrets(file, plainSealer)];
    await one.put('a', '1');
    await expect(other.put('b', '2')).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
    expect(existsSync(`${file}.lock`)).toBe(false);
    const garbling: Sealer = { ...keyStoreOf('me'), unseal: () => Promise.resolve('{}') };
    const before = readFileSync(file, 'utf8');
    await expect(openSecrets(file, garbling)).rejects.toMatchObject({ code: 'CONFIG_UNREADABLE' });
    expect(readFileSync(file, 'utf8')).toBe(before);
  });
});
