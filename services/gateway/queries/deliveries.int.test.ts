/** The list of deliveries, and what is sent by which way, on a real book, as the gateway's own role. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ALERT_KINDS, alertChoiceSchema } from '#app/contracts/alert-settings.ts';
import { deliveryListSchema } from '#app/contracts/deliveries.ts';
import { openDb, type Db } from '#chassis/db.ts';
import { startBook, type Book } from '../../../tests/support/servers.ts';
import { readAlertChoices } from './alert-choices.ts';
import { readDeliveries } from './deliveries.ts';

let book: Book;
let db: Db;
beforeAll(async () => {
  book = await startBook();
  db = openDb({ access: book.access('gateway'), database: 'trading_system', schema: null, applicationName: 'gateway', max: 2, onLost: () => undefined });
});
afterAll(async () => {
  await db.close();
  await book.stop();
});

it('is newest first, without what only the desktop showed unless asked, and counts the week', async () => {
  const insert = `INSERT INTO notification.deliveries (delivery_id, notification_id, kind, severity, title, channel, recipient, status, payload, created_at) VALUES ($1, $1, 'test', 'info', 't', $2, 'r', $3, '{"text":"hidden"}', now() - $4 * interval '1 day')`;
  for (const [id, channel, status, days] of [['a', 'email', 'sent', 0], ['b', 'webhook', 'queued', 1], ['c', 'desktop', 'sent', 2], ['d', 'email', 'unknown', 8]] as const) await book.sql(insert, [id, channel, status, days]);
  const list = deliveryListSchema.parse(await readDeliveries(db, { scope: 'outside', limit: 50 }, 1));
  expect(list.deliveries.map((row) => [row.deliveryId, row.nextAttemptAt !== null])).toEqual([['a', false], ['b', true], ['d', false]]);
  expect(list.week).toEqual({ queued: 1, sending: 0, handing_over: 0, sent: 1, failed: 0, unknown: 0, held: 0 });
  expect((await readDeliveries(db, { scope: 'all', limit: 2 }, 1)).deliveries.map((row) => row.deliveryId)).toEqual(['a', 'b']);
  expect(JSON.stringify(list)).not.toContain('hidden');
});

it('has a choice for each kind and channel; one that no row holds is off, as messages read it', async () => {
  const choices = alertChoiceSchema.array().parse(await readAlertChoices(db));
  expect(choices).toHaveLength(Object.keys(ALERT_KINDS).length * 3);
  const of = (list: typeof choices): unknown => list.find(({ kind, channel }) => kind === 'risk_event' && channel === 'email');
  expect(of(choices)).toEqual({ kind: 'risk_event', channel: 'email', isEnabled: true, leastSeverity: 'critical' });
  await book.sql(`DELETE FROM notification.alert_configs WHERE alert_id = 'risk_event:email'`);
  expect(of(await readAlertChoices(db))).toMatchObject({ isEnabled: false });
});
