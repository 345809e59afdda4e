/** Mails and webhooks over a real book, a real SMTP server and a real HTTP receiver: what becomes of each answer, and of none. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { EmailAccess, NotificationAccess } from '#app/contracts/config.ts';
import { openDb, type Db } from '#chassis/db.ts';
import { freePort } from '../../../tests/support/ports.ts';
import { startBook, until, type Book } from '../../../tests/support/servers.ts';
import { startSmtp, type TestSmtp } from '../../../tests/support/smtp-server.ts';
import type { Letter } from '../letters/letter.ts';
import { startPostman, type Postman, type PostmanParts } from './postman.ts';
import { smtpCarrier, type SmtpOptions } from './smtp.ts';
import { queueDeliveries, removeOld, type Outcome } from './store.ts';
import { loadAlertConfigs, waysOf } from './ways.ts';
import { signCall, webhookCarrier } from './webhook.ts';

let book: Book;
let db: Db;
let smtp: TestSmtp;
let postman: Postman | null = null;
const outcomes: Outcome[] = [];
const letter = (title: string, severity: Letter['severity'] = 'critical'): Letter => ({ subject: `[DEMO] ${title}`, title, severity, mode: 'demo', at: 0, intro: ['<b>Look & see</b>'], sections: [], footer: 'f' });
const access = (changes: Partial<EmailAccess> = {}): EmailAccess => ({ host: 'localhost', port: smtp.port, security: 'none', user: null, password: null, from: { name: 'Desk', address: 'desk@example.com' }, to: ['a@example.com'], ...changes });

beforeAll(async () => {
  [book, smtp] = await Promise.all([startBook(), startSmtp()]);
  db = openDb({ access: book.access('notification'), database: 'trading_system', schema: 'notification', applicationName: 'notification', max: 3, onLost: () => undefined });
});
beforeEach(async () => {
  outcomes.length = 0;
  smtp.mails.length = 0;
  smtp.manners.length = 0;
  await book.sql('DELETE FROM notification.deliveries');
});
afterEach(async () => {
  await postman?.stop(1_000);
  postman = null;
});
afterAll(async () => {
  await smtp.stop();
  await db.close();
  await book.stop();
});

type Setup = { readonly access?: NotificationAccess; readonly smtp?: SmtpOptions; readonly limits?: PostmanParts['digest']['limits'] };
const setUp = async (options: Setup = {}): Promise<NotificationAccess> => {
  const ways = options.access ?? { email: access(), webhook: null };
  postman = await startPostman({
    db, log: pino({ level: 'silent' }), retry: { baseMs: 20, capMs: 20 }, onAttempt: (_channel, outcome) => outcomes.push(outcome), onFatal: (error) => outcomes.push({ status: 'failed', reason: String(error) }),
    carriers: { ...(ways.email ? { email: smtpCarrier(ways.email, options.smtp) } : {}), ...(ways.webhook ? { webhook: webhookCarrier(ways.webhook, () => 1_700_000_000_000) } : {}) },
    digest: { instanceId: 'i', mode: 'demo', domain: 'example.com', limits: options.limits ?? { perHour: 100, criticalPerHour: 100 }, now: Date.now },
  });
  return ways;
};
const queue = async (id: string, ways: NotificationAccess, kind = 'risk_event', severity: Letter['severity'] = 'critical'): Promise<number> => {
  const queued = await db.tx(async (tx) => queueDeliveries(tx, 'i', { notificationId: id, kind, letter: letter(id, severity) }, waysOf(await loadAlertConfigs(tx), ways, kind, severity)));
  postman?.poke();
  return queued;
};
type Row = { status: string; attempts: number; error: string | null; response: string | null; handed: boolean };
const rowOf = async (id: string, channel = 'email'): Promise<Row> => {
  const [row] = await book.sql<Row>('SELECT status, attempts, error, response, handed_over_at IS NOT NULL AS handed FROM notification.deliveries WHERE notification_id = $1 AND channel = $2', [id, channel]);
  if (!row) throw new Error(`no delivery of ${id}`);
  return row;
};
const settled = (id: string, channel = 'email'): Promise<Row> => until(async () => {
  const row = await rowOf(id, channel);
  return ['sent', 'failed', 'unknown', 'held'].includes(row.status) ? row : null;
}, `${id} to settle`);

describe('a mail', () => {
  it('arrives with HTML and text, under an id that stays the same', async () => {
    const ways = await setUp();
    expect(await queue('one', ways)).toBe(2);
    expect(await queue('one', ways)).toBe(0);
    expect(await settled('one')).toMatchObject({ status: 'sent', attempts: 1, handed: true, error: null });
    const [mail] = smtp.mails;
    const [stored] = await book.sql<{ message_id: string }>(`SELECT message_id FROM notification.deliveries WHERE notification_id = 'one' AND channel = 'email'`);
    expect(mail).toMatchObject({ subject: '[DEMO] one', messageId: stored?.message_id, from: { text: '"Desk" <desk@example.com>' }, headers: expect.any(Map) as unknown });
    expect(mail?.headers.get('auto-submitted')).toBe('auto-generated');
    expect(mail?.html).toContain('&lt;b&gt;Look &amp; see&lt;/b&gt;');
    expect(mail?.text).toContain('<b>Look & see</b>');
    expect(smtp.mails).toHaveLength(1);
  });

  it('goes encrypted and signed in where the server demands it, and says when the sign-in is refused', async () => {
    const strict = await startSmtp({ password: 'right' });
    try {
      const email = access({ port: strict.port, security: 'starttls', user: 'desk', password: 'right' });
      const ways = await setUp({ access: { email, webhook: null }, smtp: { ca: strict.certificate } });
      await queue('secret', ways);
      expect((await settled('secret')).status).toBe('sent');
      expect(strict.signIns).toEqual([{ user: 'desk', isSecure: true }]);
      await postman?.stop(1_000);
      await setUp({ access: { email: { ...email, password: 'wrong-word' }, webhook: null }, smtp: { ca: strict.certificate } });
      await queue('refused', ways);
      const refused = await settled('refused');
      expect(refused).toMatchObject({ status: 'failed', handed: false });
      expect(refused.error).toMatch(/refused the sign-in of desk: 535 .*Check SMTP_USER and SMTP_PASSWORD/);
      expect(JSON.stringify(refused)).not.toContain('wrong-word');
      await postman?.stop(1_000);
      await setUp({ access: { email, webhook: null } });
      await queue('untrusted', ways);
      expect(await until(async () => ((await rowOf('untrusted')).attempts > 1 ? rowOf('untrusted') : null), 'a second try')).toMatchObject({ handed: false });
      expect(strict.mails).toHaveLength(1);
    } finally {
      await strict.stop();
    }
  });

  it.each<[string, Parameters<TestSmtp['manners']['push']>, Partial<Row>, RegExp]>([
    ['that is to come later', ['later', 'later_after_data'], { status: 'sent', attempts: 3 }, /^$/],
    ['for nobody', ['never'], { status: 'failed', attempts: 1, handed: false }, /answered: 550 No such user here/],
    ['that the server dislikes', ['never_after_data'], { status: 'failed', attempts: 1 }, /answered: 554 Looks like spam/],
    ['whose server vanishes in mid-dialogue', ['vanish_at_rcpt'], { status: 'sent', attempts: 2 }, /^$/],
    ['whose server vanishes with it', ['vanish_after_dot'], { status: 'unknown', attempts: 1, handed: true }, /It may have arrived; it is not sent again/],
  ])('%s', async (name, manners, row, error) => {
    smtp.manners.push(...manners);
    const ways = await setUp();
    await queue(name, ways);
    const end = await settled(name);
    expect(end).toMatchObject(row);
    expect(end.error ?? '').toMatch(error);
    expect(smtp.mails.length).toBe(end.status === 'failed' ? 0 : 1);
  });

  it('that nobody confirms is unknown, and stays so', async () => {
    smtp.manners.push('accept_silently');
    const ways = await setUp({ smtp: { answerTimeoutMs: 300 } });
    await queue('silence', ways);
    expect(await settled('silence')).toMatchObject({ status: 'unknown', attempts: 1 });
    await queue('after', ways);
    expect((await settled('after')).status).toBe('sent');
    expect(smtp.mails.map((mail) => mail.subject)).toEqual(['[DEMO] silence', '[DEMO] after']);
  });

  it('waits for a server that is away, up to a day', async () => {
    const port = await freePort();
    const ways = await setUp({ access: { email: access({ port }), webhook: null } });
    await queue('away', ways);
    await until(async () => (await rowOf('away')).attempts >= 2, 'two tries');
    expect((await rowOf('away')).error).toMatch(new RegExp(`localhost:${port} could not be used`));
    const back = await startSmtp({ port });
    expect((await settled('away')).status).toBe('sent');
    await back.stop();
    await postman?.stop(1_000);
    await queue('old', ways);
    await book.sql(`UPDATE notification.deliveries SET created_at = now() - interval '25 hours' WHERE notification_id = 'old'`);
    await setUp({ access: { email: null, webhook: null } });
    expect(await settled('old')).toMatchObject({ status: 'failed', error: 'Given up after 24 hours' });
  });

  it('that this version cannot read has failed and keeps no other waiting', async () => {
    const ways = await setUp();
    await postman?.stop(1_000);
    for (const id of ['unreadable', 'next']) await queue(id, ways);
    await book.sql(`UPDATE notification.deliveries SET payload = payload - 'intro' WHERE notification_id = 'unreadable'`);
    await setUp();
    expect((await settled('next')).status).toBe('sent');
    expect(await settled('unreadable')).toMatchObject({ status: 'failed', attempts: 1, handed: false, error: expect.stringMatching(/cannot read what was to be sent \(intro: /) as unknown });
    await until(() => outcomes.length > 0, 'the listener');
    expect(outcomes).toHaveLength(1);
  });

  it('is not handed over by a process whose claim was taken up by another', async () => {
    const ways = await setUp();
    await postman?.stop(1_000);
    await queue('fenced', ways);
    const carrier = smtpCarrier(access());
    const claimed = { deliveryId: 'd', notificationId: 'fenced', kind: 'test', recipient: 'a@example.com', attempts: 1, messageId: '<d@example.com>', createdAt: 0, letter: letter('fenced') };
    const outcome = await carrier(claimed, { handOver: () => Promise.reject(new Error('another process has taken this delivery up')), signal: new AbortController().signal });
    expect(outcome).toMatchObject({ status: 'retry', reason: expect.stringContaining('another process') as unknown });
    expect(smtp.mails).toEqual([]);
  });
});

describe('a flood', () => {
  it('is held beyond the limit of the hour and told in one digest; what is critical has room of its own', async () => {
    const ways = await setUp({ limits: { perHour: 2, criticalPerHour: 3 } });
    await postman?.stop(1_000);
    for (let n = 0; n < 5; n += 1) await queue(`info ${n}`, ways, 'trade_alert', 'info');
    await queue('grave', ways);
    await setUp({ limits: { perHour: 2, criticalPerHour: 3 } });
    await until(async () => (await book.sql(`SELECT 1 FROM notification.deliveries WHERE status = 'held'`)).length === 4, 'four held');
    expect(smtp.mails.map((mail) => mail.subject)).toEqual(['[DEMO] grave', '[DEMO] info 0']);
    await postman?.stop(1_000);
    await book.sql(`UPDATE notification.deliveries SET handed_over_at = handed_over_at - interval '2 hours' WHERE handed_over_at IS NOT NULL`);
    await setUp({ limits: { perHour: 2, criticalPerHour: 3 } });
    const digest = await until(() => smtp.mails.find((mail) => mail.subject?.includes('held back')), 'the digest');
    expect(digest.subject).toBe('[DEMO] 4 messages were held back');
    for (let n = 1; n < 5; n += 1) expect(digest.text).toContain(`info ${n}`);
    expect(await book.sql(`SELECT count(DISTINCT digest_id)::int AS digests, count(*)::int AS held FROM notification.deliveries WHERE status = 'held'`)).toEqual([{ digests: 1, held: 4 }]);
    expect(smtp.mails).toHaveLength(3);
  });

  it('that does not end does not keep what was held for itself', async () => {
    const limits = { perHour: 2, criticalPerHour: 3 };
    const ways = await setUp({ limits });
    for (const id of ['a', 'b']) {
      await queue(id, ways);
      await settled(id);
    }
    await queue('kept', ways, 'trade_alert', 'info');
    expect((await settled('kept')).status).toBe('held');
    await postman?.stop(1_000);
    await book.sql(`UPDATE notification.deliveries SET updated_at = updated_at - interval '61 minutes' WHERE status = 'held'`);
    await setUp({ limits });
    await until(() => smtp.mails.find((mail) => mail.subject === '[DEMO] 1 message was held back'), 'the digest');
  });
});

it('is removed when it is old and has ended, however much there is', async () => {
  await postman?.stop(1_000);
  const ways = await setUp({ access: { email: access(), webhook: null } });
  await postman?.stop(1_000);
  postman = null;
  for (const id of ['open', 'ended']) await queue(id, ways);
  await book.sql(`UPDATE notification.deliveries SET created_at = now() - interval '181 days', status = CASE WHEN notification_id = 'ended' THEN 'failed' ELSE status END`);
  await book.sql(`INSERT INTO notification.health_checks (run_id, part, is_healthy, detail, at) SELECT 'r' || n, 'redis', true, '{}', now() - CASE WHEN n = 0 THEN interval '30 days' ELSE interval '32 days' END FROM generate_series(0, 5001) n`);
  await removeOld(db);
  expect(await book.sql(`SELECT notification_id AS id FROM notification.deliveries WHERE channel = 'email'`)).toEqual([{ id: 'open' }]);
  expect(await book.sql('SELECT run_id AS id FROM notification.health_checks')).toEqual([{ id: 'r0' }]);
});

describe('a webhook', () => {
  const calls: { headers: IncomingHttpHeaders; body: string }[] = [];
  const answers: number[] = [];
  let receiver: Server;
  let url = '';
  beforeAll(async () => {
    receiver = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk)).on('end', () => {
        calls.push({ headers: request.headers, body });
        const { url: path = '' } = request;
        response.writeHead(answers.shift() ?? 200, { location: '/elsewhere' });
        if (path.includes('binary')) response.end('so\0it goes');
        else if (path.includes('cut')) response.write('so it', () => response.destroy());
        else response.end(`so it goes${path.includes('tell') ? ` ${url}?tell` : ''}${path.includes('path') && path.includes('miss') ? `: cannot POST ${path}` : ''}`);
      });
    });
    await new Promise<void>((done) => receiver.listen(0, '127.0.0.1', done));
    url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/T0/secret-path`;
  });
  beforeEach(() => {
    calls.length = 0;
    answers.length = 0;
  });
  afterAll(() => receiver.close());

  it('is called with a signature, and again under the same key until it says yes', async () => {
    answers.push(503, 429);
    const ways = await setUp({ access: { email: null, webhook: { url, secret: '0123456789abcdef' } } });
    await queue('hook', ways);
    expect(await settled('hook', 'webhook')).toMatchObject({ status: 'sent', attempts: 3, response: '200: so it goes' });
    expect(new Set(calls.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
    expect(new Set(calls.map(({ body }) => body)).size).toBe(1);
    const [{ headers, body } = { headers: {}, body: '' }] = calls;
    expect(headers['x-mainspring-signature']).toBe(signCall('0123456789abcdef', Number(headers['x-mainspring-timestamp']), body));
    expect(JSON.parse(body)).toMatchObject({ notificationId: 'hook', severity: 'critical', mode: 'demo', title: 'hook', letter: { title: 'hook' } });
  });

  it('that repeats its own address is kept without it', async () => {
    const ways = await setUp({ access: { email: null, webhook: { url: `${url}?tell`, secret: null } } });
    await queue('echo', ways);
    expect(await settled('echo', 'webhook')).toMatchObject({ status: 'sent', response: '200: so it goes [secret]' });
  });

  it('that repeats the path of its address is kept without it', async () => {
    answers.push(404);
    const ways = await setUp({ access: { email: null, webhook: { url: `${url}?miss=word`, secret: null } } });
    await queue('miss', ways);
    expect(await settled('miss', 'webhook')).toMatchObject({ status: 'failed', error: 'The webhook answered 404: so it goes: cannot POST [secret]' });
  });

  it.each([['binary', '200: soit goes'], ['cut', '200']])('whose answer is %s has been called once', async (kind, response) => {
    const ways = await setUp({ access: { email: null, webhook: { url: `${url}?${kind}`, secret: null } } });
    await queue(kind, ways);
    const row = await settled(kind, 'webhook');
    expect(row).toMatchObject({ status: 'sent', attempts: 1 });
    expect(row.response?.startsWith(response)).toBe(true);
    expect(calls).toHaveLength(1);
    await until(() => outcomes.length > 0, 'the listener');
    expect(outcomes).toHaveLength(1);
  });

  it.each([[404, 'failed', /answered 404: so it goes/, true], [302, 'failed', /redirections are not followed/, true], [422, 'failed', /answered 422/, false]] as const)('that answers %i has failed', async (status, end, words, isSetup) => {
    answers.push(status);
    const ways = await setUp({ access: { email: null, webhook: { url, secret: null } } });
    await queue(`hook ${status}`, ways);
    const row = await settled(`hook ${status}`, 'webhook');
    expect(row.status).toBe(end);
    expect(row.error).toMatch(words);
    await until(() => outcomes.length > 0, 'the listener');
    expect(outcomes).toMatchObject([{ status: 'failed', isSetup }]);
    expect(JSON.stringify(await book.sql(`SELECT * FROM notification.deliveries`))).not.toContain('secret-path');
    expect(calls).toHaveLength(1);
    expect(calls[0]?.headers['x-mainspring-signature']).toBeUndefined();
  });
});
