/** A worker for tests: speaks the control channel and misbehaves on request (MODE in its unit's line of fake-worker.json in the data folder). */
import { readFileSync, existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';

const ask = (config) => {
  const file = path.join(config.dataDir, 'fake-worker.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8'))[config.unit] ?? {}) : {};
};

// Under Node a channel of its own, under Electron the port to the parent, which does not tell when that is gone.
const port = process.parentPort;
const post = port ? (message, sent) => (port.postMessage(message), sent && setTimeout(sent, 20)) : (message, sent) => process.send(message, undefined, undefined, sent);
const listen = (act) => (port ? port.on('message', (event) => act(event.data)) : process.on('message', act));

let isHeard = false;
const startedAt = Date.now();
const parent = process.ppid;
if (port) setInterval(() => process.ppid === parent || process.exit(75), 250);
process.on('disconnect', () => process.exit(75));
listen((message) => {
  if (message.type === 'ping') post({ type: 'pong', nonce: message.nonce });
  if (message.type === 'init') begin(message.config);
});
post({ type: 'hello', pid: process.pid });

function begin(config) {
  const wish = ask(config);
  if (wish.startsWhen && !isHeard) {
    isHeard = true;
    process.stdout.write(`starting ${config.live?.armedUntil}\n`);
    listen((message) => message.type === 'arming' && process.stdout.write(`while starting: arming ${message.armedUntil}\n`));
  }
  if (wish.startsWhen && !existsSync(wish.startsWhen)) return void setTimeout(begin, 20, config);
  if (wish.exitAtStart !== undefined) {
    process.stderr.write('these are my last words\n');
    post({ type: 'exiting', code: wish.exitAtStart, reason: wish.reason ?? 'as the test asked' }, () => process.exit(wish.exitAtStart));
    return;
  }
  if (wish.neverReady) return;
  // What it was told, without a line in any log: for tests that look who learns what.
  if (wish.keepConfig) writeFileSync(wish.keepConfig, JSON.stringify(config));
  const body = { unit: config.unit, version: config.version, instanceId: config.instanceId, live: true, ready: true, uptimeMs: 0, reasons: [], detail: {} };
  const server = createServer((request, response) => {
    const isFlows = request.url === '/api/deployments';
    response.setHeader('content-type', 'application/json');
    if (wish.commands && request.method === 'POST' && request.headers.authorization === `Bearer ${config.internalToken}`) return response.end(JSON.stringify(wish.commands[request.url]));
    response.end(JSON.stringify(isFlows ? (wish.flows ?? []) : { ...body, uptimeMs: Date.now() - startedAt }));
  });
  server.listen(config.units[config.unit].port, '127.0.0.1', () => {
    if (config.live) process.stdout.write(`live ${config.live.armedUntil}\n`);
    post({ type: 'ready', port: config.units[config.unit].port });
    if (wish.exitAfterMs !== undefined) setTimeout(() => process.exit(wish.exitCode ?? 1), wish.exitAfterMs);
    if (wish.request) post({ type: 'request', requestId: '1', ...wish.request });
  });
  listen((message) => {
    if (message.type === 'reply') process.stdout.write(`reply ${JSON.stringify(message)}\n`);
    if (message.type === 'arming') process.stdout.write(`arming ${message.armedUntil}\n`);
    if (message.type === 'resumed') process.stdout.write(`resumed ${message.pausedMs}\n`);
    if (message.type === 'stop' && !wish.ignoreStop) {
      server.close();
      process.exit(0);
    }
  });
  const beat = () => post({ type: 'beat', beat: { eventLoopDelayP99Ms: 0, backlog: 0, oldestPendingAgeMs: null, brokerMessageAgeMs: null, memoryBytes: process.memoryUsage.rss(), cpuPercent: 0 } });
  beat();
  setInterval(beat, 1_000);
}
