/** The campaign in a few lines: who was killed how often, how soon all was well again, and whether anything was lost. */
import type { CampaignResult, Kill, Target } from './campaign.ts';

/** The value below which `share` of the sorted numbers lie; null without numbers. */
export function percentile(numbers: readonly number[], share: number): number | null {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? null;
}

/** Milliseconds from the kill to all parts ready, as reliability.md 6.5 wants them of a kill that comes alone. */
const GOALS: Readonly<Record<string, string>> = { worker: 'p95 <= 2000, p99 <= 5000', postgres: 'p95 <= 6000', redis: 'p95 <= 4000', supervisor: 'p95 <= 12000' };

function groupOf(kill: Kill): string {
  const kind = kill.target === 'postgres' || kill.target === 'redis' || kill.target === 'supervisor' || kill.target === 'orderly stop' ? kill.target : 'worker';
  if (kill.isDouble) return 'two at once';
  return kill.nth > 1 ? `${kind}, again within a minute` : kind;
}

function row(name: string, kills: readonly Kill[]): string {
  const times = kills.flatMap((kill) => (kill.recoveryMs === null ? [] : [kill.recoveryMs]));
  const at = (share: number): string => String(Math.round(percentile(times, share) ?? 0)).padStart(7);
  return `${name.padEnd(34)} ${String(kills.length).padStart(5)} ${at(0.5)} ${at(0.95)} ${at(0.99)}  ${GOALS[name] ?? ''}`.trimEnd();
}

function groups<K extends string>(kills: readonly Kill[], keyOf: (kill: Kill) => K): [K, Kill[]][] {
  const found = new Map<K, Kill[]>();
  for (const kill of kills) found.set(keyOf(kill), [...(found.get(keyOf(kill)) ?? []), kill]);
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** True when nothing was lost, doubled or broken. */
export function isClean(result: CampaignResult): boolean {
  return result.lost.length === 0 && result.doubled.length === 0 && result.broken.length === 0;
}

/** The report for people. */
export function campaignText(result: CampaignResult): string {
  const head = `${'killed'.padEnd(34)} ${'kills'.padStart(5)} ${'p50 ms'.padStart(7)} ${'p95 ms'.padStart(7)} ${'p99 ms'.padStart(7)}  goal, on a quiet machine`;
  return [
    head,
    ...groups<Target>(result.kills, (kill) => kill.target).map(([target, kills]) => row(`  ${target}`, kills)),
    '',
    ...groups(result.kills, groupOf).map(([name, kills]) => row(name, kills)),
    '',
    `${result.kills.length} kills in ${result.replays} replays of ${result.ordersEach} orders each: ${result.lost.length} lost, ${result.doubled.length} doubled, ${result.broken.length} violations`,
    ...result.lost.map((line) => `  lost     ${line}`),
    ...result.doubled.map((line) => `  doubled  ${line}`),
    ...result.broken.map((line) => `  broken   ${line}`),
  ].join('\n');
}
