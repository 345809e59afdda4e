/** What notification may send away has no secret in it. */
import { expect, it } from 'vitest';
import type { StackHealth, UnitHealth } from '#app/contracts/health.ts';
import { parseSettings } from '#app/contracts/settings.ts';
import { WORKER_IDS, type WorkerId } from '#app/contracts/health.ts';
import type { RunFacts } from './runtime-config.ts';
import { safeStates } from './states-for.ts';

const PLANTED = ['planted-smtp-word', 'https://hooks.example.com/T0/planted', 'planted-webhook-word', 'planted-role-word', 'planted-owner-word', 'planted-token-0123456789abcdef0123'];

function factsWithSecrets(): RunFacts {
  const entry = (key: string, value: string): { key: string; value: string; source: string } => ({ key, value, source: 'test' });
  const { settings, problems } = parseSettings([
    entry('SMTP_HOST', 'mail.example.com'), entry('SMTP_USER', 'desk'), entry('SMTP_PASSWORD', 'planted-smtp-word'), entry('MAIL_FROM', 'a@example.com'), entry('MAIL_TO', 'b@example.com'),
    entry('WEBHOOK_URL', 'https://hooks.example.com/T0/planted'), entry('WEBHOOK_SECRET', 'planted-webhook-word'),
  ]);
  expect(problems).toEqual([]);
  const rolePasswords = Object.fromEntries(WORKER_IDS.map((id) => [id, 'planted-role-word'])) as Record<WorkerId, string>;
  return {
    instanceId: 'i', version: '1', dataDir: '/d', libraryDir: '/l', journalFile: '/d/j', settings, replay: null, postgres: { host: 'h', port: 1, tradingDb: 't', orchestratorDb: 'o' }, redis: { host: 'h', port: 1, tls: false }, armedUntil: () => null, latches: () => [],
    ownerPasswords: { postgres: 'planted-owner-word', redis: 'planted-owner-word' }, ports: new Map(), rolePasswords, internalToken: 'planted-token-0123456789abcdef0123', apiToken: 'a'.repeat(40), sessionSecret: 'b'.repeat(40), simulatorKeys: { keyId: 'PKX', secretKey: 'c'.repeat(40) },
  };
}

it('keeps the words of a failing part and takes every secret out of them', () => {
  const lines = PLANTED.map((secret) => `could not use ${secret} at all`);
  const unit: UnitHealth = {
    id: 'execution', title: 'Execution', kind: 'worker', state: 'failed', since: 1, pid: null, port: null, uptimeMs: null, restarts: 5, cpuPercent: null, memoryBytes: null, lastBeatAgeMs: null, latencyMs: null, eventLoopDelayP99Ms: null,
    backlog: null, oldestPendingAgeMs: null, brokerMessageAgeMs: null, reasons: lines, lastExit: { code: 70, signal: null, at: 1, reason: lines.join(' '), firstLines: lines, lastLines: lines },
  };
  const stack: StackHealth = { instanceId: 'i', version: '1', mode: 'demo', at: 1, startedAt: 0, healthy: false, stopping: false, dataDir: '/d', diskFreeBytes: null, units: [unit], notices: [{ at: 1, level: 'error', unit: null, text: lines.join(' ') }] };
  const told = JSON.stringify(safeStates(factsWithSecrets())(stack));
  for (const secret of PLANTED) expect(told).not.toContain(secret);
  expect(told).toContain('could not use');
  expect(JSON.stringify(unit)).toContain('planted-smtp-word');
});
