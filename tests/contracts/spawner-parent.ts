/** A process that starts a worker through one of the spawners and is then killed by the test: what becomes of the worker? Told how by its argument. */
import { writeFileSync } from 'node:fs';
import * as z from 'zod';
import { utilitySpawner } from '#main/desktop/utility-spawner.ts';
import { nodeSpawner } from '#main/supervisor/node-spawner.ts';
import { utilityProcess } from '../desktop/stand-in/utility-process.ts';

const OrderSchema = z.object({ adapter: z.enum(['node', 'utility']), module: z.string(), config: z.unknown(), env: z.record(z.string(), z.string()), cwd: z.string() });
/** What the parent is told. */
export type ParentOrder = z.infer<typeof OrderSchema>;

const order = OrderSchema.parse(JSON.parse(process.argv[2] ?? ''));
const programs = nodeSpawner();
const spawner = order.adapter === 'node' ? programs : utilitySpawner({ fork: utilityProcess.fork, programs });
const child = spawner.start({ kind: 'worker', module: order.module, name: 'orphan', nodeFlags: [], v8Flags: [], env: order.env, cwd: order.cwd });
const say = (word: string): void => writeFileSync(1, `${word}\n`);
child.onStarted((pid) => say(`pid ${pid}`));
child.onMessage((raw) => {
  const type = (raw as { type?: unknown }).type;
  if (type === 'hello' && order.config !== null) child.send({ type: 'init', config: order.config });
  if (type === 'hello' || type === 'ready') say(type);
});
child.stdout?.resume();
child.stderr?.on('data', (chunk: Buffer) => void process.stderr.write(chunk));
child.onEnd((end) => say(`ended ${JSON.stringify(end)}`));
