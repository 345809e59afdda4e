/** What a campaign came to, in words and as a part of the proof. */
import type { ProofPart } from '../support/proof-file.ts';
import type { SeedResult } from './run-seed.ts';

/** One seed in a line. */
export function seedLine(result: SeedResult): string {
  return `seed ${result.seed}: hash ${result.hash}, ${result.lines} lines, ${(result.virtualMs / 1000).toFixed(0)} virtual s, ${result.orders} orders, ${result.fills} fills, ${result.lives} lives, ${result.broken.length} broken`;
}

function addUp(results: readonly SeedResult[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const result of results) for (const [kind, count] of Object.entries(result.faults)) sums.set(kind, (sums.get(kind) ?? 0) + count);
  return new Map([...sums].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const total = (results: readonly SeedResult[], pick: (result: SeedResult) => number): number => results.reduce((sum, result) => sum + pick(result), 0);

/** The whole campaign. */
export function summaryText(results: readonly SeedResult[], seconds: number): string {
  const points = new Map<string, { passed: number; died: number }>();
  for (const result of results) {
    for (const [name, { passed, died }] of Object.entries(result.points)) {
      const sum = points.get(name) ?? { passed: 0, died: 0 };
      points.set(name, { passed: sum.passed + passed, died: sum.died + died });
    }
  }
  const faults = addUp(results);
  return [
    `${results.length} seeds in ${seconds.toFixed(0)} s (${(results.length / seconds).toFixed(1)} a second), ${(total(results, (one) => one.virtualMs) / 3_600_000).toFixed(1)} virtual hours`,
    `${total(results, (one) => one.orders)} orders, ${total(results, (one) => one.fills)} fills, ${total(results, (one) => one.signals)} signals, ${total(results, (one) => one.lives)} lives of workers`,
    `Approved: ${(['short', 'weighed', 'own', 'followed'] as const).map((kind) => `${kind} ${total(results, ({ approved }) => approved[kind])}`).join(', ')}`,
    `Faults: ${[...faults].map(([kind, count]) => `${kind} ${count}`).join(', ')}`,
    `Crash points: ${[...points].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, { passed, died }]) => `${name} ${died} of ${passed}`).join(', ')}`,
    `${total(results, (one) => one.broken.length)} broken promises in ${results.filter((one) => one.broken.length > 0).length} seeds`,
  ].join('\n');
}

const counts = (results: readonly SeedResult[], ids: readonly string[]): number => total(results, (one) => one.broken.filter((words) => ids.some((id) => words.startsWith(id))).length);

/** The campaign as a part of the record. Doubled: an order or decision twice; lost: a fill, an event or an order that is nowhere. */
export function proofPart(results: readonly SeedResult[], seconds: number): ProofPart {
  return {
    name: 'simulation', what: 'Seeded runs of the workers in virtual time, with crashes and a faulty wire, book and broker', runs: results.length, faults: [...addUp(results).values()].reduce((sum, count) => sum + count, 0),
    orders: total(results, (one) => one.orders), fills: total(results, (one) => one.fills), doubled: counts(results, ['P1', 'P2', 'I5']), lost: counts(results, ['P3', 'L1', 'I9', 'I2', 'I3']), seconds: Math.round(seconds),
  };
}
