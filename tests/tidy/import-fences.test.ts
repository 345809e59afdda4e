/** The import table bites: each planted import is refused by the rule that forbids it, and lawful ones pass. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { plantHouse, repository } from './planted.ts';

const report = z.object({
  summary: z.object({
    violations: z.array(z.object({ from: z.string(), to: z.string(), rule: z.object({ name: z.string() }) })),
  }),
});

/** Targets of the planted imports. */
const TARGETS: Readonly<Record<string, string>> = {
  'app/domain/order.ts': 'export const order = 1;\n',
  'app/domain/ring-b.ts': "import { it } from './ring-a.ts';\nexport const ring = it;\n",
  'app/contracts/events.ts': 'export const events = 1;\n',
  'app/indicators/sma.ts': 'export const sma = 1;\n',
  'app/risk/sizing.ts': 'export const sizing = 1;\n',
  'services/chassis/bus.ts': 'export const bus = 1;\n',
  'services/alpaca/rest.ts': 'export const rest = 1;\n',
  'services/execution/submit.ts': 'export const submit = 1;\n',
  'services/research/pool.ts': 'export const pool = 1;\n',
  'main/desktop/window.ts': 'export const window = 1;\n',
  'main/supervisor/supervisor.ts': 'export const supervisor = 1;\n',
  'tests/support/fake.ts': 'export const fake = 1;\n',
};

/** [importing file, what it imports, the rule that must refuse it]. */
const PLANTED: readonly (readonly [string, string, string])[] = [
  ['app/domain/a.ts', '../risk/sizing.ts', 'app-domain'],
  ['app/domain/b.ts', 'node:fs', 'app-is-pure'],
  ['app/domain/c.ts', 'pino', 'app-is-pure'],
  ['app/contracts/a.ts', '../indicators/sma.ts', 'app-contracts'],
  ['app/market/a.ts', '../contracts/events.ts', 'app-market'],
  ['app/indicators/a.ts', '../risk/sizing.ts', 'app-indicators'],
  ['app/risk/a.ts', '../indicators/sma.ts', 'app-risk'],
  ['app/execution/a.ts', '../risk/sizing.ts', 'app-execution'],
  ['app/analytics/a.ts', '../contracts/events.ts', 'app-analytics'],
  ['app/columns/a.ts', '../indicators/sma.ts', 'app-columns'],
  ['app/strategy/a.ts', '../risk/sizing.ts', 'app-strategy'],
  ['app/backtest/a.ts', '../contracts/events.ts', 'app-backtest'],
  ['services/chassis/a.ts', '../execution/submit.ts', 'chassis'],
  ['services/chassis/b.ts', '#app/risk/sizing.ts', 'chassis'],
  ['services/analytics/a.ts', '../execution/submit.ts', 'no-worker-to-worker-analytics'],
  ['services/gateway/a.ts', '../execution/submit.ts', 'no-worker-to-worker-gateway'],
  ['services/gateway/b.ts', '../alpaca/rest.ts', 'alpaca-users'],
  ['services/alpaca/a.ts', '../execution/submit.ts', 'alpaca-room'],
  ['services/research/a.ts', '../execution/submit.ts', 'research-room'],
  ['services/execution/e.ts', '../research/pool.ts', 'research-users'],
  ['services/gateway/h.ts', 'node:worker_threads', 'one-place-worker-threads'],
  ['services/research/b.ts', 'quickjs-emscripten-core', 'one-place-quickjs'],
  ['services/execution/a.ts', '#main/supervisor/supervisor.ts', 'services-know-app-only'],
  ['services/execution/b.ts', '../../tests/support/fake.ts', 'not-to-test'],
  ['main/units/a.ts', '#chassis/bus.ts', 'main-knows-no-service'],
  ['main/units/b.ts', '#app/risk/sizing.ts', 'main-knows-no-trading'],
  ['main/store/a.ts', '../desktop/window.ts', 'humble-desktop'],
  ['renderer/a.ts', '../services/chassis/bus.ts', 'renderer-rooms'],
  ['renderer/b.ts', '#app/risk/sizing.ts', 'renderer-rooms'],
  ['renderer/c.ts', 'node:path', 'renderer-no-node'],
  ['renderer/d.ts', 'fastify', 'renderer-no-server-packages'],
  ['main/supervisor/a.ts', 'electron', 'one-place-electron'],
  ['services/execution/c.ts', 'pg', 'one-place-pg'],
  ['services/chassis/c.ts', 'ioredis', 'one-place-ioredis'],
  ['main/units/c.ts', 'better-sqlite3', 'one-place-better-sqlite3'],
  ['services/execution/d.ts', '@alpacahq/alpaca-trade-api', 'one-place-alpaca-sdk'],
  ['services/gateway/c.ts', 'node-cron', 'one-place-node-cron'],
  ['services/gateway/mail.ts', 'nodemailer', 'one-place-nodemailer'],
  ['services/gateway/d.ts', '@dbos-inc/dbos-sdk', 'one-place-dbos'],
  ['services/gateway/e.ts', 'node:child_process', 'one-place-child-process'],
  ['renderer/pages/a.ts', 'plotly.js', 'one-place-plotly'],
  ['renderer/pages/b.ts', 'react-plotly.js/factory', 'one-place-plotly'],
  ['services/gateway/f.ts', 'vite', 'not-to-dev-dependency'],
  ['services/gateway/g.ts', './nowhere.ts', 'not-to-unresolvable'],
  ['app/domain/ring-a.ts', './ring-b.ts', 'no-circular'],
];

