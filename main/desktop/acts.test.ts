/** Menu and tray: HALT asks nothing, stopping asks when something is at stake, failures are told. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { KillWish } from '#app/contracts/kill.ts';
import { AppError } from '#app/domain/errors.ts';
import type { Stack } from '../boot.ts';
import type { Host } from '../host.ts';
import { menuActs } from './acts.ts';
import type { MenuActs } from './app-menu.ts';
import type { Standing } from './quit.ts';

let log: string[];
let standing: Standing;
let refusal: Error | null;
let isSure: boolean;
let acts: MenuActs;

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => {
  log = [];
  standing = { phase: 'running', mode: 'live', openOrders: 0, positions: 0 };
  refusal = null;
  isSure = false;
  const stack = {
    kill: ({ level, reason, key, actor }: KillWish) => {
      if (refusal) return Promise.reject(refusal);
      log.push(`${actor}: ${level}, ${reason} ${/^[A-Za-z0-9._-]{8,64}$/.test(key)}`);
      return Promise.resolve({ stoppedAfterMs: 3, steps: [{ step: 'Exits', ok: true, message: '2 exits sent' }] });
    },
  } as unknown as Stack;
  const host = { state: () => ({ phase: 'running', problem: null, stack, mode: 'live' }), start: (mode: string) => Promise.resolve(void log.push(`start ${mode}`)), stop: (reason: string) => Promise.resolve(void log.push(`stop: ${reason}`)) } as unknown as Host;
  acts = menuActs({
    core: { host, standing: () => standing },
    quit: { request: (reason) => Promise.resolve(void log.push(`quit: ${reason}`)), now: () => Promise.resolve(), inOrder: () => Promise.resolve(), stopFor: () => Promise.resolve(), stay: () => undefined, leave: () => undefined, isLeaving: () => false },
    dialogs: { askToStop: ({ message }, verb) => Promise.resolve((log.push(`${verb}? ${message}`), isSure)), tell: (message, detail) => Promise.resolve(void log.push(`${message} | ${detail}`)), askWhereToSave: () => Promise.resolve(null) },
    show: ({ title, to }) => log.push(`notice: ${title} -> ${to}`),
    open: (to) => log.push(`open ${to ?? ''}`.trim()),
    saveDiagnostics: () => Promise.reject(new AppError('DATA_FOLDER_UNUSABLE', 'D:\\x.zip cannot be written')),
    openDataFolder: () => Promise.resolve(),
    log: () => undefined,
  });
});

describe('HALT', () => {
  it('asks nothing, even with orders open, and says that it arrived', async () => {
    standing = { ...standing, openOrders: 9 };
    acts.halt();
    await settle();
    expect(log).toEqual(['desktop: halt, HALT in the menu of the application true', 'notice: Trading is halted -> portfolio']);
  });

  it('says when it did not arrive, and what to do', async () => {
    refusal = new AppError('UNIT_TIMEOUT', 'Risk does not answer');
    acts.halt();
    await settle();
    expect(log).toEqual([expect.stringMatching(/^HALT did not arrive \| Risk does not answer\. .*choose Stop\.$/)]);
  });
});

describe('the stronger levels of the kill switch', () => {
  it('ask once and do nothing when the person takes it back', async () => {
    acts.flatten();
    await settle();
    expect(log).toEqual(['Close? Cancel all open orders and close every position at market?']);
  });

  it('go ahead, and tell what came of it', async () => {
    isSure = true;
    acts.cancelAll();
    await settle();
    await settle();
    expect(log).toEqual(['Cancel? Halt trading and cancel all open orders?', 'desktop: cancel_all, Halt trading and cancel all open orders (menu of the application) true', 'notice: Kill switch -> portfolio']);
  });
});

describe('the other acts', () => {
  it('stop at once when nothing is at stake', async () => {
    acts.stop();
    await settle();
    expect(log).toEqual(['stop: asked for in the menu']);
  });

  it('ask before they stop while orders are open or unknown', async () => {
    for (const openOrders of [2, null]) {
      standing = { ...standing, openOrders };
      acts.stop();
      await settle();
    }
    expect(log).toEqual(['Stop? 2 orders are open on your live account at Alpaca.', 'Stop? It is not known whether orders are open.']);
    isSure = true;
    acts.stop();
    await settle();
    expect(log.at(-1)).toBe('stop: asked for in the menu');
  });

  it('lead into the window and to the way out', () => {
    acts.open();
    acts.about();
    acts.go('keys');
    acts.quit();
    acts.start();
    expect(log).toEqual(['open', 'open about', 'open keys', 'quit: the person quit', 'start live']);
  });

  it('tell their failures', async () => {
    acts.saveDiagnostics();
    await settle();
    expect(log).toEqual(['Saving diagnostics did not work | D:\\x.zip cannot be written']);
  });
});
