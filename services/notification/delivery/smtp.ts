/** Handing a mail to its server so that a crash never sends it twice: the last byte leaves only after the book says so. */
import { Readable } from 'node:stream';
import MailComposer from 'nodemailer/lib/mail-composer';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { EmailAccess } from '#app/contracts/config.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import { crashPoint } from '#chassis/crash-point.ts';
import { renderHtml } from '../letters/html.ts';
import { renderText } from '../letters/text.ts';
import { masked } from './mask.ts';
import type { Claimed, Outcome } from './store.ts';

const CONNECT_TIMEOUT_MS = 15_000;
/** A server may think long about a mail that it was given (RFC 5321 4.5.3.2.6 allows ten minutes); giving up early makes an unknown of it. */
const ANSWER_TIMEOUT_MS = 300_000;
const QUIT_PATIENCE_MS = 2_000;
/** A sign-in or encryption is demanded that is not set up (RFC 4954 section 6). */
const SETUP_CODES: ReadonlySet<number> = new Set([530, 534, 535, 538]);

/** What a carrier may use: the sign that the hand-over begins (it must be awaited before the last byte), and the service's stop. */
export type Carriage = { readonly handOver: () => Promise<void>; readonly signal: AbortSignal };
/** Carries one delivery and says what became of it; it does not throw. */
export type Carrier = (claimed: Claimed, carriage: Carriage) => Promise<Outcome>;

/** Options that only tests need: the certificate to trust, shorter patience. */
export type SmtpOptions = { readonly ca?: string; readonly answerTimeoutMs?: number };

type SmtpError = Error & { readonly code?: string; readonly responseCode?: number; readonly response?: string; readonly permanent?: boolean };

/** The bytes of the mail. Everything in it was given to us as text: no file and no address is opened for it. */
async function compose(access: EmailAccess, claimed: Claimed): Promise<Buffer> {
  const { letter } = claimed;
  const mail = new MailComposer({
    from: access.from, to: claimed.recipient, subject: letter.subject, text: renderText(letter), html: renderHtml(letter), messageId: claimed.messageId, date: new Date(claimed.createdAt),
    ...(letter.severity === 'critical' ? { priority: 'high' as const } : {}),
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All', 'X-Mainspring-Delivery': claimed.deliveryId, 'X-Mainspring-Mode': letter.mode },
    disableFileAccess: true, disableUrlAccess: true,
  });
  return new Promise((resolve, reject) => mail.compile().build((error, bytes) => (error ? reject(error) : resolve(bytes))));
}

/** The mail as a stream that ends, and so brings the final dot onto the wire, only after `beforeEnd`. */
function gated(bytes: Buffer, beforeEnd: () => Promise<void>): Readable {
  async function* pieces(): AsyncGenerator<Buffer> {
    yield bytes;
    await beforeEnd();
  }
  return Readable.from(pieces(), { objectMode: false });
}

/** A refused sign-in is shown with its remedy; everything else with the server's own words. */
function wordsOf(error: SmtpError, access: EmailAccess): string {
  if (error.code === 'EAUTH') return `The e-mail server refused the sign-in of ${access.user ?? 'nobody'}: ${error.response ?? error.message}. Check SMTP_USER and SMTP_PASSWORD.`;
  if (error.response !== undefined && error.response !== '') return `The e-mail server answered: ${error.response}`;
  if (error.code === 'ETLS') return `The connection to ${access.host} could not be encrypted: ${error.message}. Check SMTP_SECURITY.`;
  return `${access.host}:${access.port} could not be used: ${describeError(error)}`;
}

/** What an error of the dialogue means. An answer of the server is definite, whenever it comes; silence after the hand-over is not. */
function judge(error: SmtpError, isHandedOver: boolean, access: EmailAccess): Outcome {
  const reason = wordsOf(error, access);
  const isSetup = error.code === 'EAUTH' || (error.responseCode !== undefined && SETUP_CODES.has(error.responseCode));
  if (error.responseCode !== undefined) return { status: error.responseCode >= 500 && error.permanent !== false ? 'failed' : 'retry', reason, isSetup };
  if (isHandedOver) return { status: 'unknown', reason: `The mail was handed over, and the server did not answer (${describeError(error)}). It may have arrived; it is not sent again by itself.` };
  return { status: isSetup ? 'failed' : 'retry', reason, isSetup };
}

function open(access: EmailAccess, options: SmtpOptions): SMTPConnection {
  return new SMTPConnection({
    host: access.host, port: access.port, secure: access.security === 'tls', requireTLS: access.security === 'starttls', ignoreTLS: access.security === 'none',
    connectionTimeout: CONNECT_TIMEOUT_MS, greetingTimeout: CONNECT_TIMEOUT_MS, dnsTimeout: CONNECT_TIMEOUT_MS, socketTimeout: options.answerTimeoutMs ?? ANSWER_TIMEOUT_MS,
    ...(options.ca === undefined ? {} : { tls: { ca: options.ca } }),
  });
}

/** The dialogue from the greeting to the server's answer. @throws SmtpError */
async function talk(connection: SMTPConnection, access: EmailAccess, claimed: Claimed, message: Readable): Promise<string> {
  const broken = new Promise<never>((_resolve, reject) => {
    connection.on('error', reject);
    connection.once('end', () => reject(new Error('the server closed the connection')));
  });
  broken.catch((error: unknown) => message.destroy(error instanceof Error ? error : undefined));
  const step = <T>(act: (done: (error: Error | null | undefined, value?: T) => void) => void): Promise<T> =>
    Promise.race([broken, new Promise<T>((resolve, reject) => act((error, value) => (error ? reject(error) : resolve(value as T))))]);
  await step((done) => connection.connect(done));
  if (access.user !== null && access.password !== null) {
    const { user, password } = access;
    await step((done) => connection.login({ user, pass: password }, done));
  }
  const { response } = await step<{ response: string }>((done) => connection.send({ from: access.from.address, to: [claimed.recipient] }, message, done));
  return response;
}

/** The carrier of mails to one server. */
export function smtpCarrier(access: EmailAccess, options: SmtpOptions = {}): Carrier {
  return async (claimed, { handOver, signal }) => {
    let isHandedOver = false;
    let refused: unknown = null;
    const connection = open(access, options);
    const onStop = (): void => {
      if (!isHandedOver) connection.close();
    };
    signal.addEventListener('abort', onStop, { once: true });
    try {
      const message = gated(await compose(access, claimed), async () => {
        if (signal.aborted) throw new AppError('UNIT_TIMEOUT', 'the service is stopping');
        crashPoint('mail:before-hand-over');
        try {
          await handOver();
        } catch (error) {
          refused = error;
          throw error;
        }
        isHandedOver = true;
      });
      message.on('error', () => connection.close()); // Cut off before its last byte, the server throws away what it got.
      const response = await talk(connection, access, claimed, message);
      crashPoint('mail:accepted');
      connection.quit();
      return masked({ status: 'sent', response }, [access.password]);
    } catch (error) {
      // What cut the dialogue off says more than how it broke.
      if (refused !== null) return { status: 'retry', reason: describeError(refused) };
      return masked(judge(error instanceof Error ? error : new Error(String(error)), isHandedOver, access), [access.password]);
    } finally {
      signal.removeEventListener('abort', onStop);
      setTimeout(() => connection.close(), QUIT_PATIENCE_MS).unref();
    }
  };
}
