/** The command sendTest: a message on every way, so that a person sees whether it arrives. */
import type { CommandInput, CommandOutput } from '#app/contracts/commands.ts';
import type { Mode } from '#app/contracts/config.ts';
import type { Db } from '#chassis/db.ts';
import type { Herald } from './herald.ts';
import { testLetter } from './letters/notice-letter.ts';

/** What the command works with. */
export type TestParts = { readonly db: Db; readonly herald: Herald; readonly mode: Mode; readonly now: () => number };

/** Queues the message, once per key; what became of it stands in the list of deliveries. */
export async function sendTest({ db, herald, mode, now }: TestParts, { idempotencyKey, actor }: CommandInput<'sendTest'>): Promise<CommandOutput<'sendTest'>> {
  const notificationId = `test:${idempotencyKey}`;
  const letter = testLetter(mode, now(), actor);
  const ways = await db.tx((tx) => herald.send(tx, { notificationId, kind: 'test', letter }, 'A person wanted to see whether messages arrive.'));
  return { notificationId, ways: ways.map(({ channel, recipient }) => ({ channel, recipient })), note: herald.missing() };
}
