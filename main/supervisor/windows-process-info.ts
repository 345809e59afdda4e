/** What Windows tells about processes, about the rights of this one, and about ports: asked of its own programs, read without a word of any language. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { AppError, describeError } from '#app/domain/errors.ts';
import type { ProcessIdentity } from './process-identity.ts';

const run = promisify(execFile);
const ASK_TIMEOUT_MS = 20_000;
/** PowerShell takes half a second to begin: questions within this time, in milliseconds, are asked together. */
const BATCH_MS = 40;
/** Integrity levels from here on are those of an administrator ("high") and of the system itself. */
const HIGH_INTEGRITY = 12_288;

/** A program of Windows by its full path: a name alone would also be looked for in the present folder. */
function ask(program: readonly string[], args: readonly string[]): Promise<string> {
  const file = path.win32.join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32', ...program);
  return run(file, [...args], { timeout: ASK_TIMEOUT_MS, windowsHide: true, encoding: 'latin1' }).then(({ stdout }) => stdout);
}

/** Reads `pid|start|name` lines; a process whose start the system does not show (it is another user's) has an empty mark, which matches none. */
export function parseIdentities(text: string): Map<number, ProcessIdentity> {
  const found = new Map<number, ProcessIdentity>();
  for (const line of text.split('\n')) {
    const [id = '', startMark = '', image = ''] = line.trim().split('|');
    const pid = Number(id);
    if (/^\d+$/.test(id) && image !== '') found.set(pid, { pid, startMark, image, startedAt: startMark === '' ? Number.NaN : Date.parse(startMark) });
  }
  return found;
}

async function askIdentities(pids: readonly number[]): Promise<Map<number, ProcessIdentity>> {
  const each = "$start = ''; try { $start = $_.StartTime.ToUniversalTime().ToString('o') } catch {}; \"$($_.Id)|$start|$($_.ProcessName)\"";
  const command = `Get-Process -Id ${pids.join(',')} -ErrorAction SilentlyContinue | ForEach-Object { ${each} }; exit 0`;
  try {
    return parseIdentities(await ask(['WindowsPowerShell', 'v1.0', 'powershell.exe'], ['-NoProfile', '-NonInteractive', '-Command', command]));
  } catch (error) {
    throw new AppError('RUNTIME_MISSING', `Windows PowerShell could not be asked about processes (${describeError(error)}). Mainspring needs it to tell its own processes from others: allow it to run, then start again.`, { cause: error });
  }
}

let batch: { readonly pids: Set<number>; readonly answer: Promise<Map<number, ProcessIdentity>> } | null = null;

function openBatch(): NonNullable<typeof batch> {
  const pids = new Set<number>();
  const answer = sleep(BATCH_MS).then(() => {
    batch = null;
    return askIdentities([...pids]);
  });
  return { pids, answer };
}

/** Identity of a living process, or null. @throws AppError RUNTIME_MISSING (operator) when the system cannot be asked. */
export async function identifyWindows(pid: number): Promise<ProcessIdentity | null> {
  batch ??= openBatch();
  const { pids, answer } = batch;
  pids.add(pid);
  return (await answer).get(pid) ?? null;
}

/** True when `whoami /groups` names a high integrity level. Only the identifiers count: everything else is in the language of the system. */
export function hasHighIntegrity(groups: string): boolean {
  return [...groups.matchAll(/\bS-1-16-(\d{1,9})\b/g)].some(([, level]) => Number(level) >= HIGH_INTEGRITY);
}

/** True when this process runs with the rights of an administrator, on Windows; elsewhere false. When it cannot be found out, PostgreSQL will say it itself. */
export async function isElevated(platform: NodeJS.Platform = process.platform): Promise<boolean> {
  if (platform !== 'win32') return false;
  try {
    return hasHighIntegrity(await ask(['whoami.exe'], ['/groups', '/fo', 'csv', '/nh']));
  } catch {
    return false;
  }
}

/** @throws AppError START_ELEVATED (operator) when PostgreSQL would refuse to run for us. */
export async function assertNotElevated(find: () => Promise<boolean> = isElevated): Promise<void> {
  if (!(await find())) return;
  throw new AppError(
    'START_ELEVATED',
    'PostgreSQL refuses to run with administrator rights. Start Mainspring normally: from its icon, not with "Run as administrator". If it says this even so, you are signed in as the administrator itself: sign in as another user.',
  );
}

/** Ports that somebody listens on, from `netstat -an`: a listener is a line whose other end is no address at all. */
export function parseListeningPorts(text: string): Set<number> {
  const ports = new Set<number>();
  for (const line of text.split('\n')) {
    const [protocol = '', own = '', other = ''] = line.trim().split(/\s+/);
    const port = Number(/:(\d{1,5})$/.exec(own)?.[1]);
    if (protocol === 'TCP' && (other === '0.0.0.0:0' || other === '[::]:0') && port > 0) ports.add(port);
  }
  return ports;
}

/**
 * Ports that somebody listens on, on Windows; elsewhere none, because a held port cannot be taken there. Windows lets us listen on 127.0.0.1
 * where another program has the port on all addresses, and would take its visitors away. Empty when the system cannot be asked.
 */
export async function listeningPorts(platform: NodeJS.Platform = process.platform): Promise<ReadonlySet<number>> {
  if (platform !== 'win32') return new Set();
  try {
    return parseListeningPorts(await ask(['netstat.exe'], ['-an']));
  } catch {
    return new Set();
  }
}
