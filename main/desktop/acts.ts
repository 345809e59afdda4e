/** What menu and tray can do, in one place: each act asks what must be asked and tells what must be told. */
import { randomUUID } from 'node:crypto';
import { describeError } from '#app/domain/errors.ts';
import type { MenuActs } from './app-menu.ts';
import { pullKillSwitch } from './calls.ts';
import type { Core } from './core.ts';
import type { Dialogs } from './dialogs.ts';
import type { Announcement } from './notify.ts';
import { stopQuestion } from './quit.ts';
import type { Quit } from './quit.ts';
import type { ShellLog } from './shell-log.ts';

/** What the acts work with. */
export type ActParts = {
  readonly core: Pick<Core, 'host' | 'standing'>;
  readonly quit: Quit;
  readonly dialogs: Dialogs;
  readonly show: (announcement: Announcement) => void;
  readonly open: (to?: Announcement['to']) => void;
  readonly saveDiagnostics: () => Promise<string | null>;
  readonly openDataFolder: () => Promise<void>;
  readonly log: ShellLog;
};

/** Halts at once: no question stands between a person and HALT. What became of it is told. */
async function halt({ core, show, dialogs, log }: ActParts): Promise<void> {
  try {
    await pullKillSwitch(core.host, { level: 'halt', reason: 'HALT in the menu of the application', key: `shell-${randomUUID()}` });
    show({ title: 'Trading is halted', body: 'No new order leaves; cancels still work. Resume on the dashboard when you are ready.', to: 'portfolio' });
  } catch (error) {
    log('error', `HALT did not arrive: ${describeError(error)}`);
    await dialogs.tell('HALT did not arrive', `${describeError(error)}. Without an answer of risk no new order leaves after ten seconds at the latest. To be sure at once, choose Stop.`, 'error');
  }
}

const KILL = {
  cancel_all: { verb: 'Cancel', message: 'Halt trading and cancel all open orders?', detail: 'Orders that protect a position are canceled too. No new order goes out until you resume on the dashboard.' },
  flatten: { verb: 'Close', message: 'Cancel all open orders and close every position at market?', detail: 'Outside of the regular session exits may have to wait for the next opening. New positions stay forbidden until you resume on the dashboard.' },
} as const;

/** The stronger levels of the kill switch; they ask once, because they cannot be taken back. */
async function kill({ core, show, dialogs }: ActParts, level: keyof typeof KILL): Promise<void> {
  const { verb, ...question } = KILL[level];
  if (!(await dialogs.askToStop(question, verb))) return;
  const { steps } = await pullKillSwitch(core.host, { level, reason: `${question.message.replace('?', '')} (menu of the application)`, key: `shell-${randomUUID()}` });
  show({ title: 'Kill switch', body: steps.map(({ step, message }) => `${step}: ${message}`).join('. '), to: 'portfolio' });
}

async function stop({ core, dialogs }: ActParts): Promise<void> {
  const question = stopQuestion(core.standing());
  if (question !== null && !(await dialogs.askToStop(question, 'Stop'))) return;
  await core.host.stop('asked for in the menu');
}

/** The acts; a failure is told, never lost. */
export function menuActs(parts: ActParts): MenuActs {
  const { core, quit, dialogs, open, log } = parts;
  const doing = (what: string, act: () => Promise<unknown>) => (): void => {
    act().catch((error: unknown) => {
      log('error', `${what}: ${describeError(error)}`);
      void dialogs.tell(`${what} did not work`, describeError(error), 'error');
    });
  };
  return {
    open: () => open(),
    go: (to) => open(to),
    about: () => open('about'),
    start: doing('Starting', () => core.host.start(core.host.state().mode)),
    stop: doing('Stopping', () => stop(parts)),
    restart: doing('Restarting', () => core.host.restart('asked for in the menu')),
    halt: doing('HALT', () => halt(parts)),
    cancelAll: doing('Canceling all orders', () => kill(parts, 'cancel_all')),
    flatten: doing('Closing all positions', () => kill(parts, 'flatten')),
    quit: doing('Quitting', () => quit.request('the person quit')),
    saveDiagnostics: doing('Saving diagnostics', parts.saveDiagnostics),
    openDataFolder: doing('Opening the data folder', parts.openDataFolder),
  };
}
