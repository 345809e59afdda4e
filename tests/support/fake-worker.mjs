/** A worker for tests: speaks the control channel and misbehaves on request (MODE in its unit's line of fake-worker.json in the data folder). */
import { readFileSync, existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';

const ask = (config) => {
  const file = path.join(config.dataDir, 'fake-worker.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8'))[config.unit] ?? {}) : {};
};

const startedAt = Date.now();
process.on('disconnect', () => process.exit(75));
process.on('message', (message) => {
  if (message.type === 'ping') process.send({ type: 'pong', nonce: message.nonce });
  if (message.type === 'init') begin(message.config);
});
process.send({ type: 'hello', pid: process.pid });

function begin(config) {
  const wish = ask(config);
  if (wish.exitAtStart !== undefined) {
    process.stderr.write('these are my last words\n');
    process.send({ type: 'exiting', code: wish.exitAtStart, reason: wish.reason ?? 'as the test asked' }, undefined, undefined, () => process.exit(wish.exitAtStart));
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
    process.send({ type: 'ready', port: config.units[config.unit].port });
    if (wish.exitAfterMs !== undefined) setTimeout(() => process.exit(wish.exitCode ?? 1), wish.exitAfterMs);
    if (wish.request) process.send({ type: 'request', requestId: '1', ...wish.request });
  });
  process.on('message', (message) => {
    if (message.type === 'reply') process.stdout.write(`reply ${JSON.stringify(message)}\n`);
    if (message.type === 'arming') process.stdout.write(`arming ${message.armedUntil}\n`);
    if (message.type === 'resumed') process.stdout.write(`resumed ${message.pausedMs}\n`);
    if (message.type === 'stop' && !wish.ignoreStop) {
      server.close();
      process.exit(0);
    }
  });
  const beat = () => process.send({ type: 'beat', beat: { eventLoopDelayP99Ms: 0, backlog: 0, oldestPendingAgeMs: null, brokerMessageAgeMs: null, memoryBytes: process.memoryUsage.rss(), cpuPercent: 0 } });
  beat();
  setInterval(beat, 1_000);
}
