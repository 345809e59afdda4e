/** Updates: asked for, held over open orders, failures in words. */
import { beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '#app/domain/errors.ts';
import { createUpdater, updateFailure } from './updater.ts';
import type { Updater, UpdateSource } from './updater.ts';

let found: { version: string } | null;
let openOrders: number | null;
let isWanted: boolean;
let log: string[];
let opened: number;
let downloads: Promise<void>;
let verified: Promise<void>;
let installed: Promise<void>;
let updater: Updater;
let seen: string[];

const source: UpdateSource = {
  check: () => Promise.resolve(found),
  download: async (onPercent) => {
    log.push('download');
    onPercent(10.2);
    onPercent(10.7);
    onPercent(100);
    await downloads;
  },
  verify: () => {
    log.push('verify');
    return verified;
  },
  install: () => {
    log.push('install');
    return installed;
  },
};

beforeEach(() => {
  found = { version: '0.2.0' };
  openOrders = 0;
  isWanted = true;
  log = [];
  seen = [];
  opened = 0;
  downloads = Promise.resolve();
  verified = Promise.resolve();
  installed = Promise.resolve();
  updater = createUpdater({
    openSource: () => {
      opened += 1;
      return Promise.resolve(source);
    },
    isWanted: () => isWanted,
    openOrders: () => openOrders,
    stop: (reason) => Promise.resolve(void log.push(`stop: ${reason}`)),
    leave: () => log.push('leave'),
    stay: () => log.push('stay'),
    onChange: () => seen.push(`${updater.status().state} ${updater.status().percent ?? ''}`.trim()),
    log: () => undefined,
  });
  return () => updater.close();
});

describe('updates', () => {
  it('are off until somebody wants them: nothing is asked, nothing loaded', () => {
    isWanted = false;
    updater.follow();
    expect(updater.status()).toEqual({ state: 'off', version: null, percent: null, message: null });
    expect(opened).toBe(0);
  });

  it('are looked for when a person asks, and not downloaded unless wanted', async () => {
    isWanted = false;
    expect(await updater.check()).toMatchObject({ version: '0.2.0', message: 'Version 0.2.0 is there. Switch updates on to download it.' });
    expect(log).toEqual([]);
    await expect(updater.install()).rejects.toMatchObject({ code: 'UPDATE_REFUSED' });
  });

  it('are downloaded once, told in whole percents, and wait', async () => {
    const both = [updater.check(), updater.check()];
    expect((await Promise.all(both)).map(({ state }) => state)).toEqual(['ready', 'ready']);
    expect(log).toEqual(['download']);
    expect(seen).toEqual(['checking', 'downloading 0', 'downloading 10', 'downloading 100', 'ready 100']);
    await updater.check();
    expect(log).toEqual(['download']);
  });

  it('stop everything in order before the installer runs', async () => {
    await updater.check();
    await Promise.all([updater.install(), updater.install()]);
    expect(log).toEqual(['download', 'verify', 'stop: the update to version 0.2.0 is installed', 'install', 'leave']);
  });

  it('stop nothing for a download that is gone or changed', async () => {
    await updater.check();
    verified = Promise.reject(new Error("ENOENT: no such file or directory, open 'Setup.exe'"));
    await expect(updater.install()).rejects.toMatchObject({ code: 'UPDATE_REFUSED', message: expect.stringContaining('is gone') as string });
    expect(log).toEqual(['download', 'verify']);
    expect(updater.status()).toMatchObject({ state: 'failed', message: expect.stringContaining('nothing was stopped') as string });
    verified = Promise.resolve();
    expect(await updater.check()).toMatchObject({ state: 'ready' });
    await updater.install();
    expect(log.slice(2)).toEqual(['download', 'verify', 'stop: the update to version 0.2.0 is installed', 'install', 'leave']);
  });

  it('go on as before when the installer did not start', async () => {
    await updater.check();
    installed = Promise.reject(new Error('spawn EACCES'));
    await expect(updater.install()).rejects.toMatchObject({ code: 'UPDATE_REFUSED', message: expect.stringContaining('goes on as before') as string });
    expect(log).toEqual(['download', 'verify', 'stop: the update to version 0.2.0 is installed', 'install', 'stay']);
    expect(updater.status()).toMatchObject({ state: 'failed', message: expect.stringContaining('did not let it run (') as string });
  });

  it('never replace what trades while orders are open, or while that is not known', async () => {
    await updater.check();
    for (openOrders of [1, 7, null]) {
      expect(updater.status().state).toBe('held');
      await expect(updater.install()).rejects.toMatchObject({ code: 'ORDERS_OPEN', family: 'denied' });
    }
    expect(log).toEqual(['download']);
    openOrders = 0;
    expect(updater.status()).toMatchObject({ state: 'ready', message: null });
  });

  it('tell what went wrong, and go on at the next look', async () => {
    downloads = Promise.reject(new Error('sha512 checksum mismatch, expected a, got b'));
    downloads.catch(() => undefined);
    expect(await updater.check()).toMatchObject({ state: 'failed', version: null });
    downloads = Promise.resolve();
    expect(await updater.check()).toMatchObject({ state: 'ready' });
  });

  it('say why there are none', async () => {
    const none = createUpdater({ openSource: () => Promise.reject(new AppError('UPDATE_REFUSED', 'This build is not signed.')), isWanted: () => true, openOrders: () => 0, stop: () => Promise.resolve(), leave: () => undefined, stay: () => undefined, onChange: () => undefined, log: () => undefined });
    expect(await none.check()).toEqual({ state: 'unavailable', version: null, percent: null, message: 'This build is not signed.' });
  });

  it('say that this is the newest', async () => {
    found = null;
    expect(await updater.check()).toEqual({ state: 'none', version: null, percent: null, message: null });
  });
});

describe('a failure in words', () => {
  it.each([
    ['sha512 checksum mismatch, expected x, got y', 'damaged'],
    ['net::ERR_INTERNET_DISCONNECTED', 'cannot be reached'],
    ['getaddrinfo ENOTFOUND updates.example', 'cannot be reached'],
    ['New version 1 is not signed by the application owner', 'not signed'],
    ['ENOSPC: no space left on device, write', 'not enough room'],
    ['HttpError: 404 Not Found', 'no list of versions'],
    ['something else\nwith a stack', 'The update failed: something else'],
  ])('%s', (text, words) => expect(updateFailure(new Error(text))).toContain(words));
});
