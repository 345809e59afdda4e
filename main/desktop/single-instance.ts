/** One instance per home: a second start shows the first one, or asks it to end. */
import type { App } from 'electron';
import * as z from 'zod';

const POLL_MS = 500;
/** An orderly stop takes a minute at most; a person may have to answer a question before. */
const QUIT_LIMIT_MS = 110_000;

/** What a second start tells the first: `wait` only looks whether it is still there. */
const KnockSchema = z.object({ wish: z.enum(['show', 'quit', 'wait']) });
type Wish = z.infer<typeof KnockSchema>['wish'];
type Instance = Pick<App, 'requestSingleInstanceLock' | 'on'>;

function knock(app: Instance, wish: Wish): boolean {
  return app.requestSingleInstanceLock({ wish });
}

/** Takes the place of the one instance. False: another one has it and was told to show itself (unless this start is a hidden one). */
export function takeInstance(app: Instance, isHidden: boolean): boolean {
  return knock(app, isHidden ? 'wait' : 'show');
}

/** What a later start can make this one do. */
export type LaterStartActs = { readonly show: () => void; readonly quit: () => void };

/**
 * Listens to later starts from now on; what they want before anybody can do it waits for the returned function. What they send is data from
 * another process: anything unknown means "show".
 */
export function hearLaterStarts(app: Instance): (acts: LaterStartActs) => void {
  let acts: LaterStartActs | null = null;
  let early: Wish | null = null;
  const perform = (wish: Wish): void => {
    if (wish === 'quit') acts?.quit();
    else if (wish === 'show') acts?.show();
  };
  app.on('second-instance', (_event, _argv, _folder, told) => {
    const parsed = KnockSchema.safeParse(told);
    const wish = parsed.success ? parsed.data.wish : 'show';
    if (acts !== null) perform(wish);
    else if (wish !== 'wait' && early !== 'quit') early = wish;
  });
  return (given) => {
    acts = given;
    if (early !== null) perform(early);
    early = null;
  };
}

/** Asks the running instance to end and waits for it: true = none runs any more. `sleep` resolves after some milliseconds. */
export async function endRunningInstance(app: Instance, clock: { readonly monotonic: () => number; readonly sleep: (ms: number) => Promise<void> }): Promise<boolean> {
  const deadline = clock.monotonic() + QUIT_LIMIT_MS;
  for (let isAlone = knock(app, 'quit'); !isAlone; isAlone = knock(app, 'wait')) {
    if (clock.monotonic() > deadline) return false;
    await clock.sleep(POLL_MS);
  }
  return true;
}
