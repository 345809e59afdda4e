/** Planted keys with the real workers and a broker that refuses them and repeats them in its answers: they reach the broker, and nothing else. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { deliveryListSchema } from '#app/contracts/deliveries.ts';
import { createHost } from '#main/host.ts';
import { findLayout } from '#main/layout.ts';
import { openHome } from '#main/store/data-folder.ts';
import type { Sealer } from '#main/store/secrets.ts';
import { nodeSpawner } from '#main/supervisor/node-spawner.ts';
import { isServing } from '#main/supervisor/state.ts';
import { startStandIn } from '../support/alpaca-stand-in.ts';
import { startSmtp } from '../support/smtp-server.ts';
import { eventually, freshFolder, ownPorts, removeFolder } from '../support/fake-stack.ts';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');
const KEYS = { keyId: 'PKPLANTED0REAL0KEY', secretKey: 'planted0real0secret0key0of0forty0letters' };
/** How people are reached: a mail server that refuses the password and repeats it, a webhook that repeats its address and signature. */
const WORDS = { password: 'planted0mail0password', path: '/T0/planted0webhook0path', secret: 'planted0webhook0secret' };
const sealer: Sealer = { keptBy: 'system', seal: (text) => Promise.resolve(Buffer.from(text).toString('hex')), unseal: (sealed) => Promise.resolve(Buffer.from(sealed, 'hex').toString()) };

const folder = freshFolder();
const home = openHome(path.join(folder, 'home'));
const broker = await startStandIn();
const smtp = await startSmtp({ password: 'another', isPlain: true });
const called: string[] = [];
const receiver = createServer((request, response) => {
  called.push(request.url ?? '');
  response.writeHead(404).end(`nothing at http://127.0.0.1:${hookPort}${request.url ?? ''} for ${WORDS.secret}`);
});
await new Promise<void>((done) => receiver.listen(0, '127.0.0.1', done));
const hookPort = (receiver.address() as AddressInfo).port;
const reach = {
  SMTP_HOST: '127.0.0.1', SMTP_PORT: String(smtp.port), SMTP_USER: 'desk', SMTP_PASSWORD: WORDS.password, MAIL_FROM: 'desk@example.com', MAIL_TO: 'a@example.com',
  WEBHOOK_URL: `http://127.0.0.1:${hookPort}${WORDS.path}`, WEBHOOK_SECRET: WORDS.secret,
};
const logged: string[] = [];
const host = createHost({
  home, sealer, mode: 'paper', layout: findLayout(pathToFileURL(path.join(ROOT, 'main', 'headless.ts')).href), spawner: nodeSpawner(), events: {},
  env: { ...(await ownPorts()), ...reach, ALPACA_BASE_URL: broker.access.tradingUrl, LOG_LEVEL: 'trace' }, log: (level, text) => logged.push(`${level} ${text}`),
});

afterAll(async () => {
  await host.stop('the test is over');
  await Promise.all([broker.close(), smtp.stop()]);
  receiver.close();
  removeFolder(folder);
});

it('keys reach the broker and nobody else, whatever it answers and however much is logged', async () => {
  mkdirSync(home.homeDir);
  for (const each of [folder, home.homeDir]) chmodSync(each, 0o755);
  broker.answer = ({ headers }) => ({ status: 401, body: { code: 40110000, message: `request is not authorized: ${String(headers['apca-api-key-id'])} ${String(headers['apca-api-secret-key'])}` } });
  broker.onSocket = (socket) => {
    socket.on('message', (raw: Buffer) => socket.send(JSON.stringify([{ T: 'error', code: 402, msg: `auth failed: ${raw.toString('utf8')}` }])));
  };
  await host.setBrokerKeys('paper', KEYS);
  await host.start('paper');
  const stack = host.state().stack;
  expect(host.state().problem).toBeNull();
  if (stack === null) throw new Error('nothing runs');
  const asked = (): boolean => broker.seen.some(({ headers }) => headers['apca-api-key-id'] === KEYS.keyId && headers['apca-api-secret-key'] === KEYS.secretKey);
  await eventually('the broker was asked with the keys', asked, 90_000);
  const told = (): boolean => stack.health().units.some(({ id, state, reasons }) => id === 'execution' && (state === 'failed' || reasons.length > 0));
  await eventually('execution says what is wrong', told, 90_000);

  // The round of monitor_system_health may have written to somebody before us; the mail server refuses that too, and notification says so.
  await eventually('notification is up', () => isServing(stack.supervisor.statusOf('notification').state), 60_000);
  await stack.command('sendTest', { idempotencyKey: 'planted-0001', actor: 'test' });
  await eventually('the mail server was asked with the password, and the webhook was called', () => smtp.signIns.length > 0 && called.includes(WORDS.path), 20_000);

  const planted = [...Object.values(KEYS), ...Object.values(WORDS)];
  const leaks = (text: string): string[] => planted.filter((secret) => text.includes(secret));
  const seen: Record<string, string> = { logged: logged.join('\n'), health: JSON.stringify(stack.health()), history: JSON.stringify(stack.history({ unitId: null, limit: 200 })), keys: JSON.stringify(await host.brokerKeys()) };
  for (const { id, pid } of stack.health().units) {
    seen[`output of ${id}`] = stack.unitLogs(id, 500).map(({ text }) => text).join('\n');
    if (pid !== null) seen[`process ${id}`] = readFileSync(`/proc/${pid}/cmdline`, 'utf8') + readFileSync(`/proc/${pid}/environ`, 'utf8');
  }
  await eventually('the gateway is up', () => stack.supervisor.statusOf('gateway').state === 'ready', 60_000);
  const { baseUrl, token } = stack.access();
  const bearer = { headers: { authorization: `Bearer ${token}` } };
  const refused = async (): Promise<string[]> => deliveryListSchema.parse(await (await fetch(`${baseUrl}/api/deliveries`, bearer)).json()).deliveries.filter(({ kind, status }) => kind === 'test' && status === 'failed').map(({ channel }) => channel);
  await eventually('both refusals are written down', async () => (await refused()).toSorted().join() === 'email,webhook', 20_000);
  for (const route of ['/api/session', '/api/health', '/api/deliveries', '/metrics']) {
    const answer = await fetch(`${baseUrl}${route}`, bearer);
    seen[route] = await answer.text();
    expect([route, answer.status]).toEqual([route, 200]);
  }
  for (const [where, text] of Object.entries(seen)) expect(text.split('\n').filter((line) => leaks(line).length > 0), where).toEqual([]);
  await host.stop('the test looks at the files');
  for (const secret of planted) {
    const found = execFileSync('sh', ['-c', 'grep -rlaF -e "$1" "$2" || true', 'sh', secret, home.homeDir], { encoding: 'utf8' });
    expect(found.trim(), secret.slice(0, 4)).toBe('');
  }
}, 300_000);
