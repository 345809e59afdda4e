/** The broker keys of a home: two accounts that never see each other, write-only. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { choiceOf, forgetBrokerKeys, readBrokerKeys, storeBrokerKeys } from './broker-keys.ts';
import { openHome } from './store/data-folder.ts';
import type { Home } from './store/data-folder.ts';
import { plainSealer } from './store/secrets.ts';

const PAPER = { keyId: 'PKPLANTEDPAPER', secretKey: 'planted-paper-secret' };
const LIVE = { keyId: 'AKPLANTEDLIVE', secretKey: 'planted-live-secret' };
let home: Home;
beforeEach(() => (home = openHome(path.join(mkdtempSync(path.join(tmpdir(), 'ms-keys-')), 'home'))));
afterEach(() => rmSync(path.dirname(home.homeDir), { recursive: true, force: true }));

describe('broker keys', () => {
  it('are told by their last four letters and nothing else', async () => {
    expect(await readBrokerKeys(home, plainSealer)).toEqual({ paper: { isSet: false, ending: null, savedAt: null }, live: { isSet: false, ending: null, savedAt: null }, keptBy: 'file' });
    const status = await storeBrokerKeys(home, plainSealer, 'paper', { keyId: ` ${PAPER.keyId}\n`, secretKey: PAPER.secretKey });
    expect(status.paper).toMatchObject({ isSet: true, ending: 'APER' });
    expect(status.live.isSet).toBe(false);
    expect(JSON.stringify(status)).not.toContain('planted');
    expect(await readBrokerKeys(home, plainSealer)).toEqual(status);
  });

  it('go to the market of their account alone', async () => {
    await storeBrokerKeys(home, plainSealer, 'paper', PAPER);
    await storeBrokerKeys(home, plainSealer, 'live', LIVE);
    expect(await choiceOf(home, plainSealer, 'paper')).toEqual({ mode: 'paper', keys: PAPER });
    expect(await choiceOf(home, plainSealer, 'live')).toEqual({ mode: 'live', keys: LIVE });
    expect(await choiceOf(home, plainSealer, 'demo')).toEqual({ mode: 'demo', keys: null });
    const status = await forgetBrokerKeys(home, plainSealer, 'live');
    expect([status.paper.isSet, status.live.isSet]).toEqual([true, false]);
    expect((await choiceOf(home, plainSealer, 'live')).keys).toBeNull();
    expect(readFileSync(home.keysFile, 'utf8')).not.toContain(LIVE.secretKey);
  });

  it('are refused on the wrong side or misshapen, without repeating them, and nothing changes', async () => {
    await storeBrokerKeys(home, plainSealer, 'paper', PAPER);
    for (const [account, pair] of [['paper', LIVE], ['live', PAPER], ['paper', { ...PAPER, secretKey: 'planted secret' }], ['paper', { keyId: 'PK', secretKey: 'x' }]] as const) {
      const error: unknown = await storeBrokerKeys(home, plainSealer, account, pair).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'INPUT_INVALID' });
      expect(String(error)).not.toContain('planted');
      expect(String(error)).not.toContain('PLANTED');
    }
    expect((await choiceOf(home, plainSealer, 'paper')).keys).toEqual(PAPER);
  });
});
