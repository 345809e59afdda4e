/** A worker that takes strangers' strategies and answers others meanwhile; started by a test as a process of its own. */
import { ATTACKS } from './attack-suite.ts';
import { startSandboxChild } from './child-spawner.ts';
import { openSandbox, SandboxClient, type Sandbox } from './sandbox.ts';
import { liveBar, openLive, quickLimits, tryAttack, type AttackOutcome } from './testing-attack.ts';
import { CROSS_PROJECT } from './testing-sources.ts';

/** What the test asks: an attack by its place, a sound strategy, or one live bar of somebody else's. `where`: in the one process that takes all of them in turn, or in a process or thread of its own. */
export type AttackedAsk = { readonly id: number; readonly what: 'attack' | 'sound' | 'other'; readonly place: number; readonly where: 'lasting' | 'process' | 'thread' };
/** What comes back. `ended`: why the process that takes all of them is gone, null while it is there; `rssMb`: what the worker uses. */
export type AttackedAnswer = AttackOutcome & { readonly id: number; readonly ended: string | null; readonly rssMb: number };

const NOTHING: AttackOutcome = { code: null, message: '', lines: 0, dropped: 0, longest: 0 };

const lasting = new SandboxClient(startSandboxChild('process'));
const others = openSandbox(CROSS_PROJECT, {}, { kind: 'process' }).then(async (sandbox) => {
  await openLive(sandbox);
  return sandbox;
});
let bar = 0;

async function run({ what, place, where }: AttackedAsk): Promise<AttackOutcome> {
  if (what === 'other') {
    bar += 1;
    await liveBar(await others, bar);
    return NOTHING;
  }
  const attack = ATTACKS[place];
  const [tried, limits] = what === 'sound' || attack === undefined ? [{ files: CROSS_PROJECT, isLive: false }, {}] : [attack, quickLimits(attack)];
  if (where !== 'lasting') return tryAttack(tried, (files) => openSandbox(files, {}, { kind: where, limits }));
  return tryAttack(tried, async (files) => {
    await lasting.send('read', { files }, { signal: undefined });
    await lasting.send('load', { parameters: {}, limits }, { signal: undefined });
    const ask: Sandbox['ask'] = (task, asked) => lasting.send(task, asked, { signal: undefined });
    return { ask, [Symbol.dispose]: () => undefined };
  });
}

process.on('message', (raw) => {
  const ask = raw as AttackedAsk;
  void run(ask).then((outcome) => process.send?.({ id: ask.id, ...outcome, ended: lasting.ended, rssMb: Math.round(process.memoryUsage.rss() / 1024 / 1024) } satisfies AttackedAnswer));
});
process.on('disconnect', () => {
  lasting[Symbol.dispose]();
  void others.then((sandbox) => sandbox[Symbol.dispose]()).finally(() => process.exit(0));
});
