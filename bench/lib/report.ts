/** The table at the end, and the same figures as a file. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Figure, machine } from './measure.ts';
import { ROOT } from './stack.ts';

/** All that one run of the benchmarks found. `loads`: load average before each benchmark. */
export type Report = { readonly at: string; readonly machine: ReturnType<typeof machine>; readonly benchmarks: readonly { readonly name: string; readonly load: number; readonly figures: readonly Figure[] }[] };

function show(value: number): string {
  if (!Number.isFinite(value)) return 'none';
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(2);
}

function verdict({ isMet, isOverFloor, floor }: Figure): string {
  const said = isMet === null ? '' : isMet ? 'met' : 'MISSED';
  return isOverFloor === false ? `BELOW THE FLOOR (${floor})` : said;
}

/** Prints the table. */
export function printReport(report: Report): void {
  const { cores, model, node, load } = report.machine;
  const lines = [`${cores} cores, ${model}, Node ${node}, load average ${load} at the start`];
  for (const { name, load: busy, figures } of report.benchmarks) {
    lines.push('', `${name} (load ${busy})`);
    for (const figure of figures) {
      const spread = figure.all.length > 1 ? `[${show(Math.min(...figure.all))} .. ${show(Math.max(...figure.all))}] n=${figure.all.length}` : '';
      lines.push(`  ${figure.name.padEnd(42)} ${show(figure.value).padStart(9)} ${figure.unit.padEnd(12)} ${figure.target.padEnd(18)} ${verdict(figure).padEnd(7)} ${spread}`.trimEnd());
    }
  }
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** Writes bench/out.json. */
export function writeReport(report: Report): void {
  writeFileSync(path.join(ROOT, 'bench', 'out.json'), `${JSON.stringify(report, null, 2)}\n`);
}
