/** Runs the application: connects it with the page, the system and later starts, then begins to trade if a market was chosen. */
import { describeError } from '#app/domain/errors.ts';
import { readAbout } from './about.ts';
import { createCalls } from './calls.ts';
import type { CallParts } from './calls.ts';
import { endOnDefect, writeCrashReport } from './crash-reports.ts';
import { openDesktop } from './desktop.ts';
import type { Desktop } from './desktop.ts';
import { fileActs, unitStory } from './file-acts.ts';
import { serveCalls } from './ipc.ts';
import { setStartWithSystem, startsWithSystem } from './login-item.ts';
import { openLink } from './open-external.ts';
import { followSessionEnd, followSleep } from './power.ts';
import type { Start } from './start.ts';

/** A page that crashes again is loaded again so often within a minute; then a person must. */
const RELOADS_MAX = 3;
const RELOADS_WITHIN_MS = 60_000;

function preferenceCalls({ electron, wishes, preferences }: Desktop): Pick<CallParts, 'readPreferences' | 'applyPreferences'> {
  const read = (): ReturnType<CallParts['readPreferences']> => {
    const stored = preferences.read().application;
    return { ...stored, startWithSystem: startsWithSystem(electron.app, process.platform, wishes.dataDir) ?? stored.startWithSystem };
  };
  return {
    readPreferences: read,
    applyPreferences: (next) => {
      if (next.startWithSystem !== read().startWithSystem) setStartWithSystem(electron.app, process.platform, { isWanted: next.startWithSystem, dataDir: wishes.dataDir });
    },
  };
}

/** The page asks, the shell answers. */
function answerPage(desktop: Desktop): void {
  const { electron, layout, core, preferences, main, log } = desktop;
  const handlers = createCalls({
    host: core.host, updater: core.updater, status: core.status, standing: core.standing, preferences,
    onPage: () => main.pageListens(),
    history: (question) => unitStory(core.host, question),
    openLink: (link) => openLink(electron.shell, link),
    about: () => readAbout(layout, process.versions),
    ...preferenceCalls(desktop),
    ...fileActs(desktop),
  });
  serveCalls(electron.ipcMain, { handlers, ours: main.contents, onDefect: (call, error) => log('error', `The call ${call} failed: ${describeError(error)}`) });
}

/** Sleep, shutdown, later starts, and every way in which the system ends an application. */
function followSystem({ electron, core, main, quit, show, laterStarts }: Desktop): void {
  const { app, powerMonitor } = electron;
  const { host } = core;
  followSleep(powerMonitor, { suspended: () => host.state().stack?.suspended(), resumed: (pausedMs) => host.state().stack?.resumed(pausedMs), now: Date.now });
  followSessionEnd(main.window, powerMonitor, {
    hasStack: () => host.state().stack !== null || host.state().phase === 'starting',
    endAtOnce: (reason) => void quit.now(reason),
    tell: show,
  });
  laterStarts({ show: () => main.open(), quit: () => void quit.request('asked by another start') });
  app.on('before-quit', (event) => {
    if (quit.isLeaving()) return;
    event.preventDefault();
    void quit.request('the application was told to quit');
  });
  app.on('activate', () => main.open());
  // Having no window is no reason to end: there is the tray.
  app.on('window-all-closed', () => undefined);
}

/** Crashes of this process end it in order; a crashed page is loaded again. */
function followCrashes({ electron, layout, place, core, main, dialogs, log }: Desktop): void {
  const { app } = electron;
  const write = (what: string, error: unknown): string => writeCrashReport(place.crashFolder, { at: Date.now(), version: layout.version, what, error });
  const onDefect = endOnDefect({
    write: (what, error) => {
      log('error', `${what}: ${describeError(error)}`);
      return write(what, error);
    },
    stop: (reason) => core.host.stop(reason),
    tell: (message) => dialogs.tell('Mainspring has to end', message, 'error'),
    exit: (code) => app.exit(code),
    later: (act, ms) => void setTimeout(act, ms),
  });
  process.on('uncaughtException', (error) => onDefect('An error that nobody caught', error));
  process.on('unhandledRejection', (reason) => onDefect('A refusal that nobody heard', reason));
  let crashes: number[] = [];
  app.on('render-process-gone', (_event, contents, { reason, exitCode }) => {
    if (contents !== main.contents() || reason === 'clean-exit') return;
    const now = performance.now();
    crashes = [...crashes.filter((at) => now - at < RELOADS_WITHIN_MS), now];
    log('error', `The page ended (${reason}, code ${exitCode})`);
    if (crashes.length <= RELOADS_MAX) main.reload();
    else void dialogs.tell('The window cannot be shown', 'The page ended several times within a minute. Trading is not affected. Choose View, Reload, or save the diagnostics from the Help menu.', 'error');
  });
  app.on('child-process-gone', (_event, { type, reason, exitCode, name }) => log('info', `A process of Chromium ended: ${name ?? type} (${reason}, code ${exitCode})`));
}

/** Runs until somebody quits. Only when Electron is ready. */
export async function runDesktop(start: Start): Promise<void> {
  const desktop = await openDesktop(start);
  followCrashes(desktop);
  answerPage(desktop);
  followSystem(desktop);
  const { mode, isWelcomeDone } = desktop.preferences.read();
  // Who clicks on an old notification wants to see something, not to trade.
  if (isWelcomeDone && !start.wishes.isFromNotification) void desktop.core.host.start(mode);
  if (!start.wishes.isHidden || !isWelcomeDone) desktop.main.open();
  desktop.core.updater.follow();
}
