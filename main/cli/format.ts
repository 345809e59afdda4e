/** Text for a terminal: aligned columns, durations, sizes, states in colour where colour is wanted. */
import { styleText } from 'node:util';
import type { StackHealth, UnitHealth, UnitState, VerifyReport } from '#app/contracts/health.ts';
import type { ReplayEnd } from '../invariants/replay-end.ts';

/** Rows as columns that are as wide as their widest cell; the last column is left as it is. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, index) => (widths[index] = Math.max(widths[index] ?? 0, cell.length)));
  return rows.map((row) => row.map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd(widths[index] ?? 0))).join('  ').trimEnd()).join('\n');
}

/** 850 ms, 4.2 s, 3 min 20 s, 5 h 3 min. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  return minutes < 60 ? `${minutes} min ${Math.floor((ms % 60_000) / 1_000)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Bytes as MB. */
export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1_048_576)} MB`;
}

const COLOURS: Readonly<Record<UnitState, 'green' | 'yellow' | 'red' | 'dim'>> = {
  ready: 'green',
  done: 'green',
  degraded: 'yellow',
  unresponsive: 'yellow',
  starting: 'yellow',
  waiting: 'yellow',
  backoff: 'yellow',
  stopping: 'dim',
  stopped: 'dim',
  failed: 'red',
};

/** A word in the colour of a state; plain where standard output is not a terminal. */
export function inStateColour(state: UnitState, text: string): string {
  return styleText(COLOURS[state], text, { stream: process.stdout });
}

function unitRow(unit: UnitHealth): string[] {
  return [
    unit.title,
    unit.state,
    unit.port === null ? '' : String(unit.port),
    unit.pid === null ? '' : String(unit.pid),
    unit.uptimeMs === null ? '' : duration(unit.uptimeMs),
    String(unit.restarts),
    unit.cpuPercent === null ? '' : `${unit.cpuPercent.toFixed(0)} %`,
    unit.memoryBytes === null ? '' : megabytes(unit.memoryBytes),
    unit.latencyMs === null ? '' : `${unit.latencyMs.toFixed(1)} ms`,
    unit.reasons.join('; '),
  ];
}

/** `mainspring status` for people. */
export function statusText(stack: StackHealth): string {
  const head = ['part', 'state', 'port', 'pid', 'up', 'restarts', 'cpu', 'memory', 'latency', ''];
  const notices = stack.notices.filter((notice) => notice.level !== 'info').slice(-10);
  const verdict = stack.healthy ? 'All parts are healthy.' : stack.stopping ? 'Everything is being stopped.' : 'Not all parts are healthy.';
  return [
    `Mainspring ${stack.version}, ${stack.mode} mode, data in ${stack.dataDir}`,
    '',
    table([head, ...stack.units.map(unitRow)]),
    ...(notices.length > 0 ? ['', ...notices.map((notice) => `${new Date(notice.at).toISOString()}  ${notice.text}`)] : []),
    '',
    verdict,
  ].join('\n');
}

/** `mainspring verify` for people. */
export function verifyText(report: VerifyReport): string {
  const rows = report.checks.map((check) => [check.part, check.ok ? 'ok' : 'FAILED', duration(check.tookMs), check.detail]);
  return `${table(rows)}\n\n${report.healthy ? 'Healthy: every part answered.' : 'NOT HEALTHY: see the lines marked FAILED.'}`;
}

/** The end of a replay for people. */
export function replayText(end: ReplayEnd): string {
  const count = (n: number): string => n.toLocaleString('en-US');
  const rows = [
    ['bars', `${count(end.bars)} in ${count(end.steps)} steps, ${duration(end.seconds * 1_000)} (${count(end.barsPerSecond)} bars/s)`],
    ['signals', count(end.signals)],
    ['decisions', `${count(end.approved + end.denied)} (${count(end.approved)} approved, ${count(end.denied)} denied)`],
    ['orders', count(end.orders)],
    ['fills', count(end.fills)],
    ['final equity', `${end.finalEquity} USD (broker: ${end.brokerEquity} USD)`],
    ['order list', end.orderList],
    ['invariants', `${count(end.violations)} violations`],
  ];
  return [table(rows), ...end.broken.map((line) => `  ${line}`)].join('\n');
}
