/** For tests: a real SMTP server that keeps what it accepted and misbehaves as it is told. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { simpleParser, type ParsedMail } from 'mailparser';
import { SMTPServer } from 'smtp-server';

/** How the server treats the next mail. `vanish_*` cuts the connection: at RCPT, or after the final dot without an answer; `hang_at_rcpt` says nothing there. */
export type Manner = 'accept' | 'later' | 'never' | 'later_after_data' | 'never_after_data' | 'vanish_at_rcpt' | 'hang_at_rcpt' | 'vanish_after_dot' | 'accept_silently';

/** The running server. */
export type TestSmtp = {
  readonly port: number; readonly mails: ParsedMail[];
  /** Its own certificate, to be trusted by name `localhost`. */ readonly certificate: string;
  /** Treatment of the next mails, one each; afterwards it accepts. */ readonly manners: Manner[];
  /** Users that signed in, and whether the line was encrypted. */ readonly signIns: { user: string; isSecure: boolean }[];
  stop(): Promise<void>;
};

function refusal(code: number, words: string): Error {
  return Object.assign(new Error(words), { responseCode: code });
}

/** A key and its own certificate for `localhost`, good for two days. */
function selfSigned(): { key: string; cert: string } {
  const folder = mkdtempSync(join(tmpdir(), 'ms-smtp-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', cert], { stdio: 'pipe' });
  const pair = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  rmSync(folder, { recursive: true });
  return pair;
}

/** Starts it on a free loopback port. `password`: demand it of everyone, after STARTTLS unless `isPlain`. */
export async function startSmtp(options: { password?: string; isPlain?: boolean; port?: number } = {}): Promise<TestSmtp> {
  const { password } = options;
  const mails: ParsedMail[] = [];
  const manners: Manner[] = [];
  const signIns: TestSmtp['signIns'] = [];
  const sockets = new Set<Socket>();
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const pair = password === undefined || options.isPlain === true ? null : selfSigned();
  const server = new SMTPServer({
    ...pair, disableReverseLookup: true, logger: false, authOptional: password === undefined, disabledCommands: password === undefined ? ['STARTTLS', 'AUTH'] : options.isPlain === true ? ['STARTTLS'] : [], allowInsecureAuth: options.isPlain === true, authMethods: ['PLAIN', 'LOGIN'],
    onAuth(auth, session, done) {
      signIns.push({ user: auth.username ?? '', isSecure: session.secure });
      // Some servers repeat what they were given.
      done(auth.password === password ? null : refusal(535, `Authentication credentials invalid: ${auth.password ?? ''}`), { user: auth.username });
    },
    onRcptTo(_address, _session, done) {
      const manner = manners[0];
      if (manner === 'later') done(refusal(450, 'Greylisted, come back later'));
      else if (manner === 'never') done(refusal(550, 'No such user here'));
      else if (manner === 'vanish_at_rcpt') cut();
      else if (manner !== 'hang_at_rcpt') return done();
      manners.shift();
    },
    onData(stream, _session, done) {
      simpleParser(stream).then((mail) => {
        const manner = manners.shift() ?? 'accept';
        if (manner === 'later_after_data') return done(refusal(451, 'Disk is full'));
        if (manner === 'never_after_data') return done(refusal(554, 'Looks like spam'));
        mails.push(mail);
        if (manner === 'vanish_after_dot') return cut();
        if (manner !== 'accept_silently') done();
      }, done);
    },
  });
  server.on('error', () => undefined); // Connections are cut on purpose.
  server.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  return {
    port: (server.server.address() as AddressInfo).port, mails, certificate: pair?.cert ?? '', manners, signIns,
    stop: () => new Promise((resolve) => {
      cut();
      server.close(() => resolve());
    }),
  };
}
