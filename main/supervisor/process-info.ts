/** Who is process N? Identity that survives the reuse of a pid, and what the process uses. */
import { execFile } from 'node:child_process';
import { readFile, readlink } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { ProcessIdentity } from './process-identity.ts';
import { identifyWindows } from './windows-process-info.ts';

const run = promisify(execFile);
const ASK_TIMEOUT_MS = 10_000;
const PAGE_BYTES = 4_096;
const TICKS_PER_SECOND = 100;
const MAX_CHILDREN = 200;

type LinuxStat = { comm: string; parent: number; cpuTicks: number; startTicks: number; rssPages: number };

async function readText(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    // ESRCH: the process went away while its file was read.
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM') return null;
    throw error;
  }
}

async function linuxStat(pid: number): Promise<LinuxStat | null> {
  const text = await readText(`/proc/${pid}/stat`);
  if (text === null) return null;
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  const fields = text.slice(close + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return null;
  return {
    comm: text.slice(open + 1, close),
    parent: Number(fields[1]),
    cpuTicks: Number(fields[11]) + Number(fields[12]),
    startTicks: Number(fields[19]),
    rssPages: Number(fields[21]),
  };
}

/** The program's file name; the name in `stat` is only the main thread's, and programs change it. */
async function imageOf(pid: number, fallback: string): Promise<string> {
  try {
    return path.basename((await readlink(`/proc/${pid}/exe`)).replace(/ \(deleted\)$/, ''));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    // Processes of other users do not show it.
    if (code === 'ENOENT' || code === 'EACCES' || code === 'EPERM' || code === 'ESRCH') return fallback;
    throw error;
  }
}

async function identifyLinux(pid: number): Promise<ProcessIdentity | null> {
  const stat = await linuxStat(pid);
  if (!stat) return null;
  const boot = (await readText('/proc/sys/kernel/random/boot_id'))?.trim() ?? 'boot';
  const bootTime = Number(/^btime (\d+)$/m.exec((await readText('/proc/stat')) ?? '')?.[1] ?? 0);
  return {
    pid,
    startMark: `${boot}:${stat.startTicks}`,
    image: await imageOf(pid, stat.comm),
    startedAt: (bootTime + stat.startTicks / TICKS_PER_SECOND) * 1_000,
  };
}

async function identifyMac(pid: number): Promise<ProcessIdentity | null> {
  try {
    const { stdout } = await run('ps', ['-o', 'lstart=,comm=', '-p', String(pid)], { timeout: ASK_TIMEOUT_MS, env: { LC_ALL: 'C', PATH: '/bin:/usr/bin' } });
    const line = stdout.trim();
    const started = line.slice(0, 24);
    return line === '' ? null : { pid, startMark: started, image: line.slice(24).trim().split('/').at(-1) ?? '', startedAt: Date.parse(started) };
  } catch (error) {
    // ps exits with 1 when there is no such process.
    if ((error as { code?: unknown }).code === 1) return null;
    throw error;
  }
}

/** Identity of a living process, or null when there is none (a zombie counts as none). */
export async function identify(pid: number): Promise<ProcessIdentity | null> {
  if (!Number.isInteger(pid) || pid <= 0) return null;
  if (process.platform === 'linux') return identifyLinux(pid);
  return process.platform === 'win32' ? identifyWindows(pid) : identifyMac(pid);
}

/** Processor time and memory of a process with its children. `cpuMs` is the sum since their start; memory is proportional (PSS) where known. */
export type Usage = { readonly cpuMs: number; readonly memoryBytes: number };

async function usageOf(pid: number): Promise<Usage | null> {
  const stat = await linuxStat(pid);
  if (!stat) return null;
  const rollup = await readText(`/proc/${pid}/smaps_rollup`);
  const pssKib = /^Pss:\s+(\d+) kB$/m.exec(rollup ?? '')?.[1];
  return {
    cpuMs: (stat.cpuTicks * 1_000) / TICKS_PER_SECOND,
    memoryBytes: pssKib === undefined ? stat.rssPages * PAGE_BYTES : Number(pssKib) * 1_024,
  };
}

/** What a process and its direct children use; null where the system does not tell cheaply (not Linux) or the process is gone. */
export async function usageOfTree(pid: number): Promise<Usage | null> {
  if (process.platform !== 'linux') return null;
  const children = ((await readText(`/proc/${pid}/task/${pid}/children`)) ?? '').trim().split(' ').filter((text) => text !== '').slice(0, MAX_CHILDREN).map(Number);
  const own = await usageOf(pid);
  if (!own) return null;
  let { cpuMs, memoryBytes } = own;
  for (const child of children) {
    const usage = await usageOf(child);
    cpuMs += usage?.cpuMs ?? 0;
    memoryBytes += usage?.memoryBytes ?? 0;
  }
  return { cpuMs, memoryBytes };
}
