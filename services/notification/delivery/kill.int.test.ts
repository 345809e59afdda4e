/** The kill test: the notification process is killed twice around one mail, which arrives exactly once; and no delivery is lost by a stop. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RuntimeConfig } from '#app/contracts/config.ts';
import { callCommand } from '#chassis/commands.ts';
import { freePort } from '../../../tests/support/ports.ts';
import { startBook, startWire, until, type Book, type Wire } from '../../../tests/support/servers.ts';
import { startSmtp, type TestSmtp } from '../../../tests/support/smtp-server.ts';
import { startWorker, testConfig, type TestWorker } from '../../../tests/support/worker.ts';

let book: Book;
let wire: Wire;
let smtp: TestSmtp;
let config: RuntimeConfig;
let worker: TestWorker | null = null;

beforeAll(async () => {
  [book, wire, smtp] = await Promise.all([startBook(), startWire(), startSmtp()]);
  const email = { host: 'localhost', port: smtp.port, security: 'none' as const, user: null, password: null, from: { name: 'M', address: 'm@example.com' }, to: ['a@example.com'] };
  config = testConfig('notification', { book, wire }, { notification: { host: '127.0.0.1', port: await freePort() } }, { notification: { email, webhook: null } });
});
afterAll(async () => {
  await worker?.stop();
  await Promise.all([smtp.stop(), book.stop(), wire.stop()]);
});

/** A process that kills itself once at a named place. */
const startDoomed = async (place: string): Promise<TestWorker> => {
  const marker = join(mkdtempSync(join(tmpdir(), 'ms-crash-')), 'had');
  const doomed = startWorker(config, { env: { MAINSPRING_CRASH_AT: `${place}@${marker}` } });
  await doomed.ready();
  return doomed;
};
const stateOf = async (id: string): Promise<{ status: string; attempts: number; error: string | null }> => {
  const [row] = await book.sql<{ status: string; attempts: number; error: string | null }>(`SELECT status, attempts, error FROM notification.deliveries WHERE notification_id = $1 AND channel = 'email'`, [id]);
  if (!row) throw new Error(`no delivery of ${id}`);
  return row;
};

it('one mail, two kills: begun anew before the hand-over, unknown and never repeated after it', async () => {
  worker = await startDoomed('mail:before-hand-over');
  await callCommand(config, 'sendTest', { idempotencyKey: 'kill-0001', actor: 'owner' });
  expect(await worker.exited()).toBe('SIGKILL');
  expect(await stateOf('test:kill-0001')).toMatchObject({ status: 'sending', attempts: 1 });
  expect(smtp.mails).toEqual([]);

  worker = await startDoomed('mail:accepted');
  expect(await worker.exited()).toBe('SIGKILL');
  expect(await stateOf('test:kill-0001')).toMatchObject({ status: 'handing_over', attempts: 2 });
  expect(smtp.mails).toHaveLength(1);

  worker = startWorker(config);
  await worker.ready();
  expect(await stateOf('test:kill-0001')).toMatchObject({ status: 'unknown', attempts: 2, error: expect.stringContaining('not sent again by itself') as unknown });
  // The same postman goes on with what comes next, and leaves the unknown one alone.
  await callCommand(config, 'sendTest', { idempotencyKey: 'kill-0002', actor: 'owner' });
  await until(async () => (await stateOf('test:kill-0002')).status === 'sent', 'the next mail');
  expect(smtp.mails.map((mail) => mail.messageId)).toHaveLength(2);
  expect(new Set(smtp.mails.map((mail) => mail.messageId)).size).toBe(2);
  expect(await stateOf('test:kill-0001')).toMatchObject({ status: 'unknown', attempts: 2 });
}, 60_000);

it('a stop in mid-dialogue loses nothing and sends nothing twice', async () => {
  smtp.manners.push('hang_at_rcpt');
  await callCommand(config, 'sendTest', { idempotencyKey: 'stop-0001', actor: 'owner' });
  await until(() => smtp.manners.length === 0, 'the dialogue to hang');
  expect(await worker?.stop()).toBe(0);
  expect(await stateOf('test:stop-0001')).toMatchObject({ status: 'queued', attempts: 1 });
  worker = startWorker(config);
  await worker.ready();
  await until(async () => (await stateOf('test:stop-0001')).status === 'sent', 'the second try', 10_000);
  expect(smtp.mails).toHaveLength(3);
}, 60_000);