/** [importing file, what it imports]: the table allows it. */
const LAWFUL: readonly (readonly [string, string])[] = [
  ['app/domain/ok.ts', 'zod'],
  ['app/domain/ok2.ts', 'decimal.js'],
  ['app/contracts/ok.ts', '#app/domain/order.ts'],
  ['app/strategy/ok.ts', '../indicators/sma.ts'],
  ['app/backtest/ok.ts', '../risk/sizing.ts'],
  ['services/strategy_engine/ok2.ts', '../research/pool.ts'],
  ['services/research/ok.ts', 'node:worker_threads'],
  ['services/chassis/db.ts', 'pg'],
  ['services/chassis/bus-redis.ts', 'ioredis'],
  ['services/chassis/flows.ts', '@dbos-inc/dbos-sdk'],
  ['services/orchestrator/triggers.ts', 'node-cron'],
  ['services/execution/ok.ts', '../alpaca/rest.ts'],
  ['services/execution/ok2.ts', '#chassis/bus.ts'],
  ['services/execution/ok3.ts', '#app/risk/sizing.ts'],
  ['services/simulator/journal.ts', 'better-sqlite3'],
  ['services/alpaca/sdk.ts', '@alpacahq/alpaca-trade-api'],
  ['services/execution/a.int.test.ts', 'pg'],
  ['main/supervisor/node-spawner.ts', 'node:child_process'],
  ['main/units/redis.ts', 'ioredis'],
  ['main/desktop/tray.ts', '../supervisor/supervisor.ts'],
  ['renderer/ok.ts', '#app/contracts/events.ts'],
  ['renderer/ok2.ts', 'react'],
  ['renderer/charts/chart.tsx', 'plotly.js'],
];

/** Cruises a house with all these imports and returns `file rule` of each violation. */
function cruise(): ReadonlySet<string> {
  const imports = [...PLANTED, ...LAWFUL].map(([from, to]) => [from, `import * as it from '${to}';\nexport const kept = it;\n`] as const);
  using house = plantHouse({ ...TARGETS, ...Object.fromEntries(imports) });
  const cli = join(repository, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruiser.mjs');
  const folders = ['app', 'services', 'main', 'renderer', 'tests'];
  const run = spawnSync(process.execPath, [cli, '--config', '.dependency-cruiser.cjs', '-T', 'json', ...folders], {
    cwd: house.folder, encoding: 'utf8', maxBuffer: 64e6,
  });
  if (run.stdout === '') throw new Error(run.stderr);
  const parsed = report.parse(JSON.parse(run.stdout));
  return new Set(parsed.summary.violations.map((violation) => `${violation.from} ${violation.rule.name}`));
}

describe('the import fences', () => {
  const violations = cruise();

  it.each(PLANTED)('refuse %s -> %s (%s)', (from, _to, rule) => {
    expect(violations).toContain(`${from} ${rule}`);
  });

  it.each(LAWFUL)('let %s -> %s pass', (from) => {
    expect([...violations].filter((violation) => violation.startsWith(`${from} `))).toEqual([]);
  });
});
