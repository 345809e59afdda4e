/** What the processes below another one cost: memory that is theirs alone, and processor time. Linux only. */
import { readFileSync, readdirSync } from 'node:fs';

/** A process of a stack. `name`: the worker's id, or the program. `pssMb`: its own memory and its share of what is shared, MiB. `cpuMs`: processor time so far. */
export type ProcessCost = { readonly pid: number; readonly name: string; readonly pssMb: number; readonly cpuMs: number };

const MS_PER_TICK = 10;

function text(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    // The process ended while it was looked at.
    const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES') return null;
    throw error;
  }
}

type Stat = { readonly parent: number; readonly ticks: number };

function statOf(pid: number): Stat | null {
  const stat = text(`/proc/${pid}/stat`);
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) };
}

function nameOf(pid: number): string {
  const line = (text(`/proc/${pid}/cmdline`) ?? '').replaceAll('\0', ' ').trim();
  const worker = /services\/([a-z_]+)(\.mjs|\/main\.ts)/.exec(line)?.[1];
  if (worker !== undefined) return worker;
  if (/headless\.(mjs|ts)/.test(line)) return 'supervisor';
  return /postgres/.test(line) ? 'postgres' : /redis/.test(line) ? 'redis' : line.slice(0, 20);
}

function pssOf(pid: number): number {
  return Number(/^Pss:\s+(\d+)/m.exec(text(`/proc/${pid}/smaps_rollup`) ?? '')?.[1] ?? 0) / 1_024;
}

/** All living processes below `root`, itself first. */
export function processTree(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    const stat = Number.isInteger(pid) ? statOf(pid) : null;
    if (stat) children.set(stat.parent, [...(children.get(stat.parent) ?? []), pid]);
  }
  const found = [root];
  for (const pid of found) found.push(...(children.get(pid) ?? []));
  return found;
}

/** What each process below `root` costs at this moment. */
export function costsOf(root: number): ProcessCost[] {
  return processTree(root).map((pid) => ({ pid, name: nameOf(pid), pssMb: pssOf(pid), cpuMs: (statOf(pid)?.ticks ?? 0) * MS_PER_TICK }));
}

/** Sums by name: the many processes of PostgreSQL are one row. */
export function byName(costs: readonly ProcessCost[]): Map<string, { readonly count: number; readonly pssMb: number; readonly cpuMs: number }> {
  const rows = new Map<string, { count: number; pssMb: number; cpuMs: number }>();
  for (const { name, pssMb, cpuMs } of costs) {
    const row = rows.get(name) ?? { count: 0, pssMb: 0, cpuMs: 0 };
    rows.set(name, { count: row.count + 1, pssMb: row.pssMb + pssMb, cpuMs: row.cpuMs + cpuMs });
  }
  return rows;
}
