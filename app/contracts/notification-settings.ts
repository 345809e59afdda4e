/** The settings by which people are reached outside of the application: an e-mail server and a webhook. */
import type { EmailAccess, NotificationAccess, WebhookAccess } from './config.ts';
import type { SettingKey, SettingReader } from './setting-reader.ts';
import { LOOPBACK, splitUrl } from './setting-reader.ts';

/** People who get each mail; more is a mailing list's job. */
const MAX_RECIPIENTS = 10;
const LEAST_SECRET = 16;
const HOST = /^[A-Za-z0-9.:_-]{1,253}$/;
/** One plain address. Quoted local parts, comments and non-ASCII names are legal mail and a rarity that servers refuse. */
const ADDRESS = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$/;
const NAMED_ADDRESS = /^(?:"?(?<name>[^"<>\\\p{Cc}]{1,100}?)"?\s*<(?<inner>[^<>\s]{3,320})>|(?<plain>\S{3,320}))$/u;
const PORTS = { none: 25, starttls: 587, tls: 465 } as const;
type Security = EmailAccess['security'];

/** A sender as `name@host` or `Name <name@host>`; null when it is neither. parseSender('M <a@b.c>') = { name: 'M', address: 'a@b.c' } */
function parseSender(text: string): { name: string; address: string } | null {
  const groups = NAMED_ADDRESS.exec(text)?.groups;
  const address = groups?.['inner'] ?? groups?.['plain'] ?? '';
  return ADDRESS.test(address) ? { name: (groups?.['name'] ?? 'Mainspring').trim(), address } : null;
}

function readSecurity(reader: SettingReader, isLoopback: boolean): Security {
  const fallback = isLoopback ? 'none' : 'starttls';
  const text = reader.matching('SMTP_SECURITY', fallback, /^(?:none|starttls|tls)$/i, 'one of none, starttls and tls').toLowerCase();
  return text === 'none' || text === 'tls' ? text : 'starttls';
}

function readRecipients(reader: SettingReader): string[] {
  const entry = reader.found('MAIL_TO');
  const example = 'write for example MAIL_TO=you@example.com,desk@example.com';
  if (!entry) {
    reader.complain('MAIL_TO', 'is missing while SMTP_HOST is set', example);
    return [];
  }
  const recipients = [...new Set(entry.value.split(',').map((part) => part.trim()).filter((part) => part !== ''))];
  const wrong = recipients.find((address) => !ADDRESS.test(address));
  if (wrong !== undefined) reader.complain('MAIL_TO', `has "${wrong.slice(0, 60)}", which is not an address`, example);
  if (recipients.length === 0) reader.complain('MAIL_TO', 'names nobody', example);
  if (recipients.length > MAX_RECIPIENTS) reader.complain('MAIL_TO', `names ${recipients.length} people; at most ${MAX_RECIPIENTS} get each mail`, 'send to a mailing list instead');
  return recipients;
}

function readSignIn(reader: SettingReader, isReadable: boolean): Pick<EmailAccess, 'user' | 'password'> {
  const user = reader.found('SMTP_USER')?.value ?? null;
  const password = reader.found('SMTP_PASSWORD')?.value ?? null;
  if ((user === null) !== (password === null)) reader.complain(user === null ? 'SMTP_USER' : 'SMTP_PASSWORD', 'is missing while the other half of the sign-in is set', 'set both, or delete both for a server that asks for none');
  if (isReadable && password !== null) reader.complain('SMTP_SECURITY', 'is none, and the password would travel readable for everyone on the way', 'write SMTP_SECURITY=starttls or SMTP_SECURITY=tls');
  return { user, password };
}

const REST: readonly SettingKey[] = ['SMTP_PORT', 'SMTP_SECURITY', 'SMTP_USER', 'SMTP_PASSWORD', 'MAIL_FROM', 'MAIL_TO'];

function readEmail(reader: SettingReader): EmailAccess | null {
  const entry = reader.found('SMTP_HOST');
  if (!entry) {
    const first = REST.find((key) => reader.found(key) !== null);
    if (first) reader.complain('SMTP_HOST', `is missing while ${first} is set`, 'write the name of your e-mail server, or delete the SMTP_ and MAIL_ lines');
    return null;
  }
  if (!HOST.test(entry.value)) reader.complain('SMTP_HOST', `is "${entry.value.slice(0, 60)}", not a host name or address`, 'write for example SMTP_HOST=smtp.example.com, without port');
  const isLoopback = LOOPBACK.has(entry.value.toLowerCase());
  const security = readSecurity(reader, isLoopback);
  const from = reader.found('MAIL_FROM');
  const sender = from && parseSender(from.value);
  if (!from) reader.complain('MAIL_FROM', 'is missing while SMTP_HOST is set', 'write the address that the mails come from, for example MAIL_FROM=mainspring@example.com');
  else if (!sender) reader.complain('MAIL_FROM', `is "${from.value.slice(0, 60)}", not an address`, 'write name@host or Name <name@host>');
  return {
    host: entry.value, port: reader.integer('SMTP_PORT', PORTS[security], [1, 65_535]), security,
    ...readSignIn(reader, security === 'none' && !isLoopback), from: sender ?? { name: '', address: 'nobody@localhost' }, to: readRecipients(reader),
  };
}

function readWebhook(reader: SettingReader): WebhookAccess | null {
  const entry = reader.found('WEBHOOK_URL');
  const secret = reader.found('WEBHOOK_SECRET')?.value ?? null;
  if (!entry) {
    if (secret !== null) reader.complain('WEBHOOK_URL', 'is missing while WEBHOOK_SECRET is set', 'write the address that is to be called, or delete both');
    return null;
  }
  const url = splitUrl(entry.value);
  const remedy = 'write https://host/path (http:// only for this computer)';
  // The address is not repeated: many services put their secret into it.
  if (!url || (url.scheme !== 'https' && url.scheme !== 'http')) reader.complain('WEBHOOK_URL', 'is not an https:// address', remedy);
  else if (url.scheme === 'http' && !LOOPBACK.has(url.host)) reader.complain('WEBHOOK_URL', `would go to ${url.host} readable for everyone on the way`, remedy);
  else if (url.user !== '' || url.password !== '') reader.complain('WEBHOOK_URL', 'has a user or password in it', 'leave them away: WEBHOOK_SECRET signs each call');
  if (secret !== null && secret.length < LEAST_SECRET) reader.complain('WEBHOOK_SECRET', `is shorter than ${LEAST_SECRET} characters`, 'write a long random word');
  return { url: entry.value, secret };
}

/** How people are reached; null where nothing is set up. Wrong values are complained about. */
export function readNotification(reader: SettingReader): NotificationAccess {
  return { email: readEmail(reader), webhook: readWebhook(reader) };
}
