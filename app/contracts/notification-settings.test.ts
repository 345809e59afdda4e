/** How people are reached: what is accepted, what is refused, and what no message repeats. */
import { describe, expect, it } from 'vitest';
import type { NotificationAccess } from './config.ts';
import { parseEnvText } from './env-text.ts';
import { parseSettings } from './settings.ts';

const from = (text: string): ReturnType<typeof parseSettings> => parseSettings(parseEnvText(text, '.env').entries);
const accessOf = (text: string): NotificationAccess => {
  const { settings, problems } = from(text);
  expect(problems).toEqual([]);
  return settings.notification;
};
const SERVER = 'SMTP_HOST=mail.example.com\nMAIL_FROM=Desk <desk@example.com>\nMAIL_TO=a@example.com, b@example.com,a@example.com\n';

describe('e-mail', () => {
  it('is off when nothing is said', () => {
    expect(accessOf('')).toEqual({ email: null, webhook: null });
  });

  it('is encrypted by STARTTLS unless told, with the port that goes with it', () => {
    const read = accessOf(`${SERVER}SMTP_USER=desk\nSMTP_PASSWORD=p w"d`).email;
    expect(read).toEqual({ host: 'mail.example.com', port: 587, security: 'starttls', user: 'desk', password: 'p w"d', from: { name: 'Desk', address: 'desk@example.com' }, to: ['a@example.com', 'b@example.com'] });
    expect(accessOf(`${SERVER}SMTP_SECURITY=TLS`).email).toMatchObject({ port: 465, security: 'tls', user: null });
    expect(accessOf(`${SERVER}SMTP_SECURITY=none`).email).toMatchObject({ port: 25, security: 'none' });
  });

  it('may be plain to a server on this computer', () => {
    expect(accessOf('SMTP_HOST=127.0.0.1\nSMTP_PORT=2525\nSMTP_USER=u\nSMTP_PASSWORD=p\nMAIL_FROM=me@localhost\nMAIL_TO=me@localhost').email).toMatchObject({ port: 2525, security: 'none', from: { name: 'Mainspring', address: 'me@localhost' } });
  });

  it.each<[string, string, string[]]>([
    ['a server without people', 'SMTP_HOST=mail.example.com', ['MAIL_FROM', 'MAIL_TO']],
    ['people without a server', 'MAIL_TO=a@example.com', ['SMTP_HOST']],
    ['half a sign-in', `${SERVER}SMTP_USER=desk`, ['SMTP_PASSWORD']],
    ['a password in the open', `${SERVER}SMTP_SECURITY=none\nSMTP_USER=u\nSMTP_PASSWORD=hush-hush`, ['SMTP_SECURITY']],
    ['an unknown security', `${SERVER}SMTP_SECURITY=ssl`, ['SMTP_SECURITY']],
    ['a host with a port', `${SERVER.replace('mail.example.com', 'mail example.com:25')}`, ['SMTP_HOST']],
    ['a sender that is none', SERVER.replace('desk@example.com', 'desk'), ['MAIL_FROM']],
    ['a sender with a second header', SERVER.replace('Desk <desk@example.com>', '"Desk\\r\\nBcc: x@y.z <desk@example.com>"'), ['MAIL_FROM']],
    ['an address with a command in it', SERVER.replace('b@example.com', 'b@example.com>RCPT'), ['MAIL_TO']],
    ['a crowd', SERVER.replace('b@example.com', Array.from({ length: 12 }, (_v, n) => `p${n}@example.com`).join(',')), ['MAIL_TO']],
    ['a port out of range', `${SERVER}SMTP_PORT=70000`, ['SMTP_PORT']],
  ])('refuses %s', (_name, text, keys) => {
    const { problems } = from(text);
    expect(problems.map((problem) => problem.key)).toEqual(keys);
    expect(JSON.stringify(problems)).not.toContain('hush-hush');
  });
});

describe('the webhook', () => {
  it('is https, or http on this computer', () => {
    expect(accessOf('WEBHOOK_URL=https://hooks.example.com/T0/abc?x=1\nWEBHOOK_SECRET=0123456789abcdef').webhook).toEqual({ url: 'https://hooks.example.com/T0/abc?x=1', secret: '0123456789abcdef' });
    expect(accessOf('WEBHOOK_URL=http://127.0.0.1:9000/in').webhook).toEqual({ url: 'http://127.0.0.1:9000/in', secret: null });
  });

  it.each<[string, string, string]>([
    ['plain http elsewhere', 'WEBHOOK_URL=http://hooks.example.com/secret-path', 'WEBHOOK_URL'],
    ['another protocol', 'WEBHOOK_URL=ftp://hooks.example.com/secret-path', 'WEBHOOK_URL'],
    ['a password in the address', 'WEBHOOK_URL=https://u:secret-path@hooks.example.com/', 'WEBHOOK_URL'],
    ['a short secret', 'WEBHOOK_URL=https://hooks.example.com/\nWEBHOOK_SECRET=secret-path', 'WEBHOOK_SECRET'],
    ['a secret without an address', 'WEBHOOK_SECRET=0123456789abcdef', 'WEBHOOK_URL'],
  ])('refuses %s', (_name, text, key) => {
    const { problems } = from(text);
    expect(problems.map((problem) => problem.key)).toEqual([key]);
    expect(JSON.stringify(problems)).not.toContain('secret-path');
  });
});
